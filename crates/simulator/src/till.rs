//! A station: its machine, and what only the running app knows.

use std::collections::VecDeque;
use std::rc::Rc;

use suanpan_journal::{Chain, Parent, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{Codec, Edge, Hole, LostTail, Scope, Staging};

use crate::HUB_KEY;
use crate::dice::Dice;
use crate::journal::{Disk, Entry, Written};
use crate::oracle::{NEWER, SALE, Sale};

pub(crate) const DATE: u32 = 20_231_115;

/// Entries that this disk lacks and the hub may have.
#[derive(Clone, Copy)]
pub(crate) struct Fetch {
    pub(crate) tail: LostTail,
    /// Nobody here knows how far the segment went.
    pub(crate) is_open: bool,
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
    pub(crate) fetches: VecDeque<Fetch>,
    /// Whether what a salvage missed was asked for.
    pub(crate) recovered: bool,
    /// The hole that is being declared.
    pub(crate) declared: Option<Hole>,
    pub(crate) pull: Option<(u64, Staging)>,
}

/// What a till's program can do beside what all can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// Sends records as they are.
    Older,
    Today,
    /// Writes entries of a kind that the hub does not know.
    Newer,
}

/// A machine that is, or believes to be, a station.
pub(crate) struct Till {
    pub(crate) station: StationId,
    pub(crate) key: SigningKey,
    /// From wide to narrow.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) disk: Disk,
    pub(crate) copy: Option<Disk>,
    pub(crate) app: Option<App>,
    /// Counts the starts: answers to an earlier life are not heard.
    pub(crate) life: u64,
    pub(crate) release: Release,
    /// How it packs: the best of its codecs, until a hub refuses that.
    pub(crate) codec: Codec,
    pub(crate) clock_ms: i64,
    pub(crate) line_down_until: i64,
    pub(crate) disk_full_until: i64,
}

impl Till {
    pub(crate) fn new(station: StationId, key: SigningKey, scopes: Vec<Scope>) -> Till {
        Till {
            station,
            key,
            scopes,
            disk: Disk::default(),
            copy: None,
            app: None,
            life: 0,
            release: Release::Today,
            codec: Release::Today.codec(),
            clock_ms: 0,
            line_down_until: 0,
            disk_full_until: 0,
        }
    }

    /// Another release is put on it.
    pub(crate) fn install(&mut self, release: Release) {
        (self.release, self.codec) = (release, release.codec());
    }

    /// The same disk in a second machine. If the running system was copied, it goes on in the same segment.
    pub(crate) fn clone_disk(&self, running: bool) -> Till {
        let mut twin = Till::new(self.station, self.key.clone(), self.scopes.clone());
        twin.install(self.release);
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
            edge.observe(&self.disk.status(written));
        }
        self.app = Some(App {
            edge,
            parent,
            chain,
            call: None,
            turn: 0,
            fetches: VecDeque::new(),
            recovered: false,
            declared: None,
            pull: None,
        });
    }

    /// The upload starts again from what the disk remembers, because that could not be written or read.
    pub(crate) fn restart_upload(&mut self) {
        if let Some(App { parent, chain, turn, pull, .. }) = self.app.take() {
            self.start(parent, chain);
            self.life -= 1;
            self.app.iter_mut().for_each(|app| app.turn = turn);
            self.app.iter_mut().zip(pull).for_each(|(app, pull)| app.pull = Some(pull));
        }
    }

    /// Commits a sale. Says whether there was a running app.
    pub(crate) fn commit(&mut self, sale: Sale, at_ms: i64) -> bool {
        let Some(app) = &mut self.app else { return false };
        let payload = sale.payload();
        let Ok(header) = app.chain.append(at_ms, DATE, sale.kind, &payload) else { return false };
        let mut record = Vec::new();
        push_record(&mut record, &header, &payload);
        let entry = Entry { record: Rc::new(record), hash: app.chain.hash };
        // A segment becomes durable with its first entry.
        let (id, parent) = (app.chain.segment, app.parent);
        let place = self.disk.journal.iter().position(|it| it.id == id).unwrap_or_else(|| {
            self.disk.journal.push(Written::new(parent, id));
            self.disk.journal.len() - 1
        });
        self.disk.journal[place].entries.insert(header.seq, entry);
        self.observe(id);
        true
    }

    /// The kind of the next entry.
    pub(crate) fn kind(&self, dice: &mut Dice) -> u16 {
        if self.release == Release::Newer && dice.chance(400) { NEWER } else { SALE }
    }

    pub(crate) fn observe(&mut self, id: SegmentId) {
        if let (Some(app), Some(written)) = (&mut self.app, self.disk.written(id)) {
            app.edge.observe(&self.disk.status(written));
        }
    }
}
