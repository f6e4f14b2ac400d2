//! Commit → drawer → print → change shown: what happens after a command was decided.

use std::path::Path;

use suanpan_contract::Code;
use suanpan_devices::Job;
use suanpan_domain::entry::{ClockMoved, Entry, LedgerReplaced};
use suanpan_domain::ids::Id;
use suanpan_ledger::{
    CommitError, Damage, Document, EntryRef, NewEntry, OpenBasket, PrintJob, PrintState, Replacement, Shift,
    Whole, Working,
};

use super::core::{Core, Decision};
use super::desk::Desk;
use super::print::{self, Extra};
use super::say::{Say, count, yuan};
use super::start::name_of;

/// A clock that went back by more is journalled; time servers correct by less.
const CLOCK_BACK_MS: i64 = 60_000;

/// How the ledger took a decision.
enum Kept {
    /// Each entry and where it stands.
    Saved(Vec<EntryRef>),
    /// Saved after all, in a new file that holds so many older entries.
    SavedAnew(u64),
    NotSaved,
}

impl Core {
    /// Writes a decision and makes it so; refused by the ledger, everything stays as it was.
    pub(crate) fn keep(&mut self, mut decision: Decision, is_query: bool) {
        if !self.waits_for_disk(&decision) {
            self.basket_unsaved |= decision.desk.basket != self.desk.basket;
            self.tidies |= self.basket_unsaved && decision.desk.basket.is_none();
            return self.adopt(decision, is_query);
        }
        let jobs = self.jobs_of(&decision);
        let clock_moved = self.note_clock(&mut decision);
        let date = self.date_of(&decision);
        let shift = self.shop.shift.clone();
        match self.write(&decision, date, &jobs) {
            Kept::Saved(places) => self.after_commit(decision, date, &places, &jobs, shift.as_ref()),
            Kept::SavedAnew(salvaged) => {
                let is_document = has_document(&decision.entries);
                let places = self.places_anew(&decision);
                self.after_commit(decision, date, &places, &jobs, shift.as_ref());
                match is_document {
                    true => self.tell_code(Code::SaleSaved),
                    false => self.tell(&Say::new(Code::LedgerSalvaged).with("salvaged", count(salvaged))),
                }
            }
            Kept::NotSaved => return,
        }
        if clock_moved {
            self.tell_code(Code::ClockBehind);
        }
    }

    /// Money and what is written for good wait for the disk. A line does not: it is on the screen at once and on the
    /// disk a moment later, or with what is committed meanwhile.
    fn waits_for_disk(&self, decision: &Decision) -> bool {
        let is_money = decision.desk.is_tendered() || self.desk.is_tendered();
        let is_new_money = is_money && decision.desk.basket != self.desk.basket;
        !decision.entries.is_empty() || decision.extra.is_some() || decision.kicks_drawer || is_new_money
    }

    /// Writes what is being rung, if the disk does not have it yet; true when the picture changed.
    pub(crate) fn save_basket(&mut self) -> bool {
        if !std::mem::take(&mut self.basket_unsaved) {
            return false;
        }
        let bytes = bytes_of(&self.desk);
        let Err(error) = self.shop.ledger.save_basket(open_basket(&bytes)) else { return false };
        tracing::error!(error.code = error.code(), error.what = %error, "till.save_basket");
        match error {
            CommitError::Recovered { replacement, .. } => {
                self.note_replacement(&replacement);
                if let Err(error) = self.shop.ledger.save_basket(open_basket(&bytes)) {
                    tracing::error!(error.code = error.code(), "till.basket_not_saved");
                }
            }
            CommitError::DiskFull => self.tell_code(Code::DiskFull),
            _ => self.tell_code(Code::LedgerFailed),
        }
        true
    }

    fn adopt(&mut self, decision: Decision, is_query: bool) {
        let said_before = self.desk.message.clone();
        self.desk = decision.desk;
        if let Some(settings) = decision.new_settings {
            self.devices_changed |= settings.devices != self.shop.settings.devices;
            if let Err(error) = settings.save(self.lock.dir()) {
                tracing::warn!(error.what = %error, "till.settings_not_saved");
            }
            self.shop.settings = settings;
        }
        if decision.uses_scale {
            self.shop.scale.use_up();
        }
        match decision.say {
            Some(say) => self.tell(&say),
            None if is_query => self.desk.message = said_before,
            None if !self.desk.has_error() => self.desk.message = None,
            None => {}
        }
    }

