//! Whatever is pressed, scanned or sent in whatever order: the till goes on, and its money adds up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use suanpan_contract::pos::{
    CashMoveKind, CitedLineInput, Command, DenominationCount, DiscountInput, Found, RefundLineInput,
    RefundableLine, TillView,
};
use suanpan_contract::{Language, QuantityView};
use suanpan_domain::entry::Entry;
use suanpan_domain::money::Fen;
use suanpan_domain::refund::Origin;
use suanpan_domain::shift::Sums;
use suanpan_domain::totals::{postings, sums};
use suanpan_ledger::{Lock, verify};
use suanpan_tests::catalogue::{CARD, STAFF, gtin, label};
use suanpan_tests::rig::{HOUR, MINUTE, Rig, identity};

/// Days of a till that are tried: as many as take about twenty seconds.
const DAYS: u32 = 48;

/// Steps of one day.
const STEPS_MAX: usize = 120;

/// One thing that happens to a till.
#[derive(Clone, Debug)]
enum Step {
    Send(Command),
    /// Errors are cleared and the cashier is at the till again.
    Back,
    /// A bag of rice is sold, if nothing is in the way.
    Sell,
    /// The prompt is answered by the supervisor.
    Approve,
    /// The last sale that the till shows is looked up and some of it comes back.
    Refund {
        part: i64,
        to_cash: bool,
    },
    /// The first parked basket is taken up again.
    Recall,
    Pass(i64),
    PullThePlug,
}

fn any_number() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 1i64..20,
        4 => 1i64..20_000,
        1 => select(vec![0, -1, 10, 100, 9_999, 10_000, 1_000_000, 1_000_000_001, i64::MAX, i64::MIN]),
    ]
}

fn any_line() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 1u32..6, 1 => select(vec![0, 99, u32::MAX])]
}

fn any_scan() -> impl Strategy<Value = String> {
    let known = ["690000000001", "690000000002", "690000000012", "690000000003", "690000000005"].map(gtin);
    let odd =
        ["000000", "134567890123456789", "TH01-2-20261121-0001-a7", "]C10106900000000020", "\u{1d}", CARD];
    prop_oneof![
        6 => select(known.to_vec()),
        3 => (select(vec![1001u32, 1002, 1003]), 1u32..3_000, 1u32..9_999).prop_map(|(plu, g, fen)| label(plu, g, fen)),
        1 => select(odd.map(str::to_owned).to_vec()),
        1 => "\\PC{0,40}",
    ]
}

fn any_item() -> impl Strategy<Value = String> {
    select(vec!["1001", "1002", "2001", "2002", "2005", "9001", "nothing"]).prop_map(str::to_owned)
}

fn any_count() -> impl Strategy<Value = Vec<DenominationCount>> {
    let row = (select(vec![10_000i64, 500, 100, 10, 5, 7]), prop_oneof![5 => 0u32..30, 1 => Just(u32::MAX)]);
    let row = row.prop_map(|(denomination_fen, pieces)| DenominationCount { denomination_fen, pieces });
    prop::collection::vec(row, 0..4)
}

fn ringing() -> impl Strategy<Value = Command> {
    prop_oneof![
        8 => any_scan().prop_map(|text| Command::Scan { text }),
        2 => any_scan().prop_map(|text| Command::Enter { text }),
        3 => any_item().prop_map(|item| Command::AddItem { item }),
        2 => any_number().prop_map(|pieces| Command::Multiply { pieces }),
        3 => any_number().prop_map(|grams| Command::TypeWeight { grams }),
        1 => any_number().prop_map(|grams| Command::SetTare { grams }),
        2 => (0u16..3).prop_map(|index| Command::Choose { index }),
    ]
}

fn changing() -> impl Strategy<Value = Command> {
    let discount = prop_oneof![
        any_number().prop_map(|fen| DiscountInput::Fen { fen }),
        (0u8..=110).prop_map(|percent| DiscountInput::Percent { percent }),
    ];
    prop_oneof![
        prop::option::of(any_line()).prop_map(|line| Command::Select { line }),
        (any_line(), any_number()).prop_map(|(line, quantity)| Command::SetQuantity { line, quantity }),
        (any_line(), any_number()).prop_map(|(line, price_fen)| Command::SetPrice { line, price_fen }),
        (prop::option::of(any_line()), prop::option::of(discount))
            .prop_map(|(line, discount)| Command::Discount { line, discount }),
        prop::option::of(any_line()).prop_map(|line| Command::RemoveLine { line }),
        Just(Command::VoidBasket),
        Just(Command::Park),
    ]
}

