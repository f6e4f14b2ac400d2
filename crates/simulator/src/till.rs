//! A station: what its disk keeps, and what only the running app knows.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use suanpan_journal::{Chain, Hash, Parent, Records, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{
    Ack, Edge, Effect, LostTail, Next, Outcome, Push, Range, Scope, SegmentStatus, Staging, Start,
};

use crate::HUB_KEY;
use crate::dice::Dice;
use crate::feed::Catalogue;
use crate::oracle::Sale;

/// Entries of one push at most: few, so that a day makes many.
const RUN_MAX: u64 = 6;

const DATE: u32 = 20_231_115;
const SALE: u16 = 1;

/// One segment of a journal.
#[derive(Clone)]
struct Written {
    parent: Parent,
    id: SegmentId,
    /// Every entry's record and hash.
    entries: Vec<(Rc<Vec<u8>>, Hash)>,
}

impl Written {
    fn head(&self, station: StationId) -> Chain {
        self.chain_at(station, self.entries.len() as u64)
    }

    fn chain_at(&self, station: StationId, seq: u64) -> Chain {
        match seq.checked_sub(1) {
            None => Chain::open(station, self.id, &self.parent),
            Some(index) => Chain { segment: self.id, seq, hash: self.entries[index as usize].1 },
        }
    }
}

/// What the station remembers of the hub.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    cursors: BTreeMap<SegmentId, (u64, u64)>,
    ack: Option<Ack>,
}

/// A station's disk. A copy of it is a backup, or a clone.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    journal: Vec<Written>,
    pub(crate) memory: Memory,
    /// What of the memory a power cut leaves.
    pub(crate) synced: Memory,
    pub(crate) catalogue: Catalogue,
}

impl Disk {
    fn written(&self, id: SegmentId) -> Option<&Written> {
        self.journal.iter().find(|it| it.id == id)
    }

    /// The ids of its sales.
    pub(crate) fn sales(&self) -> BTreeSet<u64> {
        ids(self.journal.iter().flat_map(|it| &it.entries))
    }

    /// The ids of a segment's sales up to an entry.
    pub(crate) fn sales_up_to(&self, id: SegmentId, seq: u64) -> BTreeSet<u64> {
        let entries = self.written(id).map_or(&[][..], |it| &it.entries);
        ids(entries.iter().take(seq as usize))
    }

    fn status(&self, station: StationId, written: &Written) -> SegmentStatus {
        let (acked_seq, epoch) = self.memory.cursors.get(&written.id).copied().unwrap_or((0, 0));
        SegmentStatus { segment: written.id, head_seq: written.head(station).seq, acked_seq, epoch }
    }
}

fn ids<'a>(entries: impl Iterator<Item = &'a (Rc<Vec<u8>>, Hash)>) -> BTreeSet<u64> {
    let sales =
        |record: &'a Rc<Vec<u8>>| Records::new(record).flatten().filter_map(|it| Sale::read(it.payload));
    entries.flat_map(|(record, _)| sales(record)).map(|sale| sale.id).collect()
}

/// The running app.
pub(crate) struct App {
    pub(crate) edge: Edge,
    parent: Parent,
    chain: Chain,
    /// The request of the upload that waits for its answer.
    pub(crate) call: Option<u64>,
    /// Turns of the upload that were planned before this one are stale.
    pub(crate) turn: u64,
    pub(crate) tail: Option<LostTail>,
    pub(crate) pull: Option<(u64, Staging)>,
}

/// A machine that is, or believes to be, a station.
pub(crate) struct Till {
    pub(crate) station: StationId,
    pub(crate) key: SigningKey,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) disk: Disk,
    pub(crate) copy: Option<Disk>,
    pub(crate) app: Option<App>,
    /// Counts the starts: answers to an earlier life are not heard.
    pub(crate) life: u64,
    pub(crate) clock_ms: i64,
    pub(crate) line_down_until: i64,
    pub(crate) disk_full_until: i64,
}

