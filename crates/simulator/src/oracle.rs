//! The list of printed receipts, kept outside of everything that can fail, and the verdict.

use std::collections::{BTreeMap, BTreeSet};

use suanpan_journal::Records;

/// The kind of a sale's entry.
pub(crate) const SALE: u16 = 1;

/// A kind that only a newer release writes: the hub keeps its entries and does not understand them.
pub(crate) const NEWER: u16 = 900;

/// A sale as it stands in an entry's payload, or what a newer release writes, which looks just like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sale {
    pub(crate) id: u64,
    pub(crate) fen: u64,
    pub(crate) kind: u16,
}

impl Sale {
    pub(crate) fn payload(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.id.to_be_bytes());
        bytes[8..].copy_from_slice(&self.fen.to_be_bytes());
        bytes
    }

    fn read(kind: u16, payload: &[u8]) -> Option<Sale> {
        let (id, fen) = payload.split_first_chunk::<8>()?;
        Some(Sale { id: u64::from_be_bytes(*id), fen: u64::from_be_bytes(fen.try_into().ok()?), kind })
    }

    /// Every one in a run of records.
    pub(crate) fn all(records: &[u8]) -> impl Iterator<Item = Sale> {
        Records::new(records).flatten().filter_map(|it| Sale::read(it.header.kind, it.payload))
    }

    /// What it adds to a sum: an entry that nobody understands adds nothing.
    fn counts(&self) -> u64 {
        if self.kind == SALE { self.fen } else { 0 }
    }
}

/// What every sale was, whether its receipt was printed, and whether some moment had no copy of it.
#[derive(Default)]
pub(crate) struct Oracle {
    sales: BTreeMap<u64, (Sale, bool)>,
    /// Sales of which, once, no disk had a copy. They may come back from a message that was under way.
    gone: BTreeSet<u64>,
    /// Sales that were ever on the hub's disk.
    durable: BTreeSet<u64>,
    /// Sales that a station declared to be nowhere.
    declared: BTreeSet<u64>,
    pub(crate) breaches: BTreeSet<String>,
}

/// What was sold, and what the hub has of it in the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// Sales that were committed.
    pub sales: u64,
    /// Receipts that were printed.
    pub printed: u64,
    /// Printed receipts of which no copy was left.
    pub lost: u64,
    /// What the hub sums, in fen.
    pub fen: u64,
    /// Entries at the hub of a kind that it does not know.
    pub parked: u64,
}

impl Oracle {
    /// The next sale.
    pub(crate) fn sale(&self, kind: u16, fen: u64) -> Sale {
        Sale { id: self.sales.len() as u64 + 1, fen, kind }
    }

    pub(crate) fn committed(&mut self, sale: Sale, printed: bool) {
        self.sales.insert(sale.id, (sale, printed));
    }

    /// Copies were destroyed: only these are left.
    pub(crate) fn left(&mut self, copies: &BTreeSet<u64>) {
        self.gone.extend(self.sales.keys().filter(|id| !copies.contains(id)));
    }

    /// The hub's disk has these, each once.
    pub(crate) fn durable(&mut self, ids: impl Iterator<Item = u64>) {
        let mut found = BTreeSet::new();
        for id in ids {
            if !found.insert(id) {
                self.breach(format!("sale {id} is at the hub 2 times"));
            }
        }
        self.durable.append(&mut found);
    }

    /// A station says that these are nowhere. An ack for what comes after them says nothing of them.
    pub(crate) fn declared(&mut self, ids: impl Iterator<Item = u64>) {
        self.declared.extend(ids);
    }

    /// A station was told that these are safe. The next loss of its own disk would show whether they are.
    pub(crate) fn acked(&mut self, ids: &BTreeSet<u64>) {
        if !ids.iter().all(|id| self.durable.contains(id) || self.declared.contains(id)) {
            self.breach("an ack for what was never on the hub's disk");
        }
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.insert(what.into());
    }

    /// Compares the hub with the receipts: lost is what had no copy left, nothing is there twice, and the sums agree.
    pub(crate) fn compare<'a>(&mut self, hub: impl Iterator<Item = &'a Sale>) -> Count {
        let sales = self.sales.values().filter(|(it, _)| it.kind == SALE).count() as u64;
        let mut count = Count { sales, ..Count::default() };
        let mut found: BTreeMap<u64, u64> = BTreeMap::new();
        for sale in hub {
            *found.entry(sale.id).or_default() += 1;
            count.fen += sale.counts();
            count.parked += u64::from(sale.kind != SALE);
            if self.sales.get(&sale.id).map(|(it, _)| it) != Some(sale) {
                self.breach(format!("sale {} at the hub is not what was sold", sale.id));
            }
        }
        let mut expected_fen = 0;
        for (id, (sale, printed)) in self.sales.clone() {
            count.printed += u64::from(printed);
            match found.get(&id) {
                Some(1) => expected_fen += sale.counts(),
                Some(times) => self.breach(format!("sale {id} is at the hub {times} times")),
                None if self.gone.contains(&id) => count.lost += u64::from(printed),
                None => self.breach(format!("sale {id} is lost, and a copy of it was left")),
            }
        }
        if count.fen != expected_fen {
            self.breach(format!("the hub sums {} fen, the receipts {expected_fen}", count.fen));
        }
        count
    }
}
