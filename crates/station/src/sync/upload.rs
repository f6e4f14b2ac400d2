use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use reqwest::Method;
use suanpan_journal::{Chain, Hash, Parent, SegmentId};
use suanpan_ledger::{Cursor, Refusal, Run, SegmentHead};
use suanpan_sync::{
    Ack, Edge, Effect, Hole, Lacking, LostTail, Next, Outcome, Push, PushReply, Range, SegmentStatus, Start,
    WireError,
};
use tokio::sync::{Notify, watch};

use super::client::{Call, CallError};
use super::driver::{Link, NetworkState, random};
use super::packing::Packing;
use super::reach::Away;
use super::recover;
use super::stores::StoresError;

/// A request is turned away this often in a row, over some ten seconds, before that is a refusal: a line that flips bits flips
/// them in several requests, and seldom in so many.
const TURNED_AWAY_MAX: u32 = 6;

/// The code of a request that the hub has heard before.
const REPLAYED: &str = "HUB-AUT-005";

/// The hub answers within this, or the connection hangs: it lets a push wait 8 s for its place and 5 s for a lock.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// What the slowest line carries in a ms: 0.1 Mbit/s.
const LINE_BYTES_PER_MS: u64 = 12;

/// Longest answer to a push.
const REPLY_MAX: usize = 16 * 1024;

/// The stores are looked at this often although nothing was heard of a commit.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Pause after the station's own store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Under this name the newest ack is remembered.
const ACK: &str = "ack";

/// The code of a hole whose end nothing proves: it cannot be declared, and the segment waits for IT.
const UNPROVEN_HOLE: &str = "SYN-DRV-002";

pub(super) async fn run(
    link: &Link,
    committed: &Notify,
    tell: &dyn Fn(NetworkState),
    mut stop: watch::Receiver<bool>,
) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = forever(link, committed, tell) => {}
    }
}

