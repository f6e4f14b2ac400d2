//! 开班, 缴款, 中途对账, 班结, 日结.

use suanpan_contract::pos::{CashMoveKind, Command, CountPurpose, Found, Prompt, Screen, TillView};
use suanpan_contract::{ApproveAction, Code};
use suanpan_domain::catalogue::Table;
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_tests::catalogue::{gtin, row};
use suanpan_tests::rig::{HOUR, Rig, cash, count, pays, publish};

fn close(pieces: &[(i64, u32)]) -> Command {
    Command::CloseShift { count: count(pieces) }
}

fn said(view: TillView) -> Option<Code> {
    view.message.map(|message| message.code)
}

/// What a picture asks a yes to, with the sentence's values.
fn asked(view: &TillView) -> Option<(Code, Vec<&str>)> {
    match &view.prompt {
        Some(Prompt::Confirm { code, args }) => Some((*code, args.values().map(String::as_str).collect())),
        _ => None,
    }
}

#[test]
fn a_close_asks_with_what_was_counted_and_twice_when_nothing_was() {
    let mut rig = Rig::new();
    rig.open_shift();
    let view = rig.view(close(&[(10_000, 2), (100, 1_205)]));
    assert_eq!(asked(&view), Some((Code::CloseCount, vec!["¥1,405.00", "1,207"])));
    rig.view(Command::Clear);
    assert!(rig.now().status.shift_no.is_some(), "a no closes nothing");
    assert_eq!(asked(&rig.view(close(&[(100, 0)]))), Some((Code::CloseCount, vec!["¥0.00", "0"])));
    assert_eq!(asked(&rig.view(Command::Confirm)), Some((Code::NothingCounted, vec![])));
    assert!(rig.now().status.shift_no.is_some(), "one yes is not two");
    assert_eq!(asked(&rig.view(Command::Confirm)), Some((Code::CountApart, vec!["¥0.00"])));
    assert_eq!(said(rig.view(Command::Confirm)), Some(Code::ShiftClosed));
    let closes = rig.journal().iter().filter(|entry| matches!(entry, Entry::ShiftClosed(_))).count();
    assert_eq!(closes, 1);
}

#[test]
fn an_audit_asks_with_what_was_counted_and_waits_for_a_payment_that_is_open() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(cash(Some(2_000)));
    let begin = || Command::BeginCount { purpose: CountPurpose::AuditShift };
    assert_eq!(rig.said(begin()), Some(Code::PaymentOpen), "¥20 lie in the drawer and in no sum");
    assert_eq!(rig.said(Command::AuditShift { count: vec![] }), Some(Code::PaymentOpen));
    rig.pay_exact();
    assert_eq!(rig.found(begin()), Some(Found::MayCount));
    let view = rig.view(Command::AuditShift { count: vec![] });
    assert_eq!(asked(&view), Some((Code::AuditCount, vec!["¥0.00", "0"])));
    assert_eq!(asked(&rig.view(Command::Confirm)), Some((Code::NothingCounted, vec![])));
}

#[test]
fn a_close_is_refused_before_anybody_counts_and_a_parked_basket_is_freed_from_there() {
    let rig = Rig::new();
    let begin = || Command::BeginCount { purpose: CountPurpose::CloseShift };
    assert_eq!(rig.said(begin()), Some(Code::NotSignedIn));
    rig.sign_in("1101", "3141");
    assert_eq!(rig.said(begin()), Some(Code::ShiftNotOpen));
    rig.view(Command::OpenShift { float_fen: 30_000 });
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.said(begin()), Some(Code::BasketBlocksClose));
    rig.view(Command::Park);
    let message = rig.view(begin()).message.expect("a refusal");
    let args = ["count", "at", "first", "due"].map(|name| message.args[name].as_str());
    assert_eq!((message.code, args), (Code::ParkedBlocksClose, ["1", "09:00", "大米 5kg", "¥42.90"]));
    // Another cashier takes over what the first one parked.
    rig.view(Command::Lock);
    rig.sign_in("1102", "2718");
    rig.view(Command::Confirm);
    assert_eq!(rig.said(begin()), Some(Code::ParkedBlocksClose));
    let basket = rig.now().parked[0].basket.clone();
    assert_eq!(rig.said(Command::Recall { basket }), Some(Code::Recalled));
    assert_eq!(rig.said(Command::VoidBasket), Some(Code::Voided));
    assert_eq!(rig.found(begin()), Some(Found::MayCount));
}