fn paying() -> impl Strategy<Value = Command> {
    let tender = select(vec!["cash", "cash", "cash", "wechat", "groupon", "gold"]).prop_map(str::to_owned);
    let reference = prop::option::weighted(0.8, select(vec!["4200001234", " "]).prop_map(str::to_owned));
    let amount = prop::option::weighted(0.5, any_number());
    prop_oneof![
        6 => (tender, amount, reference)
            .prop_map(|(tender, amount_fen, reference)| Command::Tender { tender, amount_fen, reference }),
        1 => Just(Command::ClearTenders),
    ]
}

fn managing() -> impl Strategy<Value = Command> {
    let kind = select(vec![CashMoveKind::Drop, CashMoveKind::Exchange, CashMoveKind::AddFloat]);
    let cited = (any_item(), any_number(), any_number()).prop_map(|(item, quantity, amount_fen)| {
        let lines = vec![CitedLineInput { item, quantity, amount_fen, restock: true }];
        Command::RefundCited { number: "TH01-3-20261121-0007-c4".into(), lines, tender: "cash".into() }
    });
    prop_oneof![
        any_number().prop_map(|float_fen| Command::OpenShift { float_fen }),
        Just(Command::OpenShift { float_fen: 30_000 }),
        (kind, any_number()).prop_map(|(kind, amount_fen)| Command::MoveCash { kind, amount_fen }),
        any_count().prop_map(|count| Command::AuditShift { count }),
        any_count().prop_map(|count| Command::CloseShift { count }),
        Just(Command::CloseDay),
        Just(Command::OpenDrawer),
        Just(Command::Reprint { document: None }),
        select(vec!["", "1", "0002-", "x", "TH01-9-20261121-0001-00"])
            .prop_map(|number| Command::FindDocuments { number: number.into() }),
        "[a-z0-9菜米]{0,6}".prop_map(|query| Command::Search { query }),
        select(vec![Language::En, Language::ZhCn]).prop_map(|language| Command::SetLanguage { language }),
        Just(Command::LiftLockout { staff: "1101".into() }),
        cited,
    ]
}

fn coming_and_going() -> impl Strategy<Value = Command> {
    let who = (select(STAFF.to_vec()), prop::bool::weighted(0.8), any::<bool>());
    prop_oneof![
        1 => Just(Command::Lock),
        3 => who.prop_map(|((staff, pin, _), knows, relieve)| {
            let pin = if knows { pin } else { "0000" }.to_owned();
            Command::SignIn { staff: staff.to_owned(), pin, relieve }
        }),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => ringing().prop_map(Step::Send),
        10 => changing().prop_map(Step::Send),
        12 => paying().prop_map(Step::Send),
        6 => managing().prop_map(Step::Send),
        4 => coming_and_going().prop_map(Step::Send),
        14 => Just(Step::Send(Command::Clear)),
        16 => Just(Step::Back),
        10 => Just(Step::Sell),
        4 => Just(Step::Send(Command::Confirm)),
        8 => Just(Step::Approve),
        8 => (1i64..1_000, any::<bool>()).prop_map(|(part, to_cash)| Step::Refund { part, to_cash }),
        3 => Just(Step::Recall),
        3 => select(vec![MINUTE, 6 * MINUTE, 20 * HOUR, -HOUR]).prop_map(Step::Pass),
        1 => Just(Step::PullThePlug),
    ]
}

