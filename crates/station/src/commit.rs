//! Commit → drawer → print → change shown: what happens after a command was decided.

use std::path::Path;

use suanpan_contract::Code;
use suanpan_devices::Job;
use suanpan_domain::entry::{ClockMoved, Entry, LedgerReplaced};
use suanpan_domain::ids::Id;
use suanpan_ledger::{
    CommitError, Damage, EntryRef, NewEntry, OpenBasket, PrintJob, PrintState, Replacement, Whole, Working,
    Written,
};

use crate::core::Core;
use crate::desk::Desk;
use crate::effect::Effect;
use crate::files::name_of;
use crate::print::Extra;
use crate::role::Role;
use crate::say::{Say, count};
use crate::settings::MachineSettings;

/// A clock that went back by more is journalled; time servers correct by less.
const CLOCK_BACK_MS: i64 = 60_000;

/// What a turn decided, free of what it looked at.
pub(crate) struct Decision<R: Role> {
    pub(crate) now_ms: i64,
    pub(crate) desk: Desk<R>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) date: Option<u32>,
    pub(crate) extra: Option<Extra>,
    pub(crate) uses_scale: bool,
    pub(crate) kicks_drawer: bool,
    pub(crate) new_settings: Option<MachineSettings>,
    pub(crate) orders: Vec<R::Order>,
    pub(crate) say: Option<Say>,
}

/// How the ledger took a decision.
enum Kept {
    /// Each entry and where it stands.
    Saved(Vec<EntryRef>),
    /// Saved after all, in a new file that holds so many older entries.
    SavedAnew(u64),
    NotSaved,
}

impl<R: Role> Core<R> {
    /// Writes a decision and makes it so; refused by the ledger, everything stays as it was, and the answer is false.
    pub(crate) fn keep(&mut self, mut decision: Decision<R>, keeps_message: bool) -> bool {
        if !self.waits_for_disk(&decision) {
            self.work_unsaved |= !R::is_same_work(&self.desk, &decision.desk);
            if self.work_unsaved && !R::is_busy(&decision.desk) {
                self.bring_about(Effect::Tidy);
            }
            self.adopt(decision, keeps_message);
            return true;
        }
        let jobs = self.jobs_of(&decision);
        let clock_moved = self.note_clock(&mut decision);
        let date = self.date_of(&decision);
        let before = R::before(&self.shop);
        match self.write(&decision, date, &jobs) {
            Kept::Saved(places) => self.after_commit(decision, date, &places, &jobs, &before),
            Kept::SavedAnew(salvaged) => {
                let is_document = has_document::<R>(&decision.entries);
                let places = self.places_anew(&decision);
                self.after_commit(decision, date, &places, &jobs, &before);
                match is_document {
                    true => self.tell_code(R::SAVED_ANEW.0),
                    false => self.tell(&Say::new(Code::LedgerSalvaged).with("salvaged", count(salvaged))),
                }
            }
            Kept::NotSaved => return false,
        }
        if clock_moved {
            self.tell_code(Code::ClockBehind);
        }
        true
    }

    /// Money and what is written for good wait for the disk. A line does not: it is on the screen at once and on the
    /// disk a moment later, or with what is committed meanwhile.
    fn waits_for_disk(&self, decision: &Decision<R>) -> bool {
        let is_new_money = R::is_money(&self.desk, &decision.desk);
        !decision.entries.is_empty() || decision.extra.is_some() || decision.kicks_drawer || is_new_money
    }

    /// Writes what is in hand, if the disk does not have it yet; true when the picture changed.
    pub(crate) fn save_work(&mut self) -> bool {
        if !std::mem::take(&mut self.work_unsaved) {
            return false;
        }
        let bytes = R::work(&self.desk);
        let Err(error) = self.shop.ledger.save_basket(slot(&bytes)) else { return false };
        tracing::error!(error.code = error.code(), error.what = %error, "station.save_work");
        match error {
            CommitError::Recovered { replacement, .. } => {
                self.note_replacement(&replacement);
                if let Err(error) = self.shop.ledger.save_basket(slot(&bytes)) {
                    tracing::error!(error.code = error.code(), "station.work_not_saved");
                }
            }
            CommitError::DiskFull => self.tell_code(Code::DiskFull),
            _ => self.tell_code(Code::LedgerFailed),
        }
        true
    }

    fn adopt(&mut self, decision: Decision<R>, keeps_message: bool) {
        let said_before = self.desk.message.clone();
        self.desk = decision.desk;
        if let Some(settings) = decision.new_settings {
            if settings.devices != self.shop.settings.devices {
                self.bring_about(Effect::RestartDevices);
            }
            if let Err(error) = settings.save(self.lock.dir()) {
                tracing::warn!(error.what = %error, "station.settings_not_saved");
            }
            self.shop.settings = settings;
        }
        for order in decision.orders {
            self.bring_about(Effect::Order(order));
        }
        if decision.uses_scale {
            self.shop.scale.use_up();
        }
        match decision.say {
            Some(say) => self.tell(&say),
            None if keeps_message => self.desk.message = said_before,
            None if !self.desk.has_error() => self.desk.message = None,
            None => {}
        }
    }