#[test]
fn a_parked_basket_whose_goods_are_sold_no_more_is_freed_all_the_same() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(Command::Park);
    rig.stop();
    let gone = row(Table::Item, "2001", 1_000, None);
    publish(rig.dir.path(), &[gone]);
    rig.start();
    rig.sign_in("1101", "3141");
    assert!(rig.view(Command::AddItem { item: "2001".into() }).basket.lines.is_empty(), "nobody sells it");
    rig.view(Command::Clear);
    let basket = rig.now().parked[0].basket.clone();
    rig.view(Command::Recall { basket });
    assert!(rig.pay_exact().closed.is_some_and(|closed| closed.due_fen == 4_290));
    assert_eq!(said(rig.agreed(close(&[]))), Some(Code::ShiftClosed));
}

#[test]
fn a_day_is_refused_at_once_while_a_shift_is_open_and_asks_with_its_receipts() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let view = rig.view(Command::CloseDay);
    assert_eq!((view.prompt.clone(), said(view)), (None, Some(Code::ShiftOpenBlocksDay)));
    rig.agreed(close(&[(10_000, 3)]));
    let view = rig.view(Command::CloseDay);
    assert_eq!(asked(&view), Some((Code::CloseDayAsk, vec!["1", "2026-11-21"])));
    assert_eq!(said(rig.view(Command::Confirm)), Some(Code::DayClosed));
}

#[test]
fn cash_that_is_rather_a_slip_of_the_finger_asks_first() {
    let rig = Rig::new();
    rig.sign_in("1101", "3141");
    for (float_fen, shown) in [(30_050, "¥300.50"), (300_100, "¥3,001.00")] {
        let view = rig.view(Command::OpenShift { float_fen });
        assert_eq!(asked(&view), Some((Code::FloatOdd, vec![shown])));
        rig.view(Command::Clear);
    }
    assert_eq!(rig.said(Command::OpenShift { float_fen: 300_000 }), Some(Code::ShiftOpened));
    let kinds = [
        (CashMoveKind::Drop, Code::CashMoved),
        (CashMoveKind::Exchange, Code::CashExchanged),
        (CashMoveKind::AddFloat, Code::FloatAdded),
    ];
    for (kind, done) in kinds {
        for (amount_fen, shown) in [(80, "¥0.80"), (20_000_000, "¥200,000.00")] {
            let view = rig.view(Command::MoveCash { kind, amount_fen });
            assert_eq!(asked(&view), Some((Code::CashAmountOdd, vec![shown])), "{kind:?}");
            // The yes is remembered while the supervisor comes.
            let prompt = rig.view(Command::Confirm).prompt;
            assert!(matches!(prompt, Some(Prompt::Approve { .. })), "{prompt:?}");
            assert_eq!(said(rig.supervisor_approves()), Some(done));
        }
    }
}

#[test]
fn a_shift_is_closed_blind_and_the_journal_knows_over_and_short() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    rig.view(cash(Some(10_000)));
    rig.view(Command::MoveCash { kind: CashMoveKind::Drop, amount_fen: 20_000 });
    rig.supervisor_approves();
    // ¥300 + ¥42.90 − ¥200 = ¥142.90; ¥142.00 are counted.
    let view = rig.agreed(close(&[(10_000, 1), (2_000, 2), (100, 2)]));
    let message = view.message.expect("a message");
    assert_eq!((message.code, message.args.len()), (Code::ShiftClosed, 0));
    assert_eq!(view.screen, Screen::OpenShift);
    let closed = rig.journal().into_iter().find_map(|entry| match entry {
        Entry::ShiftClosed(closed) => Some(closed),
        _ => None,
    });
    let closed = closed.expect("a close");
    assert_eq!((closed.expected, closed.counted), (Fen(14_290), Fen(14_200)));
    assert_eq!((closed.sums.sales, closed.sums.due), (1, Fen(4_290)));
}

