//! A station's upload: carries out what its edge decides, as the driver of the real station does.

use std::collections::VecDeque;

use suanpan_journal::{Hash, SegmentId, StationId};
use suanpan_sync::{Effect, Hole, LostTail, Next, Outcome, Push, PushReply, Range, Start};

use crate::dice::Dice;
use crate::journal::Written;
use crate::till::{App, Fetch, Release, Till};
use crate::world::{Answer, Ask, MINUTE, World};

/// Entries of one push at most: few, so that a day makes many.
const RUN_MAX: u64 = 6;

/// The code of a hole whose end nothing proves.
const UNPROVEN_HOLE: &str = "SYN-DRV-002";

/// What the upload does next.
enum Turn {
    Push(Vec<u8>),
    Declare(Hole),
    Wait(u64),
    Rest,
}

impl World {
    pub(crate) fn upload(&mut self, till: usize) {
        let Some(app) = &self.tills[till].app else { return };
        if app.call.is_some() {
            return;
        }
        if let Some(fetch) = app.fetches.front() {
            let ask = Ask::Fetch(fetch.tail);
            return self.call(till, ask);
        }
        let clock = self.now + self.tills[till].clock_ms;
        let heard = self.is_heard(till);
        match self.tills[till].turn(clock, heard, &mut self.dice) {
            Turn::Push(body) => {
                if heard && self.tills[till].release == Release::Older {
                    self.count("push packed as an older release does");
                }
                self.call(till, Ask::Push(body.into()));
            }
            Turn::Declare(hole) => self.call(till, Ask::Declare(hole)),
            Turn::Wait(ms) => self.upload_after(till, (ms as i64).min(MINUTE)),
            Turn::Rest => {}
        }
    }

    /// Hears an answer to the request of the upload that waits for one.
    pub(crate) fn uploaded(&mut self, till: usize, answer: Answer) {
        match answer {
            Answer::Push(outcome) => self.outcome(till, &outcome),
            Answer::Entries(bodies) => self.fetched(till, Some(&bodies)),
            Answer::Pulled(_) | Answer::LostTaken(_) => {}
        }
    }

    pub(crate) fn outcome(&mut self, till: usize, outcome: &Outcome) {
        if let Outcome::Refused { code } = outcome {
            if self.tills[till].packs_otherwise(code) {
                self.count("push packed again without a dictionary");
                return self.upload_after(till, 0);
            }
            self.oracle.breach(format!("an honest station was refused: {code}"));
        }
        if let Outcome::Reply(PushReply::Ack { ack, .. }) = outcome {
            self.oracle.acked(&self.tills[till].disk.sales_between(ack.segment, 1, ack.have_seq));
        }
        let machine = &mut self.tills[till];
        let (clock, full) = (self.now + machine.clock_ms, machine.disk_full_until > self.now);
        if machine.hear(outcome, clock, full, &mut self.dice) {
            self.count("station seen twice");
        }
        if !matches!(outcome, Outcome::Failed) {
            self.tills[till].ask_for_missing();
        }
        self.upload_after(till, 0);
    }

    /// Takes what was fetched, or that no answer came.
    pub(crate) fn fetched(&mut self, till: usize, bodies: Option<&[Vec<u8>]>) {
        let machine = &mut self.tills[till];
        let Some(fetch) = machine.app.as_mut().and_then(|app| app.fetches.pop_front()) else { return };
        let before = machine.disk.sales().len();
        let next = bodies.map(|bodies| machine.take_back(&fetch.tail, bodies));
        if matches!(next, Some((_, true))) {
            self.count("fetched entries that do not fit");
        }
        let machine = &mut self.tills[till];
        if machine.disk.sales().len() > before {
            self.count("entries fetched back");
        }
        let Some(app) = &mut self.tills[till].app else { return };
        match next {
            Some((from_seq, _)) if from_seq > fetch.tail.from_seq => {
                app.fetches.push_front(Fetch { tail: LostTail { from_seq, ..fetch.tail }, ..fetch });
            }
            Some(_) if fetch.is_open => self.tills[till].close_open_end(fetch.tail.segment),
            Some(_) => {}
            None => {
                app.fetches.clear();
                app.recovered = false;
            }
        }
        self.upload_after(till, 0);
    }
}

