//! Virtual time: what happens when, from one seed.

use std::collections::BTreeMap;
use std::rc::Rc;

use suanpan_journal::{SigningKey, SiteCode, StationId};
use suanpan_sync::{Call, NoAnswer, Scope, paths};

use crate::dice::Dice;
use crate::headquarters::Headquarters;
use crate::hub::HubDisk;
use crate::options::{Fault, Options};
use crate::oracle::{Oracle, SALE};
use crate::till::{Loop, Till};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A station gives up on an answer after this long.
const TIMEOUT: i64 = 30 * SECOND;

/// After the last fault, everything must have come to rest within this time.
pub(crate) const REST_WITHIN: i64 = 2 * DAY;

/// What a station hears, and from which of the hub's disks.
pub(crate) struct Answer {
    pub(crate) what: Result<Vec<u8>, NoAnswer>,
    pub(crate) history: u64,
}

/// Whose request it is: which machine, in which of its lives, and which of its calls.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) till: usize,
    of: Loop,
    life: u64,
    call: u64,
}

pub(crate) enum Event {
    Sell { till: usize },
    Upload { till: usize, life: u64, turn: u64 },
    Pull { till: usize },
    Start { till: usize },
    Arrive { from: Caller, ask: Rc<Call> },
    Hear { to: Caller, answer: Answer },
    Timeout { to: Caller },
    Commit { life: u64 },
    StartHub,
    Damage { till: usize },
    Publish,
    DecideLost,
    Fault(Fault),
    Heal,
}

pub(crate) struct Hub {
    pub(crate) disk: Rc<HubDisk>,
    pub(crate) backups: Vec<Rc<HubDisk>>,
    pub(crate) running: bool,
    pub(crate) life: u64,
    /// Counts the disks that took another's place.
    pub(crate) history: u64,
    pub(crate) clock_ms: i64,
    pub(crate) disk_full_until: i64,
    pub(crate) busy_until: i64,
    /// An older release serves.
    pub(crate) older_until: i64,
    pub(crate) group: Vec<(Caller, Rc<Call>)>,
}

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) dice: Dice,
    pub(crate) now: i64,
    events: BTreeMap<(i64, u64), Event>,
    order: u64,
    calls: u64,
    pub(crate) publications: u64,
    pub(crate) tills: Vec<Till>,
    pub(crate) hub: Hub,
    pub(crate) oracle: Oracle,
    pub(crate) headquarters: Headquarters,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) healing: bool,
}

impl World {
    pub(crate) fn new(options: &Options) -> World {
        let hub = Hub {
            disk: Rc::new(HubDisk::new()),
            backups: Vec::new(),
            running: true,
            life: 0,
            history: 0,
            clock_ms: 0,
            disk_full_until: 0,
            busy_until: 0,
            older_until: 0,
            group: Vec::new(),
        };
        let mut world = World {
            options: options.clone(),
            dice: Dice::new(options.seed),
            // Any day will do; epochs are named by it.
            now: 20_000 * DAY,
            events: BTreeMap::new(),
            order: 0,
            calls: 0,
            publications: 0,
            tills: Vec::new(),
            hub,
            oracle: Oracle::default(),
            headquarters: Headquarters::default(),
            counts: BTreeMap::new(),
            healing: false,
        };
        world.plan();
        world
    }

    fn plan(&mut self) {
        for number in 0..self.options.stations {
            let mut seed = [1; 32];
            seed[..4].copy_from_slice(&number.to_be_bytes());
            let mut id = [7; 16];
            id[..4].copy_from_slice(&number.to_be_bytes());
            let code = |text: String| text.parse::<SiteCode>().unwrap_or_else(|_| unreachable!());
            // The first two of three sites are in one zone.
            let (site, zone) = (code(format!("S{}", number % 3)), code(format!("Z{}", number % 3 / 2)));
            let scopes = vec![Scope::Chain, Scope::Zone(zone), Scope::Site(site)];
            self.add(Till::new(StationId(id), SigningKey::from_seed(&seed), scopes), 0);
        }
        let length = i64::from(self.options.days) * DAY;
        for _ in 0..self.options.faults_per_day * u64::from(self.options.days) {
            let total: u64 = self.options.weights.iter().map(|(_, _, weight)| weight).sum();
            let mut drawn = self.dice.next().checked_rem(total).unwrap_or(0);
            let at = self.dice.ms(0, length);
            let drawn = self.options.weights.iter().find(|(_, _, weight)| {
                let here = drawn < *weight;
                drawn = drawn.saturating_sub(*weight);
                here
            });
            if let Some((fault, ..)) = drawn.copied() {
                self.after(at, Event::Fault(fault));
            }
        }
        for _ in 0..self.options.days * 4 {
            let at = self.dice.ms(0, length);
            self.after(at, Event::Publish);
        }
        self.after(length, Event::Heal);
    }

    /// Puts a machine into the world and lets it trade.
    pub(crate) fn add(&mut self, till: Till, after: i64) {
        let (place, runs) = (self.tills.len(), till.app.is_some());
        self.tills.push(till);
        if !runs {
            self.after(after, Event::Start { till: place });
        }
        self.after(after + MINUTE, Event::Sell { till: place });
        self.after(after, Event::Pull { till: place });
    }

