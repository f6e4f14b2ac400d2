//! A station: its machine, and what only the running app knows.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use suanpan_journal::{Chain, Hash, Parent, SegmentId, SigningKey, StationId, push_record};
use suanpan_sync::{Download, Here, Identity, Note, Scope, StoresError, Upload};

use crate::desk::{Delivered, Desk};
use crate::dice::Dice;
use crate::journal::{Disk, Entry, Written};
use crate::keys::HUB_KEY;
use crate::oracle::{NEWER, SALE, Sale};

pub(crate) const DATE: u32 = 20_231_115;

/// What a disk draws is another row of numbers than what the world draws.
const DESK: u64 = 8;

/// The running app.
pub(crate) struct App {
    parent: Parent,
    chain: Chain,
    pub(crate) upload: Upload,
    pub(crate) download: Download,
    /// The requests that wait for their answers.
    pub(crate) upload_call: Option<u64>,
    pub(crate) download_call: Option<(u64, String)>,
    /// The download waits for a wake-up.
    pub(crate) sleeps: bool,
    /// Turns of the upload that were planned before this one are stale.
    pub(crate) turn: u64,
    /// Which of the hub's disks the download hears of.
    pub(crate) history: u64,
    /// What it told that hub as lost, and what HQ could see of it.
    pub(crate) shown: BTreeSet<Hash>,
    pub(crate) delivered: Delivered,
}

/// Which of a till's two loops calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    Upload,
    Download,
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
            clock_ms: 0,
            line_down_until: 0,
            disk_full_until: 0,
        }
    }

    /// The same disk in a second machine. If the running system was copied, it goes on in the same segment.
    pub(crate) fn clone_disk(&self, running: bool) -> Till {
        let mut twin = Till::new(self.station, self.key.clone(), self.scopes.clone());
        twin.release = self.release;
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
        let me = self.identity();
        let delivered = Delivered::default();
        let begin = |here: &Here<'_>| Upload::start(me.clone(), here);
        let (Ok(upload), _) = self.at_desk(0, 0, Delivered::clone(&delivered), begin) else { return };
        self.app = Some(App {
            parent,
            chain,
            upload,
            download: Download::new(me),
            upload_call: None,
            download_call: None,
            sleeps: false,
            turn: 0,
            history: 0,
            shown: BTreeSet::new(),
            delivered,
        });
    }

    pub(crate) fn identity(&self) -> Identity {
        let (station, key) = (self.station, self.key.clone());
        Identity { station, key, hub_key: HUB_KEY.with(SigningKey::public), site_hash: 1 }
    }

    fn at_desk<T>(
        &mut self,
        now: i64,
        random: u64,
        delivered: Delivered,
        turn: impl FnOnce(&Here<'_>) -> Result<T, StoresError>,
    ) -> (Result<T, StoresError>, Vec<Note>) {
        let desk = Desk {
            station: self.station,
            disk: RefCell::new(&mut self.disk),
            dice: RefCell::new(Dice::new(random ^ DESK)),
            is_full: self.disk_full_until > now,
            is_older: self.release == Release::Older,
            delivered,
        };
        let notes = RefCell::new(Vec::new());
        let tell = |note| notes.borrow_mut().push(note);
        let now_ms = now + self.clock_ms;
        let done = turn(&Here { stores: &desk, memory: &desk, now_ms, random, tell: &tell });
        (done, notes.into_inner())
    }

    /// Gives a machine of the running app its turn at the disk, and what it told.
    pub(crate) fn turn<T>(
        &mut self,
        now: i64,
        random: u64,
        turn: impl FnOnce(&mut App, &Here<'_>) -> Result<T, StoresError>,
    ) -> Option<(Result<T, StoresError>, Vec<Note>)> {
        let mut app = self.app.take()?;
        let delivered = Delivered::clone(&app.delivered);
        let done = self.at_desk(now, random, delivered, |here| turn(&mut app, here));
        self.app = Some(app);
        Some(done)
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
        true
    }

    /// The kind of the next entry.
    pub(crate) fn kind(&self, dice: &mut Dice) -> u16 {
        if self.release == Release::Newer && dice.chance(400) { NEWER } else { SALE }
    }
}
