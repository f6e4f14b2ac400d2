//! Where a station's history parts, and whether that is a lost tail or a clone.

use suanpan_journal::{Hash, Parent, SegmentId, StationId};
use suanpan_sync::{CheckedPush, Fork, ForkKind, Known, LostTail};

use super::error::StoreError;
use super::known::{Segment, Stands};
use super::sql::{Sql, values};

/// Segments walked from a new entry towards the root. A till opens a few a day, and forks that still wait for a
/// verdict are recent.
const ANCESTORS_MAX: usize = 2_000;

/// Forks of one station looked at for one push. More than one is already a case for IT.
const FORKS_MAX: u32 = 32;

/// Forks of one station on record whose old side has not grown. What more of them say is no news.
const OPEN_FORKS_MAX: u32 = 256;

struct Parting {
    segment: SegmentId,
    at_seq: u64,
    old_branch: u32,
}

/// After a run was appended: new forks that it makes, and old ones whose old side it lets grow. Says whether there was
/// nothing to look for, as with nearly every push.
pub(super) fn after_append(
    connection: &dyn Sql,
    station: StationId,
    push: &CheckedPush,
    branch: u32,
    (stands, now_ms): (&Stands, i64),
) -> Result<bool, StoreError> {
    if stands.has_open_forks {
        grow_old_sides(connection, station, push, branch)?;
    }
    let parent = push.parent.filter(|parent| !parent.is_root());
    if let Some(parent) = &parent {
        hang(connection, station, push.segment, parent, now_ms)?;
    }
    if stands.is_parent_inside {
        outgrow_children(connection, station, push, branch, now_ms)?;
    }
    Ok(!stands.has_open_forks && parent.is_none() && !stands.is_parent_inside)
}

/// A new segment hangs on an entry. It is a fork if that entry is not its segment's newest, or if another segment
/// hangs there already: each start of the app opens a segment, so an older copy of a till's disk mostly shows itself
/// as a second child.
fn hang(
    connection: &dyn Sql,
    station: StationId,
    child: SegmentId,
    parent: &Parent,
    now_ms: i64,
) -> Result<(), StoreError> {
    let on_record: u32 = connection.only(
        "select count(*) from (select at_seq from fork where station = ? and old_side_grew = 0 limit ?) f",
        values![station.0, OPEN_FORKS_MAX],
        |row| row.get(0),
    )?;
    if on_record >= OPEN_FORKS_MAX {
        return Ok(());
    }
    let mut old = Segment::load(connection, station, parent.segment)?;
    let mut left_behind = Vec::new();
    if let Some(head) = old.branch_with(parent.seq, parent.hash)?.filter(|head| head.seq > parent.seq) {
        let old_branch = head.branch;
        left_behind.push((Parting { segment: parent.segment, at_seq: parent.seq, old_branch }, head.seq));
    }
    left_behind.extend(children(connection, station, parent.segment, parent.seq, child)?);
    // What hangs on the old side belongs to it.
    let mut next = 0;
    while let Some((Parting { segment, .. }, _)) = left_behind.get(next).filter(|_| next < FORKS_MAX as usize)
    {
        let from_seq = if *segment == parent.segment { parent.seq } else { 1 };
        for found in children(connection, station, *segment, from_seq, child)? {
            if !left_behind.iter().any(|(known, _)| known.segment == found.0.segment) {
                left_behind.push(found);
            }
        }
        next += 1;
    }
    left_behind.truncate(FORKS_MAX as usize);
    for (parting, old_head_seq) in left_behind {
        record(connection, station, &parting, (child, 0), old_head_seq, now_ms)?;
    }
    Ok(())
}

/// The segments that hang on an entry or a later one of their parent, with their heads.
fn children(
    connection: &dyn Sql,
    station: StationId,
    parent: SegmentId,
    from_seq: u64,
    except: SegmentId,
) -> Result<Vec<(Parting, u64)>, StoreError> {
    let found = connection.all(
        "select segment, branch, head_seq from branch
             where station = ? and parent_segment = ? and parent_seq >= ? and segment <> ? limit ?",
        values![station.0, parent.0, from_seq, except.0, FORKS_MAX],
        |row| {
            let parting = Parting { segment: SegmentId(row.get(0)?), at_seq: 0, old_branch: row.get(1)? };
            Ok((parting, row.get(2)?))
        },
    )?;
    Ok(found)
}

/// A segment grew past an entry on which another segment already hangs.
fn outgrow_children(
    connection: &dyn Sql,
    station: StationId,
    push: &CheckedPush,
    branch: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    let children: Vec<(SegmentId, u64, Hash)> = connection.all(
        "select segment, parent_seq, parent_hash from branch
             where station = ? and parent_segment = ? and parent_seq < ? and parent_seq >= ? limit ?",
        values![station.0, push.segment.0, push.to_seq(), push.from_seq.saturating_sub(1), FORKS_MAX],
        |row| Ok((SegmentId(row.get(0)?), row.get(1)?, Hash(row.get(2)?))),
    )?;
    for (child, at_seq, hash) in children {
        let mut old = Segment::load(connection, station, push.segment)?;
        if old.hash_at(branch, at_seq)? == Some(hash) {
            let parting = Parting { segment: push.segment, at_seq, old_branch: branch };
            record(connection, station, &parting, (child, 0), push.to_seq(), now_ms)?;
        }
    }
    Ok(())
}

