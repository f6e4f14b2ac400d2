use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use suanpan_journal::{Chain, Hash, Parent, Run, SegmentHead, SegmentId};

use super::call::{Call, NoAnswer, Step};
use super::here::{Here, Identity, Note};
use super::recover::Recovery;
use super::stores::{Receipts, Stores, StoresError};
use crate::edge::{Edge, Effect, Next, Outcome, Range, SegmentStatus};
use crate::limits::BRANCHES_MAX;
use crate::paths;
use crate::wire::WireError;
use crate::wire::ack::{Lacking, PushReply};
use crate::wire::dictionary::Dictionary;
use crate::wire::hole::Hole;
use crate::wire::push::{Push, Start};

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

/// The code of a hole whose end nothing proves: it cannot be declared, and the segment waits for IT.
const UNPROVEN_HOLE: &str = "SYN-DRV-002";

#[derive(Debug)]
enum Doing {
    Nothing,
    Push { range: Range, is_packed: bool },
    Declare { range: Range, to_seq: u64 },
    Fetch,
}

/// What the network line says. Counts are receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The receipt number of the oldest refused entry, or 0 when it is not a receipt.
    pub refused: Option<u32>,
    /// Counts.
    pub receipts: Receipts,
}

/// Sends what is committed, oldest first, one push in flight; declares what is nowhere, and fetches back what is lost here.
#[derive(Debug)]
pub struct Upload {
    me: Identity,
    edge: Edge,
    parents: HashMap<SegmentId, Parent>,
    /// The segment of the newest entry when all were looked at. One that came back may have been observed after it.
    current: Option<SegmentId>,
    doing: Doing,
    /// The last push came to nothing.
    is_failing: bool,
    recovery: Recovery,
    /// By which pushes are packed, as long as the hub has it; `None` when it is to be looked for.
    dictionary: Option<Option<Dictionary>>,
    /// Requests in a row that the hub did not take for this station's.
    turned_away: u32,
}

impl Upload {
    /// Starts from what the stores remember.
    ///
    /// *Errors:* the stores'.
    pub fn start(me: Identity, here: &Here<'_>) -> Result<Upload, StoresError> {
        // An ack that does not verify is as good as none: it costs a resend.
        let ack = here.memory.ack()?.filter(|ack| ack.verify(&me.hub_key, me.station).is_ok());
        let edge = Edge::new(me.station, me.hub_key, ack, me.site_hash);
        let mut upload = Upload {
            me,
            edge,
            parents: HashMap::new(),
            current: None,
            doing: Doing::Nothing,
            is_failing: false,
            recovery: Recovery::default(),
            dictionary: None,
            turned_away: 0,
        };
        upload.look_at_all(here)?;
        Ok(upload)
    }

    fn look_at_all(&mut self, here: &Here<'_>) -> Result<(), StoresError> {
        let cursors = here.memory.cursors()?;
        let cursors: HashMap<SegmentId, _> = cursors.into_iter().map(|it| (it.segment, it)).collect();
        // Asked before the list: a segment that begins meanwhile is not in it, and is looked at the next time.
        let newest = here.stores.head()?.map(|head| head.segment);
        for SegmentHead { parent, head } in here.stores.segments()? {
            // With a segment that was not here come holes that were not asked for.
            self.recovery.asked &= self.parents.insert(head.segment, parent).is_some();
            let (acked_seq, epoch) = cursors.get(&head.segment).map_or((0, 0), |it| (it.acked_seq, it.epoch));
            let (segment, head_seq) = (head.segment, head.seq);
            self.edge.observe(&SegmentStatus { segment, head_seq, acked_seq, epoch });
        }
        self.current = newest;
        Ok(())
    }

    /// Learns of what was committed since.
    fn look(&mut self, here: &Here<'_>) -> Result<(), StoresError> {
        match here.stores.head()? {
            Some(Chain { segment, seq, .. }) if Some(segment) == self.current => {
                self.edge.observe(&SegmentStatus { segment, head_seq: seq, acked_seq: 0, epoch: 0 });
                Ok(())
            }
            // Beside the newest segment there may be older ones, which a salvage or the hub has brought back.
            Some(_) => self.look_at_all(here),
            None => Ok(()),
        }
    }

    /// The catalogue is at another cut: there may be another dictionary.
    pub fn cut_applied(&mut self) {
        self.dictionary = None;
    }

    /// Whether the last push came to nothing.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// What the network line says.
    ///
    /// *Errors:* the stores'.
    pub fn line(&self, stores: &dyn Stores) -> Result<Line, StoresError> {
        let mut unacked: Vec<_> = self.edge.unacked().collect();
        let is_new = |(newest, _): &(SegmentId, u64)| !unacked.iter().any(|(segment, _)| segment == newest);
        let newest = self.current.and_then(|it| self.edge.goes_on(it)).filter(is_new);
        unacked.extend(newest);
        let refused = self.edge.refused().map(|(segment, seq)| stores.receipt_number(segment, seq));
        Ok(Line { refused: refused.transpose()?, receipts: stores.receipts(&unacked)? })
    }

