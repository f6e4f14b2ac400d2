//! One document of a file, decided as the till decides a sale or a refund.

use suanpan_domain::catalogue::{Rounding, Tender};
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::refund::{Disposition, Origin, Refund, RefundLine};
use suanpan_domain::sale::settle::{self, Stamp};
use suanpan_domain::sale::{Basket, NewLine, Sale, Tendered, WeightSource};
use suanpan_domain::tax::Tax;

use super::{CASH, OPERATOR};
use crate::pos::{Done, Stop, Turn};

/// The tax code of lines whose file knows no tax.
const NO_TAX: &str = "none";

/// A sale, or goods brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its place in the file, from 0.
    pub index: u64,
    /// The file's line on which it begins.
    pub line: u64,
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// `yyyymmdd`.
    pub business_date: u32,
    /// True for goods brought back.
    pub is_return: bool,
    /// At least one.
    pub lines: Vec<Line>,
}

/// A weighed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Item code.
    pub item: String,
    /// Item name.
    pub name: String,
    /// Weight.
    pub grams: Grams,
    /// Fen per kilogram.
    pub price: Fen,
}

impl Document {
    /// Rings the lines and adds the entry that records them.
    pub(super) fn decide(&self, turn: &mut Turn<'_>, id: Id, shift: Id) -> Done {
        let mut basket = Basket::open(id, turn.now_ms, turn.shop.cut()?);
        for line in &self.lines {
            let rung = basket.ring(line.rung())?.id;
            // The recorded override. It names no list price: without a catalogue there is none that it overrides.
            basket.approve_line(rung, OPERATOR.to_owned())?;
        }
        let number = turn.shop.next_number(self.business_date)?;
        turn.entries.push(match self.is_return {
            false => Entry::Sale(sale(basket, number, shift)?),
            true => Entry::Refund(self.refund(&basket, number, shift)),
        });
        Ok(())
    }

    fn refund(&self, basket: &Basket, number: u32, shift: Id) -> Refund {
        let restocked = |line| RefundLine::cited(line, Disposition::Restock);
        let lines: Vec<RefundLine> = basket.lines.iter().map(restocked).collect();
        let total: Fen = lines.iter().map(|line| line.amount).sum();
        let (date, line) = (self.business_date, self.line);
        Refund {
            id: basket.id,
            number,
            shift,
            cashier: OPERATOR.to_owned(),
            approver: Some(OPERATOR.to_owned()),
            // The file does not say which sale it returns: the citation names the file's line.
            origin: Origin::Cited { number: format!("REPLAY-{date}-{line}"), reservation: None },
            lines,
            total,
            tenders: vec![Tendered { tender: CASH.to_owned(), amount: total, given: None, reference: None }],
        }
    }
}

/// Takes exact cash, without 抹零, and closes the basket.
fn sale(mut basket: Basket, number: u32, shift: Id) -> Result<Sale, Stop> {
    let due = basket.totals().due;
    settle::take(&mut basket, &cash(), due, None, Rounding::None)?;
    Ok(settle::settle(&basket, Fen::ZERO, Stamp { number, shift, cashier: OPERATOR.to_owned() })?)
}

fn cash() -> Tender {
    Tender {
        code: CASH.to_owned(),
        name: "现金".to_owned(),
        name_en: "Cash".to_owned(),
        order: 1,
        counts_in_drawer: true,
        opens_drawer: false,
        gives_change: true,
        rounds: false,
        needs_reference: false,
        refundable_to: true,
        invoiceable: false,
    }
}

impl Line {
    fn rung(&self) -> NewLine {
        NewLine {
            item: self.item.clone(),
            name: self.name.clone(),
            unit: String::new(),
            quantity: Quantity::G(self.grams),
            price: Price { fen: self.price, per: Per::Kilogram },
            printed_amount: None,
            tax: Tax { code: NO_TAX.to_owned(), rate_bp: 0 },
            source: Some(WeightSource::Typed),
            tare_g: 0,
            scanned: None,
        }
    }
}
