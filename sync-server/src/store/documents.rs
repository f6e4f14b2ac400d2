//! One searchable row a document, and the numbers that each till has used.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use suanpan_domain::ids::DocumentNumber;

use super::parked::park;
use super::sql::{Sql, ToValue, Value, values};
use super::{PendingBatch, StoreError};
use crate::project::{Document, Parked, Projected};

/// The code of a document whose id the hub has already: kept, shown to IT, and not summed twice.
pub(super) const DOUBLED: &str = "HUB-PRJ-004";

/// Finds the sales `d` with a printed number, by what [`numbered`] gives. Sites are printed in capitals.
pub(super) const SALE_NUMBERED: &str = "d.site in (select site from site where upper(site) = ?)
     and d.business_date = ? and d.till = ? and d.number = ? and d.printed = ? and d.kind = 1";

/// The values of [`SALE_NUMBERED`].
pub(super) fn numbered<'a>(number: &'a DocumentNumber, printed: &'a str) -> [Value<'a>; 5] {
    [
        number.site.to_value(),
        number.business_date.to_value(),
        number.till.to_value(),
        number.number.to_value(),
        printed.to_value(),
    ]
}

/// Ids that are looked for in one question.
const IDS_AT_ONCE: usize = 100;

/// The documents of one transaction, and what they leave to be written at its end.
pub(super) struct Documents {
    /// Ids that the hub has, those of this transaction included.
    ids: HashSet<[u8; 16]>,
    /// Documents that the hub had already, by batch and seq.
    pub(super) doubled: BTreeSet<(i64, u64)>,
    used: BTreeMap<Numbering, Used>,
    cited: BTreeSet<String>,
}

/// A till's numbers of one day: site, date, till.
type Numbering = (String, u32, u16);

#[derive(Default)]
struct Used {
    /// Those that the hub knew before, of the range in question.
    known: BTreeSet<u32>,
    new: BTreeSet<u32>,
    last_at_ms: i64,
}

impl Documents {
    /// Finds out which of some documents the hub has, and which of their numbers: mostly none.
    pub(super) fn look_up(
        sql: &dyn Sql,
        batches: &[(PendingBatch, Projected)],
    ) -> Result<Documents, StoreError> {
        let all = || batches.iter().flat_map(|(batch, it)| it.documents.iter().map(move |it| (batch, it)));
        let ids = known_ids(sql, &all().map(|(_, it)| it.id).collect::<Vec<_>>())?;
        let used = known_numbers(sql, all())?;
        Ok(Documents { ids, doubled: BTreeSet::new(), used, cited: BTreeSet::new() })
    }

    /// Adds a batch's documents; one whose id is known is parked.
    pub(super) fn add(
        &mut self,
        sql: &dyn Sql,
        batch: &PendingBatch,
        documents: &[Document],
        gseq: &dyn Fn(u64) -> u64,
    ) -> Result<(), StoreError> {
        let (new, doubled): (Vec<&Document>, Vec<_>) =
            documents.iter().partition(|it| self.ids.insert(it.id));
        for document in doubled {
            self.doubled.insert((batch.id, document.seq));
            park(sql, batch, gseq(document.seq), &parked(document))?;
        }
        let stamped: Vec<(u64, &Document)> = new.into_iter().map(|it| (gseq(it.seq), it)).collect();
        let rows: Vec<_> = stamped.iter().map(|(gseq, it)| row(gseq, batch, it)).collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
        sql.execute_each(
            "insert into document (gseq, id, kind, site, till, business_date, number, printed, at_ms,
               station, segment, seq, cashier, shift, lines, fen, cites)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, cast(? as text))",
            &rows,
        )?;
        for (_, document) in stamped {
            self.cited.extend(document.cites.clone());
            let used = self.used.entry(numbering(batch, document)).or_default();
            if !used.known.contains(&document.number) {
                used.new.insert(document.number);
            }
            used.last_at_ms = used.last_at_ms.max(document.at_ms);
        }
        Ok(())
    }

    /// Printed numbers of the receipts that its refunds return.
    pub(super) fn cited(&self) -> impl Iterator<Item = &str> {
        self.cited.iter().map(String::as_str)
    }

    /// The tills and days of its documents: site, date, till.
    pub(super) fn numberings(&self) -> impl Iterator<Item = &(String, u32, u16)> {
        self.used.keys()
    }

    /// Counts the different numbers of each till and day. A number that two numberings share counts once.
    pub(super) fn count_numbers(&self, sql: &dyn Sql) -> Result<(), StoreError> {
        for ((site, business_date, till), used) in &self.used {
            let Some(last) = used.new.last().max(used.known.last()) else { continue };
            sql.execute(
                "insert into numbering (site, business_date, till, received, last_number, last_at_ms)
                 values (?, ?, ?, ?, ?, ?)
                 on conflict (site, business_date, till) do update set
                   received = numbering.received + excluded.received,
                   last_number = case when excluded.last_number > numbering.last_number
                     then excluded.last_number else numbering.last_number end,
                   last_at_ms = case when excluded.last_at_ms > numbering.last_at_ms
                     then excluded.last_at_ms else numbering.last_at_ms end",
                values![site, business_date, till, used.new.len(), last, used.last_at_ms],
            )?;
        }
        Ok(())
    }
}

