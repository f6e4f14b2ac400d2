//! One searchable row a document, the numbers that each till has used, and the receipts of which something came back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::{Adding, Model, Numbering, Subject, pieces};
use super::returned;
use crate::project::{DOUBLED, Document, Group, Parked};
use crate::store::sql::{Insert, Sql, ToValue, Value, values};
use crate::store::{PendingBatch, StoreError};

/// Ids that are looked for in one question.
const IDS_AT_ONCE: usize = 100;

#[derive(Default)]
struct Used {
    /// Those that the hub knew before, of the range in question.
    known: BTreeSet<u32>,
    new: BTreeSet<u32>,
    last_at_ms: i64,
}

/// See the module.
pub(super) struct Documents;

impl Model for Documents {
    fn subject(&self) -> Subject {
        Subject { name: "document", version: 1, tables: &["document", "numbering", "returned"] }
    }

    fn add(&self, sql: &dyn Sql, adding: &Adding<'_>) -> Result<(), StoreError> {
        let all = adding.pieces().flat_map(|piece| {
            let documents = piece.projected.documents.iter();
            let new = documents.filter(move |it| !adding.doubled.contains_key(&(piece.at, it.seq)));
            new.map(move |it| (piece.position(it.seq), piece.batch, it))
        });
        let all: Vec<_> = all.collect();
        let used = use_numbers(sql, &all)?;
        let rows: Vec<_> = all.iter().map(|(gseq, batch, it)| row(gseq, batch, it)).collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| row.as_slice()).collect();
        let into = "document (gseq, id, kind, site, till, business_date, number, printed, at_ms, station, segment, seq,
            cashier, shift, lines, fen, cites, batch)";
        let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, cast(? as text), ?)";
        sql.insert(Insert { into, row, then: "" }, &rows)?;
        count_numbers(sql, &used)?;
        let cited: BTreeSet<&str> = all.iter().filter_map(|(_, _, it)| it.cites.as_deref()).collect();
        returned::touch(sql, &cited, used.keys())?;
        returned::judge_due(sql)
    }
}

/// Finds those of a group's documents that are in the figures from another position: mostly none.
pub(super) fn doubled(
    sql: &dyn Sql,
    group: &Group,
    gseqs: &[u64],
) -> Result<BTreeMap<(usize, u64), Parked>, StoreError> {
    let all = || pieces(group, gseqs);
    let ids: Vec<_> = all().flat_map(|piece| piece.projected.documents.iter().map(|it| it.id)).collect();
    let mut known = known_ids(sql, &ids)?;
    let mut doubled = BTreeMap::new();
    for piece in all() {
        for document in &piece.projected.documents {
            let own = piece.position(document.seq);
            if *known.entry(document.id).or_insert(own) != own {
                doubled.insert((piece.at, document.seq), parked(document));
            }
        }
    }
    Ok(doubled)
}

/// Notes the numbers of some documents beside those that the hub knew.
fn use_numbers(
    sql: &dyn Sql,
    documents: &[(u64, &PendingBatch, &Document)],
) -> Result<BTreeMap<Numbering, Used>, StoreError> {
    let mut all = known_numbers(sql, documents.iter().map(|(_, batch, it)| (*batch, *it)))?;
    for (_, batch, document) in documents {
        let used = all.entry(numbering(batch, document)).or_default();
        if !used.known.contains(&document.number) {
            used.new.insert(document.number);
        }
        used.last_at_ms = used.last_at_ms.max(document.at_ms);
    }
    Ok(all)
}

/// Counts the different numbers of each till and day. A number that two numberings share counts once.
fn count_numbers(sql: &dyn Sql, used: &BTreeMap<Numbering, Used>) -> Result<(), StoreError> {
    for ((site, business_date, till), used) in used {
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

/// The positions of those ids that the hub has.
fn known_ids(sql: &dyn Sql, ids: &[[u8; 16]]) -> Result<HashMap<[u8; 16], u64>, StoreError> {
    let marks = ["?"; IDS_AT_ONCE].join(", ");
    let question = format!("select id, gseq from document where id in ({marks})");
    let mut known = HashMap::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        // One statement, however many are asked for: the last one fills it.
        let mut values: Vec<_> = some.iter().map(ToValue::to_value).collect();
        values.resize(IDS_AT_ONCE, values.last().copied().unwrap_or(Value::Null));
        known.extend(sql.all(&question, &values, |row| Ok((row.get::<[u8; 16]>(0)?, row.get(1)?)))?);
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

fn row<'a>(gseq: &'a u64, batch: &'a PendingBatch, document: &'a Document) -> [Value<'a>; 18] {
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
        batch.id.to_value(),
    ]
}