impl Till {
    /// The next push or hole, or how long to wait for a turn. One that nobody hears is not signed: it only costs time.
    fn turn(&mut self, now_ms: i64, heard: bool, dice: &mut Dice) -> Turn {
        // Once over a cursor past the end of an older copy, and once over one that lost its epoch.
        for _ in 0..3 {
            let Some(app) = &mut self.app else { return Turn::Rest };
            let range = match app.edge.next(now_ms) {
                Next::Push(range) => range,
                Next::Wait { ms } => return Turn::Wait(ms),
                Next::Idle => return Turn::Rest,
            };
            let written = self.disk.written(range.segment);
            let run = written.and_then(|it| it.run(range.from_seq, range.to_seq_max));
            match (written, run) {
                (Some(written), Some((from, last))) if from == range.from_seq => {
                    let to = cut(app, written, self.station, &range, last, dice);
                    return Turn::Push(if heard { self.seal(&range, to) } else { Vec::new() });
                }
                (written, _) => {
                    // More may be missing than the range takes.
                    let after = written.and_then(|it| it.run(range.from_seq, u64::MAX));
                    if let Some(turn) = self.over_hole(&range, after.map(|(from, _)| from), now_ms, dice) {
                        return turn;
                    }
                }
            }
        }
        Turn::Wait(1_000)
    }

    /// The range starts with entries that are not here: they are declared, and what comes after them goes on.
    fn over_hole(&mut self, range: &Range, next: Option<u64>, now_ms: i64, dice: &mut Dice) -> Option<Turn> {
        let app = self.app.as_mut()?;
        if !app.edge.cannot_read() {
            return None;
        }
        let written = self.disk.written(range.segment);
        let proven = next.and_then(|next| Some((next - 1, written?.hash_at(self.station, next - 1)?)));
        let hole = proven.and_then(|(to_seq, to_hash)| {
            let seqs = (range.from_seq, to_seq);
            Hole::declare(&self.key, self.station, range.segment, seqs, to_hash).ok()
        });
        let Some(hole) = hole else {
            let outcome = Outcome::Refused { code: UNPROVEN_HOLE.to_owned() };
            self.give_unsent(&outcome, range.segment, now_ms, dice);
            return None;
        };
        app.declared = Some(hole.clone());
        Some(Turn::Declare(hole))
    }

    fn seal(&self, range: &Range, to: u64) -> Vec<u8> {
        let (Some(app), Some(written)) = (&self.app, self.disk.written(range.segment)) else {
            return Vec::new();
        };
        let seq = range.from_seq - 1;
        let start = match (seq, written.hash_at(self.station, seq)) {
            (0, _) => Start::Opening(written.parent),
            (_, Some(hash)) => Start::After { seq, hash },
            // A push that cannot be made is refused by the hub, and that is a breach.
            (_, None) => return Vec::new(),
        };
        let entries = written.entries.range(range.from_seq..=to);
        let run: Vec<u8> = entries.flat_map(|(_, entry)| entry.record.iter().copied()).collect();
        let Ok(push) = Push::seal(&self.key, self.station, range.segment, start, &run) else {
            return Vec::new();
        };
        let mut push = self.pack(push, run);
        push.shown = app.edge.newest_ack().filter(|_| range.shows).cloned();
        push.encode()
    }

    /// Takes the answer to a push, or to a hole. Says whether the station is to be enrolled anew.
    fn hear(&mut self, outcome: &Outcome, now_ms: i64, disk_full: bool, dice: &mut Dice) -> bool {
        let Some(app) = &mut self.app else { return false };
        let Some(hole) = app.declared.take() else {
            let effects = self.take(outcome, now_ms, dice);
            return self.carry_out(effects, disk_full, dice);
        };
        if !matches!(outcome, Outcome::Reply(PushReply::HoleRecorded { to_seq }) if *to_seq == hole.to_seq) {
            return self.give_unsent(outcome, hole.segment, now_ms, dice);
        }
        app.edge.skip_hole(hole.segment, hole.to_seq);
        false
    }

