//! What the rows of each CSV file mean.

use std::path::Path;

use suanpan_domain::catalogue::{
    Item, ItemBarcode, PRICE_MAX, Role, Row, SoldBy, Staff, Table, faults, narrow,
};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_journal::SiteCode;

use super::entry::{Entry, Import, Secret};
use super::table::{Cells, Columns, read};

const ITEMS: Columns = Columns {
    table: Table::Item,
    needed: &[
        "code",
        "name",
        "aliases",
        "category",
        "sold_by",
        "unit",
        "plu",
        "barcodes",
        "tax",
        "tax_class",
        "tare_g",
        "origin",
        "trade_mode",
        "external_id",
        "age_limit",
        "bag",
    ],
    optional: &[],
};

const PRICES: Columns =
    Columns { table: Table::Price, needed: &["site", "code", "yuan", "per"], optional: &["gift"] };

const STAFF: Columns = Columns {
    table: Table::Staff,
    needed: &["site", "code", "name", "role", "pin", "card", "typed_weight"],
    optional: &[],
};

/// The CSV files.
#[cfg(test)]
pub(super) const FILES: [(&str, Columns); 3] =
    [("items.csv", ITEMS), ("prices.csv", PRICES), ("staff.csv", STAFF)];

/// The column in which a field of a row stands.
pub(super) fn column(table: Table, field: &str) -> &str {
    let field = field.split(['[', '.']).next().unwrap_or(field);
    match (table, field) {
        (Table::Price, "fen") => "yuan",
        (Table::Price, "key") => "code",
        (Table::Staff, "pin_hash") => "pin",
        (Table::Staff, "card_sha256") => "card",
        _ => field,
    }
}

pub(super) fn items(import: &mut Import, path: &Path, file: usize) {
    let entries = &mut import.entries;
    read(path, file, ITEMS, &mut import.faults, |mut cells| {
        let item = item(&mut cells);
        let is_known = !cells.is_bad("sold_by");
        entries.push(entry(cells, (None, item.code.clone()), Row::Item(item), is_known));
    });
}

fn item(cells: &mut Cells<'_>) -> Item {
    let sold_by = cells.word("sold_by", &[("weight", SoldBy::Weight), ("piece", SoldBy::Piece)]);
    let aliases = cells.text("aliases");
    let aliases = aliases.split('/').map(str::trim).filter(|alias| !alias.is_empty());
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    Item {
        code: cells.code("code"),
        name: cells.text("name"),
        aliases: aliases.map(str::to_owned).collect(),
        category: cells.text("category"),
        sold_by: sold_by.unwrap_or(SoldBy::Piece),
        unit: cells.text("unit"),
        plu: cells.optional("plu"),
        barcodes: barcodes(cells),
        tax: cells.code("tax"),
        tax_class: cells.optional("tax_class"),
        tare_g: cells.number("tare_g"),
        origin: optional(cells.text("origin")),
        trade_mode: optional(cells.text("trade_mode")),
        external_id: cells.optional("external_id"),
        age_limit: cells.number("age_limit"),
        bag: cells.flag("bag"),
    }
}

/// `6901234567892`, or `16990000403042*12` for a case of twelve; several are parted by a blank and nothing else.
fn barcodes(cells: &mut Cells<'_>) -> Vec<ItemBarcode> {
    let text = narrow(cells.raw("barcodes"));
    let parts = text.split(' ').filter(|part| !part.is_empty()).map(|part| {
        let (code, count) = part.split_once('*').unwrap_or((part, "1"));
        Some(ItemBarcode { code: code.to_owned(), count: count.parse().ok()? })
    });
    let parsed: Option<Vec<ItemBarcode>> = parts.collect();
    // What a spreadsheet has shortened is told by its name.
    cells.code("barcodes");
    if text.contains(['\n', '\r', '\t', ',', ';', '/', '|', '、', '，', '；']) {
        cells.refuse("barcodes", "one barcode, or several with a blank between them");
    } else if parsed.is_none() {
        cells.refuse("barcodes", "a barcode, or barcode*count for a case of 1 to 9999");
    }
    parsed.filter(|_| !cells.is_bad("barcodes")).unwrap_or_default()
}

