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
                Ask::Push(_) => self.answer(from, Answer::Push(busy)),
                Ask::Fetch(_) | Ask::Pull(_) => {}
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
        let answers: Vec<_> =
            group.into_iter().map(|(from, ask)| (from, self.decide(&mut disk, from, ask))).collect();
        if self.hub.disk_full_until > self.now {
            for (to, answer) in answers {
                if matches!(answer, Answer::Push(_)) {
                    self.answer(to, Answer::Push(Outcome::Failed));
                }
            }
            return;
        }
        if self.happens(self.options.killed_in_commit, "hub killed before a commit") {
            return self.kill_hub();
        }
        self.hub.disk = Rc::new(disk);
        self.oracle.durable(self.hub.disk.sales().map(|it| it.id));
        if self.happens(self.options.killed_in_commit, "hub killed between commit and ack") {
            return self.kill_hub();
        }
        for (to, answer) in answers {
            self.answer(to, answer);
        }
    }

    fn decide(&self, disk: &mut HubDisk, from: Caller, ask: Ask) -> Answer {
        let till = &self.tills[from.till];
        let now = self.now + self.hub.clock_ms;
        HUB_KEY.with(|key| match ask {
            Ask::Push(body) => {
                let sender = Sender { station: till.station, key: &till.key };
                Answer::Push(match disk.push(key, &sender, &body, now) {
                    Ok(reply) => Outcome::Reply(reply),
                    Err(code) => Outcome::Refused { code },
                })
            }
            Ask::Fetch(tail) => {
                let bodies = disk.fetch(till.station, tail.segment, tail.from_seq);
                Answer::Entries(tail, Rc::new(bodies))
            }
            Ask::Pull(request) => {
                let mut held = true;
                for head in request.heads.iter().chain(&request.cut) {
                    let holds = disk.feeds.holds(head);
                    disk.believe(head.epoch, holds, now);
                    held &= holds;
                }
                let epoch = disk.epoch();
                Answer::Pulled(Rc::new(disk.feeds.pull(key, epoch, &till.scopes, request, held)))
            }
        })
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
        disk.feeds.publish(&scopes, epoch, self.publications);
    }

    pub(crate) fn kill_hub(&mut self) {
        self.hub.running = false;
        self.hub.life += 1;
        self.hub.group.clear();
        let pause = self.dice.ms(SECOND, HOUR);
        self.after(pause, Event::StartHub);
    }
}