#[test]
fn what_is_unfinished_blocks_the_close() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.said(close(&[])), Some(Code::BasketBlocksClose));
    rig.view(Command::Park);
    assert_eq!(rig.said(close(&[])), Some(Code::ParkedBlocksClose));
    assert_eq!(rig.said(Command::CloseDay), Some(Code::ShiftOpenBlocksDay));
    let basket = rig.now().parked[0].basket.clone();
    rig.view(Command::Recall { basket });
    rig.pay_exact();
    for wrong in [vec![(7, 1)], vec![(10_000, u32::MAX)]] {
        assert_eq!(rig.said(close(&wrong)), Some(Code::CountInvalid), "{wrong:?}");
    }
    assert_eq!(said(rig.agreed(close(&[]))), Some(Code::ShiftClosed));
    assert_eq!(said(rig.agreed(Command::CloseDay)), Some(Code::DayClosed));
    assert_eq!(rig.said(Command::CloseDay), Some(Code::NothingWaiting));
}

#[test]
fn an_audit_shows_a_supervisor_the_difference_and_leaves_nothing_on_a_cashiers_screen() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    let audit = || Command::AuditShift { count: count(&[(10_000, 3), (2_000, 2)]) };
    let asked = rig.agreed(audit()).prompt;
    assert!(matches!(asked, Some(Prompt::Approve { action: ApproveAction::AuditShift, .. })), "{asked:?}");
    let view = rig.supervisor_approves();
    let message = view.message.clone().expect("a message");
    assert_eq!((message.code, message.args["counted"].as_str()), (Code::AuditDone, "¥340.00"));
    assert!(!format!("{view:?}").contains("342.90"), "what the drawer should hold: {view:?}");
    assert_eq!(rig.now().screen, Screen::Selling);
    rig.view(Command::Lock);
    rig.sign_in("1801", "8246");
    let message = rig.agreed(audit()).message.expect("the figures");
    let args = ["expected", "counted", "over"].map(|name| message.args[name].as_str());
    assert_eq!((message.code, args), (Code::Audited, ["¥342.90", "¥340.00", "−¥2.90"]));
    rig.view(Command::Lock);
    assert_eq!(rig.sign_in("1101", "3141").message, None, "the cashier counts blind");
    let whose: Vec<_> = rig
        .journal()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::ShiftAudited(audit) => Some((audit.by, audit.cashier)),
            _ => None,
        })
        .collect();
    let supervisors = || ("1801".to_owned(), Some("1101".to_owned()));
    assert_eq!(whose, [supervisors(), supervisors()]);
}

#[test]
fn yesterdays_shift_is_closed_first_by_a_supervisor_and_keeps_its_date() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.view(Command::Lock);
    rig.clock.pass(24 * HOUR);
    let view = rig.sign_in("1101", "3141");
    let message = view.message.expect("a warning");
    assert_eq!((message.code, message.args["date"].as_str()), (Code::OlderShiftOpen, "2026-11-21"));
    assert_eq!(view.screen, Screen::OpenShift);
    assert_eq!(rig.scan(&gtin("690000000001")).basket.lines.len(), 0);
    assert_eq!(rig.said(Command::OpenShift { float_fen: 0 }), Some(Code::OlderShiftOpen));
    let asked = rig.agreed(close(&[(10_000, 3)])).prompt;
    assert!(
        matches!(asked, Some(Prompt::Approve { action: ApproveAction::CloseOthersShift, .. })),
        "{asked:?}"
    );
    rig.supervisor_approves();
    assert_eq!(
        rig.view(Command::OpenShift { float_fen: 0 }).status.business_date.as_deref(),
        Some("2026-11-22")
    );
    rig.sell_rice();
    assert!(rig.now().closed.is_some_and(|closed| closed.number.contains("-20261122-0001-")));
    let shifts = rig.journal().into_iter().filter(|entry| matches!(entry, Entry::ShiftClosed(_))).count();
    assert_eq!(shifts, 1);
}

