//! What a cashier decides alone, and what a supervisor approves, one action each.

use suanpan_contract::pos::{CashMoveKind, Command, DiscountInput, Prompt};
use suanpan_contract::{
    ApproveAction, ApproveReason, ApproveValue, ApproveView, Code, PriceView, QuantityView,
};
use suanpan_domain::entry::Entry;
use suanpan_tests::catalogue::{CARD, gtin, label};
use suanpan_tests::rig::Rig;

const RICE: &str = "690000000001";

/// Sends a command with a bag of rice and twenty in the basket, and says whether it asked for an approval.
fn check(command: impl Fn(u32) -> Command, asks: Option<ApproveAction>) {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 20 });
    let line = rig.scan(&gtin(RICE)).basket.lines[0].id;
    let view = rig.view(command(line));
    let asked = match view.prompt {
        Some(Prompt::Approve { action, .. }) => Some(action),
        None => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked, asks, "{:?}", view.message);
    if asks.is_some() {
        assert_eq!(rig.supervisor_approves().prompt, None);
        let again = rig.view(Command::OpenDrawer).prompt;
        assert!(matches!(again, Some(Prompt::Approve { .. })), "an approval is for one action");
    }
}

#[test]
fn a_supervisor_is_asked_above_what_a_cashier_decides_alone() {
    let percent =
        |line, percent| Command::Discount { line, discount: Some(DiscountInput::Percent { percent }) };
    let fen = |line, fen| Command::Discount { line, discount: Some(DiscountInput::Fen { fen }) };
    check(|line| percent(Some(line), 5), None);
    check(|line| percent(Some(line), 6), Some(ApproveAction::Discount));
    check(|_| percent(None, 6), Some(ApproveAction::Discount));
    check(|_| fen(None, 100), None);
    check(|_| fen(None, 10_000), Some(ApproveAction::Discount));
    check(|line| Command::SetPrice { line, price_fen: 4_000 }, Some(ApproveAction::PriceOverride));
    check(|line| Command::SetQuantity { line, quantity: 19 }, None);
    check(|line| Command::SetQuantity { line, quantity: 21 }, None);
    check(|line| Command::SetQuantity { line, quantity: 18 }, Some(ApproveAction::LowerQuantity));
    check(|line| Command::RemoveLine { line: Some(line) }, Some(ApproveAction::RemoveLine));
    check(|_| Command::VoidBasket, Some(ApproveAction::VoidBasket));
    check(|_| Command::OpenDrawer, Some(ApproveAction::OpenDrawer));
}

#[test]
fn impossible_changes_are_refused_before_anybody_is_called() {
    let rig = Rig::new();
    rig.open_shift();
    let line = rig.scan(&gtin(RICE)).basket.lines[0].id;
    let fen = |fen| Command::Discount { line: Some(line), discount: Some(DiscountInput::Fen { fen }) };
    let percent =
        |percent| Command::Discount { line: None, discount: Some(DiscountInput::Percent { percent }) };
    for (command, code) in [
        (fen(4_291), Code::DiscountInvalid),
        (fen(-1), Code::DiscountInvalid),
        (percent(0), Code::DiscountInvalid),
        (percent(101), Code::DiscountInvalid),
        (Command::SetPrice { line, price_fen: 0 }, Code::PriceInvalid),
        (Command::SetPrice { line, price_fen: -5 }, Code::PriceInvalid),
        (Command::SetQuantity { line, quantity: 0 }, Code::QuantityInvalid),
        (Command::SetQuantity { line, quantity: 10_000 }, Code::QuantityInvalid),
        (Command::SetQuantity { line: 99, quantity: 1 }, Code::LineGone),
        (Command::RemoveLine { line: Some(99) }, Code::LineGone),
        (Command::Select { line: Some(99) }, Code::LineGone),
    ] {
        let view = rig.view(command.clone());
        assert_eq!(view.message.map(|message| message.code), Some(code), "{command:?}");
        assert_eq!((view.prompt, view.basket.due_fen), (None, 4_290), "{command:?}");
    }
}