/// A run leaves a branch of its own segment: a running system was copied.
pub(super) fn record_branch(
    connection: &dyn Sql,
    segment: &Segment<'_>,
    (branch, from, at_seq): (u32, Option<u32>, u64),
    now_ms: i64,
) -> Result<(), StoreError> {
    let old_branch = from.unwrap_or(0);
    let old_head = segment.head(old_branch).map_or(at_seq, |head| head.seq);
    let parting = Parting { segment: segment.segment, at_seq, old_branch };
    record(connection, segment.station, &parting, (segment.segment, branch), old_head, now_ms)
}

fn record(
    connection: &dyn Sql,
    station: StationId,
    parting: &Parting,
    (child, child_branch): (SegmentId, u32),
    old_head_seq: u64,
    now_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "insert into fork (station, segment, at_seq, old_branch, child_segment, child_branch,
               old_head_seq, seen_at_ms)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict do nothing",
        values![
            station.0,
            parting.segment.0,
            parting.at_seq,
            parting.old_branch,
            child.0,
            child_branch,
            old_head_seq,
            now_ms
        ],
    )?;
    Ok(())
}

fn grow_old_sides(
    connection: &dyn Sql,
    station: StationId,
    push: &CheckedPush,
    branch: u32,
) -> Result<(), StoreError> {
    let mut line = Line::of(connection, station, push);
    for (parting, fetched) in open_forks(connection, station)? {
        // A station that fetched the old side may open its next segment there; nobody continues a segment itself.
        let grew = match push.segment == parting.segment {
            true => branch == parting.old_branch,
            false => !fetched && line.comes_from(&parting)?,
        };
        if grew {
            connection.execute(
                "update fork set old_side_grew = 1 where station = ? and segment = ? and at_seq = ?",
                values![station.0, parting.segment.0, parting.at_seq],
            )?;
            connection.execute("update station set re_enrol = 1 where station = ?", values![station.0])?;
        }
    }
    Ok(())
}

/// Forks whose old side has not grown, and whether the station has fetched that side.
fn open_forks(connection: &dyn Sql, station: StationId) -> Result<Vec<(Parting, bool)>, StoreError> {
    let forks = connection.all(
        "select segment, at_seq, old_branch, fetched from fork where station = ? and old_side_grew = 0
             order by seen_at_ms desc limit ?",
        values![station.0, FORKS_MAX],
        |row| {
            let parting =
                Parting { segment: SegmentId(row.get(0)?), at_seq: row.get(1)?, old_branch: row.get(2)? };
            Ok((parting, row.get(3)?))
        },
    )?;
    Ok(forks)
}

/// What a run descends from, walked once for all forks that it is held against.
struct Line<'a> {
    connection: &'a dyn Sql,
    station: StationId,
    /// Parents, from the run's own on.
    walked: Vec<Parent>,
    next: Option<Parent>,
    at: SegmentId,
}

impl<'a> Line<'a> {
    fn of(connection: &'a dyn Sql, station: StationId, push: &CheckedPush) -> Line<'a> {
        let next = push.parent.filter(|parent| !parent.is_root());
        Line { connection, station, walked: Vec::new(), next, at: push.segment }
    }

    fn parent(&mut self, nth: usize) -> Result<Option<Parent>, StoreError> {
        if nth == self.walked.len() {
            let next = match self.next.take() {
                None => parent_of(self.connection, self.station, self.at)?,
                known => known,
            };
            let Some(found) = next else { return Ok(None) };
            self.at = found.segment;
            self.walked.push(found);
        }
        Ok(self.walked.get(nth).copied())
    }

    /// Says whether it descends from the history that a fork left behind.
    fn comes_from(&mut self, parting: &Parting) -> Result<bool, StoreError> {
        for nth in 0..ANCESTORS_MAX {
            let Some(found) = self.parent(nth)? else { return Ok(false) };
            if found.segment == parting.segment {
                let mut old = Segment::load(self.connection, self.station, parting.segment)?;
                let after = found.seq > parting.at_seq;
                return Ok(after && old.hash_at(parting.old_branch, found.seq)? == Some(found.hash));
            }
        }
        Ok(false)
    }
}

fn parent_of(
    connection: &dyn Sql,
    station: StationId,
    segment: SegmentId,
) -> Result<Option<Parent>, StoreError> {
    let parent = connection.one(
        "select parent_segment, parent_seq, parent_hash from branch
             where station = ? and segment = ? and parent_segment is not null order by branch limit 1",
        values![station.0, segment.0],
        |row| Ok(Parent { segment: SegmentId(row.get(0)?), seq: row.get(1)?, hash: Hash(row.get(2)?) }),
    )?;
    Ok(parent)
}

/// What a station is told with every ack: a tail to fetch back, and whether it is to be enrolled anew.
pub(super) fn standing(
    connection: &dyn Sql,
    station: StationId,
) -> Result<(Option<LostTail>, bool), StoreError> {
    let re_enrol =
        connection
            .one("select re_enrol from station where station = ?", values![station.0], |row| row.get(0))?;
    // Two disks that write as one keep what each has; it is all here, and the station is enrolled anew.
    if re_enrol == Some(true) {
        return Ok((None, true));
    }
    let fork = connection.one(
        "select segment, at_seq, old_head_seq from fork
             where station = ? and old_side_grew = 0 and fetched = 0 and child_segment <> segment
             order by seen_at_ms limit 1",
        values![station.0],
        |row| {
            let fork = Fork { at_seq: row.get(1)?, old_head_seq: row.get(2)?, old_side_grew: false };
            Ok((SegmentId(row.get(0)?), fork))
        },
    )?;
    let lost_tail = fork.and_then(|(segment, fork)| match fork.kind() {
        ForkKind::LostTail { from_seq, to_seq } => Some(LostTail { segment, from_seq, to_seq }),
        ForkKind::Clone => None,
    });
    Ok((lost_tail, false))
}