fn take(rig: &mut Rig, step: Step) {
    match step {
        Step::Send(command) => _ = rig.send(command),
        Step::Back => come_back(rig),
        Step::Sell => {
            rig.scan(&gtin("690000000001"));
            rig.pay_exact();
        }
        Step::Approve => _ = rig.supervisor_approves(),
        Step::Refund { part, to_cash } => refund(rig, part, to_cash),
        Step::Recall => {
            if let Some(parked) = rig.now().parked.first() {
                rig.send(Command::Recall { basket: parked.basket.clone() });
            }
        }
        Step::Pass(ms) => rig.clock.pass(ms),
        Step::PullThePlug => {
            let before = rig.now();
            rig.pull_the_plug();
            let after = rig.now();
            assert_eq!(money(&after), money(&before), "a power cut loses no line and no tender");
        }
    }
}

/// What must be the same after a power cut.
fn money(view: &TillView) -> impl PartialEq + std::fmt::Debug + use<> {
    let lines: Vec<_> = view.basket.lines.iter().map(|line| (line.name.clone(), line.amount_fen)).collect();
    let last = view.last_document.as_ref().map(|last| last.document.clone());
    (lines, view.basket.due_fen, view.pay.taken.clone(), view.parked.clone(), last)
}

fn come_back(rig: &Rig) {
    for _ in 0..3 {
        rig.send(Command::Clear);
    }
    rig.view(Command::SignIn { staff: "1101".into(), pin: "3141".into(), relieve: true });
}

/// Brings a part of what may still come back of the last sale, or now and then more than that.
fn refund(rig: &Rig, part: i64, to_cash: bool) {
    come_back(rig);
    let Some(last) = rig.now().last_document else { return };
    let Some(Found::Sale { sale }) = rig.found(Command::RefundLookup { number: last.number }) else { return };
    let line = |line: &RefundableLine| {
        let left = match &line.left {
            QuantityView::Weight { grams } => *grams,
            QuantityView::Count { pieces, .. } => *pieces,
        };
        RefundLineInput { line: line.line, quantity: 1 + part % (left + 1), restock: part % 2 == 0 }
    };
    let lines = sale.lines.iter().take(2).map(line).collect();
    rig.send(Command::Refund { sale: sale.sale.clone(), lines, to_cash });
    if part % 8 != 0 {
        rig.supervisor_approves();
    }
}

/// What the screen shows adds up.
fn picture_is_whole(view: &TillView) {
    let basket = &view.basket;
    let of_lines: i64 = basket.lines.iter().map(|line| line.amount_fen).sum();
    assert!((0..=of_lines).contains(&basket.due_fen), "{basket:?}");
    assert!(basket.lines.iter().all(|line| line.amount_fen >= 0 && line.discount_fen >= 0), "{basket:?}");
    let taken: i64 = view.pay.taken.iter().map(|taken| taken.amount_fen).sum();
    if !basket.lines.is_empty() {
        assert_eq!(view.pay.remaining_fen, basket.due_fen - taken, "{:?}", view.pay);
        assert_eq!(view.pay.remaining_cash_fen, view.pay.remaining_fen - view.pay.rounding_fen);
        assert!(
            (0..10).contains(&view.pay.rounding_fen) && view.pay.remaining_cash_fen >= 0,
            "{:?}",
            view.pay
        );
    }
    if let Some(closed) = view.closed.as_ref().filter(|closed| !closed.is_refund) {
        assert_eq!(closed.received_fen - closed.change_fen, closed.due_fen, "{closed:?}");
    }
}

/// What the journal says of one shift while it is read.
#[derive(Default)]
struct Drawer {
    expected: i64,
    documents: Vec<Entry>,
}

