use serde::de::DeserializeOwned;
use suanpan_domain::barcode::{barcode_key, plu_key};
use suanpan_domain::catalogue::{
    DICTIONARY_KEY, Item, ItemBarcode, LabelLayout, PushDictionary, QuickTab, SETTINGS_KEY, SiteSettings,
    Staff, Table, TaxCode, Tender,
};
use suanpan_domain::pricing::Price;

use super::Catalogue;
use super::apply::check_sum;
use crate::QueryError;

/// An item that a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemByCode {
    /// The item.
    pub item: Item,
    /// Its price now; `None` when HQ has set none.
    pub price: Option<Price>,
    /// Pieces that the code stands for: 1, or a case's count.
    pub count: u16,
}

/// Items that one code may stand for; more is a mistake of HQ, and a chooser of more helps nobody.
const ITEMS_PER_CODE_MAX: u32 = 50;

/// Everything that is stored of a row and may hold at a time, what wins first: the narrower scope, then the later
/// time, then the later version.
const VERSIONS: &str = "select rank, effective_at_ms, version, body, check_sum from row_version \
     where kind = ?1 and key = ?2 and effective_at_ms <= ?3 order by rank desc, effective_at_ms desc, version desc";

/// The same of a whole table.
const TABLE: &str = "select rank, effective_at_ms, version, body, check_sum, key from row_version \
     where kind = ?1 and effective_at_ms <= ?2 order by key, rank desc, effective_at_ms desc, version desc";

impl Catalogue {
    /// An item by its code.
    ///
    /// *Errors:* `Shape` when the stored row is damaged: drop the catalogue and ask the hub for it again.
    pub fn item(&self, code: &str, now_ms: i64) -> Result<Option<Item>, QueryError> {
        self.row(Table::Item, code, now_ms)
    }

    /// An item's price now.
    pub fn price(&self, item: &str, now_ms: i64) -> Result<Option<Price>, QueryError> {
        self.row(Table::Price, item, now_ms)
    }

    /// The items that a scanned barcode stands for.
    pub fn by_barcode(&self, code: &str, now_ms: i64) -> Result<Vec<ItemByCode>, QueryError> {
        let key = barcode_key(code);
        self.by_code(&key, now_ms, |item| {
            let is_it = |barcode: &&ItemBarcode| barcode_key(&barcode.code) == key;
            item.barcodes.iter().find(is_it).map(|barcode| barcode.count)
        })
    }

    /// The items with the PLU of a scale label.
    pub fn by_plu(&self, plu: &str, now_ms: i64) -> Result<Vec<ItemByCode>, QueryError> {
        let key = plu_key(plu);
        self.by_code(key, now_ms, |item| (item.plu.as_deref().map(plu_key) == Some(key)).then_some(1))
    }

    /// One person.
    pub fn staff(&self, code: &str, now_ms: i64) -> Result<Option<Staff>, QueryError> {
        self.row(Table::Staff, code, now_ms)
    }

    /// Everybody who works here.
    pub fn all_staff(&self, now_ms: i64) -> Result<Vec<Staff>, QueryError> {
        self.table(Table::Staff, now_ms)
    }

    /// Ways to pay, in the order of the pay panel.
    pub fn tenders(&self, now_ms: i64) -> Result<Vec<Tender>, QueryError> {
        let mut tenders: Vec<Tender> = self.table(Table::Tender, now_ms)?;
        tenders.sort_by_key(|tender| tender.order);
        Ok(tenders)
    }

    /// One tax code.
    pub fn tax(&self, code: &str, now_ms: i64) -> Result<Option<TaxCode>, QueryError> {
        self.row(Table::Tax, code, now_ms)
    }

    /// Every tax code.
    pub fn taxes(&self, now_ms: i64) -> Result<Vec<TaxCode>, QueryError> {
        self.table(Table::Tax, now_ms)
    }

    /// The site's settings; `None` before the first cut.
    pub fn settings(&self, now_ms: i64) -> Result<Option<SiteSettings>, QueryError> {
        self.row(Table::Settings, SETTINGS_KEY, now_ms)
    }

    /// Tabs of picture keys, in order.
    pub fn quick_tabs(&self, now_ms: i64) -> Result<Vec<QuickTab>, QueryError> {
        let mut tabs: Vec<QuickTab> = self.table(Table::QuickTab, now_ms)?;
        tabs.sort_by_key(|tab| tab.order);
        Ok(tabs)
    }

    /// Layouts of scale labels.
    pub fn label_layouts(&self, now_ms: i64) -> Result<Vec<LabelLayout>, QueryError> {
        self.table(Table::LabelLayout, now_ms)
    }

    /// By what a till packs what it sends; `None` before the hub has made one.
    pub fn push_dictionary(&self, now_ms: i64) -> Result<Option<PushDictionary>, QueryError> {
        self.row(Table::Dictionary, DICTIONARY_KEY, now_ms)
    }