impl Till {
    pub(crate) fn new(station: StationId, key: SigningKey, scopes: Vec<Scope>) -> Till {
        let (disk, copy, app) = (Disk::default(), None, None);
        let (life, clock_ms, line_down_until, disk_full_until) = (0, 0, 0, 0);
        Till { station, key, scopes, disk, copy, app, life, clock_ms, line_down_until, disk_full_until }
    }

    /// The same disk in a second machine. If the running system was copied, it goes on in the same segment.
    pub(crate) fn clone_disk(&self, running: bool) -> Till {
        let mut twin = Till::new(self.station, self.key.clone(), self.scopes.clone());
        twin.disk = self.disk.clone();
        if let Some(app) = self.app.as_ref().filter(|_| running) {
            twin.start(app.parent, app.chain);
        }
        twin
    }

    /// Starts the app with a new segment on top of the newest entry.
    pub(crate) fn start_anew(&mut self, dice: &mut Dice) {
        let newest = self.disk.journal.last().map(|it| it.head(self.station).as_parent());
        let parent = newest.unwrap_or(Parent::ROOT);
        let id = SegmentId(dice.bytes());
        self.start(parent, Chain::open(self.station, id, &parent));
    }

    fn start(&mut self, parent: Parent, chain: Chain) {
        self.life += 1;
        let ack = self.disk.memory.ack.clone();
        let mut edge = Edge::new(self.station, HUB_KEY.with(|key| key.public()), ack, 1);
        for written in &self.disk.journal {
            edge.observe(&self.disk.status(self.station, written));
        }
        self.app = Some(App { edge, parent, chain, call: None, turn: 0, tail: None, pull: None });
    }

    /// The upload starts again from what the disk remembers, because that could not be written.
    fn restart_upload(&mut self) {
        if let Some(App { parent, chain, turn, .. }) = self.app.take() {
            self.start(parent, chain);
            self.life -= 1;
            self.app.iter_mut().for_each(|app| app.turn = turn);
        }
    }

    /// Commits a sale. Says whether there was a running app.
    pub(crate) fn commit(&mut self, sale: Sale, at_ms: i64) -> bool {
        let Some(app) = &mut self.app else { return false };
        let payload = sale.payload();
        let Ok(header) = app.chain.append(at_ms, DATE, SALE, &payload) else { return false };
        let mut record = Vec::new();
        push_record(&mut record, &header, &payload);
        let entry = (Rc::new(record), app.chain.hash);
        // A segment becomes durable with its first entry.
        let id = app.chain.segment;
        match self.disk.journal.iter_mut().find(|it| it.id == id) {
            Some(written) => written.entries.push(entry),
            None => self.disk.journal.push(Written { parent: app.parent, id, entries: vec![entry] }),
        }
        self.observe(id);
        true
    }

    fn observe(&mut self, id: SegmentId) {
        if let (Some(app), Some(written)) = (&mut self.app, self.disk.written(id)) {
            app.edge.observe(&self.disk.status(self.station, written));
        }
    }

    /// The next push, or how long to wait for a turn. One that nobody hears is not signed: it only costs time.
    pub(crate) fn push(&mut self, now_ms: i64, heard: bool, dice: &mut Dice) -> Result<Vec<u8>, Option<u64>> {
        // Once over a cursor past the end of an older copy, and once over one that lost its epoch.
        for _ in 0..3 {
            let Some(app) = &mut self.app else { return Err(None) };
            let range = match app.edge.next(now_ms) {
                Next::Push(range) => range,
                Next::Wait { ms } => return Err(Some(ms)),
                Next::Idle => return Err(None),
            };
            let written = self.disk.written(range.segment);
            if let Some(written) = written.filter(|it| range.from_seq <= it.entries.len() as u64) {
                let to = cut(app, written, self.station, &range, dice);
                return Ok(if heard { self.seal(&range, to) } else { Vec::new() });
            }
            app.edge.cannot_read();
        }
        Err(Some(1_000))
    }

