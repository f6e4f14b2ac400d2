//! Batches that are projected in one transaction, and what they add together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use suanpan_journal::SiteCode;

use super::{Parked, Projected, UNREADABLE, project};
use crate::store::{PendingBatch, Position};

/// Which total, but for its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Business date.
    pub business_date: u32,
    /// A `Dimension`'s number.
    pub dimension: u8,
    /// Hour of the site's clock, where hours are told apart.
    pub hour: u32,
}

/// An addition to a total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Documents or lines.
    pub count: i64,
    /// Money.
    pub fen: i64,
    /// Weight.
    pub grams: i64,
    /// Pieces.
    pub pieces: i64,
}

impl Sum {
    /// Adds another.
    pub fn add(&mut self, other: &Sum) {
        self.count = self.count.saturating_add(other.count);
        self.fen = self.fen.saturating_add(other.fen);
        self.grams = self.grams.saturating_add(other.grams);
        self.pieces = self.pieces.saturating_add(other.pieces);
    }
}

/// Additions to totals, by slot and key.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<Slot, HashMap<String, Sum>>);

impl Totals {
    /// Adds to one.
    pub fn add(&mut self, slot: Slot, key: &str, sum: &Sum) {
        let keys = self.0.entry(slot).or_default();
        match keys.get_mut(key) {
            Some(known) => known.add(sum),
            None => drop(keys.insert(key.to_owned(), *sum)),
        }
    }

    fn merge(&mut self, other: &Totals) {
        for (slot, keys) in &other.0 {
            keys.iter().for_each(|(key, sum)| self.add(*slot, key, sum));
        }
    }

    /// All of them, by slot, then key: the order in which they are stored.
    pub fn in_order(&self) -> impl Iterator<Item = (Slot, &str, &Sum)> {
        self.0.iter().flat_map(|(slot, keys)| {
            let mut keys: Vec<_> = keys.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            keys.into_iter().map(|(key, sum)| (*slot, key.as_str(), sum))
        })
    }
}

/// Till 0 stands for the site: what it sold of each item is told by site and day.
pub const WHOLE_SITE: u16 = 0;

/// How a batch is read whose entries are not all new, or cannot all be added.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Documents that the hub has already, by their seqs.
    pub known: BTreeSet<u64>,
    /// Entries that the database refused: they are parked.
    pub refused: BTreeSet<u64>,
    /// Of a rehearsal: nothing after this is read.
    pub until: Option<u64>,
}

impl Reading {
    /// Whether an entry adds nothing and is not parked either.
    #[must_use]
    pub fn leaves_out(&self, seq: u64) -> bool {
        self.known.contains(&seq) || self.until.is_some_and(|until| seq > until)
    }

    /// Whether an entry is parked, whatever it holds.
    #[must_use]
    pub fn refuses(&self, seq: u64) -> bool {
        self.refused.contains(&seq)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Group {
    /// The batches, in the order of their arrival, and what each adds.
    pub batches: Vec<(PendingBatch, Projected)>,
    /// How they were read.
    reading: Reading,
    /// What all of them add, by site and till.
    pub totals: BTreeMap<(SiteCode, u16), Totals>,
}

impl Group {
    /// Works out what some batches add.
    #[must_use]
    pub fn of(batches: Vec<PendingBatch>) -> Group {
        Group::read(batches, Reading::default())
    }

    /// Works out what batches add that are read in a certain way.
    #[must_use]
    pub fn read(batches: Vec<PendingBatch>, reading: Reading) -> Group {
        let projected = batches.into_iter().map(|batch| (read(&batch, &reading), batch));
        let batches: Vec<_> = projected.map(|(projected, batch)| (batch, projected)).collect();
        let totals = totals(batches.iter().map(|(batch, projected)| (batch, projected)));
        Group { batches, reading, totals }
    }

    /// The last batch; batches that come after it are not in here.
    #[must_use]
    pub fn last(&self) -> Option<&PendingBatch> {
        self.batches.last().map(|(batch, _)| batch)
    }

    /// The position after which its batches have theirs, if they have: then they are for models that lack them.
    #[must_use]
    pub fn filled_after(&self) -> Option<u64> {
        match self.batches.first()?.0.position {
            Position::At { after, .. } => Some(after),
            Position::Next | Position::Again => None,
        }
    }

    /// The sites and business dates of which something is in here.
    #[must_use]
    pub fn days(&self) -> BTreeSet<(&str, u32)> {
        let summed = self
            .totals
            .iter()
            .flat_map(|((site, _), totals)| totals.0.keys().map(|slot| (site.as_str(), slot.business_date)));
        let parked = self.batches.iter().flat_map(|(batch, projected)| {
            let dates = projected.parked.iter().map(|entry| entry.business_date).filter(|date| *date > 0);
            dates.map(|date| (batch.site.as_str(), date))
        });
        summed.chain(parked).collect()
    }

    /// The totals without some documents, named by their batch's place in the group and their seq: the hub had them already.
    #[must_use]
    pub fn totals_without(&self, doubled: &BTreeSet<(usize, u64)>) -> BTreeMap<(SiteCode, u16), Totals> {
        let of = |at: usize| doubled.range((at, 0)..=(at, u64::MAX)).map(|(_, seq)| *seq);
        let reread: BTreeMap<usize, Projected> = (self.batches.iter().enumerate())
            .map(|(at, (batch, _))| (at, batch, of(at).collect::<BTreeSet<_>>()))
            .filter(|(_, _, known)| !known.is_empty())
            .map(|(at, batch, known)| (at, read(batch, &Reading { known, ..self.reading.clone() })))
            .collect();
        totals(
            self.batches.iter().enumerate().map(|(at, (batch, all))| (batch, reread.get(&at).unwrap_or(all))),
        )
    }
}

/// Reads a batch. One that cannot be read, or at which this program breaks off, is parked whole, unless some of it is known
/// to be read elsewhere.
fn read(batch: &PendingBatch, reading: &Reading) -> Projected {
    let projected = catch_unwind(AssertUnwindSafe(|| project(batch, reading)));
    let projected = projected.ok().and_then(Result::ok).filter(|it| it.entries == batch.entries);
    let unreadable = Parked { seq: 0, kind: 0, business_date: 0, code: UNREADABLE };
    projected.unwrap_or_else(|| Projected {
        parked: if batch.part.without.is_empty() { vec![unreadable] } else { vec![] },
        ..Projected::default()
    })
}

fn totals<'a>(
    batches: impl Iterator<Item = (&'a PendingBatch, &'a Projected)>,
) -> BTreeMap<(SiteCode, u16), Totals> {
    let mut all = BTreeMap::<_, Totals>::new();
    for (batch, projected) in batches {
        for (till, totals) in [(batch.till, &projected.totals), (WHOLE_SITE, &projected.items)] {
            all.entry((batch.site.clone(), till)).or_default().merge(totals);
        }
    }
    all
}