    fn write(&mut self, decision: &Decision, date: u32, jobs: &[PrintJob]) -> Kept {
        let new: Vec<NewEntry<'_>> = decision
            .entries
            .iter()
            .map(|entry| NewEntry { at_ms: decision.now_ms, business_date: date, entry })
            .collect();
        let bytes = bytes_of(&decision.desk);
        let basket = match self.basket_unsaved || decision.desk.basket != self.desk.basket {
            true => open_basket(&bytes),
            false => OpenBasket::Keep,
        };
        match self.shop.ledger.append(&new, &Working { basket, print: jobs }) {
            Ok(committed) => {
                self.basket_unsaved = false;
                Kept::Saved(committed.entries)
            }
            Err(error) => self.not_written(error, decision),
        }
    }

    /// Tells the cashier, once, whether it is saved.
    fn not_written(&mut self, error: CommitError, decision: &Decision) -> Kept {
        tracing::error!(error.code = error.code(), error.what = %error, "till.commit");
        match error {
            CommitError::Recovered { saved, replacement } => {
                let only_basket = decision.entries.is_empty();
                self.note_replacement(&replacement);
                if saved {
                    return Kept::SavedAnew(replacement.salvaged);
                }
                // What was being rung is kept either way: with this change when nothing else hung on it.
                let desk = if only_basket { &decision.desk } else { &self.desk };
                if let Err(error) = self.shop.ledger.save_basket(open_basket(&bytes_of(desk))) {
                    tracing::error!(error.code = error.code(), "till.basket_not_saved");
                }
                if only_basket {
                    return Kept::SavedAnew(replacement.salvaged);
                }
                if has_document(&decision.entries) {
                    self.tell_code(Code::SaleNotSaved);
                }
                Kept::NotSaved
            }
            // The sale is in the ledger: the basket was left open by a till that stopped in between.
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
        let business_date = self.shop.journal_date(at_ms);
        let new = NewEntry { at_ms, business_date, entry: &entry };
        if let Err(error) = self.shop.ledger.append(&[new], &Working::KEEP) {
            tracing::error!(error.code = error.code(), "till.replacement_not_journalled");
        }
        if let Err(error) = self.shop.reread() {
            tracing::error!(error.code = error.code(), "till.reread");
        }
    }

    /// Puts a note before the first entry that the clock has made older than its predecessor.
    fn note_clock(&mut self, decision: &mut Decision) -> bool {
        let before_ms = self.shop.last_at_ms;
        let moved = !decision.entries.is_empty() && decision.now_ms < before_ms.saturating_sub(CLOCK_BACK_MS);
        if moved {
            let note = ClockMoved { before_ms, now_ms: decision.now_ms };
            decision.entries.insert(0, Entry::ClockMoved(note));
        }
        moved
    }

    fn date_of(&self, decision: &Decision) -> u32 {
        decision.date.unwrap_or_else(|| self.shop.journal_date(decision.now_ms))
    }

    fn jobs_of(&self, decision: &Decision) -> Vec<PrintJob> {
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
            Some(Extra::Reprint { document, copy }) => {
                print::prints(&document.entry).map(|document| (document, *copy))
            }
            _ => None,
        };
        let firsts = decision.entries.iter().filter_map(print::prints).map(|document| (document, 0));
        firsts.chain(again).map(|(document, copy)| job(document, copy)).collect()
    }

    /// Where the entries stand after the ledger moved to a new file.
    fn places_anew(&self, decision: &Decision) -> Vec<EntryRef> {
        let here =
            EntryRef { segment: self.shop.ledger.segment(), seq: 0, hash: suanpan_journal::Hash::ZERO };
        let place = |entry: &Entry| {
            let id = document_id(entry)?;
            self.shop.document(id).ok().flatten().map(|document| document.at)
        };
        decision.entries.iter().map(|entry| place(entry).unwrap_or(here)).collect()
    }