/// Reads the journal from its first entry: documents add up, numbers have no gaps, every close states what was sold,
/// nothing is given back that was not paid.
fn journal_is_whole(journal: &[Entry]) {
    let mut drawers: BTreeMap<_, Drawer> = BTreeMap::new();
    let (mut paid, mut returned) = (BTreeMap::new(), BTreeMap::<_, i64>::new());
    for entry in journal {
        match entry {
            Entry::ShiftOpened(shift) => drawers.entry(shift.id).or_default().expected += shift.float.0,
            Entry::CashMoved(moved) => {
                drawers.entry(moved.shift).or_default().expected += moved.drawer_change().0;
            }
            Entry::Sale(sale) => {
                assert!(paid.insert(sale.id, sale.due.0).is_none(), "sold twice: {sale:?}");
                let lines: Fen = sale.lines.iter().map(|line| line.paid).sum();
                let tenders: Fen = sale.tenders.iter().map(|tendered| tendered.amount).sum();
                assert_eq!((lines, tenders), (sale.due, sale.due), "{sale:?}");
                let drawer = drawers.entry(sale.shift).or_default();
                drawer.expected += cash(&sale.tenders);
                drawer.documents.push(entry.clone());
            }
            Entry::Refund(refund) => {
                assert!(refund.approver.is_some(), "{refund:?}");
                let tenders: Fen = refund.tenders.iter().map(|tendered| tendered.amount).sum();
                assert_eq!(tenders, refund.total, "{refund:?}");
                if let Origin::Sale { sale, .. } = &refund.origin {
                    *returned.entry(*sale).or_default() += refund.total.0;
                }
                let drawer = drawers.entry(refund.shift).or_default();
                drawer.expected -= cash(&refund.tenders);
                drawer.documents.push(entry.clone());
            }
            Entry::ShiftAudited(audit) => assert_eq!(audit.expected.0, drawers[&audit.shift].expected),
            Entry::ShiftClosed(close) => {
                let drawer = &drawers[&close.shift];
                assert_eq!(close.expected.0, drawer.expected);
                assert_eq!(close.sums, sums_of(&drawer.documents));
            }
            Entry::Approved(approved) => {
                assert!(["1801", "1901"].contains(&approved.by.as_str()), "{approved:?}")
            }
            _ => {}
        }
    }
    for (sale, fen) in returned {
        assert!(fen <= paid[&sale], "{fen} of {} came back", paid[&sale]);
    }
}

fn cash(tenders: &[suanpan_domain::sale::Tendered]) -> i64 {
    tenders.iter().filter(|tendered| tendered.tender == "cash").map(|tendered| tendered.amount.0).sum()
}

fn sums_of(documents: &[Entry]) -> Sums {
    let all: Vec<_> = documents.iter().flat_map(postings).collect();
    sums(&all)
}

/// A cashier can always get back to selling: every prompt and error gives way to 清除 and a supervisor.
fn is_not_stuck(rig: &mut Rig) {
    for _ in 0..8 {
        rig.send(Command::Clear);
    }
    rig.clock.pass(6 * MINUTE);
    let in_shift = rig.now().status.shift_no.is_some();
    rig.view(Command::SignIn { staff: "1801".into(), pin: "8246".into(), relieve: in_shift });
    let finish = |rig: &Rig| {
        rig.send(Command::ClearTenders);
        rig.send(Command::VoidBasket);
        rig.send(Command::Confirm);
        rig.send(Command::ClearTenders);
        rig.send(Command::VoidBasket);
    };
    finish(rig);
    while let Some(parked) = rig.now().parked.first() {
        rig.send(Command::Recall { basket: parked.basket.clone() });
        finish(rig);
        assert!(rig.lines().is_empty(), "{:?}", rig.now());
    }
    if in_shift {
        rig.agreed(Command::CloseShift { count: vec![] });
    }
    let view = rig.now();
    assert_eq!((view.status.shift_no, view.prompt), (None, None), "{:?}", view.message);
    let view = rig.view(Command::OpenShift { float_fen: 0 });
    assert!(view.status.shift_no.is_some(), "{:?}", view.message);
    rig.sell_rice();
}

fn live_through(steps: Vec<Step>) {
    let mut rig = Rig::new();
    rig.open_shift();
    for step in steps {
        take(&mut rig, step);
        picture_is_whole(&rig.now());
    }
    is_not_stuck(&mut rig);
    journal_is_whole(&rig.journal());
    rig.stop();
    let lock = Lock::acquire(rig.dir.path()).expect("the folder");
    let found = verify(&lock, identity().station()).expect("a ledger");
    assert!(found.is_whole(), "{found:?}");
}

#[test]
fn whatever_is_pressed_the_till_goes_on_and_its_money_adds_up() {
    let mut runner = TestRunner::new(Config { cases: DAYS, max_shrink_iters: 200, ..Config::default() });
    let days = prop::collection::vec(any_step(), 1..STEPS_MAX);
    runner
        .run(&days, |steps| {
            live_through(steps);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
