//! The hub at work: what arrives is decided together, committed, and only then answered.

use std::collections::BTreeSet;
use std::rc::Rc;

use suanpan_sync::{Outcome, PushReply, Scope};

use crate::HUB_KEY;
use crate::hub::{HubDisk, Sender};
use crate::world::{Answer, Ask, Caller, Event, HOUR, SECOND, World};

/// Pushes that come together are committed together.
const COMMIT_AFTER: i64 = 3;

impl World {
    pub(crate) fn arrive(&mut self, from: Caller, ask: Ask) {
        if !self.hub.running {
            return;
        }
        if self.hub.busy_until > self.now {
            let busy = Outcome::Reply(PushReply::Busy { retry_after_ms: 5_000 });
            return match ask {
                Ask::Push(_) | Ask::Declare(_) => self.answer(from, Answer::Push(Box::new(busy))),
                Ask::Fetch(_) | Ask::Pull(_) | Ask::Lost(..) => {}
            };
        }
        if self.hub.group.is_empty() {
            let life = self.hub.life;
            self.after(COMMIT_AFTER, Event::Commit { life });
        }
        self.hub.group.push((from, ask));
    }

    /// One transaction for all that waits. No answer leaves before it is durable.
    pub(crate) fn commit(&mut self) {
        let group = std::mem::take(&mut self.hub.group);
        let mut disk = HubDisk::clone(&self.hub.disk);
        let answers: Vec<_> = group
            .into_iter()
            .filter_map(|(from, ask)| Some((from, self.decide(&mut disk, from, ask)?)))
            .collect();
        if self.hub.disk_full_until > self.now {
            for (to, answer) in answers {
                if matches!(answer, Answer::Push(_)) {
                    self.answer(to, Answer::Push(Box::new(Outcome::Failed)));
                }
            }
            return;
        }
        if self.happens(self.options.killed_in_commit, "hub killed before a commit") {
            return self.kill_hub();
        }
        std::mem::take(&mut disk.notes).into_iter().for_each(|note| self.count(note));
        self.hub.disk = Rc::new(disk);
        self.look_at_hub();
        self.oracle.durable(self.hub.disk.sales().map(|it| it.id));
        if self.happens(self.options.killed_in_commit, "hub killed between commit and ack") {
            return self.kill_hub();
        }
        for (to, answer) in answers {
            self.answer(to, answer);
        }
    }

    /// What must hold after every commit.
    fn look_at_hub(&mut self) {
        if !self.headquarters.wrote_all(&self.hub.disk.feeds) {
            self.oracle.breach("a lost change applied itself");
        }
    }

    /// Decides about a request inside a transaction; `None` when no answer comes.
    fn decide(&mut self, disk: &mut HubDisk, from: Caller, ask: Ask) -> Option<Answer> {
        let till = &self.tills[from.till];
        let now = self.now + self.hub.clock_ms;
        let sender = Sender { station: till.station, key: &till.key };
        let outcome = |reply: Result<PushReply, String>| {
            Answer::Push(Box::new(reply.map_or_else(|code| Outcome::Refused { code }, Outcome::Reply)))
        };
        HUB_KEY.with(|key| match ask {
            Ask::Push(body) => {
                let push = disk.unpack(&body, self.hub.older_until > self.now);
                Some(outcome(push.and_then(|push| disk.push(key, &sender, push, now))))
            }
            Ask::Declare(hole) => {
                let own = self.tills.iter().filter(|it| it.station == till.station);
                let disks = own.flat_map(|it| it.copy.iter().chain([&it.disk]));
                let (from, to) = (hole.from_seq, hole.to_seq);
                self.oracle.declared(disks.flat_map(|it| it.sales_between(hole.segment, from, to)));
                Some(outcome(disk.declare(&sender, &hole)))
            }
            Ask::Fetch(tail) => {
                Some(Answer::Entries(Rc::new(disk.fetch(till.station, tail.segment, tail.from_seq))))
            }
            Ask::Pull(request) => {
                let mut held = true;
                for head in request.heads.iter().chain(&request.cut) {
                    let holds = disk.feeds.holds(head);
                    disk.believe(head.epoch, holds, now);
                    held &= holds;
                }
                let (epoch, of) = (disk.epoch(), (held, self.hub.history));
                Some(Answer::Pulled(Rc::new(disk.feeds.pull(key, epoch, &till.scopes, request, of))))
            }
            Ask::Lost(report, because) => match disk.take_lost(&key.public(), &till.scopes, &report) {
                Ok(()) => Some(Answer::LostTaken(because)),
                Err(error) => {
                    self.oracle.breach(format!("what an honest till remembers was refused: {error}"));
                    None
                }
            },
        })
    }

    /// People at HQ look at what tills say was lost.
    pub(crate) fn decide_lost(&mut self) {
        let publish = self.dice.chance(500);
        let disk = Rc::make_mut(&mut self.hub.disk);
        let published = disk.decide_lost(publish);
        std::mem::take(&mut disk.notes).into_iter().for_each(|note| self.count(note));
        self.headquarters.published(published);
    }

    pub(crate) fn publish(&mut self) {
        if !self.hub.running || self.hub.disk_full_until > self.now {
            return;
        }
        self.publications += 1;
        let scopes: BTreeSet<Scope> = self.tills.iter().flat_map(|it| it.scopes.clone()).collect();
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        let disk = Rc::make_mut(&mut self.hub.disk);
        let epoch = disk.epoch();
        let published = disk.feeds.publish(&scopes, epoch, self.publications);
        self.headquarters.published(published);
    }

    pub(crate) fn kill_hub(&mut self) {
        self.hub.running = false;
        self.hub.life += 1;
        self.hub.group.clear();
        let pause = self.dice.ms(SECOND, HOUR);
        self.after(pause, Event::StartHub);
    }
}
