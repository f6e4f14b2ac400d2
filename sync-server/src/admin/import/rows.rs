//! What the rows of each CSV file mean.

use std::path::Path;

use sha2::{Digest, Sha256};
use suanpan_domain::catalogue::{Item, ItemBarcode, Role, SoldBy, Staff, Table};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::{Per, Price};
use suanpan_journal::{Hash, SiteCode};
use suanpan_sync::Scope;

use super::Import;
use super::table::{Csv, Row};
use crate::admin::{hash_password, verify_password};
use crate::error::HubError;
use crate::store::Store;

const ITEM_COLUMNS: [&str; 16] = [
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
];

pub(super) fn items(import: &mut Import, file: &Path) -> Result<(), HubError> {
    for row in Csv::read(file, &ITEM_COLUMNS)?.rows() {
        let item = item(&row)?;
        import.put(file, Scope::Chain, Table::Item, &item.code, &item)?;
    }
    Ok(())
}

fn item(row: &Row<'_>) -> Result<Item, HubError> {
    let sold_by = match row.text("sold_by") {
        "weight" => SoldBy::Weight,
        "piece" => SoldBy::Piece,
        _ => return Err(row.refuse("sold_by", "weight or piece")),
    };
    let aliases = row.text("aliases").split('/').filter(|alias| !alias.is_empty());
    Ok(Item {
        code: row.needed("code")?,
        name: row.needed("name")?,
        aliases: aliases.map(str::to_owned).collect(),
        category: row.text("category").to_owned(),
        sold_by,
        unit: row.text("unit").to_owned(),
        plu: row.optional("plu"),
        barcodes: row
            .text("barcodes")
            .split_whitespace()
            .map(|it| barcode(row, it))
            .collect::<Result<_, _>>()?,
        tax: row.needed("tax")?,
        tax_class: row.optional("tax_class"),
        tare_g: row.parse("tare_g", "whole grams")?,
        origin: row.optional("origin"),
        trade_mode: row.optional("trade_mode"),
        external_id: row.optional("external_id"),
        age_limit: row.parse("age_limit", "whole years")?,
        bag: row.flag("bag")?,
    })
}

/// `6901234567892`, or `16990000403042*12` for a case of twelve.
fn barcode(row: &Row<'_>, text: &str) -> Result<ItemBarcode, HubError> {
    let (code, count) = match text.split_once('*') {
        None => (text, 1),
        Some((code, count)) => {
            let count = count.parse().map_err(|_| row.refuse("barcodes", "a barcode, or barcode*count"))?;
            (code, count)
        }
    };
    Ok(ItemBarcode { code: code.to_owned(), count })
}

pub(super) fn prices(import: &mut Import, file: &Path) -> Result<(), HubError> {
    for row in Csv::read(file, &["site", "code", "yuan", "per"])?.rows() {
        let per = match row.text("per") {
            "500g" => Per::Jin,
            "kg" => Per::Kilogram,
            "pc" => Per::Piece,
            _ => return Err(row.refuse("per", "500g, kg or pc")),
        };
        let price = Price { fen: fen(&row)?, per };
        let scope = match row.text("site") {
            "" => Scope::Chain,
            _ => Scope::Site(site(&row)?),
        };
        import.put(file, scope, Table::Price, &row.needed("code")?, &price)?;
    }
    Ok(())
}

fn site(row: &Row<'_>) -> Result<SiteCode, HubError> {
    row.text("site").parse().map_err(|_| row.refuse("site", "a site's code"))
}

/// Yuan with at most two decimals, read without a float.
fn fen(row: &Row<'_>) -> Result<Fen, HubError> {
    let text = row.text("yuan");
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits(yuan) && digits(decimals) && decimals.len() <= 2 && yuan.len() <= 9;
    let parsed = fits.then(|| format!("{yuan}{decimals:0<2}").parse::<i64>().ok()).flatten();
    let fen = parsed.map(Fen).filter(|fen| *fen <= Fen::MAX);
    fen.ok_or_else(|| row.refuse("yuan", "a price such as 4.50"))
}

pub(super) async fn staff(import: &mut Import, store: &Store, file: &Path) -> Result<(), HubError> {
    for row in Csv::read(file, &["site", "code", "name", "role", "pin", "card", "typed_weight"])?.rows() {
        let scope = Scope::Site(site(&row)?);
        let code = row.needed("code")?;
        let published = store.row(scope.clone(), Table::Staff.name(), code.clone()).await?;
        let published = published.and_then(|body| serde_json::from_str::<Staff>(&body).ok());
        let person = Staff {
            name: row.needed("name")?,
            role: role(&row)?,
            pin_hash: pin_hash(&row, published.as_ref())?,
            card_sha256: card_hash(&row)?,
            typed_weight: row.flag("typed_weight")?,
            code,
        };
        import.put(file, scope, Table::Staff, &person.code, &person)?;
    }
    Ok(())
}

fn role(row: &Row<'_>) -> Result<Role, HubError> {
    match row.text("role") {
        "cashier" => Ok(Role::Cashier),
        "supervisor" => Ok(Role::Supervisor),
        "manager" => Ok(Role::Manager),
        _ => Err(row.refuse("role", "cashier, supervisor or manager")),
    }
}

/// Hashes a PIN; the hash that is published stays if it is of the same PIN.
fn pin_hash(row: &Row<'_>, published: Option<&Staff>) -> Result<String, HubError> {
    let pin = row.text("pin");
    if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(row.refuse("pin", "4 to 12 digits"));
    }
    match published {
        Some(person) if verify_password(pin, &person.pin_hash) => Ok(person.pin_hash.clone()),
        _ => hash_password(pin),
    }
}

fn card_hash(row: &Row<'_>) -> Result<Option<String>, HubError> {
    let Some(card) = row.optional("card") else { return Ok(None) };
    if card.len() < 16 {
        return Err(row.refuse("card", "at least 16 characters"));
    }
    let hash = Hash(Sha256::digest(format!("suanpan/card/v1{card}").as_bytes()).into());
    Ok(Some(hash.to_string()))
}