    pub(crate) fn after(&mut self, ms: i64, event: Event) {
        self.order += 1;
        self.events.insert((self.now + ms, self.order), event);
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Lets the next thing happen. Gives its time, or `None` when nothing is left to happen.
    pub(crate) fn step(&mut self) -> Option<i64> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now = at;
        match event {
            Event::Sell { till } => self.sell(till),
            Event::Upload { till, life, turn } => {
                let app = self.tills[till].app.as_ref();
                if self.tills[till].life == life && app.is_some_and(|app| app.turn == turn) {
                    self.upload(till);
                }
            }
            Event::Pull { till } => self.pull(till),
            Event::Start { till } => self.start(till),
            Event::Arrive { from, ask } => self.arrive(from, ask),
            Event::Hear { to, answer } => self.heard(to, answer),
            Event::Timeout { to } => self.timeout(to),
            Event::Commit { life } if life == self.hub.life => self.commit(),
            Event::Commit { .. } => {}
            Event::StartHub => self.hub.running = true,
            Event::Damage { till } if !self.healing => self.damage_ledger(till),
            Event::Damage { .. } => {}
            Event::Publish => self.publish(),
            Event::DecideLost => self.decide_lost(),
            Event::Fault(fault) => self.inject(fault),
            Event::Heal => self.heal(),
        }
        Some(at)
    }

    fn start(&mut self, till: usize) {
        if self.tills[till].app.is_none() {
            self.tills[till].start_anew(&mut self.dice);
            self.upload_after(till, 0);
        }
    }

    fn sell(&mut self, till: usize) {
        if !self.healing {
            let pause = self.dice.ms(MINUTE, 2 * HOUR);
            self.after(pause, Event::Sell { till });
        }
        let machine = &self.tills[till];
        if let Some(wrong) = self.headquarters.check(&machine.disk.catalogue, &machine.scopes) {
            self.oracle.breach(wrong);
        }
        if machine.disk_full_until > self.now {
            return;
        }
        let kind = machine.kind(&mut self.dice);
        let sale = self.oracle.sale(kind, self.dice.between(1, 99_999));
        let clock = self.now + self.tills[till].clock_ms;
        if !self.tills[till].commit(sale, clock) {
            return;
        }
        let is_sale = kind == SALE;
        if !is_sale {
            self.count("entry of a kind that the hub does not know");
        }
        let killed = !self.healing && self.dice.chance(10);
        self.oracle.committed(sale, is_sale && !killed);
        if killed {
            self.count("till killed between commit and print");
            self.kill_till(till, false);
        }
        self.upload_after(till, 0);
    }

    pub(crate) fn upload_after(&mut self, till: usize, ms: i64) {
        let life = self.tills[till].life;
        if let Some(app) = &mut self.tills[till].app {
            app.turn += 1;
            let turn = app.turn;
            self.after(ms, Event::Upload { till, life, turn });
        }
    }

    /// Sends a request over the line, whose answer may never come.
    pub(crate) fn call(&mut self, till: usize, of: Loop, ask: Call) {
        self.calls += 1;
        let machine = &mut self.tills[till];
        let from = Caller { till, of, life: machine.life, call: self.calls };
        let Some(app) = &mut machine.app else { return };
        match of {
            Loop::Upload => app.upload_call = Some(self.calls),
            Loop::Download => app.download_call = Some((self.calls, ask.path.clone())),
        }
        self.after(TIMEOUT, Event::Timeout { to: from });
        if !self.hub.running || self.tills[till].line_down_until > self.now {
            return;
        }
        let ask = Rc::new(self.as_sent(till, ask));
        let copies = if self.happens(self.options.doubled, "request doubled") { 2 } else { 1 };
        for _ in 0..copies {
            if let Some(delay) = self.delay() {
                self.after(delay, Event::Arrive { from, ask: Rc::clone(&ask) });
            }
        }
    }

    pub(crate) fn happens(&mut self, per_mille: u64, what: &'static str) -> bool {
        let happens = !self.healing && self.dice.chance(per_mille);
        if happens {
            self.count(what);
        }
        happens
    }

    /// How long a message takes, or `None` if it is lost. Different delays are another order.
    pub(crate) fn delay(&mut self) -> Option<i64> {
        if self.happens(self.options.lost, "message lost") {
            return None;
        }
        if self.happens(self.options.late, "message late") {
            return Some(self.dice.ms(SECOND, 20 * MINUTE));
        }
        Some(self.dice.ms(5, 200))
    }

    /// Takes the call off a machine that still waits for it, and gives its path.
    fn ended(&mut self, to: Caller) -> Option<String> {
        let machine = &mut self.tills[to.till];
        let app = machine.app.as_mut().filter(|_| machine.life == to.life)?;
        match to.of {
            Loop::Upload => app.upload_call.take_if(|call| *call == to.call).map(|_| String::new()),
            Loop::Download => app.download_call.take_if(|(call, _)| *call == to.call).map(|(_, path)| path),
        }
    }

    fn heard(&mut self, to: Caller, Answer { what, history }: Answer) {
        let Some(path) = self.ended(to) else { return };
        if path == paths::PULL || path == paths::SNAPSHOT {
            self.tills[to.till].app.iter_mut().for_each(|app| app.history = history);
        }
        if path == paths::LOST && history == self.hub.history && what.is_ok() {
            self.told(to.till);
        }
        self.hear(to.till, to.of, what);
    }

    fn timeout(&mut self, to: Caller) {
        if self.ended(to).is_some() {
            self.hear(to.till, to.of, Err(NoAnswer::Away));
        }
    }
}
