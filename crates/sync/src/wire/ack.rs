use serde::{Deserialize, Serialize};
use suanpan_journal::{Hash, Message, SegmentId, Signature, SigningKey, StationId, Tag, VerifyingKey};

use super::WireError;
use super::bytes::{Reader, put_varint};

const ACK: Tag = Tag::new("suanpan/ack/v1");

/// The hub's signed statement that it holds a segment durably up to an entry.
///
/// *Invariant:* the hash covers every entry before it, so one ack proves the whole segment. A range that is
/// pushed again gets the same ack.
///
/// A hub whose database holds the newest batch that it acked to a station, under the same arrival number, holds all
/// that it acked to it in that epoch: a restore takes the youngest away first. So a station shows the ack with the
/// highest number, and not the one it heard last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Names the hub's history; a new one begins when the hub lost something it had signed.
    pub hub_epoch: u64,
    /// The hub's number, rising in the order of arrival, of the batch that holds the last entry of the range.
    pub arrival: u64,
    /// The segment.
    pub segment: SegmentId,
    /// The last entry of the range that was pushed.
    pub have_seq: u64,
    /// Its hash.
    pub have_hash: Hash,
    /// Bytes of records that the hub wants in one push.
    pub window_bytes: u32,
    /// Pause before the next push, in ms; 0 for none.
    pub retry_after_ms: u32,
    /// The hub's signature over all of it and the station.
    pub signature: Signature,
}

impl Ack {
    /// Signs an ack to `station`.
    #[must_use]
    pub fn sign(
        hub: &SigningKey,
        station: StationId,
        (hub_epoch, arrival): (u64, u64),
        (segment, have_seq, have_hash): (SegmentId, u64, Hash),
        window_bytes: u32,
        retry_after_ms: u32,
    ) -> Ack {
        let signature = Signature([0; 64]);
        let mut ack =
            Ack { hub_epoch, arrival, segment, have_seq, have_hash, window_bytes, retry_after_ms, signature };
        ack.signature = hub.sign(&ack.message(station));
        ack
    }

    /// Checks that the hub signed this ack to this station.
    ///
    /// *Errors:* `Signature`.
    pub fn verify(&self, hub: &VerifyingKey, station: StationId) -> Result<(), WireError> {
        hub.verify(&self.message(station), &self.signature).map_err(|_| WireError::Signature)
    }

    fn message(&self, station: StationId) -> Message {
        Message::new(ACK, station)
            .u64(self.hub_epoch)
            .u64(self.arrival)
            .segment(self.segment)
            .u64(self.have_seq)
            .hash(&self.have_hash)
            .u32(self.window_bytes)
            .u32(self.retry_after_ms)
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.hub_epoch);
        put_varint(out, self.arrival);
        out.extend_from_slice(&self.segment.0);
        put_varint(out, self.have_seq);
        out.extend_from_slice(&self.have_hash.0);
        put_varint(out, u64::from(self.window_bytes));
        put_varint(out, u64::from(self.retry_after_ms));
        out.extend_from_slice(&self.signature.0);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Ack, WireError> {
        Ok(Ack {
            hub_epoch: reader.varint("epoch")?,
            arrival: reader.varint("arrival")?,
            segment: reader.segment()?,
            have_seq: reader.varint("acked seq")?,
            have_hash: reader.hash("acked hash")?,
            window_bytes: reader.varint_u32("window")?,
            retry_after_ms: reader.varint_u32("retry")?,
            signature: reader.signature()?,
        })
    }
}

/// An entry that the hub has, by which the station finds where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHead {
    /// Its seq.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Entries that the hub has after the point where this station's newer segment hangs: the station's file is
/// an older copy, and these are to be fetched back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostTail {
    /// The older segment.
    pub segment: SegmentId,
    /// First entry that the station lacks.
    pub from_seq: u64,
    /// Last entry that the hub has.
    pub to_seq: u64,
}

/// Entries that a disk of this station declared to be nowhere, and that the hub still lacks: another disk, or an older copy,
/// may have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// Their segment.
    pub segment: SegmentId,
    /// The first.
    pub from_seq: u64,
    /// The last.
    pub to_seq: u64,
}

/// What the hub says to a push or a hole. Refusals are problem documents, not replies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum PushReply {
    /// The range is durable.
    Ack {
        /// The proof.
        ack: Ack,
        /// Set while entries of an older segment wait to be fetched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost_tail: Option<LostTail>,
        /// Set when this disk was seen twice: sales go on, IT enrols the station anew.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        re_enrol: bool,
        /// The newest of the station's holes, at most [`LACKING_MAX`](crate::limits::LACKING_MAX): an ack proves what comes
        /// before an entry, and not that all of it is here.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lacking: Vec<Lacking>,
    },
    /// The entry before the range is unknown: go on after the newest of these that is yours, or from 1.
    Gap {
        /// Heads of the segment's branches; empty if the segment is unknown.
        have: Vec<KnownHead>,
    },
    /// The start of the range is stored already, up to here: cut again after it.
    Have {
        /// Last entry in common.
        #[serde(flatten)]
        head: KnownHead,
        /// Set where the range begins with a hole: its last entry, where the next range has to end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut_at: Option<u64>,
    },
    /// Nothing was read: come back later.
    Busy {
        /// When, in ms.
        retry_after_ms: u32,
    },
    /// The hole is on record.
    HoleRecorded {
        /// Last entry of the hole.
        to_seq: u64,
    },
}