async fn forever(link: &Link, committed: &Notify, tell: &dyn Fn(NetworkState)) {
    loop {
        let result = match Upload::start(link).await {
            Ok(mut upload) => upload.run(committed, tell).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            tracing::error!(error.code = error.code, error.what = error.what, "sync.store");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

/// How long a push may take with its answer: a sale that hangs is sent again soon, 256 KiB get the time that they need.
fn timeout_of(body: &[u8]) -> Duration {
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    ANSWER_TIMEOUT.saturating_add(Duration::from_millis(bytes / LINE_BYTES_PER_MS))
}

fn by_segment(cursors: Vec<Cursor>) -> HashMap<SegmentId, Cursor> {
    cursors.into_iter().map(|cursor| (cursor.segment, cursor)).collect()
}

struct Upload<'a> {
    link: &'a Link,
    edge: Edge,
    parents: HashMap<SegmentId, Parent>,
    current: Option<SegmentId>,
    /// The last push came to nothing.
    failing: Option<Away>,
    /// What came of the last push that came to nothing.
    failed: Option<CallError>,
    lost_tail: Option<LostTail>,
    /// Whether what a salvage missed was asked for since the start.
    recovered: bool,
    packing: Packing,
    /// Requests in a row that the hub did not take for this station's.
    turned_away: u32,
}

impl<'a> Upload<'a> {
    async fn start(link: &'a Link) -> Result<Upload<'a>, StoresError> {
        let (cursors, ack) = link.remember(|state| Ok((state.cursors()?, state.value(ACK)?))).await?;
        // An ack that does not verify is as good as none: it costs a resend.
        let ack = ack.and_then(|bytes| serde_json::from_slice::<Ack>(&bytes).ok());
        let ack = ack.filter(|ack| ack.verify(&link.hub_key, link.station).is_ok());
        let edge = Edge::new(link.station, link.hub_key, ack, link.site_hash);
        let mut upload = Upload {
            link,
            edge,
            parents: HashMap::new(),
            current: None,
            failing: None,
            failed: None,
            lost_tail: None,
            recovered: false,
            packing: Packing::default(),
            turned_away: 0,
        };
        upload.look_at_all(&by_segment(cursors)).await?;
        Ok(upload)
    }

    async fn look_at_all(&mut self, cursors: &HashMap<SegmentId, Cursor>) -> Result<(), StoresError> {
        for SegmentHead { parent, head } in self.link.ask(|stores| stores.segments()).await? {
            let cursor = cursors.get(&head.segment);
            // With a segment that was not here come holes that were not asked for.
            self.recovered &= self.parents.insert(head.segment, parent).is_some();
            self.current = Some(head.segment);
            self.edge.observe(&SegmentStatus {
                segment: head.segment,
                head_seq: head.seq,
                acked_seq: cursor.map_or(0, |cursor| cursor.acked_seq),
                epoch: cursor.map_or(0, |cursor| cursor.epoch),
            });
        }
        Ok(())
    }

    /// Learns of what was committed since.
    async fn look(&mut self) -> Result<(), StoresError> {
        match self.link.ask(|stores| stores.head()).await? {
            Some(Chain { segment, seq, .. }) if Some(segment) == self.current => {
                self.edge.observe(&SegmentStatus { segment, head_seq: seq, acked_seq: 0, epoch: 0 });
                Ok(())
            }
            Some(_) => {
                // Beside the newest segment there may be older ones, which a salvage has brought back.
                let cursors = self.link.remember(|state| state.cursors()).await?;
                self.look_at_all(&by_segment(cursors)).await
            }
            None => Ok(()),
        }
    }

    async fn run(&mut self, committed: &Notify, tell: &dyn Fn(NetworkState)) -> Result<(), StoresError> {
        let mut away = self.link.client.reach().away();
        loop {
            self.look().await?;
            let wait = match self.edge.next(self.link.clock.now_ms()) {
                Next::Push(range) => {
                    self.push(range).await?;
                    self.bring_back().await?;
                    None
                }
                Next::Wait { ms } => Some(Duration::from_millis(ms).min(LOOK_EVERY)),
                Next::Idle => Some(LOOK_EVERY),
            };
            self.tell_state(tell).await?;
            if let Some(wait) = wait {
                // A commit ends an idle wait, and during a pause it only changes what the line counts.
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = committed.notified() => {}
                    _ = away.changed() => {}
                }
            }
        }
    }

    async fn push(&mut self, range: Range) -> Result<(), StoresError> {
        let bytes_max = usize::try_from(range.bytes_max).unwrap_or(usize::MAX);
        let seqs = range.from_seq..=range.to_seq_max;
        let found = self.link.ask(move |stores| stores.run(range.segment, seqs, bytes_max)).await?;
        let run = match found {
            Some(run) if run.from == range.from_seq => run,
            found => return self.over_hole(range, found).await,
        };
        let outcome = match self.seal(&range, &run) {
            Ok(push) => {
                self.edge.cut(run.from.saturating_add(run.count).saturating_sub(1), run.head_hash);
                self.packing.refresh(self.link).await;
                self.send_packed(push).await
            }
            // The ledger's own bytes do not chain: its scrub will find that too.
            Err(error) => Outcome::Refused { code: error.code().to_owned() },
        };
        self.take(&outcome, range).await
    }

    fn seal(&self, range: &Range, run: &Run) -> Result<Push, WireError> {
        let start = match range.from_seq {
            1 => Start::Opening(self.parents.get(&range.segment).copied().unwrap_or(Parent::ROOT)),
            from => Start::After { seq: from.saturating_sub(1), hash: run.prev_hash },
        };
        let mut push = Push::seal(&self.link.key, self.link.station, range.segment, start, &run.bytes)?;
        push.shown = self.edge.newest_ack().filter(|_| range.shows).cloned();
        Ok(push)
    }

    /// Sends a push packed by the chain's dictionary; again without it to a hub that does not have it.
    async fn send_packed(&mut self, push: Push) -> Outcome {
        if let Some(packed) = self.packing.dictionary.as_ref().and_then(|it| push.packed_by(it)) {
            match self.send(&packed).await {
                // Nor is what follows until the next cut.
                Outcome::Refused { code } if WireError::is_of_packing(&code) => {
                    self.packing.dictionary = None;
                }
                outcome => return outcome,
            }
        }
        self.send(&push).await
    }

    async fn send(&mut self, push: &Push) -> Outcome {
        let body = push.encode();
        let call = Call {
            method: &Method::POST,
            path: "/api/v1/push",
            body: &body,
            response_max: REPLY_MAX,
            timeout: timeout_of(&body),
        };
        self.outcome(self.link.client.call(&call).await)
    }

    fn outcome(&mut self, answer: Result<Vec<u8>, CallError>) -> Outcome {
        let error = match answer {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(reply) => {
                    self.turned_away = 0;
                    return Outcome::Reply(reply);
                }
                Err(_) => CallError::Garbage("not a reply to a push"),
            },
            Err(error) => error,
        };
        tracing::info!(error.what = %error, "sync.push");
        self.failed = Some(error.clone());
        match error {
            CallError::Busy { retry_after_ms } => Outcome::Reply(PushReply::Busy { retry_after_ms }),
            CallError::Refused { code } if self.is_refusal(&code) => Outcome::Refused { code },
            _ => Outcome::Failed,
        }
    }

    /// Says whether the hub refused the push itself. A request that it did not take for ours may have been spoilt on the
    /// way: that is the line's fault until it happens again and again.
    fn is_refusal(&mut self, code: &str) -> bool {
        if code.starts_with("SYN-WIR-") || code.starts_with("HUB-PSH-") {
            return true;
        }
        // What the hub heard before is the line's doing too, however often.
        self.turned_away = self.turned_away.saturating_add(u32::from(code != REPLAYED));
        self.turned_away >= TURNED_AWAY_MAX
    }

    async fn take(&mut self, outcome: &Outcome, range: Range) -> Result<(), StoresError> {
        let known = self.own_hashes(outcome, range.segment).await?;
        let own = |segment: SegmentId, seq: u64| {
            (segment == range.segment).then(|| known.get(&seq).copied()).flatten()
        };
        let now_ms = self.link.clock.now_ms();
        let failures = self.edge.failures();
        let effects = self.edge.take(outcome, &own, now_ms, random());
        let answered = !matches!(outcome, Outcome::Failed) && self.edge.failures() <= failures;
        self.failing = match self.failing.take() {
            _ if answered => None,
            None => Some(Away { since_ms: self.link.client.reach().last_ms(), why: self.failed.take() }),
            before => before,
        };
        if let Outcome::Refused { code } = outcome {
            let refusal = Refusal {
                segment: range.segment,
                from_seq: range.from_seq,
                code: code.clone(),
                at_ms: now_ms,
            };
            tracing::error!(error.code = code, segment = %range.segment, seq = range.from_seq, "sync.refused");
            self.link.remember(move |state| state.refuse(&refusal)).await?;
        }
        self.carry_out(effects).await
    }

    /// Looks up the entries that an answer names, in our own journal.
    async fn own_hashes(
        &self,
        outcome: &Outcome,
        segment: SegmentId,
    ) -> Result<HashMap<u64, Hash>, StoresError> {
        let seqs: Vec<u64> = match outcome {
            Outcome::Reply(PushReply::Gap { have }) => {
                have.iter().take(suanpan_sync::limits::BRANCHES_MAX).map(|head| head.seq).collect()
            }
            Outcome::Reply(PushReply::Have { head, .. }) => vec![head.seq],
            _ => Vec::new(),
        };
        if seqs.is_empty() {
            return Ok(HashMap::new());
        }
        self.link
            .ask(move |stores| {
                let mut known = HashMap::new();
                for seq in seqs {
                    if let Some(hash) = stores.hash_at(segment, seq)? {
                        known.insert(seq, hash);
                    }
                }
                Ok(known)
            })
            .await
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), StoresError> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::SaveCursor { segment, acked_seq, epoch, ack } => {
                    let ack = ack.and_then(|ack| serde_json::to_vec(&ack).ok());
                    let cursor = Cursor { segment, acked_seq, epoch, ack: None };
                    self.link
                        .remember(move |state| {
                            state.save_cursor(&cursor)?;
                            state.accepted(segment)?;
                            ack.map_or(Ok(()), |ack| state.set_value(ACK, &ack))
                        })
                        .await?;
                }
                Effect::FetchTail(tail) => self.lost_tail = Some(tail),
                Effect::Offer(lacking) if self.has(&lacking).await? => {
                    tracing::warn!(segment = %lacking.segment, seq = lacking.from_seq, "sync.offer");
                    effects.extend(self.edge.offer_again(&lacking));
                }
                Effect::Offer(_) => {}
                Effect::ReEnrol => tracing::error!(error.code = "SYN-DRV-003", "sync.seen_twice"),
            }
        }
        Ok(())
    }

    /// Whether any of what the hub lacks is on this disk, behind nothing or behind a hole that can be declared.
    async fn has(&self, lacking: &Lacking) -> Result<bool, StoresError> {
        let Lacking { segment, from_seq, to_seq } = *lacking;
        let run = self.link.ask(move |stores| stores.run(segment, from_seq..=to_seq, 1)).await?;
        Ok(run.is_some_and(|run| run.from == from_seq || run.prev_hash != Hash::ZERO))
    }

    /// The range starts with entries that are not here. They were asked of the hub at the start; now they are
    /// declared, and the sales after them go on.
    async fn over_hole(&mut self, range: Range, found: Option<Run>) -> Result<(), StoresError> {
        if !self.edge.cannot_read() {
            return Ok(());
        }
        let found = match found {
            // More is missing than a push takes.
            None => self.link.ask(move |it| it.run(range.segment, range.from_seq..=u64::MAX, 1)).await?,
            found => found,
        };
        let Some(run) = found.filter(|run| run.prev_hash != Hash::ZERO) else {
            let outcome = Outcome::Refused { code: UNPROVEN_HOLE.to_owned() };
            return self.refuse_unsent(&outcome, range).await;
        };
        let to_seq = run.from.saturating_sub(1);
        let seqs = (range.from_seq, to_seq);
        let (key, station) = (&self.link.key, self.link.station);
        let Ok(hole) = Hole::declare(key, station, range.segment, seqs, run.prev_hash) else { return Ok(()) };
        let body = serde_json::to_vec(&hole).unwrap_or_default();
        let call = Call {
            method: &Method::POST,
            path: "/api/v1/holes",
            body: &body,
            response_max: REPLY_MAX,
            timeout: timeout_of(&body),
        };
        match self.outcome(self.link.client.call(&call).await) {
            Outcome::Reply(PushReply::HoleRecorded { to_seq: recorded }) if recorded == to_seq => {
                tracing::warn!(segment = %range.segment, hole.from = range.from_seq, hole.to = to_seq, "sync.hole");
                self.edge.skip_hole(range.segment, to_seq);
                Ok(())
            }
            outcome => self.refuse_unsent(&outcome, range).await,
        }
    }

    /// Gives an outcome to a range that was never cut.
    async fn refuse_unsent(&mut self, outcome: &Outcome, range: Range) -> Result<(), StoresError> {
        // The edge offers the range again, so that the outcome has something to speak of.
        if let Next::Push(again) = self.edge.next(self.link.clock.now_ms())
            && again.segment == range.segment
        {
            self.take(outcome, again).await?;
        }
        Ok(())
    }

    /// Fetches what this disk lost and the hub has.
    async fn bring_back(&mut self) -> Result<(), StoresError> {
        if self.away().is_some() {
            return Ok(());
        }
        // What a salvage is still to bring may be this tail, and nothing is taken back before it is done.
        if let Some(tail) = &self.lost_tail
            && self.link.ask(|stores| stores.takes_back()).await?
            && recover::lost_tail(self.link, tail, self.parents.get(&tail.segment).copied()).await?
        {
            self.lost_tail = None;
            // What came may hang on entries that are not here either.
            self.recovered = false;
        }
        if !self.recovered {
            self.recovered = recover::missing(self.link, &self.parents).await?;
        }
        Ok(())
    }

    /// Since when the hub takes nothing, and why.
    fn away(&self) -> Option<Away> {
        self.failing.clone().or_else(|| self.link.client.reach().away().borrow().clone())
    }

    async fn tell_state(&self, tell: &dyn Fn(NetworkState)) -> Result<(), StoresError> {
        let mut unacked: Vec<_> = self.edge.unacked().collect();
        let newest =
            self.edge.newest().filter(|(newest, _)| !unacked.iter().any(|(segment, _)| segment == newest));
        unacked.extend(newest);
        let receipts = self.link.ask(move |stores| stores.receipts(&unacked)).await?;
        self.link.holds(receipts.unsent);
        if let Some((segment, seq)) = self.edge.refused() {
            let number = self.link.ask(move |stores| stores.receipt_number(segment, seq)).await?;
            tell(NetworkState::Refused { number });
        } else if let Some(Away { since_ms, why }) = self.away() {
            tell(NetworkState::Offline { since_ms, held: receipts.unsent, why });
        } else if receipts.unsent > 0 {
            tell(NetworkState::CatchingUp { left: receipts.unsent });
        } else {
            let received_from = receipts.last_number.min(1);
            let (received_to, missing) = (receipts.last_number, receipts.missing);
            tell(NetworkState::Online { received_from, received_to, missing });
        }
        Ok(())
    }
}
