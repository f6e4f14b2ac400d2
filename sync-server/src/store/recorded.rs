use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::Records;
use suanpan_sync::{Push, REFUNDS_MAX, Recorded};

use super::Store;
use super::error::StoreError;
use super::numbered::{SALE_NUMBERED, numbered};
use super::sql::{Sql, Value, values};

/// A document and the stored push that holds it, with the number of entries before it there.
const FOUND: &str = "select d.seq - b.from_seq, b.body
     from document d
     join stamp s on s.gseq = (select max(gseq) from stamp where gseq <= d.gseq)
     join batch b on b.station = s.station and b.id = abs(s.batch)";

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
    let sql = format!("{FOUND} where {which} order by d.gseq limit {REFUNDS_MAX}");
    connection.all(&sql, values, |row| {
        let (place, body): (usize, Vec<u8>) = (row.get(0)?, row.get(1)?);
        entry(&body, place).ok_or(StoreError::Damaged("batch"))
    })
}

fn entry(body: &[u8], place: usize) -> Option<Recorded> {
    let push = Push::decode(body).ok()?;
    let records = push.container.unpack().ok()?;
    let record = Records::new(&records).nth(place)?.ok()?;
    let payload = std::str::from_utf8(record.payload).ok()?.to_owned();
    Some(Recorded { kind: record.header.kind, at_ms: record.header.at_ms, payload })
}
