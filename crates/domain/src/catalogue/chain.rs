//! What the rows of a catalogue have to do with each other.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::{Fault, Item, LabelLayout, QuickTab, Rounding, Row, SiteSettings, SoldBy, Staff, Table, Tender};
use crate::barcode::{Scan, barcode_key, classify, plu_key};
use crate::money::Fen;
use crate::pricing::{Per, Price};

/// A price so many times the one before it, or the other way round, is worth a look.
const PRICE_JUMP: i64 = 10;

/// As much of a chain's catalogue as its rows speak of each other.
///
/// First [`hold`](Chain::hold) what is published, then [`put`](Chain::put) every new row, then [`check`](Chain::check)
/// each: rows may come in any order.
#[derive(Debug, Default)]
pub struct Chain {
    sites: BTreeMap<String, String>,
    taxes: BTreeSet<String>,
    items: HashMap<String, Known>,
    plus: HashMap<String, BTreeSet<String>>,
    /// Codes as a spreadsheet leaves them: without leading zeros.
    bare: HashMap<String, BTreeSet<String>>,
    prices: HashMap<String, BTreeMap<String, (Price, bool)>>,
    tenders: BTreeMap<String, Tender>,
    /// 抹零 of each site.
    rounding: BTreeMap<String, Rounding>,
    tabs: BTreeMap<String, u8>,
    layouts: BTreeMap<String, LabelLayout>,
    /// The card of each person of a site, and whose a card is or was.
    staff: HashMap<(String, String), Option<String>>,
    cards: HashMap<(String, String), BTreeSet<String>>,
}

/// What others ask of an item; of one whose row cannot be read, nothing.
#[derive(Debug, Default)]
struct Known {
    sold_by: Option<SoldBy>,
    plu: Option<String>,
}

impl Chain {
    /// Takes in a row that is published already. `site` is empty for a row of the whole chain.
    pub fn hold(&mut self, site: &str, key: &str, row: &Row) {
        self.take(site, key, row, false);
    }

    /// Takes in a new row; warns of a price far off the one that it replaces.
    pub fn put(&mut self, site: &str, key: &str, row: &Row) -> Option<Fault> {
        let warning = match row {
            Row::Price(price) => self.jump(site, key, *price),
            _ => None,
        };
        self.take(site, key, row, true);
        warning
    }

    /// Takes in that there is an item or tax of this key, whatever else its row says.
    pub fn name(&mut self, table: Table, key: &str) {
        match table {
            Table::Item => drop(self.items.entry(key.to_owned()).or_default()),
            Table::Tax => drop(self.taxes.insert(key.to_owned())),
            _ => {}
        }
    }

    /// Takes in a site.
    pub fn site(&mut self, site: &str) {
        self.sites.insert(site.to_ascii_uppercase(), site.to_owned());
    }

    /// How the site of this code is spelt: printed numbers have it in capitals, so two spellings would be one site.
    pub fn spelt(&self, site: &str) -> Option<&str> {
        self.sites.get(&site.to_ascii_uppercase()).map(String::as_str)
    }

    fn take(&mut self, site: &str, key: &str, row: &Row, is_new: bool) {
        let place = key.to_owned();
        match row {
            Row::Item(item) => {
                let plu = item.plu.as_deref().map(|plu| plu_key(plu).to_owned());
                if let Some(plu) = plu.clone() {
                    self.plus.entry(plu).or_default().insert(place.clone());
                }
                self.items.insert(place.clone(), Known { sold_by: Some(item.sold_by), plu });
                self.bare.entry(plu_key(key).to_owned()).or_default().insert(place);
            }
            Row::Price(price) => {
                self.prices.entry(place).or_default().insert(site.to_owned(), (*price, is_new));
            }
            Row::Tax(_) => drop(self.taxes.insert(place)),
            Row::Tender(tender) => drop(self.tenders.insert(place, tender.clone())),
            Row::QuickTab(tab) => drop(self.tabs.insert(place, tab.order)),
            Row::LabelLayout(layout) => drop(self.layouts.insert(place, layout.clone())),
            Row::Staff(staff) => {
                if let Some(card) = staff.card_sha256.clone() {
                    self.cards.entry((site.to_owned(), card)).or_default().insert(place.clone());
                }
                self.staff.insert((site.to_owned(), place), staff.card_sha256.clone());
            }
            Row::Settings(settings) => drop(self.rounding.insert(site.to_owned(), settings.rounding)),
            Row::Dictionary(_) => {}
        }
    }