    fn take(&mut self, outcome: &Outcome, now_ms: i64, dice: &mut Dice) -> Vec<Effect> {
        let Till { app: Some(app), disk, station, .. } = self else { return Vec::new() };
        let own = |id: SegmentId, seq: u64| -> Option<Hash> {
            disk.written(id).filter(|_| seq > 0)?.hash_at(*station, seq)
        };
        app.edge.take(outcome, &own, now_ms, dice.next())
    }

    /// Gives an outcome to a range that was never cut: the edge offers it again, so that there is one to speak of.
    fn give_unsent(&mut self, outcome: &Outcome, segment: SegmentId, now_ms: i64, dice: &mut Dice) -> bool {
        let again = self.app.as_mut().map(|app| app.edge.next(now_ms));
        if matches!(again, Some(Next::Push(again)) if again.segment == segment) {
            let effects = self.take(outcome, now_ms, dice);
            return self.carry_out(effects, false, dice);
        }
        false
    }

    fn carry_out(&mut self, effects: Vec<Effect>, disk_full: bool, dice: &mut Dice) -> bool {
        let mut seen_twice = false;
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::SaveCursor { .. } if disk_full => {
                    self.restart_upload();
                    return seen_twice;
                }
                Effect::SaveCursor { segment, acked_seq, epoch, ack } => {
                    let memory = &mut self.disk.memory;
                    memory.cursors.insert(segment, (acked_seq, epoch));
                    memory.ack = ack.or(memory.ack.take());
                    if dice.chance(500) {
                        self.disk.synced = self.disk.memory.clone();
                    }
                }
                Effect::FetchTail(tail) => {
                    self.app.iter_mut().for_each(|app| {
                        app.fetches.push_back(Fetch { tail, is_open: false });
                        // What comes may hang on entries that are not here either.
                        app.recovered = false;
                    });
                }
                Effect::Offer(lacking) => {
                    let written = self.disk.written(lacking.segment);
                    let first = written.and_then(|it| it.run(lacking.from_seq, lacking.to_seq));
                    let has = first.is_some_and(|(seq, _)| {
                        written.is_some_and(|it| it.hash_at(self.station, seq - 1).is_some())
                    });
                    if let Some(app) = self.app.as_mut().filter(|_| has) {
                        effects.extend(app.edge.offer_again(&lacking));
                    }
                }
                Effect::ReEnrol => seen_twice = true,
            }
        }
        seen_twice
    }

    /// Asks for everything that a salvage could not read.
    fn ask_for_missing(&mut self) {
        let Some(app) = self.app.as_mut().filter(|app| !app.recovered) else { return };
        app.recovered = true;
        for written in &self.disk.journal {
            app.fetches.extend(written.missing.iter().map(|it| {
                let to_seq = it.to.unwrap_or(u64::MAX);
                let tail = LostTail { segment: written.id, from_seq: it.from, to_seq };
                Fetch { tail, is_open: it.to.is_none() }
            }));
        }
    }

    /// Nobody has more of a segment's end than is here.
    fn close_open_end(&mut self, segment: SegmentId) {
        for written in self.disk.journal.iter_mut().filter(|it| it.id == segment) {
            written.missing.retain(|it| it.to.is_some());
        }
    }

    /// Puts fetched entries back. Gives the seq to ask from next, the same if nothing came, and whether some did not fit:
    /// they stay at the hub.
    fn take_back(&mut self, tail: &LostTail, bodies: &[Vec<u8>]) -> (u64, bool) {
        let (mut next, mut is_unfit) = (tail.from_seq, false);
        for body in bodies {
            let checked = Push::decode(body).and_then(|push| push.check(self.station, &self.key.public()));
            let Ok(checked) = checked else { return (next, true) };
            is_unfit |= !self.disk.take_back(self.station, &checked);
            next = next.max(checked.to_seq() + 1);
            self.observe(checked.segment);
        }
        (next, is_unfit)
    }
}

/// Cuts a range as the driver may: anywhere after its first entry. What was cut once is resent exactly so.
fn cut(
    app: &mut App,
    written: &Written,
    station: StationId,
    range: &Range,
    last: u64,
    dice: &mut Dice,
) -> u64 {
    let again = range.bytes_max == u32::MAX;
    let to = if again { last } else { dice.between(range.from_seq, last.min(range.from_seq + RUN_MAX - 1)) };
    app.edge.cut(to, written.hash_at(station, to).unwrap_or(Hash::ZERO));
    to
}
