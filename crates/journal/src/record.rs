use std::fmt;

/// Longest payload in bytes. A sale of the largest basket is under 100 KiB, so a longer length is damage, and
/// a reader never allocates more than this because a length said so.
pub const PAYLOAD_LEN_MAX: usize = 256 * 1024;

/// The fixed-width head of an entry.
///
/// *Shape:* 26 bytes, big-endian, fields in the order of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Position in the segment, from 1 without gaps. Order is by this, never by `at_ms`.
    pub seq: u64,
    /// The station's clock when it wrote the entry, in ms since 1970-01-01 UTC; it may be wrong.
    pub at_ms: i64,
    /// Business date as `yyyymmdd`, e.g. 20230616.
    pub business_date: u32,
    /// Which payload this is, version included. Meaning belongs to the domain.
    pub kind: u16,
    /// Bytes of payload that follow, at most [`PAYLOAD_LEN_MAX`].
    pub payload_len: u32,
}

impl Header {
    /// Bytes of an encoded header.
    pub const LEN: usize = 26;

    /// Encodes the header in its only form.
    #[must_use]
    pub fn encode(&self) -> [u8; Header::LEN] {
        let mut bytes = [0; Header::LEN];
        bytes[..8].copy_from_slice(&self.seq.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.at_ms.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.business_date.to_be_bytes());
        bytes[20..22].copy_from_slice(&self.kind.to_be_bytes());
        bytes[22..].copy_from_slice(&self.payload_len.to_be_bytes());
        bytes
    }

    /// Reads the bytes that [`Header::encode`] wrote. Every value is accepted; [`Records`] checks the length.
    #[must_use]
    pub fn decode(bytes: &[u8; Header::LEN]) -> Header {
        let [
            s0,
            s1,
            s2,
            s3,
            s4,
            s5,
            s6,
            s7,
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
            d0,
            d1,
            d2,
            d3,
            k0,
            k1,
            l0,
            l1,
            l2,
            l3,
        ] = *bytes;
        Header {
            seq: u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            at_ms: i64::from_be_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            business_date: u32::from_be_bytes([d0, d1, d2, d3]),
            kind: u16::from_be_bytes([k0, k1]),
            payload_len: u32::from_be_bytes([l0, l1, l2, l3]),
        }
    }
}

/// One entry as it is stored and sent: header, then payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The decoded header.
    pub header: Header,
    /// The payload, exactly as it was first written.
    pub payload: &'a [u8],
}

impl Record<'_> {
    /// Bytes this record takes in a run.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        Header::LEN.saturating_add(self.payload.len())
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Payloads carry names and references that must not reach a log.
        out.debug_struct("Record").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Appends a record to a run. The header's `payload_len` must be the payload's length, as [`crate::Chain::append`]
/// makes it.
pub fn push_record(run: &mut Vec<u8>, header: &Header, payload: &[u8]) {
    run.extend_from_slice(&header.encode());
    run.extend_from_slice(payload);
}

/// Says where a run of records stops making sense. Offsets count bytes from the start of the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The run ends inside a header.
    #[error("record at byte {offset}: header needs 26 bytes, {have} are left")]
    HeaderCut {
        /// Where the record starts.
        offset: usize,
        /// Bytes left there.
        have: usize,
    },
    /// The header promises more than [`PAYLOAD_LEN_MAX`].
    #[error("record at byte {offset}: payload of {len} bytes, at most {PAYLOAD_LEN_MAX} are allowed")]
    PayloadTooLong {
        /// Where the record starts.
        offset: usize,
        /// The promised length.
        len: u32,
    },
    /// The run ends inside a payload.
    #[error("record at byte {offset}: payload needs {len} bytes, {have} are left")]
    PayloadCut {
        /// Where the record starts.
        offset: usize,
        /// The promised length.
        len: u32,
        /// Bytes left after the header.
        have: usize,
    },
}

/// Walks a run of records without copying. After the first error it ends.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Records<'a> {
    /// Starts at the first byte of a run.
    #[must_use]
    pub fn new(run: &'a [u8]) -> Records<'a> {
        Records { rest: run, offset: 0 }
    }

    /// Bytes read so far: where the next record starts.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    fn read(&mut self) -> Result<Record<'a>, RecordError> {
        let offset = self.offset;
        let Some((head, after)) = self.rest.split_first_chunk::<{ Header::LEN }>() else {
            return Err(RecordError::HeaderCut { offset, have: self.rest.len() });
        };
        let header = Header::decode(head);
        let len = header.payload_len;
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        if wanted > PAYLOAD_LEN_MAX {
            return Err(RecordError::PayloadTooLong { offset, len });
        }
        let Some((payload, rest)) = after.split_at_checked(wanted) else {
            return Err(RecordError::PayloadCut { offset, len, have: after.len() });
        };
        let record = Record { header, payload };
        self.offset = offset.saturating_add(record.encoded_len());
        self.rest = rest;
        Ok(record)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.read();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}
