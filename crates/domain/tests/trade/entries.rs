//! The payloads of version 1, byte for byte, and what readers do with payloads they do not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use suanpan_domain::catalogue::Rounding;
use suanpan_domain::entry::{
    Approved, BasketParked, BasketRecalled, BasketVoided, ClockMoved, Credential, DrawerOpened, Entry,
    EntryError, LedgerReplaced, LineRemoved, LockoutLifted, QuantityLowered, Reprinted, SignInFailed,
    SignedIn, TendersCleared,
};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::refund::payout::{Way, cited, payout};
use suanpan_domain::refund::{Disposition, Origin, Refund, RefundLine, Returned, Wanted};
use suanpan_domain::sale::{Basket, Discount, NewLine, Sale, Tendered, WeightSource};
use suanpan_domain::shift::{
    CashCount, CashMove, CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, ShiftRelieved, Sums,
};

use crate::common::{NOON_MS, basket, by_piece, by_weight, card, cash, id, pay, wechat};
use crate::returning::{AS_PAID, refund};

fn plain_sale() -> Sale {
    let lines = vec![
        by_weight("10001", "菠菜", 482, 400),
        by_weight("10002", "土豆", 1046, 260),
        by_piece("30001", "五常大米5kg", 1, 4480, "V9"),
    ];
    pay(&basket(lines), &[(&cash(), 10_000)], Rounding::Fen)
}

/// Every optional field at once.
fn full_basket() -> Basket {
    let label = NewLine {
        printed_amount: Some(Fen(350)),
        source: Some(WeightSource::Label),
        scanned: Some("201000100482003501".into()),
        ..by_weight("10001", "菠菜", 482, 400)
    };
    let scale = NewLine {
        tare_g: 6,
        scanned: Some("ST,GS,   1.046kg".into()),
        ..by_weight("10002", "土豆", 1040, 260)
    };
    let milk =
        NewLine { scanned: Some("6901234567892".into()), ..by_piece("40001", "鲜牛奶", 2, 690, "V9") };
    let mut basket = basket(vec![label, scale, milk]);
    basket.set_price(2, Price { fen: Fen(240), per: Per::Jin }, Some("9001".into())).unwrap();
    basket.discount_line(3, Some(Discount::Bp(1000)), Some("9001".into())).unwrap();
    basket.discount_basket(Some(Discount::Fen(Fen(100))), Some("9001".into())).unwrap();
    basket
}

fn full_sale() -> Sale {
    pay(&full_basket(), &[(&wechat(), 500), (&card(), 500), (&cash(), 2000)], Rounding::Jiao)
}

fn full_refund() -> Refund {
    let sale = full_sale();
    let wanted = [
        Wanted { line: 1, quantity: Quantity::G(Grams(520)), disposition: Disposition::Loss },
        Wanted { line: 2, quantity: Quantity::Pc(Pieces(1)), disposition: Disposition::Restock },
    ];
    // As tills of 0.1.0 record it: cash to the fen.
    let to_the_fen = Way { step: 1, ..AS_PAID };
    refund(&sale, 813, payout(&sale, &Returned::default(), &wanted, &to_the_fen).unwrap())
}

fn cited_refund() -> Refund {
    let rung = basket(vec![by_piece("40001", "鲜牛奶", 1, 690, "V9")]);
    let lines = vec![RefundLine::cited(&rung.lines[0], Disposition::Restock)];
    let number = "HT02-3-20261120-0031-5c".into();
    let paid = cited(lines, "cash", 10).unwrap();
    Refund { origin: Origin::Cited { number, reservation: None }, ..refund(&plain_sale(), 814, paid) }
}

fn sums() -> Sums {
    Sums {
        sales: 211,
        refunds: 2,
        due: Fen(1_204_530),
        discount: Fen(3_120),
        rounding: Fen(412),
        tenders: BTreeMap::from([("cash".into(), Fen(204_530)), ("wechat".into(), Fen(1_000_000))]),
        taxes: BTreeMap::from([
            ("EX".into(), (Fen(904_530), Fen(0))),
            ("V9".into(), (Fen(275_229), Fen(24_771))),
        ]),
    }
}

fn count() -> CashCount {
    CashCount(BTreeMap::from([(10_000, 20), (500, 9), (10, 3)]))
}

