use std::collections::BTreeSet;

use serde::Serialize;
use suanpan_domain::catalogue::Table;
use suanpan_journal::{Certificate, Hash, SegmentId, SiteCode, StationId, VerifyingKey};
use suanpan_sync::{Ack, CheckedPush, ChunkRef, FeedChange, FeedEntry, Lacking, LostTail, Scope, Verdict};

use super::error::StoreError;
use crate::access::Reach;

/// How a station stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Does what a till does.
    #[default]
    Active,
    /// Delivers what it has, and gets nothing: it was replaced, or moved.
    Retired,
    /// What it delivers is kept and acknowledged, and in no figure before a person accepts it: it was stolen.
    Revoked,
}

impl Standing {
    const ALL: [Standing; 3] = [Standing::Active, Standing::Retired, Standing::Revoked];

    /// Its name in the database, and as commands have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Retired => "retired",
            Standing::Revoked => "revoked",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Standing, StoreError> {
        let found = Standing::ALL.into_iter().find(|standing| standing.name() == name);
        found.ok_or(StoreError::Damaged("standing"))
    }
}

/// A site as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its code.
    pub site: SiteCode,
    /// The zone it belongs to.
    pub zone: Option<SiteCode>,
    /// Its name.
    pub name: String,
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Minutes after midnight when a new business date may begin.
    pub day_starts_min: i32,
}

/// An enrolled station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its id.
    pub station: StationId,
    /// Where it stands.
    pub site: SiteCode,
    /// Its zone, through the site.
    pub zone: Option<SiteCode>,
    /// Its number there.
    pub till: u16,
    /// The key that signs for it.
    pub public_key: VerifyingKey,
    /// What it may.
    pub standing: Standing,
}

impl Station {
    /// The feed scopes it receives, from wide to narrow.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let zone = self.zone.clone().map(Scope::Zone);
        [Some(Scope::Chain), zone, Some(Scope::Site(self.site.clone()))].into_iter().flatten().collect()
    }
}

/// A one-time code's use.
#[derive(Debug, Clone)]
pub enum Enrolled {
    /// Enrolled now, or by the same key before: this is its certificate.
    Certificate(Box<Certificate>),
    /// There is no such code.
    UnknownCode,
    /// Its time is over.
    ExpiredCode,
    /// Another station used it.
    UsedCode,
    /// The station is enrolled with another key.
    OtherKey,
    /// Another station has the number.
    Taken,
}

/// A push on its way into the store.
#[derive(Debug)]
pub struct Ingest {
    /// Who sent it.
    pub station: StationId,
    /// Its checked contents.
    pub push: CheckedPush,
    /// The body to keep: as it came, without the ack it showed.
    pub body: Vec<u8>,
    /// The ack that it showed; its signature is the hub's own.
    pub shown: Option<Ack>,
    /// The hub's clock.
    pub now_ms: i64,
}

/// What became of a push.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// What was decided, and done.
    pub verdict: Verdict,
    /// The epoch after it.
    pub epoch: u64,
    /// Nothing was stored: the station has opened more than a till can.
    pub is_over_quota: bool,
    /// The row of the batch that holds the range's last entry; 0 if it is not stored.
    pub arrival: u64,
    /// Entries that the station should fetch back.
    pub lost_tail: Option<LostTail>,
    /// Two disks write as this station.
    pub re_enrol: bool,
    /// What one of its disks declared to be nowhere.
    pub lacking: Vec<Lacking>,
}

impl Ingested {
    /// Nothing was done.
    pub(super) fn refused(verdict: Verdict, epoch: u64) -> Ingested {
        let (lost_tail, re_enrol, lacking) = (None, false, Vec::new());
        Ingested { verdict, epoch, is_over_quota: true, arrival: 0, lost_tail, re_enrol, lacking }
    }
}

/// One change to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow {
    /// For whom.
    pub scope: Scope,
    /// Kind of row.
    pub table: String,
    /// Which row.
    pub key: String,
    /// From when, in ms; 0 for at once.
    pub effective_at_ms: i64,
    /// What.
    pub change: FeedChange,
}

/// Which row of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowName {
    /// For whom it is.
    pub scope: Scope,
    /// Its table.
    pub table: Table,
    /// Its key.
    pub key: String,
}

impl RowName {
    /// Where it holds, as a `Chain` of the catalogue has it: nothing for the whole chain.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.scope {
            Scope::Chain => String::new(),
            Scope::Site(site) => site.to_string(),
            zone @ Scope::Zone(_) => zone.to_string(),
        }
    }
}

/// A row that would change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Which of the rows that were compared.
    pub nth: usize,
    /// From when it would hold, in ms.
    pub effective_at_ms: i64,
    /// The body that holds before.
    pub before: Option<String>,
}

/// A scope's head as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeHead {
    /// The scope.
    pub scope: Scope,
    /// Its version.
    pub version: u64,
    /// The chain's hash.
    pub hash: Hash,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// In order of scope, then version.
    pub entries: Vec<FeedEntry>,
    /// More follow.
    pub more: bool,
}

/// A scope's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The head it leads to.
    pub head: ScopeHead,
    /// Its pieces, in order.
    pub chunks: Vec<ChunkRef>,
}

