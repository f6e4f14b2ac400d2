//! Damage inside a ledger: the file is condemned, and what checks is carried into a new one.

use suanpan_journal::Missing;

use crate::dice::Dice;
use crate::journal::{Disk, Written};

/// What of a journal can no longer be read.
pub(crate) struct Damage {
    /// The segment's place in the journal.
    place: usize,
    from: u64,
    to: u64,
    /// Not even the recorded hashes are left, so that nothing proves the entry after it.
    erased: bool,
}

impl Damage {
    /// A run at the start of a segment, inside it or at its end, or of what the hub does not have yet; every other time in
    /// the newest.
    pub(crate) fn draw(disk: &Disk, dice: &mut Dice) -> Option<Damage> {
        let newest = disk.journal.len().checked_sub(1)?;
        let place = if dice.chance(500) { newest } else { dice.place(disk.journal.len()) };
        let written = &disk.journal[place];
        let head = written.head_seq();
        if head == 0 {
            return None;
        }
        let len = dice.between(1, head.min(4));
        let last = head + 1 - len;
        // Behind what nobody has, something that is to go on.
        let unsent = (disk.acked_seq(written.id) + 1).min(last);
        let from = match dice.place(5) {
            0 => 1,
            1 => last,
            2 => dice.between(1, last),
            _ => dice.between(unsent, last.saturating_sub(2).max(unsent)),
        };
        Some(Damage { place, from, to: from + len - 1, erased: dice.chance(500) })
    }
}

impl Disk {
    /// Carries every entry whose hash checks into a new file. Gives how many did not come along.
    pub(crate) fn salvage(&mut self, damage: &Damage) -> u64 {
        let count = |disk: &Disk| disk.journal.iter().map(|it| it.entries.len() as u64).sum::<u64>();
        let before = count(self);
        for (place, written) in self.journal.iter_mut().enumerate() {
            let hit = Some(damage).filter(|damage| damage.place == place);
            let seen = if hit.is_some_and(|it| it.erased) { 0 } else { written.head_seq() };
            salvage(written, hit);
            let last = written.head_seq();
            written.missing.retain(|it| it.to.is_some_and(|to| to <= last));
            if seen > last {
                written.missing.push(Missing {
                    segment: written.id,
                    from: last + 1,
                    to: Some(seen),
                    to_hash: None,
                });
            }
        }
        // A segment of which nothing is left is not known any more, but as somebody's parent.
        self.journal.retain(|it| !it.entries.is_empty());
        self.note_parents_ends();
        if let Some(newest) = self.journal.last_mut() {
            let from = newest.head_seq() + 1;
            newest.missing.retain(|it| it.from != from);
            newest.missing.push(Missing { segment: newest.id, from, to: None, to_hash: None });
        }
        before - count(self)
    }

    /// What a next segment hangs on was written too.
    fn note_parents_ends(&mut self) {
        let parents: Vec<_> = self.journal.iter().map(|it| it.parent).collect();
        for written in &mut self.journal {
            let told = parents.iter().filter(|it| it.segment == written.id).map(|it| it.seq).max();
            let (last, told) = (written.head_seq(), told.unwrap_or(0));
            let known = written.missing.iter().filter_map(|it| it.to).max().unwrap_or(0);
            if told > last.max(known) {
                written.missing.retain(|it| it.from != last + 1);
                written.missing.push(Missing {
                    segment: written.id,
                    from: last + 1,
                    to: Some(told),
                    to_hash: None,
                });
            }
        }
    }
}

/// An entry after a gap has nothing before it that proves it, unless the recorded hash of the last entry in the gap is
/// still there: it only proves the next.
fn salvage(written: &mut Written, damage: Option<&Damage>) {
    let old = std::mem::take(&mut written.entries);
    let hash = |seq: u64| old.get(&seq).map(|entry| entry.hash);
    let is_hit = |seq: u64| damage.is_some_and(|it| (it.from..=it.to).contains(&seq));
    let is_seen = |seq: u64| old.contains_key(&seq) && (!is_hit(seq) || damage.is_some_and(|it| !it.erased));
    let mut gaps = Vec::new();
    for (seq, entry) in &old {
        if is_hit(*seq) || (*seq > 1 && !is_seen(seq - 1)) {
            continue;
        }
        let last = written.entries.last_key_value().map_or(0, |(last, _)| *last);
        if last + 1 < *seq {
            gaps.push(Missing {
                segment: written.id,
                from: last + 1,
                to: Some(seq - 1),
                to_hash: hash(seq - 1),
            });
        }
        written.entries.insert(*seq, entry.clone());
    }
    written.missing = gaps;
}