fn documents() -> Vec<(&'static str, Entry)> {
    let number = || "HT02-3-20261120-0031-5c".to_owned();
    let reservation = || Some("r-20261121-7".to_owned());
    let reserved = Origin::Sale { sale: id(1), number: number(), reservation: reservation(), offline: false };
    let offline = Origin::Sale { sale: id(1), number: number(), reservation: None, offline: true };
    let cited = Origin::Cited { number: number(), reservation: reservation() };
    vec![
        ("sale", Entry::Sale(plain_sale())),
        ("sale-full", Entry::Sale(full_sale())),
        ("refund", Entry::Refund(full_refund())),
        ("refund-cited", Entry::Refund(cited_refund())),
        ("refund-cited-reserved", Entry::Refund(Refund { origin: cited, ..cited_refund() })),
        ("refund-offline", Entry::Refund(Refund { origin: offline, ..full_refund() })),
        ("refund-reserved", Entry::Refund(Refund { origin: reserved, ..full_refund() })),
        ("reprinted", Entry::Reprinted(Reprinted { document: id(1), copy: 1, by: "1001".into() })),
    ]
}

fn shifts() -> Vec<(&'static str, Entry)> {
    let (shift, by) = (id(9), || "1001".to_owned());
    let approver = Some("9001".to_owned());
    let opened = ShiftOpened { id: shift, no: 118, cashier: by(), float: Fen(20_000) };
    let relieved = ShiftRelieved { shift, from: by(), to: "1002".into() };
    let moved = |kind, amount, approver| {
        Entry::CashMoved(CashMoved { id: id(5), shift, kind, amount: Fen(amount), by: by(), approver })
    };
    let audited = ShiftAudited {
        shift,
        count: count(),
        counted: Fen(204_530),
        expected: Fen(204_550),
        by: "9001".into(),
        cashier: None,
    };
    let of_cashier = ShiftAudited { cashier: Some(by()), ..audited.clone() };
    let closed = ShiftClosed {
        shift,
        by: by(),
        approver: approver.clone(),
        count: count(),
        counted: Fen(204_530),
        expected: Fen(204_550),
        sums: sums(),
    };
    let day = DayClosed { date: 20_261_121, by: "9001".into(), last_number: 213, sums: sums() };
    vec![
        ("shift-opened", Entry::ShiftOpened(opened)),
        ("shift-relieved", Entry::ShiftRelieved(relieved)),
        ("cash-drop", moved(CashMove::Drop, 200_000, approver.clone())),
        ("cash-exchange", moved(CashMove::Exchange, 10_000, None)),
        ("cash-float", moved(CashMove::AddFloat, 5_000, None)),
        ("shift-audited", Entry::ShiftAudited(audited)),
        ("shift-audited-of", Entry::ShiftAudited(of_cashier)),
        ("shift-closed", Entry::ShiftClosed(closed)),
        ("day-closed", Entry::DayClosed(day)),
        ("drawer-opened", Entry::DrawerOpened(DrawerOpened { shift, by: by(), approver })),
    ]
}

fn before_payment() -> Vec<(&'static str, Entry)> {
    let by = || "1001".to_owned();
    let approver = || Some("9001".to_owned());
    let removed = LineRemoved {
        basket: id(1),
        item: "10001".into(),
        name: "菠菜".into(),
        quantity: Quantity::G(Grams(482)),
        amount: Fen(386),
        by: by(),
        approver: None,
    };
    let lowered = QuantityLowered {
        basket: id(1),
        item: "40001".into(),
        name: "鲜牛奶".into(),
        from: Quantity::Pc(Pieces(12)),
        to: Quantity::Pc(Pieces(2)),
        amount: Fen(6_900),
        by: by(),
        approver: approver(),
    };
    let wechat = Tendered {
        tender: "wechat".into(),
        amount: Fen(1_000),
        given: None,
        reference: Some("4200001234".into()),
    };
    let voided = BasketVoided { basket: full_basket(), amount: Fen(1991), by: by(), approver: approver() };
    vec![
        ("line-removed", Entry::LineRemoved(removed)),
        ("quantity-lowered", Entry::QuantityLowered(lowered)),
        ("basket-voided", Entry::BasketVoided(voided)),
        ("basket-parked", Entry::BasketParked(BasketParked { basket: full_basket(), by: by() })),
        ("basket-recalled", Entry::BasketRecalled(BasketRecalled { basket: id(1), by: by() })),
        (
            "tenders-cleared",
            Entry::TendersCleared(TendersCleared { basket: id(1), tenders: vec![wechat], by: by() }),
        ),
    ]
}