    fn write(&mut self, decision: &Decision<R>, date: u32, jobs: &[PrintJob]) -> Kept {
        let new: Vec<NewEntry<'_>> = decision
            .entries
            .iter()
            .map(|entry| NewEntry { at_ms: decision.now_ms, business_date: date, entry })
            .collect();
        let bytes = R::work(&decision.desk);
        let basket = match self.work_unsaved || !R::is_same_work(&self.desk, &decision.desk) {
            true => slot(&bytes),
            false => OpenBasket::Keep,
        };
        match self.shop.ledger.append(&new, &Working { basket, print: jobs }) {
            Ok(committed) => {
                self.work_unsaved = false;
                Kept::Saved(committed.entries)
            }
            Err(error) => self.not_written(error, decision),
        }
    }

    /// Tells the cashier, once, whether it is saved.
    fn not_written(&mut self, error: CommitError, decision: &Decision<R>) -> Kept {
        tracing::error!(error.code = error.code(), error.what = %error, "station.commit");
        match error {
            CommitError::Recovered { saved, replacement } => {
                let only_work = decision.entries.is_empty();
                self.note_replacement(&replacement);
                if saved {
                    return Kept::SavedAnew(replacement.salvaged);
                }
                // What is in hand is kept either way: with this change when nothing else hung on it.
                let desk = if only_work { &decision.desk } else { &self.desk };
                if let Err(error) = self.shop.ledger.save_basket(slot(&R::work(desk))) {
                    tracing::error!(error.code = error.code(), "station.work_not_saved");
                }
                if only_work {
                    return Kept::SavedAnew(replacement.salvaged);
                }
                if has_document::<R>(&decision.entries) {
                    self.tell_code(R::SAVED_ANEW.1);
                }
                Kept::NotSaved
            }
            // The document is in the ledger: its work was left open by a station that stopped in between.
            CommitError::Duplicate => {
                let _ = self.shop.ledger.save_basket(OpenBasket::Clear);
                Kept::SavedAnew(0)
            }
            CommitError::DiskFull => {
                self.tell_code(Code::DiskFull);
                Kept::NotSaved
            }
            _ => {
                self.tell_code(Code::LedgerFailed);
                Kept::NotSaved
            }
        }
    }

    /// Journals that a damaged file was left behind, and says so.
    pub(crate) fn note_replacement(&mut self, replacement: &Replacement) {
        let Replacement { damage, kept, file, salvaged, to_come, .. } = replacement;
        self.journal_replacement(damage.code(), *salvaged, kept.as_deref());
        self.tell(&match to_come {
            _ if *damage == Damage::Anothers => Say::new(Code::LedgerAnothers)
                .with("kept", name_of(kept.as_deref()))
                .with("file", name_of(Some(file))),
            0 => Say::new(Code::LedgerSalvaged).with("salvaged", count(*salvaged)),
            _ => Say::new(Code::LedgerSalvaging)
                .with("salvaged", count(*salvaged))
                .with("to_come", count(*to_come)),
        });
    }

    /// Journals that the rest of a damaged file has come too, and says so.
    pub(crate) fn note_whole(&mut self, whole: &Whole) {
        self.journal_replacement(&whole.code, whole.salvaged, Some(&whole.kept));
        self.tell(&Say::new(Code::LedgerWhole).with("salvaged", count(whole.salvaged)));
    }

    fn journal_replacement(&mut self, code: &str, salvaged: u64, kept: Option<&Path>) {
        let kept = kept.and_then(Path::file_name);
        let entry = Entry::LedgerReplaced(LedgerReplaced {
            code: code.to_owned(),
            salvaged,
            kept_as: kept.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        });
        let at_ms = self.clock.now_ms();
        let business_date = R::journal_date(&self.shop, at_ms);
        let new = NewEntry { at_ms, business_date, entry: &entry };
        if let Err(error) = self.shop.ledger.append(&[new], &Working::KEEP) {
            tracing::error!(error.code = error.code(), "station.replacement_not_journalled");
        }
        if let Err(error) = R::reread(&mut self.shop, None) {
            tracing::error!(error.code = error.code(), "station.reread");
        }
    }

    /// Puts a note before the first entry that the clock has made older than its predecessor.
    fn note_clock(&mut self, decision: &mut Decision<R>) -> bool {
        let before_ms = self.shop.last_at_ms;
        let moved = !decision.entries.is_empty() && decision.now_ms < before_ms.saturating_sub(CLOCK_BACK_MS);
        if moved {
            let note = ClockMoved { before_ms, now_ms: decision.now_ms };
            decision.entries.insert(0, Entry::ClockMoved(note));
        }
        moved
    }

