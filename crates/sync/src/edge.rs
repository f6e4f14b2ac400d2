use std::collections::HashMap;

use suanpan_journal::{Hash, SegmentId, StationId, VerifyingKey};

use crate::backoff::Backoff;
use crate::limits::{ENTRIES_MAX, LACKING_MAX, WINDOW_BYTES, WINDOW_BYTES_MIN};
use crate::wire::ack::{Ack, KnownHead, Lacking, LostTail, PushReply};

/// A refused range is offered again after this long: somebody may have mended the hub meanwhile, and the sales
/// of other segments are not held up.
const REFUSED_RETRY_MS: i64 = 5 * 60_000;

/// Answers without progress that a segment takes before it counts as refused: each of the hub's branches can
/// be the wrong one once.
const SURPRISES_MAX: u32 = crate::limits::BRANCHES_MAX as u32 + 2;

/// Longest pause that a station lets the hub ask for: a garbled number must not silence it.
const PAUSE_MAX_MS: u32 = 5 * 60_000;

/// No pause reaches further ahead: the longest that the hub may ask for, and the longest backoff with it.
const AHEAD_MAX_MS: i64 = 2 * PAUSE_MAX_MS as i64;

/// One segment as the station's stores know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentStatus {
    /// The segment.
    pub segment: SegmentId,
    /// Its newest entry.
    pub head_seq: u64,
    /// The last entry that the hub acked; 0 for none.
    pub acked_seq: u64,
    /// The epoch of that ack; 0 for none.
    pub epoch: u64,
}

/// A range to push.
///
/// *Invariant:* until it is answered, the same range is given again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The segment.
    pub segment: SegmentId,
    /// First entry.
    pub from_seq: u64,
    /// Last entry at most: the driver may stop earlier at `bytes_max`, but never short of one entry.
    pub to_seq_max: u64,
    /// Bytes of records to stop at.
    pub bytes_max: u32,
    /// Whether the push shows the newest ack.
    pub shows: bool,
}

/// What the station does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Push this.
    Push(Range),
    /// Nothing for so long, unless something is committed.
    Wait {
        /// In ms.
        ms: u64,
    },
    /// Everything is acked.
    Idle,
}

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The hub answered.
    Reply(PushReply),
    /// It refused this range with a code; the same bytes will not do better soon.
    Refused {
        /// The hub's stable code.
        code: String,
    },
    /// No answer, an error of the hub, or nonsense.
    Failed,
}

/// What the driver carries out after an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Remember the segment's cursor, and the ack if there is one. Lower than before after a hub's restore.
    SaveCursor {
        /// The segment.
        segment: SegmentId,
        /// Last acked entry.
        acked_seq: u64,
        /// Epoch of the ack.
        epoch: u64,
        /// The ack to show later.
        ack: Option<Ack>,
    },
    /// Fetch these entries back from the hub.
    FetchTail(LostTail),
    /// If this disk has any of these entries, and can prove what comes before them, have them offered again:
    /// [`Edge::offer_again`].
    Offer(Lacking),
    /// Tell the staff's IT: this disk was seen twice.
    ReEnrol,
}

#[derive(Debug)]
struct Segment {
    id: SegmentId,
    head_seq: u64,
    acked_seq: u64,
    epoch: u64,
    next_seq: u64,
    /// Where the range that holds it has to end: the last entry of a hole at the hub.
    cut_at: Option<u64>,
    surprises: u32,
    /// The furthest range that was a surprise, and the furthest ack since the first: what comes before is no progress.
    surprised_at: u64,
    furthest: u64,
    refused: Option<(u64, i64)>,
}

impl Segment {
    fn is_unsure(&self, epoch: u64) -> bool {
        self.acked_seq > 0 && self.epoch < epoch
    }

    fn retry_at(&self) -> i64 {
        self.refused.map_or(i64::MIN, |(_, until)| until)
    }
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    range: Range,
    /// Set once the driver cut it: the last seq and its hash.
    cut: Option<KnownHead>,
}

/// The station's side of the upload: decides what to push and what an answer means. One push is in flight.
#[derive(Debug)]
pub struct Edge {
    station: StationId,
    hub: VerifyingKey,
    segments: Vec<Segment>,
    places: HashMap<SegmentId, usize>,
    newest_ack: Option<Ack>,
    epoch: u64,
    flight: Option<Flight>,
    /// What the hub lacks, as far as it was asked about.
    offered: Vec<Lacking>,
    /// The hub's last ack was of an older epoch than one before: it does not know yet that it was restored.
    behind_epoch: bool,
    window_bytes: u32,
    paused_until_ms: i64,
    backoff: Backoff,
}

