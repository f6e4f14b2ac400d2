//! A station's download: pulls cuts, and shows a hub what it lost before it forgets it.

use std::collections::BTreeMap;
use std::rc::Rc;

use suanpan_journal::SigningKey;
use suanpan_sync::{PullReply, Staging, replaced};

use crate::HUB_KEY;
use crate::feed::{Pulled, Snapshot};
use crate::till::Till;
use crate::world::{Answer, Ask, Event, HOUR, World};

impl World {
    pub(crate) fn pull(&mut self, till: usize) {
        if !self.healing {
            let pause = self.dice.ms(HOUR, 6 * HOUR);
            self.after(pause, Event::Pull { till });
        }
        self.pull_now(till);
    }

    pub(crate) fn pull_now(&mut self, till: usize) {
        let heads = self.tills[till].disk.catalogue.heads.clone();
        let staging = Staging::new(heads);
        let request = staging.request();
        if let Some(app) = self.tills[till].app.as_mut().filter(|app| app.pull.is_none()) {
            app.pull = Some((0, staging));
            self.call(till, Ask::Pull(request));
        }
    }

    /// Hears an answer to the request of the download that waits for one.
    pub(crate) fn downloaded(&mut self, till: usize, answer: Answer) {
        let Till { app: Some(app), .. } = &mut self.tills[till] else { return };
        let Some((_, staging)) = app.pull.take() else { return };
        let (pulled, told) = match answer {
            Answer::Pulled(pulled) => (pulled, false),
            Answer::LostTaken(pulled) => (pulled, true),
            Answer::Push(_) | Answer::Entries(_) => return,
        };
        match pulled.as_ref() {
            Pulled::Changes(reply) => self.changes(till, staging, reply),
            Pulled::Snapshot(snapshot) if told || !self.tells(till, staging, snapshot, &pulled) => {
                self.snapshot(till, snapshot);
            }
            Pulled::Snapshot(_) => {}
        }
    }

    fn changes(&mut self, till: usize, mut staging: Staging, reply: &PullReply) {
        let PullReply::Changes { cut, entries, more, .. } = reply else { return };
        let hub = HUB_KEY.with(SigningKey::public);
        let added = staging.add(&hub, cut.clone(), entries.clone(), *more);
        if added.is_ok() && *more {
            let request = staging.request();
            if let Some(app) = &mut self.tills[till].app {
                app.pull = Some((0, staging));
            }
            return self.call(till, Ask::Pull(request));
        }
        let at_ms = self.now + self.tills[till].clock_ms;
        let Till { disk, codec, release, .. } = &mut self.tills[till];
        match added.and_then(|()| staging.finish()) {
            Ok(Some(staged)) => {
                disk.memory.kept.keep(&disk.catalogue.heads, &staged, at_ms);
                disk.catalogue.apply(staged);
                *codec = release.codec();
            }
            Ok(None) => {}
            Err(error) => self.oracle.breach(format!("an honest hub's feed did not check: {error}")),
        }
    }

    /// Shows the hub what it may have lost, before a snapshot takes the place of it. Says whether there was anything.
    fn tells(&mut self, till: usize, staging: Staging, snapshot: &Snapshot, pulled: &Rc<Pulled>) -> bool {
        let Till { app: Some(app), disk, .. } = &mut self.tills[till] else { return false };
        let Some(report) = disk.memory.kept.to_tell(&disk.catalogue.heads, &snapshot.manifest) else {
            return false;
        };
        app.pull = Some((0, staging));
        self.count("lost changes shown");
        self.call(till, Ask::Lost(Rc::new(report), Rc::clone(pulled)));
        true
    }

    /// A snapshot takes the place of everything.
    fn snapshot(&mut self, till: usize, Snapshot { manifest, chunks, history }: &Snapshot) {
        let Till { disk, codec, release, .. } = &mut self.tills[till];
        *codec = release.codec();
        disk.memory.kept.told(&disk.catalogue.heads, manifest);
        let before = disk.catalogue.clone();
        let hub = HUB_KEY.with(SigningKey::public);
        if let Err(error) = disk.catalogue.replace(&hub, manifest.clone(), chunks) {
            return self.oracle.breach(format!("an honest hub's snapshot did not check: {error}"));
        }
        // What this hub's disk holds says nothing if another took its place meanwhile.
        if disk.catalogue.heads != before.heads && *history == self.hub.history {
            for (head, _) in replaced(&before.heads, manifest) {
                let remembered = disk.memory.kept.newest(&head);
                let hashes = remembered.check(&hub).unwrap_or_default();
                let pairs = remembered.entries.iter().zip(&hashes);
                let newest: BTreeMap<&str, _> = pairs.map(|it| (it.0.key.as_str(), it)).collect();
                if !newest.into_values().all(|(entry, hash)| self.hub.disk.shows(entry, hash)) {
                    self.oracle.breach("a till forgot a lost change before HQ could see it");
                }
            }
        }
    }
}