    fn date_of(&self, decision: &Decision<R>) -> u32 {
        decision.date.unwrap_or_else(|| R::journal_date(&self.shop, decision.now_ms))
    }

    fn jobs_of(&self, decision: &Decision<R>) -> Vec<PrintJob> {
        if !self.shop.has_printer {
            return vec![];
        }
        let mut newest = self.shop.jobs.iter().map(|job| job.id).max();
        let mut job = |document, copy| {
            let id = self.shop.mint_after(decision.now_ms, newest);
            newest = Some(id);
            PrintJob { id, document, copy, state: PrintState::Queued, at_ms: decision.now_ms }
        };
        let again = match &decision.extra {
            Some(Extra::Reprint { document, copy, .. }) => Some((*document, *copy)),
            _ => None,
        };
        let firsts = decision.entries.iter().filter_map(R::prints).map(|document| (document, 0));
        firsts.chain(again).map(|(document, copy)| job(document, copy)).collect()
    }

    /// Where the entries stand after the ledger moved to a new file.
    fn places_anew(&self, decision: &Decision<R>) -> Vec<EntryRef> {
        let here =
            EntryRef { segment: self.shop.ledger.segment(), seq: 0, hash: suanpan_journal::Hash::ZERO };
        let place = |entry: &Entry| {
            let id = R::document_id(entry)?;
            self.shop.document(id).ok().flatten().map(|document| document.at)
        };
        decision.entries.iter().map(|entry| place(entry).unwrap_or(here)).collect()
    }

    fn after_commit(
        &mut self,
        mut decision: Decision<R>,
        date: u32,
        places: &[EntryRef],
        jobs: &[PrintJob],
        before: &R::Before,
    ) {
        let (now_ms, entries) = (decision.now_ms, std::mem::take(&mut decision.entries));
        let (extra, kicks) = (decision.extra.take(), decision.kicks_drawer);
        self.adopt(decision, false);
        let documents: Vec<Written> = entries
            .into_iter()
            .zip(places)
            .map(|(entry, at)| Written { at: *at, at_ms: now_ms, business_date: date, entry })
            .collect();
        // Kick the drawer only after the commit: a crash between them leaves it shut on a recorded sale, never open
        // on an unrecorded one.
        self.print(&documents, extra, jobs, kicks, before, now_ms);
        if !documents.is_empty() {
            if R::reread(&mut self.shop, Some(&documents)).is_err() {
                self.tell_code(Code::LedgerFailed);
            }
            self.shop.last_at_ms = now_ms;
            self.shop.latest_ms = self.shop.latest_ms.max(now_ms);
            self.bring_about(Effect::Send);
        }
        if !R::is_busy(&self.desk) {
            self.bring_about(Effect::Tidy);
        }
        R::committed(self, &documents);
    }

    fn print(
        &mut self,
        documents: &[Written],
        extra: Option<Extra>,
        jobs: &[PrintJob],
        mut kicks: bool,
        before: &R::Before,
        now_ms: i64,
    ) {
        let printed = documents.iter().filter(|document| R::prints(&document.entry).is_some());
        let mut papers: Vec<_> = printed.map(|document| R::paper(&self.shop, document, 0, before)).collect();
        papers.extend(extra.map(|extra| match extra {
            Extra::Reprint { paper: blocks, .. } | Extra::Page(blocks) => blocks,
        }));
        let Some(queue) = &self.queue else { return };
        let mut ids = jobs.iter().map(|job| job.id);
        let mut refused = vec![];
        for blocks in papers {
            let id = ids.next().unwrap_or_else(|| self.shop.mint(now_ms));
            if queue.submit(Job { id, blocks, kick_drawer: std::mem::take(&mut kicks) }).is_err() {
                refused.push(id);
            }
        }
        if kicks {
            let id = self.shop.mint(now_ms);
            let _ = queue.submit(Job { id, blocks: vec![], kick_drawer: true });
        }
        for id in refused {
            self.note_job(id, PrintState::Failed, now_ms);
            self.tell_code(Code::NotPrinted);
        }
    }

    /// Notes how a job stands.
    pub(crate) fn note_job(&mut self, id: Id, state: PrintState, now_ms: i64) {
        let Some(job) = self.shop.jobs.iter().find(|job| job.id == id).copied() else { return };
        if let Err(error) = self.shop.ledger.set_print_job(PrintJob { state, at_ms: now_ms, ..job }) {
            tracing::warn!(error.code = error.code(), "station.print_state_not_saved");
        }
        let _ = R::reread(&mut self.shop, Some(&[]));
    }
}

fn slot(work: &Option<Vec<u8>>) -> OpenBasket<'_> {
    work.as_deref().map_or(OpenBasket::Clear, OpenBasket::Save)
}

fn has_document<R: Role>(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| R::document_id(entry).is_some())
}
