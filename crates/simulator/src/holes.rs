//! The hub's holes: entries that a station declared to be nowhere.

use std::rc::Rc;

use suanpan_journal::{SegmentId, StationId};
use suanpan_sync::limits::LACKING_MAX;
use suanpan_sync::{Hole, Lacking, PushReply, RecordedHole, declare_hole};

use crate::hub::{HubDisk, Sender, Stored};

impl Stored {
    /// What was stored is no longer missing.
    pub(crate) fn trim_holes(&mut self, branch: u32, from_seq: u64, to_seq: u64) {
        for hole in &mut self.holes {
            if hole.branch == branch && (from_seq..=to_seq).contains(&hole.from_seq) {
                hole.from_seq = to_seq + 1;
            }
        }
        self.holes.retain(|hole| hole.from_seq <= hole.to_seq);
    }

    /// Says whether a hole lies where something is stored, or on another one.
    fn has_wrong_hole(&self) -> bool {
        let stored =
            |hole: &RecordedHole| (hole.from_seq..=hole.to_seq).any(|seq| self.has(hole.branch, seq));
        let overlap = |one: &RecordedHole, other: &RecordedHole| {
            one != other
                && one.branch == other.branch
                && one.from_seq <= other.to_seq
                && other.from_seq <= one.to_seq
        };
        self.holes.iter().any(|hole| stored(hole) || self.holes.iter().any(|other| overlap(hole, other)))
    }
}

impl HubDisk {
    /// Takes a station's word that some entries are nowhere.
    ///
    /// *Errors:* why it is refused.
    pub(crate) fn declare(&mut self, from: &Sender<'_>, hole: &Hole) -> Result<PushReply, String> {
        hole.check(from.station, &from.key.public()).map_err(|error| error.code().to_owned())?;
        let stored = Rc::make_mut(self.segments.entry((from.station, hole.segment)).or_default());
        let before = stored.holes.clone();
        if stored.heads.is_empty() {
            stored.open_unknown();
        }
        let Ok((holes, opened)) = declare_hole(hole, stored);
        stored.holes = holes;
        if let Some(opened) = opened {
            stored.open_for_hole(&opened);
            self.notes.push("branch opened for a hole");
        }
        if stored.holes != before {
            self.notes.push("hole recorded");
        }
        Ok(PushReply::HoleRecorded { to_seq: hole.to_seq })
    }

    /// What a station's disks declared, of what is still missing.
    pub(crate) fn lacking(&self, station: StationId) -> Vec<Lacking> {
        let own = self.segments.range((station, SegmentId::ZERO)..).take_while(|((of, _), _)| *of == station);
        let lacks = own.flat_map(|((_, segment), stored)| {
            let one =
                |it: &RecordedHole| Lacking { segment: *segment, from_seq: it.from_seq, to_seq: it.to_seq };
            stored.holes.iter().filter(|it| !stored.is_stored(it.to_seq, it.to_hash)).map(one)
        });
        lacks.take(LACKING_MAX).collect()
    }

    /// Says whether some hole lies where something is stored.
    pub(crate) fn has_wrong_hole(&self) -> bool {
        self.segments.values().any(|stored| stored.has_wrong_hole())
    }
}
