//! Stored pushes, checked as the hub checked them when they came, and added up by the till's own arithmetic.

use std::collections::{BTreeMap, HashSet};

use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::shift::{DayClosed, Sums};
use suanpan_domain::totals::{item_postings, postings};
use suanpan_journal::{Hash, Parent, Records, SegmentId, StationId, VerifyingKey};
use suanpan_sync::{CheckedPush, Push, Start};
use sync_server::journal::{Held, JournalStation, Place, StoredBatch};

use super::figures::Figures;

/// What is wrong with stored bytes, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) station: StationId,
    pub(super) till: u16,
    pub(super) segment: SegmentId,
    pub(super) from_seq: u64,
    pub(super) to_seq: u64,
    pub(super) what: String,
    /// What the bytes chain to, as far as they can be read: compared with the station's own hashes, it tells the entry.
    pub(super) hashes: Vec<(u64, Hash)>,
}

/// What a station's journal says of the date.
pub(super) struct OfStation {
    pub(super) till: u16,
    /// Of all that it wrote, as its own ledger and 日结 have it.
    pub(super) written: Figures,
    /// Without what is held, as the hub has it.
    pub(super) figures: Figures,
    /// The newest 日结.
    close: Option<DayClosed>,
    /// The highest number of a document.
    last_number: u32,
    key: VerifyingKey,
    held: Vec<Held>,
}

impl OfStation {
    /// The sums of the close, if nothing was sold after it: a date that was opened again has to be closed again.
    pub(super) fn recorded(&self) -> Option<&Sums> {
        self.close.as_ref().filter(|close| close.last_number >= self.last_number).map(|close| &close.sums)
    }
}

/// A site's journal of a date.
pub(super) struct Journal {
    date: u32,
    stations: BTreeMap<StationId, OfStation>,
    /// Documents of the date, held or not: one that came twice counts once.
    written: HashSet<Id>,
    /// Those of them that are in the hub's figures.
    counted: HashSet<Id>,
    /// Last seq and hash of each branch.
    heads: BTreeMap<(StationId, SegmentId, u32), (u64, Hash)>,
    parents: Vec<(StationId, Parent)>,
}

impl Journal {
    pub(super) fn new(date: u32, stations: &[JournalStation]) -> Journal {
        let of = |it: &JournalStation| OfStation {
            till: it.till,
            written: Figures::default(),
            figures: Figures::default(),
            close: None,
            last_number: 0,
            key: it.public_key,
            held: it.held.clone(),
        };
        let stations = stations.iter().map(|it| (it.station, of(it))).collect();
        let (heads, parents) = (BTreeMap::new(), Vec::new());
        Journal { date, stations, written: HashSet::new(), counted: HashSet::new(), heads, parents }
    }

    /// Takes this key for a station, whatever the hub says.
    pub(super) fn trust(&mut self, station: StationId, key: VerifyingKey) {
        if let Some(of) = self.stations.get_mut(&station) {
            of.key = key;
        }
    }

    pub(super) fn stations(&self) -> impl Iterator<Item = (&StationId, &OfStation)> {
        self.stations.iter()
    }