fn known_ids(sql: &dyn Sql, ids: &[[u8; 16]]) -> Result<HashSet<[u8; 16]>, StoreError> {
    let marks = ["?"; IDS_AT_ONCE].join(", ");
    let question = format!("select id from document where id in ({marks})");
    let mut known = HashSet::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        // One statement, however many are asked for: the last one fills it.
        let mut values: Vec<_> = some.iter().map(ToValue::to_value).collect();
        values.resize(IDS_AT_ONCE, values.last().copied().unwrap_or(Value::Null));
        known.extend(sql.all(&question, &values, |row| row.get::<[u8; 16]>(0))?);
    }
    Ok(known)
}

fn known_numbers<'a>(
    sql: &dyn Sql,
    documents: impl Iterator<Item = (&'a PendingBatch, &'a Document)>,
) -> Result<BTreeMap<Numbering, Used>, StoreError> {
    let mut ranges = BTreeMap::<Numbering, (u32, u32)>::new();
    for (batch, document) in documents {
        let number = document.number;
        let (low, high) = ranges.entry(numbering(batch, document)).or_insert((number, number));
        (*low, *high) = (number.min(*low), number.max(*high));
    }
    let look_up = |(place, (low, high)): (Numbering, (u32, u32))| {
        let (site, business_date, till) = &place;
        let known = sql.all(
            "select number from document
             where site = ? and business_date = ? and till = ? and number between ? and ?",
            values![site, business_date, till, low, high],
            |row| row.get::<u32>(0),
        )?;
        Ok((place, Used { known: known.into_iter().collect(), ..Used::default() }))
    };
    ranges.into_iter().map(look_up).collect()
}

fn parked(document: &Document) -> Parked {
    Parked { seq: document.seq, kind: document.kind, business_date: document.business_date, code: DOUBLED }
}

fn numbering(batch: &PendingBatch, document: &Document) -> Numbering {
    (batch.site.as_str().to_owned(), document.business_date, batch.till)
}

fn row<'a>(gseq: &'a u64, batch: &'a PendingBatch, document: &'a Document) -> [Value<'a>; 17] {
    [
        gseq.to_value(),
        document.id.to_value(),
        document.kind.to_value(),
        batch.site.as_str().to_value(),
        batch.till.to_value(),
        document.business_date.to_value(),
        document.number.to_value(),
        document.printed.to_value(),
        document.at_ms.to_value(),
        batch.station.0.to_value(),
        batch.segment.0.to_value(),
        document.seq.to_value(),
        document.cashier.to_value(),
        document.shift.to_value(),
        document.lines.to_value(),
        document.fen.to_value(),
        document.cites.to_value(),
    ]
}
