//! One searchable row a document, and the numbers that each till has used.

use std::collections::{BTreeMap, BTreeSet};

use super::projection::park;
use super::sql::{Sql, ToValue, Value, values};
use super::{PendingBatch, StoreError};
use crate::project::{Document, Parked};

/// The code of a document whose id the hub has already: kept, shown to IT, and not summed twice.
pub(super) const DOUBLED: &str = "HUB-PRJ-004";

/// What the documents of one transaction leave to be written at its end.
#[derive(Default)]
pub(super) struct Documents {
    /// Documents that the hub had already, by batch and seq.
    pub(super) doubled: BTreeSet<(i64, u64)>,
    used: BTreeMap<Numbering, Used>,
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
    /// Adds a batch's documents; one whose id is known is parked.
    pub(super) fn add(
        &mut self,
        sql: &dyn Sql,
        batch: &PendingBatch,
        documents: &[Document],
        gseq: &dyn Fn(u64) -> u64,
    ) -> Result<(), StoreError> {
        self.look_up_numbers(sql, batch, documents)?;
        let numbered: Vec<(u64, &Document)> = documents.iter().map(|it| (gseq(it.seq), it)).collect();
        let rows: Vec<_> = numbered.iter().map(|(gseq, it)| row(gseq, batch, it)).collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
        let added = sql.execute_each(
            "insert into document (gseq, id, kind, site, till, business_date, number, printed, at_ms,
               station, segment, seq, cashier, shift, lines, fen, cites)
             select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, cast(?17 as text)
             where not exists (select 1 from document where id = ?2)",
            &rows,
        )?;
        for (document, added) in documents.iter().zip(added) {
            if added == 0 {
                self.doubled.insert((batch.id, document.seq));
                park(sql, batch, gseq(document.seq), &parked(document))?;
                continue;
            }
            let used = self.used.entry(numbering(batch, document)).or_default();
            if !used.known.contains(&document.number) {
                used.new.insert(document.number);
            }
            used.last_at_ms = used.last_at_ms.max(document.at_ms);
        }
        Ok(())
    }

    /// Finds which numbers the hub knows already: mostly none, and one question for a whole batch.
    fn look_up_numbers(
        &mut self,
        sql: &dyn Sql,
        batch: &PendingBatch,
        documents: &[Document],
    ) -> Result<(), StoreError> {
        let mut ranges = BTreeMap::<Numbering, (u32, u32)>::new();
        for document in documents {
            let (low, high) =
                ranges.entry(numbering(batch, document)).or_insert((document.number, document.number));
            (*low, *high) = (document.number.min(*low), document.number.max(*high));
        }
        for (place, (low, high)) in ranges {
            let (site, business_date, till) = &place;
            let known = sql.all(
                "select number from document
                 where site = ? and business_date = ? and till = ? and number between ? and ?",
                values![site, business_date, till, low, high],
                |row| row.get::<u32>(0),
            )?;
            self.used.entry(place).or_default().known.extend(known);
        }
        Ok(())
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
