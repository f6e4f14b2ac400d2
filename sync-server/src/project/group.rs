//! Batches that are projected in one transaction, and what they add together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use suanpan_journal::SiteCode;

use super::{Parked, Projected, project};
use crate::store::{PendingBatch, UNREADABLE};

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

/// See the module.
#[derive(Debug)]
pub struct Group {
    /// The batches, in the order of their arrival, and what each adds.
    pub batches: Vec<(PendingBatch, Projected)>,
    /// What all of them add, by site and till.
    pub totals: BTreeMap<(SiteCode, u16), Totals>,
}

impl Group {
    /// Works out what some batches add.
    #[must_use]
    pub fn of(batches: Vec<PendingBatch>) -> Group {
        let read = |batch| (read(&batch, &BTreeSet::new()), batch);
        let batches: Vec<_> =
            batches.into_iter().map(read).map(|(projected, batch)| (batch, projected)).collect();
        let totals = totals(batches.iter().map(|(batch, projected)| (batch, projected)));
        Group { batches, totals }
    }

    /// The last batch's row; batches that come after it are not in here.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.batches.last().map(|(batch, _)| batch.id)
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

    /// The totals without some documents, named by their batch's row and their seq: the hub had them already.
    #[must_use]
    pub fn totals_without(&self, doubled: &BTreeSet<(i64, u64)>) -> BTreeMap<(SiteCode, u16), Totals> {
        let of_batch = |id: i64| doubled.range((id, 0)..=(id, u64::MAX)).map(|(_, seq)| *seq);
        let reread: BTreeMap<i64, Projected> = (self.batches.iter())
            .map(|(batch, _)| (batch, of_batch(batch.id).collect::<BTreeSet<_>>()))
            .filter(|(_, without)| !without.is_empty())
            .map(|(batch, without)| (batch.id, read(batch, &without)))
            .collect();
        totals(self.batches.iter().map(|(batch, all)| (batch, reread.get(&batch.id).unwrap_or(all))))
    }
}

fn read(batch: &PendingBatch, without: &BTreeSet<u64>) -> Projected {
    project(batch, without).unwrap_or_else(|_| Projected {
        entries: 1,
        parked: vec![Parked { seq: 0, kind: 0, business_date: 0, code: UNREADABLE }],
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
