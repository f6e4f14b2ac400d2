use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use suanpan_journal::{Hash, Message, Signature, SigningKey, SiteCode, StationId, Tag, VerifyingKey};

use super::container::unzstd;
use super::{WireError, within};
use crate::limits::{BODY_MAX, CHUNK_ENTRIES, CHUNK_MAX, CHUNKS_MAX, KEY_MAX, SCOPES_MAX, TABLE_MAX};

const HEAD: Tag = Tag::new("suanpan/feed-head/v1");
const SNAPSHOT: Tag = Tag::new("suanpan/snapshot/v1");
const FEED_DOMAIN: &[u8] = b"suanpan/feed/v1\0";
const CHUNK_ZSTD_LEVEL: i32 = 3;

/// The station that a message to every station is addressed to.
pub const HUB_WIDE: StationId = StationId([0; 16]);

/// Whom a feed entry is for. The narrower wins; the order of declaration is from wide to narrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Every site.
    Chain,
    /// The sites of one zone.
    Zone(SiteCode),
    /// One site.
    Site(SiteCode),
}

/// Says that a text is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `chain`, `zone:CODE` or `site:CODE`")]
pub struct ScopeError;

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Chain => out.write_str("chain"),
            Scope::Zone(code) => write!(out, "zone:{code}"),
            Scope::Site(code) => write!(out, "site:{code}"),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Scope, ScopeError> {
        let code = |code: &str| SiteCode::from_str(code).map_err(|_| ScopeError);
        match text.split_once(':') {
            None if text == "chain" => Ok(Scope::Chain),
            Some(("zone", zone)) => code(zone).map(Scope::Zone),
            Some(("site", site)) => code(site).map(Scope::Site),
            _ => Err(ScopeError),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Scope, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum FeedChange {
    /// It is now this. The body is JSON text, kept byte for byte because the chain covers it.
    Put {
        /// The row.
        body: String,
    },
    /// It is gone.
    Delete,
}

/// One change of one row in one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Whom it is for.
    pub scope: Scope,
    /// The hub's epoch when it was published.
    pub epoch: u64,
    /// Position in the scope, from 1 without gaps.
    pub version: u64,
    /// Kind of row.
    pub table: String,
    /// Which row.
    pub key: String,
    /// From when it holds, by the station's clock, in ms since 1970-01-01 UTC; 0 for at once.
    pub effective_at_ms: i64,
    /// What happens.
    #[serde(flatten)]
    pub change: FeedChange,
}

impl FeedEntry {
    /// Refuses an entry over its limits.
    ///
    /// *Errors:* `TooLong`, `Malformed`.
    pub fn fits(&self) -> Result<(), WireError> {
        within("table", self.table.len(), TABLE_MAX)?;
        within("key", self.key.len(), KEY_MAX)?;
        if self.table.is_empty() || self.version == 0 {
            return Err(WireError::Malformed { what: "feed entry" });
        }
        if let FeedChange::Put { body } = &self.change {
            within("body", body.len(), BODY_MAX)?;
        }
        Ok(())
    }
}

/// The hash that a scope's first entry is chained to.
#[must_use]
pub fn feed_genesis(scope: &Scope) -> Hash {
    let mut sha = Sha256::new();
    sha.update(FEED_DOMAIN);
    sha.update(scope.to_string().as_bytes());
    Hash(sha.finalize().into())
}

/// Chains an entry onto its scope's head: SHA-256 over the head's hash, then epoch, version, table, key,
/// effective time, and 0 or 1 with the body. Integers are big-endian, texts carry a `u64` length.
#[must_use]
pub fn follow_feed(head: &Hash, entry: &FeedEntry) -> Hash {
    let mut sha = Sha256::new();
    let text = |sha: &mut Sha256, text: &str| {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    };
    sha.update(head.0);
    sha.update(entry.epoch.to_be_bytes());
    sha.update(entry.version.to_be_bytes());
    text(&mut sha, &entry.table);
    text(&mut sha, &entry.key);
    sha.update(entry.effective_at_ms.to_be_bytes());
    match &entry.change {
        FeedChange::Delete => sha.update([0]),
        FeedChange::Put { body } => {
            sha.update([1]);
            text(&mut sha, body);
        }
    }
    Hash(sha.finalize().into())
}

/// A scope's head, signed: what a station shows when it pulls, and what a cut is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedHead {
    /// The scope.
    pub scope: Scope,
    /// The hub's epoch when the head was signed.
    pub epoch: u64,
    /// Version of the last entry; 0 before the first.
    pub version: u64,
    /// Hash of the chain up to it.
    pub hash: Hash,
    /// The hub's signature.
    pub signature: Signature,
}

impl FeedHead {
    /// Signs a head.
    #[must_use]
    pub fn sign(hub: &SigningKey, scope: Scope, epoch: u64, version: u64, hash: Hash) -> FeedHead {
        let mut head = FeedHead { scope, epoch, version, hash, signature: Signature([0; 64]) };
        head.signature = hub.sign(&head.message());
        head
    }

    /// Checks the hub's signature.
    ///
    /// *Errors:* `Signature`.
    pub fn verify(&self, hub: &VerifyingKey) -> Result<(), WireError> {
        hub.verify(&self.message(), &self.signature).map_err(|_| WireError::Signature)
    }

    fn message(&self) -> Message {
        Message::new(HEAD, HUB_WIDE)
            .text(&self.scope.to_string())
            .u64(self.epoch)
            .u64(self.version)
            .hash(&self.hash)
    }
}

