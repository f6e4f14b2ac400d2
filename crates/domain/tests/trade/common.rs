//! A small shop to test with.

use suanpan_domain::catalogue::{Rounding, Tender};
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Pieces, Quantity};
use suanpan_domain::sale::settle::{Stamp, Taken, settle, take};
use suanpan_domain::sale::{Basket, NewLine, Sale, WeightSource};
use suanpan_domain::tax::Tax;

pub(crate) const NOON_MS: i64 = 1_795_233_600_000;

pub(crate) fn id(number: u8) -> Id {
    Id::mint(NOON_MS, [number; 10])
}

pub(crate) fn cash() -> Tender {
    Tender {
        code: "cash".into(),
        name: "现金".into(),
        name_en: "Cash".into(),
        order: 1,
        counts_in_drawer: true,
        opens_drawer: true,
        gives_change: true,
        rounds: true,
        needs_reference: false,
        refundable_to: true,
        invoiceable: true,
    }
}

pub(crate) fn wechat() -> Tender {
    Tender {
        code: "wechat".into(),
        name: "微信".into(),
        name_en: "WeChat Pay".into(),
        order: 2,
        counts_in_drawer: false,
        opens_drawer: false,
        gives_change: false,
        rounds: false,
        needs_reference: true,
        ..cash()
    }
}

pub(crate) fn card() -> Tender {
    Tender {
        code: "card".into(), name: "银联卡".into(), name_en: "Bank card".into(), order: 4, ..wechat()
    }
}

pub(crate) fn tax(code: &str) -> Tax {
    let rate_bp = match code {
        "V9" => 900,
        "V13" => 1_300,
        _ => 0,
    };
    Tax { code: code.into(), rate_bp }
}

pub(crate) fn by_weight(item: &str, name: &str, grams: i64, fen: i64) -> NewLine {
    NewLine {
        item: item.into(),
        name: name.into(),
        unit: String::new(),
        quantity: Quantity::G(Grams(grams)),
        price: Price { fen: Fen(fen), per: Per::Jin },
        printed_amount: None,
        tax: tax("EX"),
        source: Some(WeightSource::Scale),
        tare_g: 0,
        scanned: None,
    }
}

pub(crate) fn by_piece(item: &str, name: &str, pieces: i64, fen: i64, tax_code: &str) -> NewLine {
    NewLine {
        unit: "袋".into(),
        quantity: Quantity::Pc(Pieces(pieces)),
        price: Price { fen: Fen(fen), per: Per::Piece },
        tax: tax(tax_code),
        source: None,
        ..by_weight(item, name, 0, 0)
    }
}

pub(crate) fn basket(lines: Vec<NewLine>) -> Basket {
    let mut basket = Basket::open(id(1), NOON_MS, "chain:7,site:3".into());
    for line in lines {
        basket.ring(line).expect("ring");
    }
    basket
}

/// One counted line of the wanted amount.
pub(crate) fn basket_of(due: i64) -> Basket {
    basket(vec![by_piece("30001", "大米5kg", 1, due, "V9")])
}

pub(crate) fn stamp() -> Stamp {
    Stamp { number: 812, shift: id(9), cashier: "1001".into() }
}

/// Pays what is given in turn, the last covering everything, and closes the sale.
pub(crate) fn pay(basket: &Basket, tenders: &[(&Tender, i64)], rounding: Rounding) -> Sale {
    let mut basket = basket.clone();
    let mut let_off = Fen::ZERO;
    for (tender, amount) in tenders {
        let reference = tender.needs_reference.then(|| "4200001".to_owned());
        match take(&mut basket, tender, Fen(*amount), reference, rounding).expect("take") {
            Taken::Partly(_) => {}
            Taken::Fully { rounding, .. } => let_off = rounding,
        }
    }
    settle(&basket, let_off, stamp()).expect("settle")
}
