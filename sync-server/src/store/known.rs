use suanpan_journal::{Hash, SegmentId, StationId};
use suanpan_sync::{BranchHead, Known, Push, RecordedHole};

use super::Standing::Revoked;
use super::sql::{Row, Sql, values};
use super::{StoreError, feed};

/// Reads 32 bytes.
pub(super) fn hash(row: &Row<'_>, column: usize) -> Result<Hash, StoreError> {
    row.get(column).map(Hash)
}

/// What stands about a station when a push of it is decided.
pub(super) struct Stands {
    /// Two disks write as this station.
    pub(super) re_enrol: bool,
    /// The hub's epoch.
    pub(super) epoch: u64,
    /// There is a fork whose old side has not grown.
    pub(super) has_open_forks: bool,
    /// Another segment hangs on an entry of the run, but for its last, or on the one before it.
    pub(super) is_parent_inside: bool,
    /// The station has holes.
    pub(super) has_holes: bool,
    /// Branches that it has opened, in all of its segments.
    pub(super) branches: u64,
    /// Since when it is enrolled.
    pub(super) enrolled_at_ms: i64,
    /// A person has to accept what it delivers.
    pub(super) is_revoked: bool,
}

/// Everything stored of one segment, read inside the transaction that decides.
pub(super) struct Segment<'a> {
    connection: &'a dyn Sql,
    pub(super) station: StationId,
    pub(super) segment: SegmentId,
    heads: Vec<BranchHead>,
    holes: Vec<RecordedHole>,
}