pub(super) fn prices(import: &mut Import, path: &Path, file: usize) {
    let entries = &mut import.entries;
    read(path, file, PRICES, &mut import.faults, |mut cells| {
        let per = cells.word("per", &[("500g", Per::Jin), ("kg", Per::Kilogram), ("pc", Per::Piece)]);
        let price = Price { fen: fen(&mut cells), per: per.unwrap_or(Per::Piece) };
        let (site, code) = (site(&mut cells), cells.code("code"));
        let is_known = !["per", "yuan", "code", "site"].iter().any(|column| cells.is_bad(column));
        entries.push(entry(cells, (site, code), Row::Price(price), is_known));
    });
}

/// A site's code; an empty cell is the whole chain.
fn site(cells: &mut Cells<'_>) -> Option<SiteCode> {
    let text = cells.code("site");
    let site = text.parse().ok();
    if site.is_none() && !text.is_empty() {
        cells.refuse("site", "a site's code: 1 to 16 letters or digits");
    }
    site
}

/// Yuan with at most two decimals, read without a float.
fn fen(cells: &mut Cells<'_>) -> Fen {
    let text = cells.code("yuan");
    let is_gift = cells.flag("gift");
    let (yuan, decimals) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits(yuan) && digits(decimals) && decimals.len() <= 2 && yuan.len() <= 9;
    let fen: Option<i64> = fits.then(|| format!("{yuan}{decimals:0<2}").parse().ok()).flatten();
    match fen {
        None => cells.refuse("yuan", "yuan such as 4.50: digits, and at most two behind a point"),
        Some(fen) if fen > PRICE_MAX.0 => cells.refuse("yuan", "a price of at most 100000.00"),
        Some(0) if !is_gift => cells.refuse("yuan", "a price above 0, or yes in the column gift"),
        Some(1..) if is_gift => cells.refuse("gift", "nothing: only what costs 0 is a gift"),
        Some(_) => {}
    }
    Fen(fen.unwrap_or(1))
}

pub(super) fn staff(import: &mut Import, path: &Path, file: usize) {
    let entries = &mut import.entries;
    read(path, file, STAFF, &mut import.faults, |mut cells| {
        let roles =
            [("cashier", Role::Cashier), ("supervisor", Role::Supervisor), ("manager", Role::Manager)];
        let (site, role) = (site(&mut cells), cells.word("role", &roles));
        if site.is_none() {
            cells.refuse("site", "the code of a site");
        }
        let secret = Secret { pin: cells.code("pin"), card: cells.optional("card") };
        if !(4..=12).contains(&secret.pin.len()) || !secret.pin.bytes().all(|byte| byte.is_ascii_digit()) {
            cells.refuse("pin", "4 to 12 digits");
        }
        if secret.card.as_ref().is_some_and(|card| {
            !(16..=64).contains(&card.len()) || !card.bytes().all(|byte| byte.is_ascii_graphic())
        }) {
            cells.refuse("card", "16 to 64 letters, digits or signs");
        }
        let person = Staff {
            code: cells.code("code"),
            name: cells.text("name"),
            role: role.unwrap_or(Role::Cashier),
            // Hashed when nothing is refused any more: it takes long.
            pin_hash: "-".to_owned(),
            card_sha256: secret.card_sha256(),
            typed_weight: cells.flag("typed_weight"),
        };
        let is_known = !["site", "code", "card"].iter().any(|column| cells.is_bad(column));
        let mut entry = entry(cells, (site, person.code.clone()), Row::Staff(person), is_known);
        entry.secret = Some(secret);
        entries.push(entry);
    });
}

/// The row, after a look at each field. Others are told of it if enough of it `is_known`.
fn entry(mut cells: Cells<'_>, (site, key): (Option<SiteCode>, String), row: Row, is_known: bool) -> Entry {
    let table = cells.table();
    let body = row.write().ok().and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
    for fault in faults(table, &body, &row) {
        cells.note(column(table, &fault.field), &fault);
    }
    if key.is_empty() {
        cells.refuse("code", "a code");
    }
    Entry { place: cells.place, table, site, key, row, secret: None, is_known }
}