#[test]
fn a_night_shift_sells_on_past_four_with_its_date() {
    let rig = Rig::new();
    rig.open_shift();
    rig.clock.pass(20 * HOUR);
    rig.sell_rice();
    assert!(rig.now().closed.is_some_and(|closed| closed.number.contains("-20261121-0001-")));
}

#[test]
fn a_till_left_signed_in_over_the_night_closes_the_older_shift_first() {
    let rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    rig.till().look_after();
    assert_eq!(rig.now().screen, Screen::Selling, "the day goes on");
    rig.scan(&gtin("690000000001"));
    rig.clock.pass(24 * HOUR);
    rig.till().look_after();
    assert_eq!(rig.now().screen, Screen::Selling, "somebody rings");
    rig.pay_exact();
    rig.till().look_after();
    assert_eq!(rig.now().screen, Screen::Selling, "the next customer of a night shift waits");
    rig.clock.pass(HOUR);
    rig.till().look_after();
    assert_eq!(rig.now().screen, Screen::SignIn);
    let message = rig.sign_in("1101", "3141").message.expect("a warning");
    assert_eq!((message.code, message.args["date"].as_str()), (Code::OlderShiftOpen, "2026-11-21"));
    rig.till().look_after();
    assert_eq!(rig.now().screen, Screen::OpenShift, "it can be closed");
}

#[test]
fn a_closed_date_reopens_only_with_a_supervisor() {
    let rig = Rig::new();
    rig.open_shift();
    rig.agreed(close(&[(10_000, 3)]));
    rig.agreed(Command::CloseDay);
    let view = rig.view(Command::OpenShift { float_fen: 0 });
    assert!(
        matches!(view.prompt, Some(Prompt::Approve { action: ApproveAction::OpenDate, .. })),
        "{:?}",
        view.prompt
    );
    assert_eq!(view.message.map(|message| message.code), Some(Code::ClosedDate));
    rig.supervisor_approves();
    assert_eq!(rig.now().screen, Screen::Selling);
}

#[test]
fn a_full_drawer_asks_for_a_drop_once() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 70 });
    rig.scan(&gtin("690000000001"));
    rig.view(Command::Confirm);
    assert_eq!(rig.pay_exact().message.map(|message| message.code), Some(Code::DropPrompt));
    rig.scan(&gtin("690000000001"));
    assert_eq!(rig.pay_exact().message, None);
}

#[test]
fn a_float_has_bounds() {
    let rig = Rig::new();
    rig.sign_in("1101", "3141");
    for float_fen in [-1, i64::MAX] {
        assert_eq!(rig.said(Command::OpenShift { float_fen }), Some(Code::AmountInvalid), "{float_fen}");
    }
    assert_eq!(rig.said(Command::OpenShift { float_fen: 0 }), Some(Code::ShiftOpened));
    assert_eq!(rig.said(Command::OpenShift { float_fen: 0 }), Some(Code::ShiftAlreadyOpen));
}

/// Leaves something at the till, lets a night pass, and has a supervisor finish it and close the shift.
fn check_left_overnight(leave: impl Fn(&mut Rig), finish: impl Fn(&Rig)) {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000001"));
    leave(&mut rig);
    rig.clock.pass(24 * HOUR);
    rig.pull_the_plug();
    // The cashier of the new day is not asked to take yesterday's shift over, and does not get it.
    let view = rig.sign_in("1102", "2718");
    assert_eq!(view.message.map(|message| message.code), Some(Code::OlderShiftOpen));
    assert_eq!(view.screen, Screen::Selling, "what is unfinished can be seen");
    rig.sign_in("1801", "8246");
    finish(&rig);
    assert_eq!(rig.said(Command::Confirm), Some(Code::Relieved));
    finish(&rig);
    assert_eq!(rig.now().screen, Screen::OpenShift);
    rig.scan(&gtin("690000000001"));
    assert!(rig.lines().is_empty(), "nothing new begins in yesterday's shift");
    rig.view(Command::Clear);
    rig.agreed(close(&[]));
    rig.view(Command::OpenShift { float_fen: 0 });
    assert_eq!(rig.now().status.business_date.as_deref(), Some("2026-11-22"));
    rig.sell_rice();
}