    /// Items in the order of their codes from the first after `after`, about `limit` of them, and the key to go on
    /// after, `None` at the end: a long list in short turns.
    pub fn items_after(
        &self,
        after: &str,
        limit: u32,
        now_ms: i64,
    ) -> Result<(Vec<Item>, Option<String>), QueryError> {
        let sql = "select distinct key from row_version where kind = ?1 and key > ?2 order by key limit ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let keys = statement.query_map((Table::Item.name(), after, limit), |row| row.get(0))?;
        let keys = keys.collect::<Result<Vec<String>, _>>()?;
        let mut items = Vec::with_capacity(keys.len());
        for key in &keys {
            items.extend(self.item(key, now_ms)?);
        }
        Ok((items, keys.into_iter().next_back()))
    }

    /// The next time at which something that was announced comes into force.
    pub fn next_change_ms(&self, now_ms: i64) -> Result<Option<i64>, QueryError> {
        let sql = "select min(effective_at_ms) from row_version where effective_at_ms > ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([now_ms], |row| row.get(0))?)
    }

    /// The applied cut as a sale records it: `chain:12,site:TH01:7`.
    pub fn cut(&self) -> Result<String, QueryError> {
        let heads = self.heads()?;
        let parts: Vec<String> =
            heads.iter().map(|head| format!("{}:{}", head.scope, head.version)).collect();
        Ok(parts.join(","))
    }

    fn by_code(
        &self,
        code: &str,
        now_ms: i64,
        count: impl Fn(&Item) -> Option<u16>,
    ) -> Result<Vec<ItemByCode>, QueryError> {
        let mut statement = self.conn.prepare_cached("select item from code where code = ?1 limit ?2")?;
        let keys = statement.query_map((code, ITEMS_PER_CODE_MAX), |row| row.get(0))?;
        let keys = keys.collect::<Result<Vec<String>, _>>()?;
        let mut found = Vec::new();
        for key in keys {
            let Some(item) = self.item(&key, now_ms)? else { continue };
            let Some(count) = count(&item) else { continue };
            let price = self.price(&key, now_ms)?;
            found.push(ItemByCode { item, price, count });
        }
        Ok(found)
    }

    fn row<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &str,
        now_ms: i64,
    ) -> Result<Option<T>, QueryError> {
        let mut statement = self.conn.prepare_cached(VERSIONS)?;
        let mut rows = statement.query((table.name(), key, now_ms))?;
        let mut passed = None;
        while let Some(row) = rows.next()? {
            let stored = Stored::read(row, table, key)?;
            // A scope's own row was deleted: what a wider scope says holds again.
            if passed == Some(stored.rank) {
                continue;
            }
            match stored.body {
                Some(body) => return Ok(parse(table, key, body)),
                None => passed = Some(stored.rank),
            }
        }
        Ok(None)
    }

    fn table<T: DeserializeOwned>(&self, table: Table, now_ms: i64) -> Result<Vec<T>, QueryError> {
        let mut found = Vec::new();
        self.each(table, now_ms, |row| found.push(row))?;
        Ok(found)
    }

    fn each<T: DeserializeOwned>(
        &self,
        table: Table,
        now_ms: i64,
        mut show: impl FnMut(T),
    ) -> Result<(), QueryError> {
        let mut statement = self.conn.prepare_cached(TABLE)?;
        let mut rows = statement.query((table.name(), now_ms))?;
        let (mut current, mut shown, mut passed) = (String::new(), false, None);
        while let Some(row) = rows.next()? {
            let key = row.get_ref(5)?.as_str().map_err(|_| QueryError::Shape)?;
            if key != current {
                (current, shown, passed) = (key.to_owned(), false, None);
            }
            if shown {
                continue;
            }
            let stored = Stored::read(row, table, &current)?;
            if passed == Some(stored.rank) {
                continue;
            }
            match stored.body {
                Some(body) => {
                    parse(table, &current, body).into_iter().for_each(&mut show);
                    shown = true;
                }
                None => passed = Some(stored.rank),
            }
        }
        Ok(())
    }
}

struct Stored<'a> {
    rank: u8,
    body: Option<&'a str>,
}

impl<'a> Stored<'a> {
    fn read(row: &'a rusqlite::Row<'_>, table: Table, key: &str) -> Result<Stored<'a>, QueryError> {
        let (rank, at_ms, version): (u8, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let body = row.get_ref(3)?.as_str_or_null().map_err(|_| QueryError::Shape)?;
        let recorded = row.get_ref(4)?.as_blob().map_err(|_| QueryError::Shape)?;
        if check_sum(table.name(), key, rank, at_ms, version, body) != recorded {
            return Err(QueryError::Shape);
        }
        Ok(Stored { rank, body })
    }
}

/// A row that HQ published and this version cannot read is left out, rather than everything with it.
fn parse<T: DeserializeOwned>(table: Table, key: &str, body: &str) -> Option<T> {
    let parsed = serde_json::from_str(body);
    parsed
        .inspect_err(|error| {
            tracing::warn!(
                catalogue.table = table.name(),
                catalogue.key = key,
                error.line = error.line(),
                "catalogue.unreadable_row"
            );
        })
        .ok()
}