#[test]
fn a_card_approves_and_the_journal_names_who() {
    let mut rig = Rig::new();
    rig.open_shift();
    rig.view(Command::OpenDrawer);
    assert_eq!(rig.scan(CARD).prompt, None);
    let journal = rig.journal();
    let approved = journal.iter().find_map(|entry| match entry {
        Entry::Approved(approved) => Some(approved.clone()),
        _ => None,
    });
    let approved = approved.expect("an approval");
    assert_eq!(
        (approved.action.as_str(), approved.staff.as_str(), approved.by.as_str()),
        ("open_drawer", "1101", "1801")
    );
    let opened = journal.iter().any(
        |entry| matches!(entry, Entry::DrawerOpened(opened) if opened.approver.as_deref() == Some("1801")),
    );
    assert!(opened);
}

#[test]
fn a_cashier_cannot_approve_their_own_request_nor_another_cashier() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::OpenDrawer);
    assert_eq!(
        rig.approve("1101", "3141").message.map(|message| message.code),
        Some(Code::ApproverMustDiffer)
    );
    assert_eq!(rig.approve("1102", "2718").message.map(|message| message.code), Some(Code::NotAllowed));
    assert!(rig.prompt().is_some());
    assert_eq!(rig.view(Command::Clear).prompt, None);
}

#[test]
fn a_typed_weight_needs_the_role_or_an_approval() {
    let rig = Rig::new();
    rig.open_shift();
    let view = rig.view(Command::AddItem { item: "1002".into() });
    assert!(
        matches!(view.prompt, Some(Prompt::Weigh { may_type: false, tare_g: 20, .. })),
        "{:?}",
        view.prompt
    );
    for grams in [0, -5, 1_000_001] {
        assert_eq!(rig.said(Command::TypeWeight { grams }), Some(Code::WeightInvalid), "{grams}");
    }
    let view = rig.view(Command::TypeWeight { grams: 500 });
    assert!(
        matches!(view.prompt, Some(Prompt::Approve { action: ApproveAction::TypedWeight, .. })),
        "{:?}",
        view.prompt
    );
    // 清除 goes back to the scale, not out of the sale.
    assert!(matches!(rig.view(Command::Clear).prompt, Some(Prompt::Weigh { .. })));
    rig.view(Command::TypeWeight { grams: 500 });
    let view = rig.supervisor_approves();
    assert_eq!((view.basket.due_fen, view.prompt), (599, None));
}

#[test]
fn other_commands_wait_until_the_question_is_answered() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&label(1001, 482, 386));
    rig.view(Command::OpenDrawer);
    for command in [Command::Park, Command::VoidBasket, Command::Multiply { pieces: 2 }, Command::CloseDay] {
        assert_eq!(rig.said(command.clone()), Some(Code::PromptOpen), "{command:?}");
    }
    assert!(rig.prompt().is_some());
}

#[test]
fn what_is_approved_is_what_was_asked_wherever_the_selection_moves() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 20 });
    rig.scan(&gtin(RICE));
    rig.view(Command::Multiply { pieces: 30 });
    let lines = rig.scan(&gtin(RICE)).basket.lines;
    rig.view(Command::Select { line: Some(lines[0].id) });
    rig.view(Command::RemoveLine { line: None });
    rig.view(Command::Select { line: Some(lines[1].id) });
    let left = rig.supervisor_approves().basket.lines;
    assert_eq!(left, lines[1..]);
}

#[test]
fn a_discount_in_yuan_does_not_grow_into_a_share_that_nobody_decided() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 20 });
    rig.scan(&gtin(RICE));
    let cola = rig.scan(&gtin("690000000002")).basket.lines[1].id;
    let discount = Some(DiscountInput::Fen { fen: 4_000 });
    assert_eq!(rig.view(Command::Discount { line: None, discount }).prompt, None);
    assert_eq!(rig.now().basket.discount_fen, 4_000);
    let view = rig.view(Command::RemoveLine { line: Some(cola) });
    assert_eq!(view.message.map(|message| message.code), Some(Code::DiscountDropped));
    assert_eq!(view.basket.discount_fen, 0);
}

fn pieces(pieces: i64) -> Option<ApproveValue> {
    Some(ApproveValue::Quantity { quantity: QuantityView::Count { pieces, unit: "袋".to_owned() } })
}

fn fen(fen: i64) -> Option<ApproveValue> {
    Some(ApproveValue::Money { fen })
}

