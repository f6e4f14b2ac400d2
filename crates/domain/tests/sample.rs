//! The sample chain is one that every rule of the trade accepts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use suanpan_domain::barcode::{is_valid, plu_key};
use suanpan_domain::catalogue::{LabelLayout, QuickTab, SiteSettings, TaxCode, Tender};
use suanpan_domain::money::Fen;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sync-server/sample").join(name)
}

fn json<T: DeserializeOwned>(name: &str) -> Vec<T> {
    serde_json::from_slice(&std::fs::read(path(name)).expect(name)).expect(name)
}

type Row = BTreeMap<String, String>;

fn csv(name: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path(name)).expect(name);
    reader.deserialize().map(|row| row.expect(name)).collect()
}

fn column<'a>(rows: &'a [Row], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[name].as_str()).collect()
}

fn set<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    values.into_iter().collect()
}

#[test]
fn codes_and_plus_are_unique_and_names_can_be_told_apart() {
    let items = csv("items.csv");
    assert!(items.len() >= 250, "{}", items.len());
    for name in ["code", "name"] {
        assert_eq!(set(column(&items, name)).len(), items.len(), "{name}");
    }
    let plus: Vec<_> = column(&items, "plu").into_iter().filter(|plu| !plu.is_empty()).collect();
    assert_eq!(set(plus.iter().map(|plu| plu_key(plu))).len(), plus.len());
    for item in &items {
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        assert!((5..=6).contains(&item["code"].len()) && is_digits(&item["code"]), "{item:?}");
        assert!(item["plu"].is_empty() || (4..=7).contains(&item["plu"].len()), "{item:?}");
        assert!(matches!(item["tax_class"].len(), 0 | 19) && is_digits(&item["tax_class"]), "{item:?}");
        let counted = item["sold_by"] == "piece";
        assert!(counted || item["sold_by"] == "weight", "{item:?}");
        assert_eq!(counted, !item["unit"].is_empty(), "a counted item has a word for one: {item:?}");
        assert!(item["age_limit"].parse::<u8>().is_ok() && item["tare_g"].parse::<u16>().is_ok());
        assert!(item["aliases"].split('/').all(|alias| alias != item["name"]), "{item:?}");
    }
}

#[test]
fn every_barcode_has_its_check_digit_and_only_one_is_shared() {
    let items = csv("items.csv");
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for barcode in items.iter().flat_map(|item| item["barcodes"].split_whitespace()) {
        let (digits, count) = barcode.split_once('*').unwrap_or((barcode, "1"));
        assert!(is_valid(digits), "{barcode}");
        assert!(count.parse::<u16>().is_ok_and(|count| count >= 1), "{barcode}");
        *seen.entry(digits.to_owned()).or_default() += 1;
    }
    assert!(seen.len() > 120, "{}", seen.len());
    assert_eq!(seen.values().filter(|items| **items > 1).count(), 1, "one barcode opens the chooser");
}

#[test]
fn every_item_has_one_chain_price_on_a_basis_it_is_sold_by() {
    let (items, prices) = (csv("items.csv"), csv("prices.csv"));
    let sites =
        json::<SiteSettings>("stores.json").into_iter().map(|store| store.site).collect::<BTreeSet<_>>();
    let sold_by: BTreeMap<_, _> =
        items.iter().map(|item| (&item["code"], item["sold_by"].as_str())).collect();
    let mut priced = BTreeSet::new();
    for price in &prices {
        let (site, code, per) = (&price["site"], &price["code"], price["per"].as_str());
        assert!(site.is_empty() || sites.contains(site), "{price:?}");
        assert!(priced.insert((site, code)), "twice: {price:?}");
        assert_eq!(sold_by[code] == "piece", per == "pc", "{price:?}");
        assert!(matches!(per, "pc" | "500g" | "kg"), "{price:?}");
        let (yuan, fen) = price["yuan"].split_once('.').expect("two decimals");
        let fen = Fen(yuan.parse::<i64>().unwrap() * 100 + fen.parse::<i64>().unwrap());
        assert!(
            price["yuan"].len() == yuan.len() + 3 && fen.is_positive() && fen <= Fen(1_000_000),
            "{price:?}"
        );
    }
    let chain = priced.iter().filter(|(site, _)| site.is_empty());
    assert_eq!(
        chain.map(|(_, code)| *code).collect::<BTreeSet<_>>(),
        items.iter().map(|i| &i["code"]).collect()
    );
    assert!(priced.iter().any(|(site, _)| !site.is_empty()), "a store has its own prices");
}

#[test]
fn every_tax_key_layout_and_tender_can_be_used() {
    let items = csv("items.csv");
    let taxes = json::<TaxCode>("taxes.json");
    let known = set(taxes.iter().map(|tax| tax.code.as_str()));
    assert!(set(column(&items, "tax")).is_subset(&known));
    assert!(taxes.iter().all(|tax| !tax.exempt || tax.rate_bp == 0));
    let codes = set(column(&items, "code"));
    for tab in json::<QuickTab>("quick_tabs.json") {
        assert_eq!(tab.keys.len(), 12, "{}", tab.id);
        assert_eq!(set(tab.keys.iter().map(|key| key.item.as_str())).len(), 12, "{}: twice", tab.id);
        for key in &tab.keys {
            assert!(codes.contains(key.item.as_str()), "{key:?}");
            assert!(key.label.chars().count() <= 5, "{key:?}");
            assert!(key.colour.len() == 7 && key.colour.starts_with('#'), "{key:?}");
        }
    }
    assert_eq!(items.iter().filter(|item| item["bag"] == "yes").count(), 3);
    for layout in json::<LabelLayout>("label_layouts.json") {
        assert_eq!(layout.validate(), Ok(()), "{}", layout.id);
    }
    let tenders = json::<Tender>("tenders.json");
    let cash: Vec<_> = tenders.iter().filter(|tender| tender.rounds || tender.gives_change).collect();
    assert!(
        matches!(cash[..], [cash] if cash.code == "cash" && cash.counts_in_drawer && !cash.needs_reference)
    );
    let orders: BTreeSet<_> = tenders.iter().map(|tender| tender.order).collect();
    assert_eq!(orders.len(), tenders.len());
}

#[test]
fn each_store_has_three_cashiers_a_supervisor_and_a_manager() {
    let staff = csv("staff.csv");
    assert_eq!(set(column(&staff, "code")).len(), staff.len());
    for store in json::<SiteSettings>("stores.json") {
        assert!(store.site.bytes().all(|b| b.is_ascii_alphanumeric()));
        let of =
            |role: &str| staff.iter().filter(|row| row["site"] == store.site && row["role"] == role).count();
        assert_eq!((of("cashier"), of("supervisor"), of("manager")), (3, 1, 1), "{}", store.site);
    }
    for person in &staff {
        assert!(person["pin"].len() >= 4 && person["pin"].bytes().all(|b| b.is_ascii_digit()), "{person:?}");
        assert!(person["card"].is_empty() || person["card"].len() >= 16, "{person:?}");
    }
}