fn people_and_machine() -> Vec<(&'static str, Entry)> {
    let staff = || "1001".to_owned();
    let failed = |tries, locked_until_ms| SignInFailed { staff: staff(), tries, locked_until_ms };
    let approved = Approved {
        action: "refund".into(),
        staff: staff(),
        by: "9001".into(),
        with: Credential::Pin,
        amount: Fen(5_437),
    };
    let replaced =
        LedgerReplaced { code: "POS-LED-002".into(), salvaged: 811, kept_as: "ledger-bad-1.db".into() };
    vec![
        ("signed-in", Entry::SignedIn(SignedIn { staff: staff(), with: Credential::Card })),
        ("sign-in-failed", Entry::SignInFailed(failed(2, None))),
        ("sign-in-locked", Entry::SignInFailed(failed(5, Some(NOON_MS + 300_000)))),
        ("lockout-lifted", Entry::LockoutLifted(LockoutLifted { staff: staff(), by: "9002".into() })),
        ("approved", Entry::Approved(approved)),
        ("clock-moved", Entry::ClockMoved(ClockMoved { before_ms: NOON_MS, now_ms: NOON_MS - 3_600_000 })),
        ("ledger-replaced", Entry::LedgerReplaced(replaced)),
    ]
}

pub(crate) fn samples() -> Vec<(&'static str, Entry)> {
    [documents(), shifts(), before_payment(), people_and_machine()].concat()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1/entries")
}

#[test]
fn every_kind_has_the_bytes_of_version_1() {
    for (name, entry) in samples() {
        let path = folder().join(format!("{:02}-{name}.json", entry.kind()));
        let golden =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let golden = golden.trim_end();
        let written = String::from_utf8(entry.encode().unwrap()).unwrap();
        assert_eq!(written, golden, "{name} is written as it always was");
        assert_eq!(Entry::decode(entry.kind(), golden.as_bytes()).unwrap(), entry, "{name} reads back");
    }
    let kinds: BTreeSet<u16> = samples().iter().map(|(_, entry)| entry.kind()).collect();
    assert_eq!(kinds, Entry::KINDS.iter().copied().collect(), "every kind has a sample");
    assert_eq!(std::fs::read_dir(folder()).unwrap().count(), samples().len(), "no sample lacks a test");
}

#[test]
fn fields_that_a_later_version_added_are_ignored() {
    for (name, entry) in samples() {
        let mut json: serde_json::Value = serde_json::from_slice(&entry.encode().unwrap()).unwrap();
        json["member"] = serde_json::json!({"id": "m-1", "points": [1, 2.5, null]});
        if let Some(line) = json["lines"].get_mut(0) {
            line["lot"] = "L-7".into();
        }
        let payload = serde_json::to_vec(&json).unwrap();
        assert_eq!(Entry::decode(entry.kind(), &payload).unwrap(), entry, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let code = |kind, payload: &str| match Entry::decode(kind, payload.as_bytes()) {
        Err(EntryError::UnknownKind(kind)) => format!("kind {kind}"),
        Err(EntryError::UnknownVersion { kind, version }) => format!("kind {kind} version {version}"),
        Err(EntryError::Malformed { kind, .. }) => format!("kind {kind} malformed"),
        Err(EntryError::OutOfBounds { kind, .. }) => format!("kind {kind} out of bounds"),
        Ok(entry) => format!("{entry:?}"),
    };
    for (kind, payload, want) in [
        (4, r#"{"v":1}"#, "kind 4"),
        (0, "", "kind 0"),
        (61, r#"{"v":2,"staff":"1001"}"#, "kind 61 version 2"),
        (61, r#"{"v":0,"staff":"1001","tries":1}"#, "kind 61 version 0"),
        (61, r#"{"staff":"1001","tries":1}"#, "kind 61 malformed"),
        (61, r#"{"v":1,"staff":"1001","tries":-1}"#, "kind 61 malformed"),
        (61, r#"{"v":1,"staff":"1001","tries":1.5}"#, "kind 61 malformed"),
        (61, r#"{"v":1,"staff":"1001"}"#, "kind 61 malformed"),
        (61, "", "kind 61 malformed"),
        (61, "[]", "kind 61 malformed"),
    ] {
        assert_eq!(code(kind, payload), want, "{payload}");
    }
}