impl<'a> Segment<'a> {
    pub(super) fn load(
        connection: &'a dyn Sql,
        station: StationId,
        segment: SegmentId,
    ) -> Result<Segment<'a>, StoreError> {
        let place = values![station.0, segment.0];
        let heads = connection.all("select branch, head_seq, head_hash from branch where station = ? and segment = ? order by branch", place, |row| Ok(BranchHead { branch: row.get(0)?, seq: row.get(1)?, hash: hash(row, 2)? }))?;
        let holes = connection.all("select branch, from_seq, to_seq, to_hash from hole where station = ? and segment = ? order by from_seq", place, |row| {
                let (branch, from_seq, to_seq) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(RecordedHole { branch, from_seq, to_seq, to_hash: hash(row, 3)? })
            })?;
        Ok(Segment { connection, station, segment, heads, holes })
    }

    /// Reads a segment together with what stands about its station, in one question: most pushes need no other.
    pub(super) fn with_standing(
        connection: &'a dyn Sql,
        station: StationId,
        segment: SegmentId,
        run: (u64, u64),
    ) -> Result<(Segment<'a>, Stands), StoreError> {
        let (mut heads, mut holes, mut standing) = (Vec::<BranchHead>::new(), Vec::new(), None);
        let (from_seq, to_seq) = run;
        connection.each(
            "select s.re_enrol, (select value from meta where key = 'epoch'),
               case when exists (select 1 from fork f where f.station = ?1 and f.old_side_grew = 0) then 1 else 0 end,
               case when exists (select 1 from branch c where c.station = ?1 and c.parent_segment = ?2
                 and c.parent_seq >= ?3 and c.parent_seq < ?4) then 1 else 0 end,
               case when exists (select 1 from hole i where i.station = ?1) then 1 else 0 end,
               b.branch, b.head_seq, b.head_hash, h.from_seq, h.to_seq, h.to_hash, s.branches, s.enrolled_at_ms, s.standing
             from station s
             left join branch b on b.station = s.station and b.segment = ?2
             left join hole h on h.station = b.station and h.segment = b.segment and h.branch = b.branch
             where s.station = ?1 order by b.branch, h.from_seq",
            values![station.0, segment.0, from_seq.saturating_sub(1), to_seq],
            &mut |row| {
                if standing.is_none() {
                    standing = Some(Stands {
                        re_enrol: row.get(0)?,
                        epoch: feed::epoch_in(row, 1)?,
                        has_open_forks: row.get(2)?,
                        is_parent_inside: row.get(3)?,
                        has_holes: row.get(4)?,
                        branches: row.get(11)?,
                        enrolled_at_ms: row.get(12)?,
                        is_revoked: row.get::<String>(13)? == Revoked.name(),
                    });
                }
                let Some(branch) = row.get::<Option<u32>>(5)? else { return Ok(()) };
                if heads.last().is_none_or(|head| head.branch != branch) {
                    heads.push(BranchHead { branch, seq: row.get(6)?, hash: hash(row, 7)? });
                }
                if let Some(from_seq) = row.get(8)? {
                    holes.push(RecordedHole { branch, from_seq, to_seq: row.get(9)?, to_hash: hash(row, 10)? });
                }
                Ok(())
            },
        )?;
        holes.sort_by_key(|hole| hole.from_seq);
        let standing = standing.ok_or(StoreError::Damaged("station"))?;
        Ok((Segment { connection, station, segment, heads, holes }, standing))
    }

    pub(super) fn head(&self, branch: u32) -> Option<BranchHead> {
        self.heads.iter().find(|head| head.branch == branch).copied()
    }

    /// The branch that has an entry, or a hole that ends with it, and that branch's head.
    pub(super) fn branch_with(&mut self, seq: u64, hash: Hash) -> Result<Option<BranchHead>, StoreError> {
        for head in self.heads.clone() {
            if self.hash_at(head.branch, seq)? == Some(hash) {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// The row of the batch that holds an entry.
    pub(super) fn arrival_of(&mut self, seq: u64, hash: Hash) -> Result<Option<u64>, StoreError> {
        for head in self.heads.clone() {
            if self.stored_at(head.branch, seq)? == Some(hash) {
                let (branch, _) = self.elder(head.branch, seq)?;
                return self.connection.one(
                    "select id from batch where station = ? and segment = ? and branch = ? and from_seq <= ?
                     order by from_seq desc limit 1",
                    values![self.station.0, self.segment.0, branch, seq],
                    |row| row.get(0),
                );
            }
        }
        Ok(None)
    }

    /// The branch that owns a seq, and its opening: before its fork a branch shares its elder's entries.
    fn elder(&self, mut branch: u32, seq: u64) -> Result<(u32, Option<Hash>), StoreError> {
        loop {
            let (from, at_seq, root): (Option<u32>, u64, Option<[u8; 32]>) = self.connection.only("select from_branch, at_seq, root from branch where station = ? and segment = ? and branch = ?", values![self.station.0, self.segment.0, branch], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            match from {
                // A branch leaves an elder one, so this ends.
                Some(elder) if seq <= at_seq && elder < branch => branch = elder,
                _ => return Ok((branch, root.map(Hash))),
            }
        }
    }
}

impl Known for Segment<'_> {
    type Error = StoreError;

    fn heads(&self) -> &[BranchHead] {
        &self.heads
    }

    fn holes(&self) -> &[RecordedHole] {
        &self.holes
    }

    fn owner(&mut self, branch: u32, seq: u64) -> Result<u32, StoreError> {
        self.elder(branch, seq).map(|(branch, _)| branch)
    }

    fn stored_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, StoreError> {
        let (branch, root) = self.elder(branch, seq)?;
        if seq == 0 {
            return Ok(root);
        }
        let found = self.connection.one(
            "select to_seq, head_hash, id from batch
                 where station = ? and segment = ? and branch = ? and from_seq <= ?
                 order by from_seq desc limit 1",
            values![self.station.0, self.segment.0, branch, seq],
            |row| Ok((row.get::<u64>(0)?, hash(row, 1)?, row.get::<i64>(2)?)),
        )?;
        match found {
            Some((to_seq, head, _)) if to_seq == seq => Ok(Some(head)),
            Some((to_seq, _, id)) if to_seq > seq => inside(self.connection, self.station, id, seq).map(Some),
            _ => Ok(None),
        }
    }
}

/// The hash of an entry inside a stored batch, recomputed from its bytes.
fn inside(connection: &dyn Sql, station: StationId, batch: i64, seq: u64) -> Result<Hash, StoreError> {
    let damaged = || StoreError::Damaged("batch");
    let body: Vec<u8> = connection.only(
        "select body from batch where station = ? and id = ?",
        values![station.0, batch],
        |row| row.get(0),
    )?;
    let push = Push::decode(&body).map_err(|_| damaged())?;
    let (from_seq, hashes) = push.hashes(station).map_err(|_| damaged())?;
    let index =
        seq.checked_sub(from_seq).and_then(|index| usize::try_from(index).ok()).ok_or_else(damaged)?;
    hashes.get(index).copied().ok_or_else(damaged)
}
