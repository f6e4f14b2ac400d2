//! Reconciliation between a station and the hub: the messages, and both sides' decisions.
//!
//! Everything here is pure: time, randomness and stored knowledge come in as arguments, so the same code runs
//! on a till, in the hub and in a simulator. It knows the journal and never what a payload means.
//!
//! Deliberately absent: sockets, files, clocks, threads.
//!
//! *Vocabulary:* a **push** carries a contiguous run of entries; an **ack** is the hub's signed statement that
//! it holds a run durably; a **cut** is one consistent set of feed versions; an **epoch** names a
//! hub's history, and ends when the hub lost something it had signed.
//!
//! Start reading at [`Push`], then [`classify`] (the hub) and [`Edge`] (the station); downwards, at [`Staging`]. [`Upload`]
//! and [`Download`] are a station's side whole: they say what to call the hub for, and are told what came of it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::arithmetic_side_effects
    )
)]
#![deny(missing_docs)]

mod backoff;
mod edge;
mod holes;
mod hub;
pub mod limits;
pub mod paths;
mod staging;
mod station;
mod wire;

pub use backoff::{Backoff, retry_delay_ms};
pub use edge::{Edge, Effect, Next, Outcome, Range, SegmentStatus};
pub use holes::{Opened, declare_hole};
pub use hub::{BranchHead, Fork, ForkKind, Known, Offer, RecordedHole, Verdict, classify, epoch_after};
pub use staging::{Mismatch, Staged, Staging};
pub use station::{
    Call, DOES_NOT_FIT, Download, Here, Identity, Kept, Line, Memory, NoAnswer, Note, Receipts, SnapshotSink,
    Step, Stores, StoresError, Upload,
};
pub use wire::WireError;
pub use wire::ack::{Ack, KnownHead, Lacking, LostTail, PushReply};
pub use wire::container::{Codec, Container, DictionaryId};
pub use wire::dictionary::Dictionary;
pub use wire::enrol::{EnrolReply, EnrolRequest, normal_code};
pub use wire::entries::{EntriesReply, decode_entries, encode_entries};
pub use wire::feed::{
    ChunkRef, FeedChange, FeedEntry, FeedHead, HUB_WIDE, PullReply, PullRequest, Scope, ScopeError,
    ScopeVersion, SnapshotManifest, decode_chunk, encode_chunk, feed_genesis, follow_feed,
};
pub use wire::hole::Hole;
pub use wire::lost::{LostFeed, LostReport, chained, replaced};
pub use wire::push::{CheckedPush, Push, Start};
pub use wire::refund::{REFUND_KEPT_MS, REFUNDS_MAX, Recorded, RefundReply, RefundRequest};
pub use wire::request::{Challenge, RequestAuth, RequestError, RequestFacts};
