//! Figures of a day, each under a name, and the first in which two sides differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use suanpan_domain::money::Fen;
use suanpan_domain::quantity::{Grams, Pieces};
use suanpan_domain::shift::{Sums, differences};
use suanpan_domain::totals::{Dimension, Posting, sums};

/// One sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Amount {
    count: i64,
    fen: i64,
    grams: i64,
    #[serde(default)]
    pieces: i64,
}

/// Sums by what is summed.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(BTreeMap<(Dimension, String), Amount>);

/// A figure of which the journal and another side say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) field: String,
    pub(super) journal: i64,
    pub(super) other: i64,
}

/// A site's day as the hub reports it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DayRow {
    sales: i64,
    refunds: i64,
    lines: i64,
    grams: i64,
    amount_fen: i64,
    discount_fen: i64,
    rounding_fen: i64,
    paid_fen: i64,
}

impl Figures {
    pub(super) fn of<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> Figures {
        let mut figures = Figures::default();
        postings.into_iter().for_each(|posting| figures.add(posting));
        figures
    }

    pub(super) fn add(&mut self, posting: &Posting) {
        let amount = Amount {
            count: posting.count,
            fen: posting.fen.0,
            grams: posting.grams.0,
            pieces: posting.pieces.0,
        };
        self.put(posting.dimension, posting.key.clone(), amount);
    }

    pub(super) fn put(&mut self, dimension: Dimension, key: String, amount: Amount) {
        let sum = self.0.entry((dimension, key)).or_default();
        sum.count += amount.count;
        sum.fen += amount.fen;
        sum.grams += amount.grams;
        sum.pieces += amount.pieces;
    }

    pub(super) fn add_all(&mut self, other: &Figures) {
        for ((dimension, key), amount) in &other.0 {
            self.put(*dimension, key.clone(), *amount);
        }
    }

    /// The sums by item alone.
    pub(super) fn items(&self) -> Figures {
        let items = self.0.iter().filter(|((dimension, _), _)| *dimension == Dimension::Item);
        Figures(items.map(|(name, amount)| (name.clone(), *amount)).collect())
    }

    /// The first figure in which the other side differs. By item they are compared only where it has any.
    pub(super) fn differs(&self, other: &Figures) -> Option<Found> {
        let with_items = other.0.keys().any(|(dimension, _)| *dimension == Dimension::Item)
            || self.0.keys().all(|(dimension, _)| *dimension == Dimension::Item);
        let names: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let names = names.into_iter().filter(|(dimension, _)| with_items || *dimension != Dimension::Item);
        names.into_iter().find_map(|name| {
            let side = |figures: &Figures| figures.0.get(name).copied().unwrap_or_default();
            let (journal, other) = (side(self), side(other));
            let parts = [
                ("count", journal.count, other.count),
                ("fen", journal.fen, other.fen),
                ("grams", journal.grams, other.grams),
                ("pieces", journal.pieces, other.pieces),
            ];
            let (unit, journal, other) = parts.into_iter().find(|(_, journal, other)| journal != other)?;
            let (dimension, key) = name;
            let joint = if key.is_empty() { "" } else { ":" };
            Some(Found { field: format!("{}{joint}{key} {unit}", dimension.name()), journal, other })
        })
    }

    /// The sums that a close would record.
    pub(super) fn sums(&self) -> Sums {
        let postings = self.0.iter().map(|((dimension, key), amount)| Posting {
            dimension: *dimension,
            key: key.clone(),
            count: amount.count,
            fen: Fen(amount.fen),
            grams: Grams(amount.grams),
            pieces: Pieces(amount.pieces),
        });
        sums(&postings.collect::<Vec<_>>())
    }

    /// Compares with figures by the names of [`Sums::fields`].
    pub(super) fn differs_from(&self, published: &BTreeMap<String, i64>) -> Option<Found> {
        let first = differences(&self.sums().fields(), published).into_iter().next()?;
        Some(Found { field: first.field, journal: first.was, other: first.is })
    }

    /// Compares with the row of the report by day.
    pub(super) fn differs_from_day(&self, row: &DayRow) -> Option<Found> {
        let of = |dimension| self.0.get(&(dimension, String::new())).copied().unwrap_or_default();
        let (sales, refunds, goods) = (of(Dimension::Sales), of(Dimension::Refunds), of(Dimension::Goods));
        let parts = [
            ("sales", sales.count, row.sales),
            ("refunds", refunds.count, row.refunds),
            ("lines", goods.count, row.lines),
            ("grams", goods.grams, row.grams),
            ("amount_fen", goods.fen, row.amount_fen),
            ("discount_fen", of(Dimension::Discount).fen, row.discount_fen),
            ("rounding_fen", of(Dimension::Rounding).fen, row.rounding_fen),
            ("paid_fen", sales.fen + refunds.fen, row.paid_fen),
        ];
        let (field, journal, other) = parts.into_iter().find(|(_, journal, other)| journal != other)?;
        Some(Found { field: field.to_owned(), journal, other })
    }
}