/// Which entries of a batch are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// These alone, by their seqs; all of them if there are none.
    pub only: BTreeSet<u64>,
    /// But for these, which have another position, or none: they add nothing.
    pub without: BTreeSet<u64>,
}

/// Where the entries of a batch stand among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// They wait, and get the next positions.
    Next,
    /// Nobody understood them when their batch got its positions: they get the next ones too.
    Again,
    /// They have theirs.
    At {
        /// The last position before them.
        after: u64,
        /// That of the first.
        gseq: u64,
    },
}

/// A batch for the projector.
#[derive(Debug, Clone)]
pub struct PendingBatch {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub station: StationId,
    /// Where.
    pub site: SiteCode,
    /// Which till.
    pub till: u16,
    /// Minutes east of UTC at the site.
    pub utc_offset_min: i32,
    /// Minutes after midnight when a business date begins there.
    pub day_starts_min: i32,
    /// Segment of its entries.
    pub segment: SegmentId,
    /// Branch of the segment.
    pub branch: u32,
    /// Entries that have a position, or get one.
    pub entries: u32,
    /// Which of the push's.
    pub part: Part,
    /// Which position.
    pub position: Position,
    /// The stored push.
    pub body: Vec<u8>,
}

impl PendingBatch {
    /// The position of its last entry, if it has one.
    #[must_use]
    pub fn ends(&self) -> Option<u64> {
        match self.position {
            Position::At { gseq, .. } => Some(gseq.saturating_add(self.entries.into()).saturating_sub(1)),
            Position::Next | Position::Again => None,
        }
    }
}

/// Which days a report covers.
#[derive(Debug, Clone)]
pub struct ReportFilter {
    /// The sites that whoever asks may see, narrowed to those that are asked for.
    pub reach: Reach,
    /// One till of the site, or all.
    pub till: Option<u16>,
    /// First business date, `yyyymmdd`.
    pub from: u32,
    /// Last business date.
    pub to: u32,
}

/// By what a report is broken down, beside day and site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportBy {
    /// Hour of the site's clock.
    Hour,
    /// Item code.
    Item,
    /// Tender code.
    Tender,
    /// Till.
    Station,
}

/// A day's figures at a site. The hub sums what tills recorded and never re-prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DayRow {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Site.
    pub site: String,
    /// Sales.
    pub sales: i64,
    /// Refunds.
    pub refunds: i64,
    /// Lines of goods; returned lines subtract.
    pub lines: i64,
    /// Weight of goods.
    pub grams: i64,
    /// Goods before discounts and 抹零, in fen.
    pub amount_fen: i64,
    /// Discounts, in fen.
    pub discount_fen: i64,
    /// 抹零, in fen.
    pub rounding_fen: i64,
    /// What customers paid, minus refunds, in fen.
    pub paid_fen: i64,
    /// Documents whose printed number is known to exist and has not arrived.
    pub missing: i64,
    /// Batches of the site that are stored and not in it yet.
    pub pending: i64,
}

/// A refund that was paid out from its till's own ledger while the hub was not heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct OfflineRefund {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Site.
    pub site: String,
    /// Its till.
    pub till: u16,
    /// The receipt's printed number.
    pub receipt: String,
    /// The refund's.
    pub refund: String,
    /// Staff number.
    pub cashier: String,
    /// What was paid out, in fen.
    pub refunded_fen: i64,
    /// Batches of the site that are stored and not looked at yet.
    pub pending: i64,
}

/// One line of a broken-down report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ByRow {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Site.
    pub site: String,
    /// Hour, item, tender or till.
    pub key: String,
    /// Sales by hour and till, lines by item, documents by tender.
    pub count: i64,
    /// Money, refunds subtracted, in fen.
    pub fen: i64,
    /// Weight.
    pub grams: i64,
    /// Pieces; by item only.
    pub pieces: i64,
    /// Batches of the site that are stored and not in it yet.
    pub pending: i64,
}

/// One total of a till's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TotalRow {
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Site.
    pub site: String,
    /// Till.
    pub till: u16,
    /// What is summed, by a `Dimension`'s name.
    pub total: &'static str,
    /// Which tender, tax or movement of cash; empty where there is only one.
    pub key: String,
    /// Documents or lines.
    pub count: i64,
    /// Money, refunds subtracted, in fen.
    pub fen: i64,
    /// Weight.
    pub grams: i64,
    /// Batches of the site that are stored and not in it yet.
    pub pending: i64,
}

/// How the store stands, for metrics and health.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauges {
    /// The hub's epoch.
    pub epoch: i64,
    /// Batches that wait for the projector.
    pub pending: i64,
    /// Entries that nobody understood.
    pub parked: i64,
    /// Enrolled stations.
    pub stations: i64,
    /// The last stamped entry.
    pub gseq: i64,
}

/// Receipts of another store that a till asked for, to refund them.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub struct LookedUp {
    /// The till's store.
    pub site: String,
    /// The till.
    pub till: u16,
    /// The receipts' store.
    pub of: String,
    /// How many.
    pub receipts: i64,
}