#[test]
fn what_was_left_overnight_is_finished_in_its_own_shift() {
    check_left_overnight(|_| (), |rig| _ = rig.view(Command::VoidBasket));
    check_left_overnight(
        |rig| _ = rig.view(pays("wechat", Some(4_000))),
        |rig| {
            if let Some(closed) = rig.pay_exact().closed {
                assert!(closed.number.contains("-20261121-0001-"), "{}", closed.number);
            }
        },
    );
    check_left_overnight(
        |rig| _ = rig.view(Command::Park),
        |rig| {
            let parked = rig.now().parked.into_iter().next();
            parked.into_iter().for_each(|parked| _ = rig.view(Command::Recall { basket: parked.basket }));
            rig.view(Command::VoidBasket);
        },
    );
}

#[test]
fn a_date_that_was_opened_again_is_closed_again() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.agreed(close(&[(10_000, 3)]));
    rig.agreed(Command::CloseDay);
    rig.view(Command::OpenShift { float_fen: 0 });
    rig.supervisor_approves();
    rig.sell_rice();
    rig.agreed(close(&[]));
    assert_eq!(said(rig.agreed(Command::CloseDay)), Some(Code::DayClosed));
    assert_eq!(rig.said(Command::CloseDay), Some(Code::NothingWaiting));
    let closes: Vec<u32> = rig
        .journal()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::DayClosed(closed) => Some(closed.sums.sales),
            _ => None,
        })
        .collect();
    assert_eq!(closes, [0, 1]);
}

#[test]
fn a_count_far_from_what_should_be_there_asks_once_for_another_and_does_not_tell_the_figure() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.sell_rice();
    // ¥342.90 should be there, less 抹分.
    let far = close(&[(10_000, 2)]);
    let asked_of = |view: &TillView| asked(view).map(|(code, values)| (code, values.join(" ")));
    assert_eq!(asked_of(&rig.view(far.clone())).map(|(code, _)| code), Some(Code::CloseCount));
    let view = rig.view(Command::Confirm);
    assert_eq!(asked_of(&view), Some((Code::CountApart, "¥200.00".to_owned())));
    rig.view(Command::Clear);
    // The count is blind: whoever counts again is not led to the right one by asking and asking.
    rig.view(close(&[(10_000, 1)]));
    assert_eq!(said(rig.view(Command::Confirm)), Some(Code::ShiftClosed));
    let closed = rig.journal().into_iter().find_map(|entry| match entry {
        Entry::ShiftClosed(closed) => Some((closed.counted, closed.expected)),
        _ => None,
    });
    assert_eq!(closed, Some((Fen(10_000), Fen(34_290))));
}

#[test]
fn a_count_about_right_asks_for_no_other() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(close(&[(10_000, 3), (5_000, 1)]));
    assert_eq!(said(rig.view(Command::Confirm)), Some(Code::ShiftClosed));
}

#[test]
fn a_supervisor_sees_over_and_short_of_a_shift_that_a_cashier_closed() {
    let rig = Rig::new();
    rig.open_shift();
    rig.agreed(close(&[(10_000, 2)]));
    let slip = || match rig.found(Command::FindSlips) {
        Some(Found::Slips { slips }) => slips[0].slip.clone(),
        other => panic!("{other:?}"),
    };
    let shown = || match rig.found(Command::Preview { document: slip() }) {
        Some(Found::Preview { lines }) => lines.into_iter().map(|line| line.text + "\n").collect::<String>(),
        other => panic!("{other:?}"),
    };
    assert!(shown().contains("200.00") && !shown().contains("-100.00"), "{}", shown());
    rig.view(Command::Lock);
    rig.sign_in("1801", "8246");
    assert!(shown().contains("-100.00"), "{}", shown());
}
