//! The journal: what a station writes down, byte for byte, and how anyone proves that nothing was changed.
//!
//! Entries form a hash chain inside a *segment* (one start of the app), segments form a tree through their
//! [`Parent`]s, and a station signs chain heads with its Ed25519 key. **These bytes are fixed from version 1**:
//! `tests/golden/v1` holds samples that a test compares for ever.
//!
//! Deliberately absent: what a payload means (opaque here), storage, clocks, randomness, and any format that
//! could be written in two ways.
//!
//! Start reading at [`Chain`].
#![deny(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects
)]

mod certificate;
mod chain;
mod id;
mod record;
mod run;
mod sign;

pub use certificate::{Certificate, Enrolment, SiteCode, SiteCodeError};
pub use chain::{Chain, ChainError, Parent, entry_hash, segment_hash};
pub use id::{CertificateId, Hash, IdError, SegmentId, StationId};
pub use record::{Header, PAYLOAD_LEN_MAX, Record, RecordError, Records, push_record};
pub use run::{Missing, Run, SegmentHead};
pub use sign::{KeyError, Message, Signature, SignatureError, SigningKey, Tag, VerifyingKey};
