//! The hub at work: what arrives is decided together, committed, and only then answered.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use suanpan_journal::{Hash, SegmentId};
use suanpan_sync::{Call, Hole, NoAnswer, PullReply, PullRequest, Scope, encode_entries, paths};

use crate::hub::{HubDisk, Sender};
use crate::keys::HUB_KEY;
use crate::world::{Caller, Event, HOUR, SECOND, World};

/// Pushes that come together are committed together.
const COMMIT_AFTER: i64 = 3;

impl World {
    pub(crate) fn arrive(&mut self, from: Caller, ask: Rc<Call>) {
        if !self.hub.running {
            return;
        }
        if self.hub.busy_until > self.now {
            return self.answer(from, Err(NoAnswer::Busy { retry_after_ms: 5_000 }));
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
            group.into_iter().map(|(from, ask)| (from, self.decide(&mut disk, from, &ask))).collect();
        if self.hub.disk_full_until > self.now {
            return answers.into_iter().for_each(|(to, _)| self.answer(to, Err(NoAnswer::Away)));
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

    /// Decides about a request inside a transaction.
    fn decide(&mut self, disk: &mut HubDisk, from: Caller, ask: &Call) -> Result<Vec<u8>, NoAnswer> {
        let till = &self.tills[from.till];
        let now = self.now + self.hub.clock_ms;
        let sender = Sender { station: till.station, key: &till.key };
        let body = ask.body.as_deref().unwrap_or_default();
        let refused = |code: String| NoAnswer::Refused { code };
        HUB_KEY.with(|key| match ask.path.as_str() {
            paths::PUSH => {
                let push = disk.unpack(body, self.hub.older_until > self.now);
                let reply = push.and_then(|push| disk.push(key, &sender, push, now));
                json(&reply.map_err(refused)?)
            }
            paths::HOLES => {
                let hole: Hole = read(body)?;
                let own = self.tills.iter().filter(|it| it.station == till.station);
                let disks = own.flat_map(|it| it.copy.iter().chain([&it.disk]));
                let (from, to) = (hole.from_seq, hole.to_seq);
                self.oracle.declared(disks.flat_map(|it| it.sales_between(hole.segment, from, to)));
                json(&disk.declare(&sender, &hole).map_err(refused)?)
            }
            paths::PULL => {
                let request: PullRequest = read(body)?;
                let mut held = true;
                for head in request.heads.iter().chain(&request.cut) {
                    let holds = disk.feeds.holds(head);
                    disk.believe(head.epoch, holds, now);
                    held &= holds;
                }
                let epoch = disk.epoch();
                let changes = disk.feeds.pull(key, epoch, &till.scopes, &request).filter(|_| held);
                json(
                    &changes.unwrap_or_else(|| PullReply::Snapshot {
                        manifest: disk.snapshot(key, &till.scopes),
                    }),
                )
            }
            paths::LOST => disk
                .take_lost(&key.public(), &till.scopes, &read(body)?)
                .map_err(|error| {
                    self.oracle.breach(format!("what an honest till remembers was refused: {error}"));
                    refused(error)
                })
                .map(|()| Vec::new()),
            paths::SNAPSHOT => json(&disk.snapshot(key, &till.scopes)),
            path => {
                match path.strip_prefix(paths::SNAPSHOT).and_then(|name| name.strip_prefix('/')?.parse().ok())
                {
                    Some(name) => {
                        disk.chunks.get::<Hash>(&name).cloned().ok_or_else(|| refused("gone".to_owned()))
                    }
                    None => {
                        let (segment, from_seq) = entries_of(path).ok_or(NoAnswer::Nonsense)?;
                        let bodies = disk.fetch(till.station, segment, from_seq);
                        Ok(encode_entries(bodies.iter().map(Vec::as_slice)))
                    }
                }
            }
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

/// The segment and first entry that a path asks for.
fn entries_of(path: &str) -> Option<(SegmentId, u64)> {
    let (segment, from) =
        path.strip_prefix(paths::ENTRIES)?.strip_prefix("?segment=")?.split_once("&from=")?;
    Some((segment.parse().ok()?, from.parse().ok()?))
}

fn json(reply: &impl Serialize) -> Result<Vec<u8>, NoAnswer> {
    serde_json::to_vec(reply).map_err(|_| NoAnswer::Nonsense)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NoAnswer> {
    serde_json::from_slice(body).map_err(|_| NoAnswer::Nonsense)
}
