use serde::{Deserialize, Serialize};
use suanpan_journal::{Hash, Message, SegmentId, Signature, SigningKey, StationId, Tag, VerifyingKey};

use super::WireError;

const HOLE: Tag = Tag::new("suanpan/hole/v1");

/// A station's signed statement that it no longer has some entries: damage took them and the hub never had
/// them. Shown as missing, and filled if the bytes turn up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// The segment.
    pub segment: SegmentId,
    /// First entry that is missing, from 1.
    pub from_seq: u64,
    /// Last entry that is missing.
    pub to_seq: u64,
    /// Hash of the last missing entry, which its successor's chain proves.
    pub to_hash: Hash,
    /// The station's signature.
    pub signature: Signature,
}

impl Hole {
    /// Declares a hole.
    ///
    /// *Errors:* `Malformed` if the range is empty or starts at 0.
    pub fn declare(
        key: &SigningKey,
        station: StationId,
        segment: SegmentId,
        (from_seq, to_seq): (u64, u64),
        to_hash: Hash,
    ) -> Result<Hole, WireError> {
        let mut hole = Hole { segment, from_seq, to_seq, to_hash, signature: Signature([0; 64]) };
        hole.fits()?;
        hole.signature = key.sign(&hole.message(station));
        Ok(hole)
    }

    /// Checks range and signature.
    ///
    /// *Errors:* `Malformed`, `Signature`.
    pub fn check(&self, station: StationId, key: &VerifyingKey) -> Result<(), WireError> {
        self.fits()?;
        key.verify(&self.message(station), &self.signature).map_err(|_| WireError::Signature)
    }

    fn fits(&self) -> Result<(), WireError> {
        if self.from_seq == 0 || self.to_seq < self.from_seq || self.to_seq >= 1 << 40 {
            return Err(WireError::Malformed { what: "hole" });
        }
        Ok(())
    }

    fn message(&self, station: StationId) -> Message {
        Message::new(HOLE, station)
            .segment(self.segment)
            .u64(self.from_seq)
            .u64(self.to_seq)
            .hash(&self.to_hash)
    }
}