    fn after_commit(
        &mut self,
        mut decision: Decision,
        date: u32,
        places: &[EntryRef],
        jobs: &[PrintJob],
        shift: Option<&Shift>,
    ) {
        let (now_ms, entries) = (decision.now_ms, std::mem::take(&mut decision.entries));
        let (extra, kicks) = (decision.extra.take(), decision.kicks_drawer);
        let only_documents = entries.iter().all(|entry| document_id(entry).is_some());
        self.adopt(decision, false);
        let documents: Vec<Document> = entries
            .into_iter()
            .zip(places)
            .map(|(entry, at)| Document { at: *at, at_ms: now_ms, business_date: date, entry })
            .collect();
        // Kick the drawer only after the commit: a crash between them leaves it shut on a recorded sale, never open
        // on an unrecorded one.
        self.print(&documents, extra, jobs, kicks, shift, now_ms);
        let refreshed = match documents.is_empty() {
            true => Ok(()),
            false if only_documents => self.shop.reread_documents(),
            false => self.shop.reread(),
        };
        if refreshed.is_err() {
            self.tell_code(Code::LedgerFailed);
        }
        if !documents.is_empty() {
            self.shop.last_at_ms = now_ms;
            self.shop.latest_ms = self.shop.latest_ms.max(now_ms);
            self.committed = true;
        }
        self.tidies |= self.desk.basket.is_none();
        self.number_closed(&documents);
        self.ask_for_drop(&documents);
    }

    fn print(
        &mut self,
        documents: &[Document],
        extra: Option<Extra>,
        jobs: &[PrintJob],
        mut kicks: bool,
        shift: Option<&Shift>,
        now_ms: i64,
    ) {
        let printed = documents.iter().filter(|document| print::prints(&document.entry).is_some());
        let mut papers: Vec<_> =
            printed.map(|document| print::paper(&self.shop, document, 0, shift)).collect();
        papers.extend(extra.map(|extra| match extra {
            Extra::Reprint { document, copy } => {
                let shift = self.shop.shift_of(&document.entry).ok().flatten();
                print::paper(&self.shop, &document, copy, shift.as_ref())
            }
            Extra::TestPage => print::page(&self.shop, now_ms),
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
            tracing::warn!(error.code = error.code(), "till.print_state_not_saved");
        }
        let _ = self.shop.reread_documents();
    }

    /// The printed number is known with the commit: the segment ends it.
    fn number_closed(&mut self, documents: &[Document]) {
        for document in documents {
            let (Some(row), Some(closed)) = (self.shop.row(document), &mut self.desk.closed) else {
                continue;
            };
            if closed.document == row.document {
                closed.number = row.number;
            }
        }
    }

    /// 大额缴款: asks once a shift until a drop was made.
    fn ask_for_drop(&mut self, documents: &[Document]) {
        let Some(shift) = self.shop.shift.as_ref().map(|shift| shift.id) else { return };
        if documents.iter().any(|document| matches!(document.entry, Entry::CashMoved(_))) {
            self.drop_asked = None;
        }
        let sold = documents.iter().any(|document| matches!(document.entry, Entry::Sale(_)));
        if !sold || self.drop_asked == Some(shift) {
            return;
        }
        let limit = self.shop.book.settings.drop_prompt;
        let Ok(in_drawer) = self.shop.cash_in_drawer(shift) else { return };
        if in_drawer > limit {
            self.drop_asked = Some(shift);
            // The limit, not the drawer's sum: the count at 班结 stays blind.
            self.tell(&Say::new(Code::DropPrompt).with("amount", yuan(limit)));
        }
    }
}

fn document_id(entry: &Entry) -> Option<Id> {
    match entry {
        Entry::Sale(sale) => Some(sale.id),
        Entry::Refund(refund) => Some(refund.id),
        _ => None,
    }
}

fn bytes_of(desk: &Desk) -> Option<Vec<u8>> {
    desk.basket.as_ref().map(|basket| serde_json::to_vec(basket).unwrap_or_default())
}

fn open_basket(bytes: &Option<Vec<u8>>) -> OpenBasket<'_> {
    bytes.as_deref().map_or(OpenBasket::Clear, OpenBasket::Save)
}

fn has_document(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| document_id(entry).is_some())
}