    /// Chooses what to do. Asked again before an answer, it chooses the same.
    ///
    /// *Errors:* the stores'; then this upload is of no more use.
    pub fn next(&mut self, here: &Here<'_>) -> Result<Step, StoresError> {
        if let Some(call) = self.recovery.call() {
            self.doing = Doing::Fetch;
            return Ok(Step::Call(call));
        }
        self.look(here)?;
        match self.edge.next(here.now_ms) {
            // What cannot be sent changes what comes next.
            Next::Push(range) => Ok(self.push(here, range)?.map_or(Step::Wait { ms: 0 }, Step::Call)),
            Next::Wait { ms } => Ok(Step::Wait { ms }),
            Next::Idle => Ok(Step::Idle),
        }
    }

    fn push(&mut self, here: &Here<'_>, range: Range) -> Result<Option<Call>, StoresError> {
        let bytes_max = usize::try_from(range.bytes_max).unwrap_or(usize::MAX);
        let found = here.stores.run(range.segment, range.from_seq..=range.to_seq_max, bytes_max)?;
        let run = match found {
            Some(run) if run.from == range.from_seq => run,
            found => return self.over_hole(here, range, found),
        };
        let push = match self.seal(&range, &run) {
            Ok(push) => push,
            // The ledger's own bytes do not chain: its scrub will find that too.
            Err(error) => {
                self.take(here, &Outcome::Refused { code: error.code().to_owned() }, range)?;
                return Ok(None);
            }
        };
        self.edge.cut(run.from.saturating_add(run.count).saturating_sub(1), run.head_hash);
        let packed = self.dictionary(here).as_ref().and_then(|it| push.packed_by(it));
        let body = packed.as_ref().unwrap_or(&push).encode();
        self.doing = Doing::Push { range, is_packed: packed.is_some() };
        Ok(Some(call(paths::PUSH, body)))
    }

    /// Looks for a dictionary after the start and after each cut. One that cannot be read is as good as none: sales never
    /// wait for the catalogue.
    fn dictionary(&mut self, here: &Here<'_>) -> &Option<Dictionary> {
        self.dictionary.get_or_insert_with(|| {
            let published = here.stores.push_dictionary();
            let published = published.inspect_err(|error| (here.tell)(Note::NoDictionary(error.to_string())));
            published.ok().flatten().and_then(|text| Dictionary::from_hex(&text).ok())
        })
    }

    fn seal(&self, range: &Range, run: &Run) -> Result<Push, WireError> {
        let start = match range.from_seq {
            1 => Start::Opening(self.parents.get(&range.segment).copied().unwrap_or(Parent::ROOT)),
            from => Start::After { seq: from.saturating_sub(1), hash: run.prev_hash },
        };
        let mut push = Push::seal(&self.me.key, self.me.station, range.segment, start, &run.bytes)?;
        push.shown = self.edge.newest_ack().filter(|_| range.shows).cloned();
        Ok(push)
    }