impl Edge {
    /// Starts from what the stores remember. `site_hash` only spreads stations over time.
    #[must_use]
    pub fn new(station: StationId, hub: VerifyingKey, newest_ack: Option<Ack>, site_hash: u64) -> Edge {
        Edge {
            station,
            hub,
            segments: Vec::new(),
            places: HashMap::new(),
            epoch: newest_ack.as_ref().map_or(0, |ack| ack.hub_epoch),
            newest_ack,
            flight: None,
            offered: Vec::new(),
            behind_epoch: false,
            window_bytes: WINDOW_BYTES,
            paused_until_ms: i64::MIN,
            backoff: Backoff::new(site_hash),
        }
    }

    /// Tells of a segment, or of its new head. Segments are told of in the order they were opened.
    pub fn observe(&mut self, status: &SegmentStatus) {
        if let Some(segment) = self.segment_mut(status.segment) {
            segment.head_seq = segment.head_seq.max(status.head_seq);
            return;
        }
        self.places.insert(status.segment, self.segments.len());
        self.epoch = self.epoch.max(status.epoch);
        self.segments.push(Segment {
            id: status.segment,
            head_seq: status.head_seq,
            acked_seq: status.acked_seq,
            epoch: status.epoch,
            next_seq: status.acked_seq.saturating_add(1),
            cut_at: None,
            surprises: 0,
            surprised_at: 0,
            furthest: 0,
            refused: None,
        });
    }

    /// Chooses what to do. Asked again before an answer, it gives the same range.
    pub fn next(&mut self, now_ms: i64) -> Next {
        let wait = |until: i64| Next::Wait { ms: until.saturating_sub(now_ms).max(1).unsigned_abs() };
        self.forget_times_after(now_ms.saturating_add(AHEAD_MAX_MS));
        if self.paused_until_ms > now_ms {
            return wait(self.paused_until_ms);
        }
        if let Some(flight) = &self.flight {
            return Next::Push(flight.range);
        }
        let epoch = self.epoch;
        let open = |it: &&Segment| it.next_seq <= it.head_seq || it.is_unsure(epoch);
        if let Some(segment) = self.segments.iter().filter(open).find(|it| it.retry_at() <= now_ms) {
            let range = self.range_of(segment);
            self.flight = Some(Flight { range, cut: None });
            return Next::Push(range);
        }
        self.segments.iter().filter(open).map(Segment::retry_at).min().map_or(Next::Idle, wait)
    }

    /// A clock that was set back must not turn a pause of seconds into one of years.
    fn forget_times_after(&mut self, latest_ms: i64) {
        if self.paused_until_ms > latest_ms {
            self.paused_until_ms = i64::MIN;
        }
        for (_, until) in self.segments.iter_mut().filter_map(|segment| segment.refused.as_mut()) {
            if *until > latest_ms {
                *until = i64::MIN;
            }
        }
    }

    fn range_of(&self, segment: &Segment) -> Range {
        // After a new epoch the last acked entry alone asks "do you still have this, and all before it?".
        let asks = segment.is_unsure(self.epoch);
        let from_seq = if asks { segment.acked_seq } else { segment.next_seq };
        let most = from_seq.saturating_add(u64::from(ENTRIES_MAX).saturating_sub(1));
        let most = segment.cut_at.filter(|end| *end >= from_seq).map_or(most, |end| end.min(most));
        Range {
            segment: segment.id,
            from_seq,
            to_seq_max: if asks { from_seq } else { most.min(segment.head_seq) },
            bytes_max: self.window_bytes,
            shows: self.newest_ack.as_ref().is_some_and(|ack| {
                // A push that goes on where the newest ack ends shows it by its previous hash.
                let goes_on = ack.segment == segment.id && ack.have_seq.saturating_add(1) == from_seq;
                self.behind_epoch || !goes_on
            }),
        }
    }

    /// The driver cut the range in flight: from now on it is resent exactly so.
    pub fn cut(&mut self, to_seq: u64, head_hash: Hash) {
        if let Some(flight) = &mut self.flight {
            flight.range.to_seq_max = to_seq;
            flight.range.bytes_max = u32::MAX;
            flight.cut = Some(KnownHead { seq: to_seq, hash: head_hash });
        }
    }

