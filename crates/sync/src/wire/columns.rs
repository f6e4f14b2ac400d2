//! A run of records with its headers in columns, which packs shorter: what follows from the record before takes no room,
//! and payloads stand next to each other.
//!
//! *Shape:* varint count ‖ seqs ‖ times ‖ business dates ‖ kinds ‖ lengths ‖ payloads. A column has a varint a record:
//! how far it is from the likely value, n as 2n and −n as 2n − 1. Likely is a seq of one more than that of the record before,
//! its time, date and kind, and a length of 0; before the first record all are 0.

use suanpan_journal::{Header, Record, Records, push_record};

use super::bytes::{Reader, put_varint};
use super::{WireError, within};
use crate::limits::{ENTRIES_MAX, RECORDS_MAX};

const COLUMNS: usize = 5;
const SEQ: usize = 0;
const LEN: usize = 4;

/// Puts a run into columns. `None` if it is not made of whole records.
pub(super) fn split(run: &[u8]) -> Option<Vec<u8>> {
    let records: Vec<Record<'_>> = Records::new(run).collect::<Result<_, _>>().ok()?;
    let fields: Vec<[u64; COLUMNS]> = records.iter().map(|record| fields(&record.header)).collect();
    let mut columns = Vec::with_capacity(run.len());
    put_varint(&mut columns, records.len() as u64);
    for column in 0..COLUMNS {
        let mut before = 0;
        for field in fields.iter().filter_map(|it| it.get(column)) {
            put_varint(&mut columns, zigzag(field.wrapping_sub(likely(column, before))));
            before = *field;
        }
    }
    records.iter().for_each(|record| columns.extend_from_slice(record.payload));
    Some(columns)
}

/// Makes the run again, of at most [`RECORDS_MAX`] bytes.
///
/// *Errors:* `TooLong`, `Cut`, `Malformed`.
pub(super) fn join(columns: &[u8]) -> Result<Vec<u8>, WireError> {
    let malformed = WireError::Malformed { what: "records" };
    let mut reader = Reader::new(columns);
    let count = usize::try_from(reader.varint("records")?).unwrap_or(usize::MAX);
    within("records", count, ENTRIES_MAX as usize)?;
    let mut fields = vec![[0; COLUMNS]; count];
    for column in 0..COLUMNS {
        let mut before = 0;
        for field in fields.iter_mut().filter_map(|it| it.get_mut(column)) {
            *field = likely(column, before).wrapping_add(unzigzag(reader.varint("records")?));
            before = *field;
        }
    }
    let len = count.saturating_mul(Header::LEN).saturating_add(reader.rest().len());
    within("records", len, RECORDS_MAX)?;
    let mut run = Vec::with_capacity(len);
    for fields in fields {
        let header = header(fields).ok_or_else(|| malformed.clone())?;
        let payload = reader.take("records", usize::try_from(header.payload_len).unwrap_or(usize::MAX))?;
        push_record(&mut run, &header, payload);
    }
    if reader.rest().is_empty() { Ok(run) } else { Err(malformed) }
}

fn fields(header: &Header) -> [u64; COLUMNS] {
    let Header { seq, at_ms, business_date, kind, payload_len } = *header;
    [seq, at_ms.cast_unsigned(), business_date.into(), kind.into(), payload_len.into()]
}

fn header([seq, at_ms, business_date, kind, payload_len]: [u64; COLUMNS]) -> Option<Header> {
    Some(Header {
        seq,
        at_ms: at_ms.cast_signed(),
        business_date: business_date.try_into().ok()?,
        kind: kind.try_into().ok()?,
        payload_len: payload_len.try_into().ok()?,
    })
}

/// What a field is most often, after that of the record before.
fn likely(column: usize, before: u64) -> u64 {
    match column {
        SEQ => before.wrapping_add(1),
        LEN => 0,
        _ => before,
    }
}

/// Small distances, either way, become small numbers.
fn zigzag(distance: u64) -> u64 {
    (distance << 1) ^ (distance.cast_signed() >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn record()(seq: u64, at_ms: i64, business_date: u32, kind: u16, payload in proptest::collection::vec(any::<u8>(), 0..40))
            -> (Header, Vec<u8>) {
            let payload_len = payload.len() as u32;
            (Header { seq, at_ms, business_date, kind, payload_len }, payload)
        }
    }

    proptest! {
        #[test]
        fn any_records_come_back(records in proptest::collection::vec(record(), 0..40)) {
            let mut run = Vec::new();
            records.iter().for_each(|(header, payload)| push_record(&mut run, header, payload));
            prop_assert_eq!(join(&split(&run).unwrap()), Ok(run));
        }

        #[test]
        fn spoilt_columns_are_refused_or_are_those_of_other_records(
            records in proptest::collection::vec(record(), 1..9),
            at: prop::sample::Index,
            byte: u8,
        ) {
            let mut run = Vec::new();
            records.iter().for_each(|(header, payload)| push_record(&mut run, header, payload));
            let mut columns = split(&run).unwrap();
            *at.get_mut(&mut columns) = byte;
            if let Ok(run) = join(&columns) {
                prop_assert_eq!(split(&run), Some(columns));
            }
        }
    }

    #[test]
    fn a_header_that_follows_takes_six_bytes_where_it_took_26() {
        let header = |seq| Header {
            seq,
            at_ms: 1_686_878_040_000,
            business_date: 20_230_616,
            kind: 1,
            payload_len: 1,
        };
        let mut run = Vec::new();
        (7..9).for_each(|seq| push_record(&mut run, &header(seq), b"x"));
        let columns = [
            &[2][..],
            &[12, 0],
            &[0x80, 0xbf, 0xa1, 0x9c, 0x98, 0x62, 0],
            &[0xb0, 0xc7, 0xa5, 0x13, 0],
            &[2, 0],
            &[2, 2],
            b"xx",
        ];
        assert_eq!(split(&run), Some(columns.concat()));
    }

    #[test]
    fn what_was_not_split_is_refused() {
        let malformed = Err(WireError::Malformed { what: "records" });
        assert_eq!(split(b"not a record"), None);
        assert_eq!(join(&[0, 1]), malformed, "bytes are left");
        assert_eq!(join(&[1, 0, 0, 0, 1, 0]), malformed, "no kind is below 0");
        assert_eq!(join(&[1, 0, 0, 0, 0, 2]), Err(WireError::Cut { what: "records" }), "no payload");
        assert!(matches!(join(&[0xff, 0xff, 0xff, 0x7f]), Err(WireError::TooLong { .. })));
    }
}
