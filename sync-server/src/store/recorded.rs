use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::Records;
use suanpan_sync::{Push, REFUNDS_MAX, Recorded};

use super::Store;
use super::error::StoreError;
use super::numbered::{SALE_NUMBERED, numbered};
use super::sql::{Sql, Value, values};

/// Where a document stands among the stored pushes.
struct Place {
    station: [u8; 16],
    /// The push that holds it; none in what an older hub added.
    batch: Option<i64>,
    gseq: u64,
    seq: u64,
}

impl Store {
    /// The sales with a printed number, as their till recorded them, and the refunds that cite it, in the order in
    /// which they arrived.
    ///
    /// *Errors:* the store's.
    pub async fn sales_and_refunds(
        &self,
        number: DocumentNumber,
    ) -> Result<(Vec<Recorded>, Vec<Recorded>), StoreError> {
        self.read(move |connection| {
            Ok((sales(connection, &number)?, refunds(connection, &number.to_string())?))
        })
        .await
    }
}

/// The sales with a printed number.
pub(super) fn sales(connection: &dyn Sql, number: &DocumentNumber) -> Result<Vec<Recorded>, StoreError> {
    read(connection, SALE_NUMBERED, &numbered(number, &number.to_string()))
}

/// The refunds that cite a number.
pub(super) fn refunds(connection: &dyn Sql, cites: &str) -> Result<Vec<Recorded>, StoreError> {
    read(connection, "d.cites = ?", values![cites])
}

fn read(connection: &dyn Sql, which: &str, values: &[Value<'_>]) -> Result<Vec<Recorded>, StoreError> {
    let sql = format!(
        "select d.station, d.batch, d.gseq, d.seq from document d where {which} order by d.gseq limit {REFUNDS_MAX}"
    );
    let places = connection.all(&sql, values, |row| {
        Ok(Place { station: row.get(0)?, batch: row.get(1)?, gseq: row.get(2)?, seq: row.get(3)? })
    })?;
    places.iter().map(|place| recorded(connection, place)).collect()
}

fn recorded(connection: &dyn Sql, place: &Place) -> Result<Recorded, StoreError> {
    let stamped = "select abs(batch) from stamp where gseq <= ? order by gseq desc limit 1";
    let batch = match place.batch {
        Some(batch) => batch,
        None => connection.only(stamped, values![place.gseq], |row| row.get(0))?,
    };
    let (from_seq, body): (u64, Vec<u8>) = connection.only(
        "select from_seq, body from batch where station = ? and id = ?",
        values![place.station, batch],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let before = place.seq.checked_sub(from_seq).and_then(|before| usize::try_from(before).ok());
    before.and_then(|before| entry(&body, before)).ok_or(StoreError::Damaged("batch"))
}

fn entry(body: &[u8], place: usize) -> Option<Recorded> {
    let push = Push::decode(body).ok()?;
    let records = push.container.unpack().ok()?;
    let record = Records::new(&records).nth(place)?.ok()?;
    let payload = std::str::from_utf8(record.payload).ok()?.to_owned();
    Some(Recorded { kind: record.header.kind, at_ms: record.header.at_ms, payload })
}