    /// Takes what came of the call.
    ///
    /// *Errors:* the stores'; then this upload is of no more use.
    pub fn hear(&mut self, here: &Here<'_>, answer: Result<Vec<u8>, NoAnswer>) -> Result<(), StoresError> {
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => return Ok(()),
            Doing::Fetch => {
                if self.recovery.hear(here, &self.me, &self.parents, answer)? {
                    self.current = None;
                }
                return Ok(());
            }
            Doing::Push { range, is_packed } => match self.outcome(here, answer) {
                // The same goes again without it, and so does what follows until the next cut.
                Outcome::Refused { code } if is_packed && WireError::is_of_packing(&code) => {
                    self.dictionary = Some(None);
                    (here.tell)(Note::Unpacked);
                    return Ok(());
                }
                outcome => self.take(here, &outcome, range)?,
            },
            Doing::Declare { range, to_seq } => match self.outcome(here, answer) {
                Outcome::Reply(PushReply::HoleRecorded { to_seq: recorded }) if recorded == to_seq => {
                    let Range { segment, from_seq, .. } = range;
                    (here.tell)(Note::Hole(Lacking { segment, from_seq, to_seq }));
                    self.edge.skip_hole(segment, to_seq);
                }
                outcome => self.refuse_unsent(here, &outcome, range)?,
            },
        }
        if self.is_failing { Ok(()) } else { self.recovery.begin(here) }
    }

    fn outcome(&mut self, here: &Here<'_>, answer: Result<Vec<u8>, NoAnswer>) -> Outcome {
        match answer {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(reply) => {
                    self.turned_away = 0;
                    Outcome::Reply(reply)
                }
                Err(_) => {
                    (here.tell)(Note::Nonsense("not a reply to a push"));
                    Outcome::Failed
                }
            },
            Err(NoAnswer::Busy { retry_after_ms }) => Outcome::Reply(PushReply::Busy { retry_after_ms }),
            Err(NoAnswer::Refused { code }) if self.is_refusal(&code) => Outcome::Refused { code },
            Err(NoAnswer::Refused { .. } | NoAnswer::Away | NoAnswer::Nonsense) => Outcome::Failed,
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

    fn take(&mut self, here: &Here<'_>, outcome: &Outcome, range: Range) -> Result<(), StoresError> {
        let Range { segment, from_seq, .. } = range;
        let known = own_hashes(here, outcome, segment)?;
        let own = |of: SegmentId, seq: u64| (of == segment).then(|| known.get(&seq).copied()).flatten();
        let failures = self.edge.failures();
        let effects = self.edge.take(outcome, &own, here.now_ms, here.random);
        self.is_failing = matches!(outcome, Outcome::Failed) || self.edge.failures() > failures;
        if let Outcome::Refused { code } = outcome {
            here.memory.refuse(segment, from_seq, code, here.now_ms)?;
            (here.tell)(Note::Refused { segment, from_seq, code: code.clone() });
        }
        self.carry_out(here, effects)
    }

    fn carry_out(&mut self, here: &Here<'_>, effects: Vec<Effect>) -> Result<(), StoresError> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::SaveCursor { segment, acked_seq, epoch, ack } => {
                    let cursor = SegmentStatus { segment, head_seq: 0, acked_seq, epoch };
                    here.memory.save_cursor(&cursor, ack.as_ref())?;
                }
                Effect::FetchTail(tail) => self.recovery.lost_tail = Some(tail),
                Effect::Offer(lacking) if has(here, &lacking)? => {
                    (here.tell)(Note::Offered(lacking));
                    effects.extend(self.edge.offer_again(&lacking));
                }
                Effect::Offer(_) => {}
                Effect::ReEnrol => (here.tell)(Note::SeenTwice),
            }
        }
        Ok(())
    }

    /// The range starts with entries that are not here. They were asked of the hub at the start; now they are
    /// declared, and the sales after them go on.
    fn over_hole(
        &mut self,
        here: &Here<'_>,
        range: Range,
        found: Option<Run>,
    ) -> Result<Option<Call>, StoresError> {
        if !self.edge.cannot_read() {
            return Ok(None);
        }
        let found = match found {
            // More is missing than a push takes.
            None => here.stores.run(range.segment, range.from_seq..=u64::MAX, 1)?,
            found => found,
        };
        let Some(run) = found.filter(|run| run.prev_hash != Hash::ZERO) else {
            let outcome = Outcome::Refused { code: UNPROVEN_HOLE.to_owned() };
            return self.refuse_unsent(here, &outcome, range).map(|()| None);
        };
        let to_seq = run.from.saturating_sub(1);
        let (me, seqs) = (&self.me, (range.from_seq, to_seq));
        let hole = Hole::declare(&me.key, me.station, range.segment, seqs, run.prev_hash);
        let Ok(hole) = hole else { return Ok(None) };
        self.doing = Doing::Declare { range, to_seq };
        Ok(Some(call(paths::HOLES, serde_json::to_vec(&hole).unwrap_or_default())))
    }

    /// Gives an outcome to a range that was never cut: the edge offers it again, so that there is one to speak of.
    fn refuse_unsent(&mut self, here: &Here<'_>, outcome: &Outcome, range: Range) -> Result<(), StoresError> {
        match self.edge.next(here.now_ms) {
            Next::Push(again) if again.segment == range.segment => self.take(here, outcome, again),
            Next::Push(_) | Next::Wait { .. } | Next::Idle => Ok(()),
        }
    }
}

/// A sale that hangs is sent again soon, 256 KiB get the time that they need.
fn call(path: &str, body: Vec<u8>) -> Call {
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let within = ANSWER_TIMEOUT.saturating_add(Duration::from_millis(bytes / LINE_BYTES_PER_MS));
    Call { path: path.to_owned(), body: Some(body), answer_max: REPLY_MAX, within }
}

/// Looks up the entries that an answer names, in our own journal.
fn own_hashes(
    here: &Here<'_>,
    outcome: &Outcome,
    segment: SegmentId,
) -> Result<HashMap<u64, Hash>, StoresError> {
    let seqs: Vec<u64> = match outcome {
        Outcome::Reply(PushReply::Gap { have }) => have.iter().take(BRANCHES_MAX).map(|it| it.seq).collect(),
        Outcome::Reply(PushReply::Have { head, .. }) => vec![head.seq],
        _ => Vec::new(),
    };
    let mut known = HashMap::new();
    for seq in seqs {
        known.extend(here.stores.hash_at(segment, seq)?.map(|hash| (seq, hash)));
    }
    Ok(known)
}

/// Whether any of what the hub lacks is on this disk, behind nothing or behind a hole that can be declared.
fn has(here: &Here<'_>, lacking: &Lacking) -> Result<bool, StoresError> {
    let Lacking { segment, from_seq, to_seq } = *lacking;
    let run = here.stores.run(segment, from_seq..=to_seq, 1)?;
    Ok(run.is_some_and(|run| run.from == from_seq || run.prev_hash != Hash::ZERO))
}