    /// What is wrong with a row beside all the others.
    pub fn check(&self, site: &str, key: &str, row: &Row) -> Vec<Fault> {
        let mut found = Vec::new();
        if !site.is_empty() && self.spelt(site) != Some(site) {
            found.push(Fault::refused("site", "a site that there is, spelt as it is", site));
        }
        match row {
            Row::Item(item) => self.item(key, item, &mut found),
            Row::Price(price) => self.price(key, *price, &mut found),
            Row::Tender(tender) => self.tender(key, tender, &mut found),
            Row::Staff(staff) => self.staff(site, key, staff, &mut found),
            Row::QuickTab(tab) => self.tab(key, tab, &mut found),
            Row::LabelLayout(layout) => self.layout(key, layout, &mut found),
            Row::Settings(settings) => self.settings(settings, &mut found),
            Row::Tax(_) | Row::Dictionary(_) => {}
        }
        found
    }

    fn item(&self, key: &str, item: &Item, found: &mut Vec<Fault>) {
        if !self.taxes.contains(&item.tax) {
            found.push(Fault::refused("tax", "the code of a tax that there is", &item.tax));
        }
        // A price that is new too is refused where it stands.
        for (price, _) in self.prices.get(key).into_iter().flat_map(BTreeMap::values).filter(|it| !it.1) {
            if !fits(item.sold_by, price.per) {
                let expected = format!("what its price allows, which is per {}", per(price.per));
                found.push(Fault::refused("sold_by", expected, sold_by(item.sold_by)));
                break;
            }
        }
        if let Some(plu) = &item.plu {
            let has =
                |it: &&String| self.items.get(*it).is_some_and(|it| it.plu.as_deref() == Some(plu_key(plu)));
            if let Some(other) = others(&self.plus, plu_key(plu), key).find(has) {
                found.push(Fault::warned("plu", format!("a PLU of its own: item {other} has it too"), plu));
            }
        }
        if let Some(other) = others(&self.bare, plu_key(key), key).next() {
            let expected = format!("a code with all its zeros: there is an item {other}");
            found.push(Fault::warned("code", expected, key));
        }
        let layouts: Vec<LabelLayout> = self.layouts.values().cloned().collect();
        for (nth, barcode) in item.barcodes.iter().enumerate() {
            let read_as = match classify(&barcode.code, &layouts) {
                Scan::PaymentCode(_) => "a payment code",
                Scan::Label(_) => "a scale's label",
                _ => continue,
            };
            let expected = format!("a barcode that a till does not read as {read_as}");
            found.push(Fault::warned(format!("barcodes[{nth}].code"), expected, &barcode_key(&barcode.code)));
        }
    }

    fn price(&self, key: &str, price: Price, found: &mut Vec<Fault>) {
        match self.items.get(key).map(|item| item.sold_by) {
            None => found.push(Fault::refused("key", self.an_item_like(key), key)),
            Some(Some(how)) if !fits(how, price.per) => {
                let expected = match how {
                    SoldBy::Weight => "500g or kg, because the item is sold by weight",
                    SoldBy::Piece => "pc, because the item is sold by the piece",
                };
                found.push(Fault::refused("per", expected, per(price.per)));
            }
            Some(_) => {}
        }
    }

    /// What was expected where no item is.
    fn an_item_like(&self, key: &str) -> String {
        match self.bare.get(plu_key(key)).and_then(BTreeSet::first) {
            Some(like) => format!("the code of an item, perhaps {like} with its zeros"),
            None => "the code of an item that there is".to_owned(),
        }
    }

    fn jump(&self, site: &str, key: &str, price: Price) -> Option<Fault> {
        let of_item = self.prices.get(key)?;
        let (before, _) = of_item.get(site).or_else(|| of_item.get(""))?;
        let (new, old) = (on_one_basis(price)?, on_one_basis(*before)?);
        let is_far = new.0.saturating_mul(PRICE_JUMP) <= old.0 || old.0.saturating_mul(PRICE_JUMP) <= new.0;
        let same_kind = price.per.grams().is_some() == before.per.grams().is_some();
        let expected = format!("a price nearer to {} per {} before", yuan(before.fen), per(before.per));
        (is_far && same_kind).then(|| Fault::warned("fen", expected, &yuan(price.fen)))
    }