fn rice_at(fen: i64) -> Option<ApproveValue> {
    Some(ApproveValue::Price { price: PriceView { fen, per: "袋".to_owned() } })
}

#[test]
fn what_a_supervisor_approves_names_the_line_from_to_and_the_reason() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin("690000000002"));
    rig.view(Command::Multiply { pieces: 20 });
    let line = rig.scan(&gtin(RICE)).basket.lines[1].id;
    rig.view(Command::Select { line: Some(1) });
    let of_rice = |from, to, reason| ApproveView {
        line: Some(line),
        name: Some("大米 5kg".to_owned()),
        from,
        to,
        reason,
        ..ApproveView::default()
    };
    let whole = |from, to, reason| ApproveView { line: None, name: None, ..of_rice(from, to, reason) };
    let above = |limit_fen, sum_fen| ApproveReason::AboveAmount { limit_fen, sum_fen };
    let share = |share_bp| ApproveReason::AboveShare { limit_bp: 500, share_bp };
    let ten_percent = Some(DiscountInput::Percent { percent: 10 });
    for (command, about) in [
        (
            Command::SetPrice { line, price_fen: 4_210 },
            of_rice(rice_at(4_290), rice_at(4_210), ApproveReason::Always),
        ),
        (Command::SetQuantity { line, quantity: 1 }, of_rice(pieces(20), pieces(1), above(5_000, 81_510))),
        (Command::RemoveLine { line: Some(line) }, of_rice(pieces(20), None, above(5_000, 85_800))),
        (
            Command::Discount { line: Some(line), discount: ten_percent },
            of_rice(fen(85_800), fen(77_220), share(1_000)),
        ),
        (
            Command::Discount { line: None, discount: ten_percent },
            whole(fen(86_150), fen(77_535), share(1_000)),
        ),
        (Command::VoidBasket, whole(None, None, above(10_000, 86_150))),
        (Command::OpenDrawer, whole(None, None, ApproveReason::Always)),
    ] {
        let prompt = rig.view(command.clone()).prompt;
        let Some(Prompt::Approve { about: shown, .. }) = prompt else { panic!("{command:?}: {prompt:?}") };
        assert_eq!(*shown, about, "{command:?}");
        rig.view(Command::Clear);
    }
}

#[test]
fn each_way_of_moving_cash_is_approved_under_its_own_name() {
    let mut rig = Rig::new();
    rig.open_shift();
    let moves = [
        (CashMoveKind::Drop, ApproveAction::DropCash),
        (CashMoveKind::Exchange, ApproveAction::ExchangeCash),
        (CashMoveKind::AddFloat, ApproveAction::AddFloat),
    ];
    for (kind, wanted) in moves {
        let prompt = rig.view(Command::MoveCash { kind, amount_fen: 10_000 }).prompt;
        assert!(
            matches!(prompt, Some(Prompt::Approve { action, amount_fen: 10_000, .. }) if action == wanted),
            "{prompt:?}"
        );
        rig.supervisor_approves();
    }
    let approved: Vec<String> = rig
        .journal()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::Approved(approved) => Some(approved.action),
            _ => None,
        })
        .collect();
    assert_eq!(approved, ["drop_cash", "exchange_cash", "add_float"]);
}

#[test]
fn discounts_add_up_before_a_supervisor_is_asked() {
    let rig = Rig::new();
    rig.open_shift();
    rig.scan(&gtin(RICE));
    let line = rig.scan(&gtin("690000000002")).basket.lines[0].id;
    let percent =
        |line, percent| Command::Discount { line, discount: Some(DiscountInput::Percent { percent }) };
    let asks = |command| matches!(rig.view(command).prompt, Some(Prompt::Approve { .. }));
    assert!(!asks(percent(Some(line), 5)), "a cashier gives 5 %");
    assert!(asks(percent(None, 5)), "5 % and 5 % of the rest are 9.75 % of the rice");
    rig.view(Command::Clear);
    rig.view(Command::Discount { line: Some(line), discount: None });
    assert!(!asks(percent(None, 5)));
    assert!(asks(percent(Some(line), 1)));
}