    /// Figures by till, with those tills that only the hub knows.
    pub(super) fn by_till<'a>(&self, others: impl Iterator<Item = &'a u16>) -> BTreeMap<u16, Figures> {
        let mut tills: BTreeMap<u16, Figures> = others.map(|till| (*till, Figures::default())).collect();
        for of in self.stations.values() {
            tills.entry(of.till).or_default().add_all(&of.figures);
        }
        tills
    }

    /// The site's figures.
    pub(super) fn figures(&self) -> Figures {
        let mut all = Figures::default();
        self.stations.values().for_each(|of| all.add_all(&of.figures));
        all
    }

    /// Sales and refunds of the date that wait for a person at the hub.
    pub(super) fn held(&self) -> usize {
        self.written.len() - self.counted.len()
    }

    /// Checks a batch and adds what it says of the date.
    ///
    /// *Errors:* [`Broken`].
    pub(super) fn take(&mut self, batch: &StoredBatch) -> Result<(), Broken> {
        let checked = self.check(batch)?;
        let Some(of) = self.stations.get_mut(&batch.place.station) else { return Ok(()) };
        let Place { segment, branch, from_seq, .. } = batch.place;
        let holds = |it: &Held| {
            (it.segment, it.branch) == (segment, branch) && (it.from_seq..=it.to_seq).contains(&from_seq)
        };
        let is_held = of.held.iter().any(holds);
        for record in Records::new(&checked.records).flatten() {
            if record.header.business_date != self.date {
                continue;
            }
            // What is not understood is parked at the hub, and in no figure here or there.
            let header = &record.header;
            let Ok(entry) = Entry::receive(header.kind, header.business_date, record.payload) else {
                continue;
            };
            let document = match &entry {
                Entry::Sale(sale) => Some((sale.id, sale.number)),
                Entry::Refund(refund) => Some((refund.id, refund.number)),
                _ => None,
            };
            let (is_new, counts) = match document {
                None => (true, !is_held),
                Some((id, _)) => (self.written.insert(id), !is_held && self.counted.insert(id)),
            };
            of.last_number = of.last_number.max(document.map_or(0, |(_, number)| number));
            for posting in postings(&entry).iter().chain(&item_postings(&entry)) {
                if is_new {
                    of.written.add(posting);
                }
                if counts {
                    of.figures.add(posting);
                }
            }
            if let Entry::DayClosed(close) = entry
                && close.date == self.date
                && of.close.as_ref().is_none_or(|have| have.last_number <= close.last_number)
            {
                of.close = Some(close);
            }
        }
        Ok(())
    }

    fn check(&mut self, batch: &StoredBatch) -> Result<CheckedPush, Broken> {
        let place = batch.place;
        let of = self.stations.get(&place.station);
        let broken = |what: String| Broken {
            station: place.station,
            till: of.map_or(0, |of| of.till),
            segment: place.segment,
            from_seq: place.from_seq,
            to_seq: batch.to_seq,
            what,
            hashes: Vec::new(),
        };
        let Some(of) = of else { return Err(broken("belong to no station of the site".to_owned())) };
        let push = Push::decode(&batch.body).map_err(|why| broken(format!("cannot be read: {why}")))?;
        let checked = push.check(place.station, &of.key).map_err(|why| {
            let read = push.hashes(place.station).map(|(from, hashes)| (from..).zip(hashes).collect());
            let what = format!("are not what the station signed: {why}");
            Broken { hashes: read.unwrap_or_default(), ..broken(what) }
        })?;
        let is_placed = checked.segment == place.segment
            && checked.from_seq == place.from_seq
            && checked.to_seq() == batch.to_seq;
        if !is_placed {
            return Err(broken("are kept at another place than the one they were signed for".to_owned()));
        }
        let branch = (place.station, place.segment, place.branch);
        if let Some((seq, hash)) = self.heads.get(&branch).copied() {
            let next = seq.saturating_add(1);
            if next < checked.from_seq {
                let what = "are missing at the hub".to_owned();
                return Err(Broken { from_seq: next, to_seq: checked.from_seq - 1, ..broken(what) });
            }
            if next != checked.from_seq || hash != checked.prev_hash {
                return Err(broken("do not follow the entry before them".to_owned()));
            }
        }
        self.heads.insert(branch, (checked.to_seq(), checked.head_hash()));
        if let Start::Opening(parent) = push.start {
            self.parents.push((place.station, parent));
        }
        Ok(checked)
    }

    /// After the last batch: a segment that goes on where another has not come to yet shows what is missing there.
    pub(super) fn end(&self) -> Option<Broken> {
        self.parents.iter().find_map(|(station, parent)| {
            let branches =
                self.heads.iter().filter(|((of, segment, _), _)| of == station && *segment == parent.segment);
            let has = branches.map(|(_, (seq, _))| *seq).max()?;
            (has < parent.seq).then(|| Broken {
                station: *station,
                till: self.stations.get(station).map_or(0, |of| of.till),
                segment: parent.segment,
                from_seq: has.saturating_add(1),
                to_seq: parent.seq,
                what: "are missing at the hub".to_owned(),
                hashes: Vec::new(),
            })
        })
    }
}