    fn tender(&self, key: &str, tender: &Tender, found: &mut Vec<Fault>) {
        let is_cash = |it: &Tender| it.gives_change || it.rounds;
        for (code, other) in self.tenders.iter().filter(|(code, _)| *code != key) {
            if is_cash(tender) && is_cash(other) {
                found.push(Fault::refused("code", format!("one cash tender: {code} is it"), key));
            }
            if tender.order == other.order {
                let expected = format!("a place of its own: {code} has it too");
                found.push(Fault::warned("order", expected, &tender.order.to_string()));
            }
        }
        if !tender.gives_change {
            return;
        }
        if !self.tenders.values().any(|it| it.refundable_to) {
            let expected = "true for one tender at least: nothing can be refunded otherwise";
            found.push(Fault::warned("refundable_to", expected, "false"));
        }
        let rounds = self.rounding.iter().find(|(_, rounding)| **rounding != Rounding::None);
        if let (false, Some((site, _))) = (tender.rounds, rounds) {
            let expected = format!("true, or rounding none at every site: {site} rounds cash");
            found.push(Fault::warned("rounds", expected, "false"));
        }
    }

    /// A site that rounds cash needs cash that rounds.
    fn settings(&self, settings: &SiteSettings, found: &mut Vec<Fault>) {
        let has_cash = self.tenders.values().any(|it| it.gives_change);
        if settings.rounding != Rounding::None && has_cash && !self.tenders.values().any(|it| it.rounds) {
            let expected = "none, or a cash tender that rounds: none does, so nothing would be rounded";
            found.push(Fault::warned("rounding", expected, settings.rounding.name()));
        }
    }

    fn staff(&self, site: &str, key: &str, staff: &Staff, found: &mut Vec<Fault>) {
        let Some(card) = &staff.card_sha256 else { return };
        let has =
            |it: &&String| self.staff.get(&(site.to_owned(), (*it).clone())) == Some(&Some(card.clone()));
        if let Some(other) = others(&self.cards, &(site.to_owned(), card.clone()), key).find(has) {
            found.push(Fault::refused(
                "card_sha256",
                format!("a card of their own: {other} has it too"),
                "…",
            ));
        }
    }

    fn tab(&self, key: &str, tab: &QuickTab, found: &mut Vec<Fault>) {
        for (nth, quick) in tab.keys.iter().enumerate().filter(|(_, it)| !self.items.contains_key(&it.item)) {
            let field = format!("keys[{nth}].item");
            found.push(Fault::refused(field, self.an_item_like(&quick.item), &quick.item));
        }
        if let Some((other, _)) = self.tabs.iter().find(|(id, order)| *id != key && **order == tab.order) {
            let expected = format!("a place of its own: {other} has it too");
            found.push(Fault::warned("order", expected, &tab.order.to_string()));
        }
    }

    fn layout(&self, key: &str, layout: &LabelLayout, found: &mut Vec<Fault>) {
        for (id, other) in self.layouts.iter().filter(|(id, _)| *id != key) {
            if let Some(flag) = layout.clashes_with(other) {
                let expected = format!(
                    "flags and a length of its own: {id} reads the same {} digits from {flag}",
                    layout.digits()
                );
                found.push(Fault::refused("flags", expected, key));
            }
        }
    }
}

/// Who else goes by something.
fn others<'a, K, Q>(
    of: &'a HashMap<K, BTreeSet<String>>,
    by: &Q,
    key: &'a str,
) -> impl Iterator<Item = &'a String>
where
    K: Borrow<Q> + Hash + Eq,
    Q: Hash + Eq + ?Sized,
{
    of.get(by).into_iter().flatten().filter(move |other| *other != key)
}

fn fits(sold_by: SoldBy, per: Per) -> bool {
    (sold_by == SoldBy::Weight) == per.grams().is_some()
}

fn sold_by(how: SoldBy) -> &'static str {
    match how {
        SoldBy::Weight => "weight",
        SoldBy::Piece => "piece",
    }
}

fn per(per: Per) -> &'static str {
    match per {
        Per::Piece => "pc",
        Per::Jin => "500g",
        Per::Kilogram => "kg",
    }
}

/// A price per kilogram or piece; nothing for a gift.
fn on_one_basis(price: Price) -> Option<Fen> {
    let fen = match price.per {
        Per::Jin => price.fen.0.saturating_mul(2),
        Per::Kilogram | Per::Piece => price.fen.0,
    };
    Some(Fen(fen)).filter(|fen| fen.is_positive())
}

fn yuan(fen: Fen) -> String {
    let (yuan, rest) = (fen.0.checked_div(100).unwrap_or(0), fen.0.checked_rem(100).unwrap_or(0));
    format!("{yuan}.{rest:02}")
}