/// A version of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeVersion {
    /// The scope.
    pub scope: Scope,
    /// Its version.
    pub version: u64,
}

/// A station asks for what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The signed heads that the station has applied; a scope not named is at 0.
    pub heads: Vec<FeedHead>,
    /// While a cut is downloaded in pages: the cut, or empty for the newest.
    #[serde(default)]
    pub cut: Vec<FeedHead>,
    /// How far each scope of that cut is staged.
    #[serde(default)]
    pub staged: Vec<ScopeVersion>,
}

impl PullRequest {
    /// Refuses lists longer than a station has scopes.
    ///
    /// *Errors:* `TooLong`.
    pub fn fits(&self) -> Result<(), WireError> {
        within("heads", self.heads.len(), SCOPES_MAX)?;
        within("cut", self.cut.len(), SCOPES_MAX)?;
        within("staged", self.staged.len(), SCOPES_MAX)
    }
}

/// What the hub has for a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum PullReply {
    /// The entries between what is applied or staged and the cut.
    Changes {
        /// One head for each scope of the station. Staged, then applied in one transaction.
        cut: Vec<FeedHead>,
        /// In order of scope, then version.
        entries: Vec<FeedEntry>,
        /// More pages of this cut follow.
        more: bool,
        /// To be shown to the wake-up; changes when there is something to pull.
        wake: String,
    },
    /// The cursor is too old, new, or of another history: replace the whole set.
    Snapshot {
        /// What to fetch.
        manifest: SnapshotManifest,
    },
}

/// One immutable piece of a snapshot, named by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// SHA-256 of the chunk's bytes as they travel.
    pub hash: Hash,
    /// Length of those bytes.
    pub bytes: u32,
    /// Feed entries inside.
    pub entries: u32,
}

/// A whole set of rows at a cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotManifest {
    /// The heads that the station has after it applied every chunk.
    pub cut: Vec<FeedHead>,
    /// In order.
    pub chunks: Vec<ChunkRef>,
    /// The hub's signature over both.
    pub signature: Signature,
}

impl SnapshotManifest {
    /// Signs a manifest.
    #[must_use]
    pub fn sign(hub: &SigningKey, cut: Vec<FeedHead>, chunks: Vec<ChunkRef>) -> SnapshotManifest {
        let mut manifest = SnapshotManifest { cut, chunks, signature: Signature([0; 64]) };
        manifest.signature = hub.sign(&manifest.message());
        manifest
    }

    /// Checks limits and signatures.
    ///
    /// *Errors:* `TooLong`, `Signature`.
    pub fn check(&self, hub: &VerifyingKey) -> Result<(), WireError> {
        within("cut", self.cut.len(), SCOPES_MAX)?;
        within("snapshot", self.chunks.len(), CHUNKS_MAX)?;
        for chunk in &self.chunks {
            within("chunk", chunk.bytes as usize, CHUNK_MAX)?;
        }
        for head in &self.cut {
            head.verify(hub)?;
        }
        hub.verify(&self.message(), &self.signature).map_err(|_| WireError::Signature)
    }

    fn message(&self) -> Message {
        let mut message = Message::new(SNAPSHOT, HUB_WIDE).u32(self.cut.len() as u32);
        for head in &self.cut {
            message = message.bytes(head.message().as_bytes());
        }
        for chunk in &self.chunks {
            message = message.hash(&chunk.hash).u32(chunk.bytes).u32(chunk.entries);
        }
        message
    }
}

/// Packs feed entries as a chunk: one zstd frame of JSON lines. The same entries give the same bytes.
///
/// *Errors:* `TooLong`, `Malformed`.
pub fn encode_chunk(entries: &[FeedEntry]) -> Result<(ChunkRef, Vec<u8>), WireError> {
    let malformed = WireError::Malformed { what: "chunk" };
    within("chunk", entries.len(), CHUNK_ENTRIES)?;
    let mut lines = Vec::new();
    for entry in entries {
        entry.fits()?;
        serde_json::to_writer(&mut lines, entry).map_err(|_| malformed.clone())?;
        lines.push(b'\n');
    }
    within("chunk", lines.len(), CHUNK_MAX)?;
    let bytes = zstd::bulk::compress(&lines, CHUNK_ZSTD_LEVEL).map_err(|_| malformed)?;
    let hash = Hash(Sha256::digest(&bytes).into());
    Ok((ChunkRef { hash, bytes: bytes.len() as u32, entries: entries.len() as u32 }, bytes))
}

/// Checks a chunk against its name and unpacks it.
///
/// *Errors:* `TooLong`, `Malformed`.
pub fn decode_chunk(named: &ChunkRef, bytes: &[u8]) -> Result<Vec<FeedEntry>, WireError> {
    let malformed = WireError::Malformed { what: "chunk" };
    if Hash(Sha256::digest(bytes).into()) != named.hash {
        return Err(malformed);
    }
    let lines = unzstd("chunk", bytes, CHUNK_MAX, None)?;
    let mut entries = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        within("chunk", entries.len(), CHUNK_ENTRIES)?;
        let entry: FeedEntry = serde_json::from_slice(line).map_err(|_| malformed.clone())?;
        entry.fits()?;
        entries.push(entry);
    }
    if entries.len() != named.entries as usize {
        return Err(malformed);
    }
    Ok(entries)
}