    /// The range in flight cannot be read: its first entries are damaged or gone. Says whether to declare them
    /// as a hole; otherwise the segment is offered from its start first, to find what the hub has.
    pub fn cannot_read(&mut self) -> bool {
        let Some(flight) = self.flight.take() else { return false };
        let epoch = self.epoch;
        match self.segment_mut(flight.range.segment) {
            Some(segment) if segment.is_unsure(epoch) => {
                segment.acked_seq = 0;
                segment.next_seq = 1;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// The hub has recorded a hole up to `to_seq`: go on after it. Nothing is acked by that, and a start before the next ack
    /// declares it again.
    pub fn skip_hole(&mut self, id: SegmentId, to_seq: u64) {
        if let Some(segment) = self.segment_mut(id) {
            segment.next_seq = to_seq.saturating_add(1);
        }
    }

    /// The ack to show in a push whose range says so.
    #[must_use]
    pub fn newest_ack(&self) -> Option<&Ack> {
        self.newest_ack.as_ref()
    }

    /// Takes the outcome of the push in flight. `own_hash` looks up the station's own journal.
    pub fn take(
        &mut self,
        outcome: &Outcome,
        own_hash: &dyn Fn(SegmentId, u64) -> Option<Hash>,
        now_ms: i64,
        random: u64,
    ) -> Vec<Effect> {
        let Some(flight) = self.flight else { return Vec::new() };
        let effects = match outcome {
            Outcome::Reply(PushReply::Ack { ack, lost_tail, re_enrol, lacking }) => {
                self.acked(&flight, ack, now_ms).map(|save| {
                    let tail = lost_tail.map(Effect::FetchTail);
                    let re_enrol = re_enrol.then_some(Effect::ReEnrol);
                    let offers = self.not_yet_offered(lacking).into_iter().map(Effect::Offer);
                    save.into_iter().chain(tail).chain(re_enrol).chain(offers).collect()
                })
            }
            Outcome::Reply(PushReply::Gap { have }) => {
                let ours = |head: &&KnownHead| own_hash(flight.range.segment, head.seq) == Some(head.hash);
                // A later one says nothing of what comes before the range.
                let before = have.iter().filter(|head| head.seq < flight.range.from_seq);
                let common = before.filter(ours).map(|head| head.seq).max().unwrap_or(0);
                Some(self.go_on_after(flight.range.segment, common, now_ms))
            }
            Outcome::Reply(PushReply::Have { head, cut_at }) => {
                // Every history has its beginning in common.
                let ours = head.seq == 0 || own_hash(flight.range.segment, head.seq) == Some(head.hash);
                if let Some(segment) = self.segment_mut(flight.range.segment).filter(|_| ours) {
                    segment.cut_at = *cut_at;
                }
                ours.then(|| self.go_on_after(flight.range.segment, head.seq, now_ms))
            }
            Outcome::Reply(PushReply::Busy { retry_after_ms }) => {
                self.pause(*retry_after_ms, random, now_ms);
                return Vec::new();
            }
            Outcome::Refused { .. } => Some(self.refuse(flight.range.segment, flight.range.from_seq, now_ms)),
            Outcome::Reply(PushReply::HoleRecorded { .. }) | Outcome::Failed => None,
        };
        let Some(effects) = effects else {
            self.pause(0, random, now_ms);
            return Vec::new();
        };
        self.flight = None;
        if self.behind_epoch && matches!(outcome, Outcome::Reply(PushReply::Ack { .. })) {
            // An ack of an older epoch: ask again soon, and never in a tight loop.
            self.pause(0, random, now_ms);
        } else {
            self.backoff.reset();
        }
        effects
    }

    /// An ack moves the cursor only if the hub signed it and it speaks of exactly what was sent.
    fn acked(&mut self, flight: &Flight, ack: &Ack, now_ms: i64) -> Option<Vec<Effect>> {
        let cut = flight.cut?;
        let speaks =
            ack.segment == flight.range.segment && ack.have_seq == cut.seq && ack.have_hash == cut.hash;
        if !speaks || ack.verify(&self.hub, self.station).is_err() {
            return None;
        }
        self.behind_epoch = ack.hub_epoch < self.epoch;
        if ack.hub_epoch > self.epoch {
            self.offered.clear();
        }
        self.epoch = self.epoch.max(ack.hub_epoch);
        self.window_bytes = ack.window_bytes.clamp(WINDOW_BYTES_MIN, WINDOW_BYTES);
        self.paused_until_ms = now_ms.saturating_add(i64::from(ack.retry_after_ms.min(PAUSE_MAX_MS)));
        let segment = self.segment_mut(ack.segment)?;
        // A hub of a new epoch that acks what comes behind a hole says nothing of what an older one acked before it.
        let over_hole = flight.range.from_seq > segment.acked_seq.saturating_add(1);
        let is_unproven = segment.acked_seq > 0 && over_hole && ack.hub_epoch > segment.epoch;
        let acked_seq = if is_unproven { 0 } else { ack.have_seq };
        segment.acked_seq = acked_seq;
        segment.next_seq = acked_seq.saturating_add(1);
        segment.epoch = ack.hub_epoch;
        if ack.have_seq >= segment.surprised_at {
            (segment.surprises, segment.surprised_at, segment.furthest) = (0, 0, 0);
        } else if ack.have_seq > segment.furthest {
            (segment.surprises, segment.furthest) = (0, ack.have_seq);
        }
        segment.refused = None;
        // An ack for what the hub held all along proves nothing of what came after that.
        let newer = |old: &Ack| (ack.hub_epoch, ack.arrival) >= (old.hub_epoch, old.arrival);
        if !self.behind_epoch && self.newest_ack.as_ref().is_none_or(newer) {
            self.newest_ack = Some(ack.clone());
        }
        let (segment, epoch) = (ack.segment, ack.hub_epoch);
        Some(vec![Effect::SaveCursor { segment, acked_seq, epoch, ack: self.newest_ack.clone() }])
    }

    /// What of it was not asked about since the start: whether this disk has it does not change.
    fn not_yet_offered(&mut self, lacking: &[Lacking]) -> Vec<Lacking> {
        let acked = |it: &Lacking| {
            let segment = self.places.get(&it.segment).and_then(|place| self.segments.get(*place));
            segment.is_some_and(|segment| segment.acked_seq >= it.from_seq)
        };
        let new = |it: &&Lacking| !self.offered.contains(it) && it.from_seq > 0 && acked(it);
        let new: Vec<Lacking> = lacking.iter().take(LACKING_MAX).filter(new).copied().collect();
        self.offered.retain(|it| lacking.contains(it));
        self.offered.extend(&new);
        new
    }

    /// This disk has some of the entries that the hub lacks: the segment is offered again from there. What the hub has
    /// of it is answered with the same acks.
    pub fn offer_again(&mut self, lacking: &Lacking) -> Vec<Effect> {
        let Some(segment) = self.segment_mut(lacking.segment) else { return Vec::new() };
        let acked_seq = segment.acked_seq.min(lacking.from_seq.saturating_sub(1));
        let epoch = segment.epoch;
        segment.acked_seq = acked_seq;
        segment.next_seq = acked_seq.saturating_add(1);
        segment.cut_at = Some(lacking.to_seq);
        vec![Effect::SaveCursor { segment: lacking.segment, acked_seq, epoch, ack: None }]
    }

    /// The hub has less, or more, than this station thought.
    fn go_on_after(&mut self, id: SegmentId, common: u64, now_ms: i64) -> Vec<Effect> {
        let Some(segment) = self.segment_mut(id) else { return Vec::new() };
        segment.surprises = segment.surprises.saturating_add(1);
        segment.surprised_at = segment.surprised_at.max(segment.next_seq);
        if segment.surprises > SURPRISES_MAX {
            let at = segment.next_seq;
            return self.refuse(id, at, now_ms);
        }
        // What the hub has entirely is still asked about, by its last entry, for the ack.
        segment.next_seq = common.saturating_add(1).min(segment.head_seq);
        if common >= segment.acked_seq {
            return Vec::new();
        }
        segment.acked_seq = common;
        let epoch = segment.epoch;
        vec![Effect::SaveCursor { segment: id, acked_seq: common, epoch, ack: None }]
    }

    fn refuse(&mut self, id: SegmentId, at_seq: u64, now_ms: i64) -> Vec<Effect> {
        if let Some(segment) = self.segment_mut(id) {
            (segment.surprises, segment.surprised_at, segment.furthest) = (0, 0, 0);
            segment.refused = Some((at_seq, now_ms.saturating_add(REFUSED_RETRY_MS)));
        }
        Vec::new()
    }

    fn pause(&mut self, at_least_ms: u32, random: u64, now_ms: i64) {
        let pause = self.backoff.pause_ms(random).saturating_add(u64::from(at_least_ms.min(PAUSE_MAX_MS)));
        self.paused_until_ms = now_ms.saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
    }

    /// Where each segment that is not known to be acked whole goes on, oldest first. After a new epoch that is its
    /// start, until the hub says that it still has it.
    pub fn unacked(&self) -> impl Iterator<Item = (SegmentId, u64)> + '_ {
        self.segments.iter().filter_map(|segment| match segment.is_unsure(self.epoch) {
            true => Some((segment.id, 1)),
            false if segment.acked_seq < segment.head_seq => {
                Some((segment.id, segment.acked_seq.saturating_add(1)))
            }
            false => None,
        })
    }

    /// Where a segment goes on, acked whole or not: it may have grown since it was observed.
    #[must_use]
    pub fn goes_on(&self, id: SegmentId) -> Option<(SegmentId, u64)> {
        let segment = self.places.get(&id).and_then(|place| self.segments.get(*place))?;
        Some((id, segment.acked_seq.saturating_add(1)))
    }

    /// The oldest refused entry.
    #[must_use]
    pub fn refused(&self) -> Option<(SegmentId, u64)> {
        self.segments.iter().find_map(|segment| segment.refused.map(|(seq, _)| (segment.id, seq)))
    }

    /// Failures since the hub last answered sensibly.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.backoff.failures()
    }

    fn segment_mut(&mut self, id: SegmentId) -> Option<&mut Segment> {
        self.places.get(&id).and_then(|place| self.segments.get_mut(*place))
    }
}