    fn seal(&self, range: &Range, to: u64) -> Vec<u8> {
        let (Some(app), Some(written)) = (&self.app, self.disk.written(range.segment)) else {
            return Vec::new();
        };
        let before = written.chain_at(self.station, range.from_seq - 1);
        let start = match range.from_seq {
            1 => Start::Opening(written.parent),
            _ => Start::After { seq: before.seq, hash: before.hash },
        };
        let entries = &written.entries[range.from_seq as usize - 1..to as usize];
        let run: Vec<u8> = entries.iter().flat_map(|(record, _)| record.iter().copied()).collect();
        // A push that cannot be made is refused by the hub, and that is a breach.
        let Ok(mut push) = Push::seal(&self.key, self.station, range.segment, start, &run) else {
            return Vec::new();
        };
        push.shown = app.edge.newest_ack().filter(|_| range.shows).cloned();
        push.encode()
    }

    /// Takes the answer to a push.
    pub(crate) fn hear(&mut self, outcome: &Outcome, now_ms: i64, disk_full: bool, dice: &mut Dice) -> bool {
        let Till { app: Some(app), disk, .. } = self else { return false };
        let own = |id: SegmentId, seq: u64| {
            let written = disk.written(id)?;
            seq.checked_sub(1).and_then(|index| written.entries.get(index as usize)).map(|(_, hash)| *hash)
        };
        let effects = app.edge.take(outcome, &own, now_ms, dice.next());
        let mut seen_twice = false;
        for effect in effects {
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
                    self.app.iter_mut().for_each(|app| app.tail = Some(tail));
                }
                Effect::ReEnrol => seen_twice = true,
            }
        }
        seen_twice
    }

    /// Puts fetched entries back. Gives the seq to ask from next, or `None` if nothing was new.
    pub(crate) fn restore(&mut self, tail: &LostTail, bodies: &[Vec<u8>]) -> Option<u64> {
        let mut next = tail.from_seq;
        for body in bodies {
            let push = Push::decode(body).ok()?;
            let checked = push.check(self.station, &self.key.public()).ok()?;
            let place = self.disk.journal.iter().position(|it| it.id == checked.segment);
            let place = match (place, push.start) {
                (Some(place), _) => place,
                (None, Start::Opening(parent)) => {
                    // Older than what this app writes, so it goes before it.
                    self.disk.journal.insert(0, Written { parent, id: checked.segment, entries: Vec::new() });
                    0
                }
                (None, Start::After { .. }) => return None,
            };
            let written = &mut self.disk.journal[place];
            for (seq, record, hash) in (checked.from_seq..)
                .zip(Records::new(&checked.records).flatten())
                .zip(&checked.hashes)
                .map(|((seq, record), hash)| (seq, record, *hash))
            {
                if seq == written.entries.len() as u64 + 1 {
                    let mut chain = written.head(self.station);
                    if chain.verify(&record, &hash).is_err() {
                        return None;
                    }
                    let mut bytes = Vec::new();
                    push_record(&mut bytes, &record.header, record.payload);
                    written.entries.push((Rc::new(bytes), hash));
                }
            }
            next = next.max(checked.to_seq() + 1);
            self.observe(checked.segment);
        }
        (next > tail.from_seq).then_some(next)
    }
}

/// Cuts a range as the driver may: anywhere after its first entry. What was cut once is resent exactly so.
fn cut(app: &mut App, written: &Written, station: StationId, range: &Range, dice: &mut Dice) -> u64 {
    let most = range.to_seq_max.min(range.from_seq + RUN_MAX - 1);
    let again = range.bytes_max == u32::MAX;
    let to = if again { range.to_seq_max } else { dice.between(range.from_seq, most) };
    app.edge.cut(to, written.chain_at(station, to).hash);
    to
}
