//! What breaks, and how it ends.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::damage::Damage;
use crate::hub::HubDisk;
use crate::journal::Memory;
use crate::options::Fault;
use crate::till::Release;
use crate::world::{DAY, Event, HOUR, MINUTE, SECOND, World};

/// Machines of one station, the clones included.
const TWINS_MAX: usize = 3;

impl World {
    pub(crate) fn inject(&mut self, fault: Fault) {
        let till = self.dice.place(self.tills.len());
        let name = Fault::ALL.iter().find(|(it, ..)| *it == fault).map_or("", |(_, name, _)| *name);
        self.count(name);
        let until = self.now + self.dice.ms(MINUTE, 3 * HOUR);
        match fault {
            Fault::KillTill => self.kill_till(till, false),
            Fault::PowerCut => self.kill_till(till, true),
            Fault::LoseSyncFile => {
                self.kill_till(till, false);
                self.tills[till].disk.memory = Memory::default();
                self.tills[till].disk.synced = Memory::default();
            }
            Fault::CopyLedger => self.tills[till].copy = Some(self.tills[till].disk.clone()),
            Fault::RestoreLedger => self.restore_ledger(till),
            Fault::CloneDisk => self.clone_disk(till),
            Fault::DamageLedger if self.dice.chance(500) => {
                // With the line down there is something of which nobody else has a copy.
                let outage = self.dice.ms(3 * HOUR, 12 * HOUR);
                self.tills[till].line_down_until = self.now + outage;
                self.after(outage, Event::Damage { till });
            }
            Fault::DamageLedger => self.damage_ledger(till),
            Fault::OlderRelease => self.install(till, Release::Older),
            Fault::OlderHub => self.hub.older_until = until,
            Fault::NewerRelease => self.install(till, Release::Newer),
            Fault::TillClock => self.tills[till].clock_ms = self.jump(),
            Fault::TillDiskFull => self.tills[till].disk_full_until = until,
            Fault::LineDown => self.tills[till].line_down_until = until,
            Fault::KillHub => self.kill_hub(),
            Fault::BackUpHub => self.hub.backups.push(Rc::clone(&self.hub.disk)),
            Fault::RestoreHub => {
                let place = self.dice.place(self.hub.backups.len() + 1);
                let backup = self.hub.backups.get(place).cloned();
                self.replace_hub(backup.unwrap_or_else(|| Rc::clone(&self.hub.disk)));
            }
            Fault::LoseHub => self.replace_hub(Rc::new(HubDisk::new())),
            Fault::HubClock => self.hub.clock_ms = self.jump(),
            Fault::HubDiskFull => self.hub.disk_full_until = until,
            Fault::HubBusy => self.hub.busy_until = until,
        }
    }

    fn jump(&mut self) -> i64 {
        let far = if self.dice.chance(300) { 400 * DAY } else { 2 * HOUR };
        self.dice.ms(-far, far)
    }

    pub(crate) fn kill_till(&mut self, till: usize, power: bool) {
        let machine = &mut self.tills[till];
        machine.app = None;
        if power {
            machine.disk.memory = machine.disk.synced.clone();
        }
        let pause = self.dice.ms(SECOND, 2 * HOUR);
        self.after(pause, Event::Start { till });
    }

    /// An older copy of the ledger is put in place, with what the station remembers of the hub or without.
    fn restore_ledger(&mut self, till: usize) {
        let Some(copy) = self.tills[till].copy.clone() else { return };
        self.kill_till(till, true);
        let now = std::mem::replace(&mut self.tills[till].disk, copy);
        let disk = &mut self.tills[till].disk;
        let memory = match self.dice.place(3) {
            0 => disk.memory.clone(),
            1 => now.memory,
            _ => Memory::default(),
        };
        disk.synced = memory.clone();
        disk.memory = memory;
        self.destroyed();
    }

    fn clone_disk(&mut self, till: usize) {
        let station = self.tills[till].station;
        if self.tills.iter().filter(|it| it.station == station).count() < TWINS_MAX {
            let running = self.dice.chance(300);
            let twin = self.tills[till].clone_disk(running);
            let pause = self.dice.ms(SECOND, 2 * HOUR);
            self.add(twin, pause);
        }
    }

    /// Selling goes on at once, in a new file and a new segment. Sometimes there is a copy or a clone from before.
    pub(crate) fn damage_ledger(&mut self, till: usize) {
        match self.dice.place(4) {
            0 => self.clone_disk(till),
            1 => self.tills[till].copy = Some(self.tills[till].disk.clone()),
            _ => {}
        }
        let machine = &mut self.tills[till];
        let Some(damage) = Damage::draw(&machine.disk, &mut self.dice) else { return };
        machine.app = None;
        let unreadable = machine.disk.salvage(&damage);
        *self.counts.entry("entries unreadable").or_default() += unreadable;
        self.destroyed();
        self.after(0, Event::Start { till });
    }

    fn install(&mut self, till: usize, release: Release) {
        self.kill_till(till, false);
        self.tills[till].release = release;
    }

    fn replace_hub(&mut self, disk: Rc<HubDisk>) {
        self.kill_hub();
        self.hub.disk = disk;
        self.hub.history += 1;
        self.destroyed();
    }

    /// Tells the oracle which sales still have a copy.
    fn destroyed(&mut self) {
        let mut left: BTreeSet<u64> = self.hub.disk.sales().map(|it| it.id).collect();
        for till in &self.tills {
            left.extend(till.disk.sales());
        }
        self.oracle.left(&left);
    }

    /// The last fault is over. Everybody starts, and sells twice more: a hub hears of its loss from the next push.
    pub(crate) fn heal(&mut self) {
        self.healing = true;
        self.hub.running = true;
        (self.hub.disk_full_until, self.hub.busy_until, self.hub.older_until) = (0, 0, 0);
        self.after(MINUTE, Event::Publish);
        // By then every till has shown what it remembers.
        self.after(3 * HOUR, Event::DecideLost);
        for till in 0..self.tills.len() {
            (self.tills[till].line_down_until, self.tills[till].disk_full_until) = (0, 0);
            self.after(0, Event::Start { till });
            for hours in [1, 2] {
                self.after(hours * HOUR, Event::Sell { till });
                self.after(hours * HOUR, Event::Pull { till });
            }
            self.after(4 * HOUR, Event::Pull { till });
        }
    }
}
