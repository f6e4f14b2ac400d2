//! Runs the machines of a till's upload and download, as the driver of the real station does.

use std::sync::PoisonError;

use suanpan_journal::Hash;
use suanpan_sync::{
    Call, Download, FeedEntry, FeedHead, Here, NoAnswer, Note, PushReply, Step, StoresError, Upload, paths,
};

use crate::till::{App, Loop, Release, Till};
use crate::world::{Answer, Event, HOUR, MINUTE, SECOND, World};

/// Pause after the station's own store failed.
const STORE_PAUSE: i64 = 5 * SECOND;

impl World {
    /// Gives a machine its turn at the disk; `None` when the disk failed, or nothing runs.
    fn turn<T>(
        &mut self,
        till: usize,
        turn: impl FnOnce(&mut App, &Here<'_>) -> Result<T, StoresError>,
    ) -> Option<T> {
        let (now, random) = (self.now, self.dice.next());
        let (done, notes) = self.tills[till].turn(now, random, turn)?;
        notes.into_iter().for_each(|note| self.note(till, note));
        self.deliver(till);
        done.ok()
    }

    pub(crate) fn upload(&mut self, till: usize) {
        if self.tills[till].app.as_ref().is_none_or(|app| app.upload_call.is_some()) {
            return;
        }
        match self.turn(till, |app, here| app.upload.next(here)) {
            Some(Step::Call(call)) => self.call(till, Loop::Upload, call),
            Some(Step::Wait { ms }) => self.upload_after(till, (ms as i64).min(MINUTE)),
            Some(Step::Idle) => {}
            None => self.upload_again(till),
        }
    }

    pub(crate) fn uploaded(&mut self, till: usize, answer: Result<Vec<u8>, NoAnswer>) {
        let reply = answer.as_ref().ok().and_then(|bytes| serde_json::from_slice(bytes).ok());
        if let Some(PushReply::Ack { ack, .. }) = reply {
            self.oracle.acked(&self.tills[till].disk.sales_between(ack.segment, 1, ack.have_seq));
        }
        match self.turn(till, |app, here| app.upload.hear(here, answer)) {
            Some(()) => self.upload_after(till, 0),
            None => self.upload_again(till),
        }
    }

    /// Begins again from what the disk remembers, because that could not be written or read.
    fn upload_again(&mut self, till: usize) {
        let me = self.tills[till].identity();
        self.turn(till, |app, here| {
            app.upload = Upload::start(me, here)?;
            Ok(())
        });
        self.upload_after(till, STORE_PAUSE);
    }

    pub(crate) fn pull(&mut self, till: usize) {
        if !self.healing {
            let pause = self.dice.ms(HOUR, 6 * HOUR);
            self.after(pause, Event::Pull { till });
        }
        let Some(app) = &mut self.tills[till].app else { return };
        if std::mem::take(&mut app.sleeps) {
            self.downloaded(till, Ok(br#"{"changed":true}"#.to_vec()));
        } else if app.download_call.is_none() {
            self.download(till);
        }
    }

    fn download(&mut self, till: usize) {
        match self.turn(till, |app, here| app.download.next(here)) {
            // The hub has something when the till's next pull is due.
            Some(Step::Call(call)) if call.path.starts_with(paths::WAKE) => {
                self.tills[till].app.iter_mut().for_each(|app| app.sleeps = true);
            }
            Some(Step::Call(call)) => self.call(till, Loop::Download, call),
            Some(Step::Wait { ms: 0 }) => self.download(till),
            // Until then a pause lasts too.
            Some(Step::Wait { ms }) if self.healing => self.after(ms as i64, Event::Pull { till }),
            Some(Step::Wait { .. } | Step::Idle) => {}
            None => self.download_again(till),
        }
    }

    pub(crate) fn downloaded(&mut self, till: usize, answer: Result<Vec<u8>, NoAnswer>) {
        let hear = |app: &mut App, here: &Here<'_>| {
            app.download.write()?;
            app.download.hear(here, answer)
        };
        match self.turn(till, hear) {
            Some(()) => self.download(till),
            None => self.download_again(till),
        }
    }

    fn download_again(&mut self, till: usize) {
        let me = self.tills[till].identity();
        self.tills[till].app.iter_mut().for_each(|app| app.download = Download::new(me.clone()));
    }

    pub(crate) fn hear(&mut self, till: usize, of: Loop, answer: Result<Vec<u8>, NoAnswer>) {
        match of {
            Loop::Upload => self.uploaded(till, answer),
            Loop::Download => self.downloaded(till, answer),
        }
    }

    fn note(&mut self, till: usize, note: Note) {
        match note {
            // Nothing proves the end of that hole.
            Note::Refused { code, .. } if code == "SYN-DRV-002" => {}
            Note::Refused { code, .. } => {
                self.oracle.breach(format!("an honest station was refused: {code}"));
            }
            Note::Mismatch(what) => {
                self.oracle.breach(format!("an honest hub's feed did not check: {what}"));
            }
            Note::NotOurs => self.oracle.breach("an honest hub's entries did not check"),
            Note::CutApplied => self.tills[till].app.iter_mut().for_each(|app| app.upload.cut_applied()),
            Note::Unpacked => self.count("push packed again without a dictionary"),
            Note::TookBack(_) => self.count("entries fetched back"),
            Note::DoesNotFit(_) => self.count("fetched entries that do not fit"),
            Note::SeenTwice => self.count("station seen twice"),
            Note::LostShown => self.count("lost changes shown"),
            Note::Hole(_) | Note::Offered(_) | Note::LostTail(_) => {}
            Note::Nonsense(_) | Note::NoDictionary(_) => {}
        }
    }

    /// A snapshot takes the place of everything.
    fn deliver(&mut self, till: usize) {
        let Till { app: Some(app), disk, .. } = &mut self.tills[till] else { return };
        let Some(new) = app.delivered.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let replaced = |head: &FeedHead| {
            head.version > 0 && new.heads.iter().any(|it| it.scope == head.scope && it.epoch > head.epoch)
        };
        let heads = disk.catalogue.heads.iter().filter(|head| replaced(head)).cloned().collect();
        let remembered = disk.memory.remembered(heads);
        disk.catalogue = new;
        let shown = std::mem::take(&mut app.shown);
        // What this hub's disk holds says nothing if another took its place meanwhile.
        let is_hidden =
            |(entry, hash): &(FeedEntry, Hash)| !shown.contains(hash) && !self.hub.disk.shows(entry, hash);
        if app.history == self.hub.history && remembered.iter().any(is_hidden) {
            self.oracle.breach("a till forgot a lost change before HQ could see it");
        }
    }

    /// A hub was told what it may have lost: what of it HQ can see by now.
    pub(crate) fn told(&mut self, till: usize) {
        let Till { app: Some(app), disk, .. } = &mut self.tills[till] else { return };
        let mut remembered = disk.memory.remembered(disk.catalogue.heads.clone());
        remembered.retain(|(entry, hash)| self.hub.disk.shows(entry, hash));
        app.shown = remembered.into_iter().map(|(_, hash)| hash).collect();
    }

    /// What a till's release makes of a request.
    pub(crate) fn as_sent(&mut self, till: usize, call: Call) -> Call {
        if call.path != paths::PUSH || self.tills[till].release != Release::Older {
            return call;
        }
        self.count("push packed as an older release does");
        let body = call.body.as_deref().and_then(crate::packing::as_older);
        Call { body, ..call }
    }

    pub(crate) fn answer(&mut self, to: crate::world::Caller, answer: Result<Vec<u8>, NoAnswer>) {
        if let Some(delay) = self.delay() {
            let history = self.hub.history;
            self.after(delay, Event::Hear { to, answer: Answer { what: answer, history } });
        }
    }
}
