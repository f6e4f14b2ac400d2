//! Fetches back what this station wrote, lost, and the hub has. Every byte comes with the station's own signature.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use suanpan_journal::{Missing, Parent, SegmentId};

use super::call::{Call, NoAnswer};
use super::here::{Here, Identity, Note};
use super::stores::{DOES_NOT_FIT, StoresError};
use crate::limits::FETCH_MAX;
use crate::paths;
use crate::wire::ack::LostTail;
use crate::wire::entries::decode_entries;
use crate::wire::push::Start;

/// A fetch and its answer: 4 MiB on a line of 1 Mbit/s.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);

/// Fetches of one segment: at 4 MiB each, more than a segment of a year.
const FETCHES_MAX: u32 = 1_000;

/// What is to come back.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    pub(super) lost_tail: Option<LostTail>,
    /// Whether what a salvage missed was asked for since the start.
    pub(super) asked: bool,
    fetch: Option<Fetch>,
    then: VecDeque<Missing>,
}

/// One segment from a seq to its end.
#[derive(Debug)]
struct Fetch {
    segment: SegmentId,
    from: u64,
    /// As the opening that came says.
    parent: Option<Parent>,
    times: u32,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The tail of a segment that this disk no longer has.
    Tail,
    /// What a salvage could not read; open when nobody here knows how far the segment went.
    Missing { is_open: bool },
}

impl Recovery {
    /// The hub listens: asks it for what is not here.
    pub(super) fn begin(&mut self, here: &Here<'_>) -> Result<(), StoresError> {
        // What a salvage is still to bring may be this tail, and nothing is taken back before it is done.
        match self.lost_tail {
            Some(tail) if here.stores.takes_back()? => {
                (here.tell)(Note::LostTail(tail));
                let LostTail { segment, from_seq: from, .. } = tail;
                self.fetch = Some(Fetch { segment, from, parent: None, times: 0, what: What::Tail });
                Ok(())
            }
            _ => self.begin_missing(here),
        }
    }

    fn begin_missing(&mut self, here: &Here<'_>) -> Result<(), StoresError> {
        if !self.asked {
            self.then = here.stores.missing()?.into();
            self.next_missing();
        }
        Ok(())
    }

    fn next_missing(&mut self) {
        let next = self.then.pop_front();
        self.asked = next.is_none();
        self.fetch = next.map(|Missing { segment, from, to, .. }| {
            let what = What::Missing { is_open: to.is_none() };
            Fetch { segment, from, parent: None, times: 0, what }
        });
    }

    /// What to ask, if there is anything.
    pub(super) fn call(&self) -> Option<Call> {
        let Fetch { segment, from, .. } = self.fetch.as_ref()?;
        let path = format!("{}?segment={segment}&from={from}", paths::ENTRIES);
        Some(Call::get(path, FETCH_MAX, FETCH_TIMEOUT))
    }

    /// Takes what came. Says whether any entry was new here.
    pub(super) fn hear(
        &mut self,
        here: &Here<'_>,
        me: &Identity,
        parents: &HashMap<SegmentId, Parent>,
        answer: Result<Vec<u8>, NoAnswer>,
    ) -> Result<bool, StoresError> {
        let Some(mut fetch) = self.fetch.take() else { return Ok(false) };
        let mut new = 0;
        let came = match answer {
            Ok(bytes) => fetch.take(here, me, parents.get(&fetch.segment).copied(), &bytes, &mut new)?,
            Err(_) => Came::Not,
        };
        if new > 0 {
            (here.tell)(Note::TookBack(new));
        }
        match (came, fetch.what) {
            (Came::More, _) if fetch.times < FETCHES_MAX => self.fetch = Some(fetch),
            (Came::Not, What::Tail) => self.begin_missing(here)?,
            (Came::Not, What::Missing { .. }) => self.then.clear(),
            (Came::More | Came::All, What::Tail) => {
                self.lost_tail = None;
                // What came may hang on entries that are not here either.
                self.asked = false;
                self.begin_missing(here)?;
            }
            (Came::More | Came::All, What::Missing { is_open }) => {
                if is_open {
                    here.stores.close_open_end(fetch.segment)?;
                }
                self.next_missing();
            }
        }
        Ok(new > 0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    More,
    /// The hub answered to the end: the last question tells it that all is here.
    All,
    Not,
}

impl Fetch {
    fn take(
        &mut self,
        here: &Here<'_>,
        me: &Identity,
        known: Option<Parent>,
        bytes: &[u8],
        new: &mut u64,
    ) -> Result<Came, StoresError> {
        let Ok(entries) = decode_entries(bytes) else {
            (here.tell)(Note::NotOurs);
            return Ok(Came::Not);
        };
        let before = self.from;
        self.times = self.times.saturating_add(1);
        for push in entries.pushes {
            let checked = push.check(me.station, &me.key.public());
            let Some(checked) = checked.ok().filter(|it| it.segment == self.segment) else {
                (here.tell)(Note::NotOurs);
                return Ok(Came::Not);
            };
            if let Start::Opening(opening) = push.start {
                self.parent = Some(opening);
            }
            let hangs_on = self.parent.or(known).unwrap_or(Parent::ROOT);
            let restored = match parted(here, self.segment, &push.start)? {
                true => Err(StoresError { code: DOES_NOT_FIT, what: "they are of another disk".to_owned() }),
                false => here.stores.restore(self.segment, &hangs_on, &checked.records),
            };
            match restored {
                Ok(Some(restored)) => *new = new.saturating_add(restored),
                Ok(None) => return Ok(Came::Not),
                // They stay at the hub, which must not offer them for ever; uploads go on.
                Err(error) if error.code == DOES_NOT_FIT => (here.tell)(Note::DoesNotFit(error.what)),
                Err(error) => return Err(error),
            }
            self.from = self.from.max(checked.to_seq().saturating_add(1));
        }
        Ok(if self.from == before { Came::All } else { Came::More })
    }
}

/// Whether what was fetched follows another entry than this disk has there: on top of ours it would be a second copy.
fn parted(here: &Here<'_>, segment: SegmentId, start: &Start) -> Result<bool, StoresError> {
    let Start::After { seq, hash } = start else { return Ok(false) };
    Ok(here.stores.hash_at(segment, *seq)?.is_some_and(|ours| ours != *hash))
}