#[test]
fn what_is_taken_off_a_basket_adds_up_before_a_supervisor_is_asked() {
    let mut rig = Rig::new();
    rig.open_shift();
    // ¥42.90 a bag; a cashier takes ¥50 off a basket.
    rig.view(Command::Multiply { pieces: 3 });
    rig.scan(&gtin(RICE));
    let line = rig.scan(&gtin("690000000002")).basket.lines[0].id;
    let lower = |quantity| Command::SetQuantity { line, quantity };
    let asks = |rig: &Rig, command| matches!(rig.view(command).prompt, Some(Prompt::Approve { .. }));
    assert!(!asks(&rig, lower(2)));
    assert!(asks(&rig, lower(1)), "the second bag");
    rig.view(Command::Clear);
    assert!(asks(&rig, Command::RemoveLine { line: Some(line) }));
    rig.view(Command::Clear);
    assert!(asks(&rig, Command::VoidBasket), "¥42.90 before, ¥89.30 now: more than the ¥100 of a void");
    rig.view(Command::Clear);
    // Neither parked nor cut off from the mains is it forgotten.
    rig.view(Command::Park);
    let parked = rig.now().parked[0].basket.clone();
    rig.view(Command::Recall { basket: parked });
    rig.pull_the_plug();
    rig.sign_in("1101", "3141");
    assert!(asks(&rig, lower(1)));
    rig.supervisor_approves();
    assert_eq!(rig.lines()[0].quantity, QuantityView::Count { pieces: 1, unit: "袋".into() });
    // What a supervisor allowed does not use up what the cashier may.
    let cola = rig.lines()[1].id;
    assert!(!asks(&rig, Command::RemoveLine { line: Some(cola) }));
}

#[test]
fn a_discount_is_said_to_be_gone_only_once_it_is() {
    let rig = Rig::new();
    rig.open_shift();
    rig.view(Command::Multiply { pieces: 20 });
    let line = rig.scan(&gtin(RICE)).basket.lines[0].id;
    rig.view(Command::Discount { line: None, discount: Some(DiscountInput::Fen { fen: 100 }) });
    let view = rig.view(Command::SetQuantity { line, quantity: 18 });
    assert!(matches!(view.prompt, Some(Prompt::Approve { .. })));
    assert_eq!((view.message, view.basket.discount_fen), (None, 100), "nothing has changed yet");
    let view = rig.supervisor_approves();
    assert_eq!(view.message.map(|message| message.code), Some(Code::DiscountDropped));
    assert_eq!(view.basket.discount_fen, 0);
}

#[test]
fn what_was_approved_holds_for_what_it_was_approved_on() {
    let rig = Rig::new();
    rig.open_shift();
    let line = rig.scan(&gtin(RICE)).basket.lines[0].id;
    let half = |line| Command::Discount { line, discount: Some(DiscountInput::Percent { percent: 50 }) };
    let asks = |command| match rig.view(command).prompt {
        Some(Prompt::Approve { action, .. }) => Some(action),
        _ => None,
    };
    // 整单五折 for one bag is none for what is rung after it.
    rig.view(half(None));
    assert_eq!(rig.supervisor_approves().basket.discount_fen, 2_145);
    let view = rig.scan(&gtin("690000000002"));
    assert_eq!(view.basket.discount_fen, 0);
    assert_eq!(view.message.map(|message| message.code), Some(Code::DiscountOutgrown));
    // Nor are another price and a line's discount for more of it.
    rig.view(Command::SetPrice { line, price_fen: 1_000 });
    rig.supervisor_approves();
    let more = || Command::SetQuantity { line, quantity: 20 };
    assert_eq!(asks(more()), Some(ApproveAction::PriceOverride));
    assert_eq!(rig.supervisor_approves().basket.lines[0].amount_fen, 20_000);
    let cola = rig.lines()[1].id;
    rig.view(half(Some(cola)));
    rig.supervisor_approves();
    assert_eq!(asks(Command::SetQuantity { line: cola, quantity: 3 }), Some(ApproveAction::Discount));
    rig.view(Command::Clear);
    // What a cashier gives alone goes on.
    rig.view(Command::Discount { line: Some(cola), discount: None });
    let five = Command::Discount { line: None, discount: Some(DiscountInput::Percent { percent: 5 }) };
    rig.view(five);
    let before = rig.now().basket.discount_fen;
    assert!(rig.scan(&gtin("690000000002")).basket.discount_fen > before);
}
