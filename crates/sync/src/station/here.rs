use suanpan_journal::{SegmentId, SigningKey, StationId, VerifyingKey};

use super::stores::{Memory, Stores};
use crate::wire::ack::{Lacking, LostTail};

/// Who a station is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id.
    pub station: StationId,
    /// Its key.
    pub key: SigningKey,
    /// The hub's pinned key.
    pub hub_key: VerifyingKey,
    /// Only spreads stations over time.
    pub site_hash: u64,
}

/// What a machine is given at each turn: the disk, the time, chance, and somebody to tell.
pub struct Here<'a> {
    /// Journal and catalogue.
    pub stores: &'a dyn Stores,
    /// What the station remembers of the hub.
    pub memory: &'a dyn Memory,
    /// The station's clock, ms since 1970-01-01 UTC.
    pub now_ms: i64,
    /// Random; it only spreads stations.
    pub random: u64,
    /// Told what IT may want to know.
    pub tell: &'a dyn Fn(Note),
}

/// What IT may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The hub refused a range.
    Refused {
        /// Its segment.
        segment: SegmentId,
        /// The first entry.
        from_seq: u64,
        /// The code.
        code: String,
    },
    /// A push goes again, packed without the dictionary.
    Unpacked,
    /// Entries that are nowhere are on record at the hub.
    Hole(Lacking),
    /// What the hub lacks is here, and is offered again.
    Offered(Lacking),
    /// This disk is an older copy: its end is fetched.
    LostTail(LostTail),
    /// So many entries came back.
    TookBack(u64),
    /// Fetched entries hang on nothing here; they stay at the hub.
    DoesNotFit(String),
    /// What was fetched is not this station's.
    NotOurs,
    /// This disk was seen twice: the station is to be enrolled anew.
    SeenTwice,
    /// The catalogue is at another cut.
    CutApplied,
    /// Published changes that the hub may have lost are shown to it.
    LostShown,
    /// The entries do not lead to the signed cut.
    Mismatch(String),
    /// An answer that says nothing.
    Nonsense(&'static str),
    /// The dictionary cannot be read; pushes are larger.
    NoDictionary(String),
}
