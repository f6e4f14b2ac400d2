use suanpan_journal::{Hash, Records, SegmentId, StationId};
use suanpan_sync::limits::{FETCH_MAX, LACKING_MAX};
use suanpan_sync::{
    Ack, CheckedPush, Hole, Known, Lacking, Offer, Opened, Verdict, classify, declare_hole, epoch_after,
};

use super::forks;
use super::known::{Segment, Stands};
use super::sql::{Sql, values};
use super::{Ingest, Ingested, StoreError};
use super::{Store, feed};

/// Whether what a hole `h` lacks came at no other branch either: a range ends where a hole on record does.
pub(super) const IS_MISSING: &str = "not exists (select 1 from batch b where b.station = h.station
     and b.segment = h.segment and b.to_seq = h.to_seq and b.head_hash = h.to_hash)";

/// Branches that a station may open: a life of ten years, and then as many a day as a till that is started every quarter of
/// an hour. Each start of the app opens one with its first entry.
const BRANCHES_AT_ONCE: u64 = 20_000;
const BRANCHES_A_DAY: u64 = 100;

/// Holes of a station on record: a damaged disk has some.
const HOLES_MAX: u32 = 4_000;

/// Rows of a fetch: enough to fill its answer with the smallest pushes that a till makes.
const FETCH_ROWS_MAX: u32 = 2_000;

const DAY_MS: i64 = 24 * 3_600_000;

impl Store {
    /// Decides about a push and stores it, in one transaction. Returns when that is durable.
    ///
    /// *Errors:* the store's; then nothing was stored, or after `Outcome` nobody knows, and nothing is acked.
    pub async fn ingest(&self, ingest: Ingest) -> Result<Ingested, StoreError> {
        let ingested = self.write_of(ingest.station, move |connection| take(connection, &ingest)).await?;
        let stores = matches!(
            ingested.verdict,
            Verdict::Append { .. } | Verdict::Fill { .. } | Verdict::Branch { .. }
        );
        if stores && !ingested.is_over_quota {
            self.pending.send_replace(());
        }
        Ok(ingested)
    }

    /// Records a hole where its entries are not known. Says whether that could be done: a station has only so many.
    ///
    /// *Errors:* the store's.
    pub async fn declare_hole(
        &self,
        station: StationId,
        hole: Hole,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write_of(station, move |connection| record_hole(connection, station, &hole, now_ms)).await
    }

    /// Stored pushes of a segment that hold `from_seq` or later, in order: as many as fit an answer, and the next.
    ///
    /// *Errors:* the store's.
    pub async fn entries(
        &self,
        station: StationId,
        segment: SegmentId,
        from_seq: u64,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            let known = Segment::load(connection, station, segment)?;
            let longest = known.heads().iter().max_by_key(|head| head.seq).map_or(0, |head| head.branch);
            let bodies = connection.all(
                "select b.body from batch b join (
                   select from_seq, sum(length(body)) over (order by from_seq) - length(body) as ahead
                   from (select from_seq, body from batch
                     where station = ?1 and segment = ?2 and branch = ?3 and to_seq >= ?4
                     order by from_seq limit ?5) found
                 ) n on n.from_seq = b.from_seq
                 where b.station = ?1 and b.segment = ?2 and b.branch = ?3 and n.ahead <= ?6 order by b.from_seq",
                values![station.0, segment.0, longest, from_seq, FETCH_ROWS_MAX, FETCH_MAX],
                |row| row.get(0),
            )?;
            Ok(bodies)
        })
        .await
    }

    /// The station has everything of a segment up to here again.
    ///
    /// *Errors:* the store's.
    pub async fn tail_fetched(
        &self,
        station: StationId,
        segment: SegmentId,
        to_seq: u64,
    ) -> Result<(), StoreError> {
        self.write_of(station, move |connection| {
            connection.execute(
                "update fork set fetched = 1 where station = ? and segment = ? and old_head_seq <= ?",
                values![station.0, segment.0, to_seq],
            )?;
            Ok(())
        })
        .await
    }
}

fn take(connection: &dyn Sql, ingest: &Ingest) -> Result<Ingested, StoreError> {
    let (station, push) = (ingest.station, &ingest.push);
    lock(connection, station)?;
    let run = (push.from_seq, push.to_seq());
    let (mut segment, stands) = Segment::with_standing(connection, station, push.segment, run)?;
    let epoch = believe(connection, station, ingest.shown.as_ref(), (stands.epoch, ingest.now_ms))?;
    let verdict = classify(&Offer::from(push), &mut segment)?;
    let opens = match &verdict {
        Verdict::Append { branch } => segment.head(*branch).is_none(),
        verdict => matches!(verdict, Verdict::Branch { .. }),
    };
    if opens && stands.branches >= branches_max(&stands, ingest.now_ms) {
        return Ok(Ingested::refused(verdict, epoch));
    }
    let mut quiet = !stands.has_open_forks;
    let waits = if stands.is_revoked { "held" } else { "pending" };
    let arrival = match &verdict {
        Verdict::Append { branch } => {
            append(connection, &segment, *branch, push)?;
            let arrival = insert(connection, *branch, ingest, waits)?;
            trim_holes(connection, &segment, push, *branch)?;
            quiet &= forks::after_append(connection, station, push, *branch, (&stands, ingest.now_ms))?;
            arrival
        }
        Verdict::Fill { branch } => {
            trim_holes(connection, &segment, push, *branch)?;
            date(connection, &segment, push, *branch)?;
            insert(connection, *branch, ingest, waits)?
        }
        Verdict::Branch { branch, from, at_seq } => {
            quiet = false;
            forks::record_branch(connection, &segment, (*branch, *from, *at_seq), ingest.now_ms)?;
            open_branch(connection, station, push, (*branch, *from, *at_seq))?;
            insert(connection, *branch, ingest, waits)?
        }
        Verdict::Same => segment.arrival_of(push.to_seq(), push.head_hash())?.unwrap_or(0),
        Verdict::Have { .. } | Verdict::Gap(_) | Verdict::TooManyBranches => 0,
    };
    let (lost_tail, re_enrol) =
        if quiet { (None, stands.re_enrol) } else { forks::standing(connection, station)? };
    let lacking = if stands.has_holes { lacking(connection, station)? } else { Vec::new() };
    Ok(Ingested { verdict, epoch, is_over_quota: false, arrival, lost_tail, re_enrol, lacking })
}

/// Branches that a station may have opened by now.
fn branches_max(stands: &Stands, now_ms: i64) -> u64 {
    let days = now_ms.saturating_sub(stands.enrolled_at_ms).div_euclid(DAY_MS);
    let since = u64::try_from(days).unwrap_or(0).saturating_mul(BRANCHES_A_DAY);
    BRANCHES_AT_ONCE.saturating_add(since)
}

/// What a station declared last, of what is still missing.
fn lacking(connection: &dyn Sql, station: StationId) -> Result<Vec<Lacking>, StoreError> {
    connection.all(
        &format!(
            "select segment, from_seq, to_seq from hole h where station = ? and {IS_MISSING}
             order by declared_at_ms desc limit ?"
        ),
        values![station.0, LACKING_MAX],
        |row| Ok(Lacking { segment: SegmentId(row.get(0)?), from_seq: row.get(1)?, to_seq: row.get(2)? }),
    )
}

/// One push of a station is decided at a time, whichever hub it came to.
fn lock(connection: &dyn Sql, station: StationId) -> Result<(), StoreError> {
    connection.lock("select station from station where station = ?", values![station.0])
}

/// Starts a new epoch if an ack is shown that this database does not bear out. Gives the epoch.
fn believe(
    connection: &dyn Sql,
    station: StationId,
    shown: Option<&Ack>,
    (epoch, now_ms): (u64, i64),
) -> Result<u64, StoreError> {
    let Some(ack) = shown else { return Ok(epoch) };
    let mut segment = Segment::load(connection, station, ack.segment)?;
    let held = segment.arrival_of(ack.have_seq, ack.have_hash)? == Some(ack.arrival);
    feed::advance_epoch(connection, epoch_after(epoch, ack.hub_epoch, held, now_ms), epoch)
}

fn append(
    connection: &dyn Sql,
    segment: &Segment<'_>,
    branch: u32,
    push: &CheckedPush,
) -> Result<(), StoreError> {
    let Some(head) = segment.head(branch) else {
        return open_branch(connection, segment.station, push, (branch, None, 0));
    };
    // This decides, whatever was read and locked before: a head that moved takes no second run.
    let moved = connection.execute(
        "update branch set head_seq = ?1, head_hash = ?2,
           last_date = case when dated_seq <> head_seq then null when last_date < ?3 then ?3 else last_date end, dated_seq = ?1
         where station = ?4 and segment = ?5 and branch = ?6 and head_seq = ?7 and head_hash = ?8",
        values![
            push.to_seq(),
            push.head_hash().0,
            last_date(push),
            segment.station.0,
            push.segment.0,
            branch,
            head.seq,
            head.hash.0
        ],
    )?;
    if moved == 1 { Ok(()) } else { Err(StoreError::Busy) }
}

/// The newest business date among a push's entries: in what order a till's clock let them come, they are of no later one.
fn last_date(push: &CheckedPush) -> u32 {
    Records::new(&push.records).flatten().map(|record| record.header.business_date).max().unwrap_or(0)
}

/// Entries that fill a hole may be of a later date than those that were there.
fn date(
    connection: &dyn Sql,
    segment: &Segment<'_>,
    push: &CheckedPush,
    branch: u32,
) -> Result<(), StoreError> {
    connection.execute(
        "update branch set last_date = ?1
         where station = ?2 and segment = ?3 and branch = ?4 and last_date < ?1",
        values![last_date(push), segment.station.0, push.segment.0, branch],
    )?;
    Ok(())
}

fn open_branch(
    connection: &dyn Sql,
    station: StationId,
    push: &CheckedPush,
    (branch, from, at_seq): (u32, Option<u32>, u64),
) -> Result<(), StoreError> {
    let root = push.parent.map(|_| push.prev_hash.0);
    let parent = push.parent.filter(|parent| !parent.is_root());
    connection.execute(
        "insert into branch (station, segment, branch, from_branch, at_seq, root,
               parent_segment, parent_seq, parent_hash, head_seq, head_hash, last_date, dated_seq)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values![
            station.0,
            push.segment.0,
            branch,
            from,
            at_seq,
            root,
            parent.map(|parent| parent.segment.0),
            parent.map(|parent| parent.seq),
            parent.map(|parent| parent.hash.0),
            push.to_seq(),
            push.head_hash().0,
            last_date(push),
            push.to_seq(),
        ],
    )?;
    Ok(())
}

/// Stores a batch and gives its row: rows count up, so their order is that of arrival.
/// It waits for the projector, or for a person.
fn insert(connection: &dyn Sql, branch: u32, ingest: &Ingest, waits: &str) -> Result<u64, StoreError> {
    let push = &ingest.push;
    let row: u64 = connection.only(
        "insert into batch (station, segment, branch, from_seq, to_seq, prev_hash, head_hash,
               received_at_ms, body)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        values![
            ingest.station.0,
            push.segment.0,
            branch,
            push.from_seq,
            push.to_seq(),
            push.prev_hash.0,
            push.head_hash().0,
            ingest.now_ms,
            ingest.body,
        ],
        |row| row.get(0),
    )?;
    connection.execute(
        &format!("insert into {waits} (station, batch) values (?, ?)"),
        values![ingest.station.0, row],
    )?;
    Ok(row)
}

/// What was stored is no longer missing.
fn trim_holes(
    connection: &dyn Sql,
    segment: &Segment<'_>,
    push: &CheckedPush,
    branch: u32,
) -> Result<(), StoreError> {
    if segment.holes().is_empty() {
        return Ok(());
    }
    let place = (segment.station.0, push.segment.0, branch);
    connection.execute("update hole set from_seq = ? where station = ? and segment = ? and branch = ? and from_seq between ? and ?", values![
            push.to_seq().saturating_add(1),
            place.0,
            place.1,
            place.2,
            push.from_seq,
            push.to_seq()
        ])?;
    connection.execute(
        "delete from hole where station = ? and segment = ? and branch = ? and from_seq > to_seq",
        values![place.0, place.1, place.2],
    )?;
    Ok(())
}

/// Records a hole where it belongs; what the hub has anyway is no hole.
fn record_hole(
    connection: &dyn Sql,
    station: StationId,
    hole: &Hole,
    now_ms: i64,
) -> Result<bool, StoreError> {
    lock(connection, station)?;
    let on_record: u32 =
        connection
            .only("select count(*) from hole where station = ?", values![station.0], |row| row.get(0))?;
    if on_record >= HOLES_MAX {
        return Ok(false);
    }
    let place = (station, hole.segment);
    let mut segment = Segment::load(connection, station, hole.segment)?;
    if segment.heads().is_empty() {
        open_empty(connection, place, (0, None), (0, Hash::ZERO))?;
        segment = Segment::load(connection, station, hole.segment)?;
    }
    let (after, opened) = declare_hole(hole, &mut segment)?;
    if let Some(Opened { branch, from, at_seq, at_hash }) = opened {
        forks::record_branch(connection, &segment, (branch, Some(from), at_seq), now_ms)?;
        open_empty(connection, place, (branch, Some(from)), (at_seq, at_hash))?;
    }
    for gone in segment.holes().iter().filter(|it| !after.contains(it)) {
        connection.execute(
            "delete from hole where station = ? and segment = ? and branch = ? and to_seq = ?",
            values![station.0, hole.segment.0, gone.branch, gone.to_seq],
        )?;
    }
    for it in after.iter().filter(|it| !segment.holes().contains(it)) {
        let (from_seq, to_seq, to_hash) = (it.from_seq, it.to_seq, it.to_hash.0);
        connection.execute(
            "insert into hole (station, segment, branch, from_seq, to_seq, to_hash, declared_at_ms, signature)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
            values![
                station.0,
                hole.segment.0,
                it.branch,
                from_seq,
                to_seq,
                to_hash,
                now_ms,
                hole.signature.0
            ],
        )?;
    }
    Ok(true)
}

/// A branch of which nothing is known but a hole: at the segment's start, or after an entry of another branch.
fn open_empty(
    connection: &dyn Sql,
    (station, segment): (StationId, SegmentId),
    (branch, from): (u32, Option<u32>),
    (at_seq, at_hash): (u64, Hash),
) -> Result<(), StoreError> {
    connection.execute(
        "insert into branch (station, segment, branch, from_branch, at_seq, head_seq, head_hash, last_date, dated_seq)
         values (?1, ?2, ?3, ?4, ?5, ?5, ?6, 0, ?5)",
        values![station.0, segment.0, branch, from, at_seq, at_hash.0],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use suanpan_journal::{CertificateId, Chain, Enrolment, Parent, SigningKey, push_record};
    use suanpan_sync::{Push, Start};

    const STATION: StationId = StationId([1; 16]);

    /// A segment's first entry on its way.
    fn opening(key: &SigningKey, segment: u8, now_ms: i64) -> Ingest {
        let segment = SegmentId([segment; 16]);
        let mut run = Vec::new();
        let header = Chain::open(STATION, segment, &Parent::ROOT).append(0, 20_230_616, 999, b"").unwrap();
        push_record(&mut run, &header, b"");
        let push = Push::seal(key, STATION, segment, Start::Opening(Parent::ROOT), &run).unwrap();
        let body = push.encode();
        let push = push.check(STATION, &key.public()).unwrap();
        Ingest { station: STATION, push, body, shown: None, now_ms }
    }

    #[tokio::test]
    async fn a_station_that_opened_more_segments_than_a_till_can_opens_no_more_until_days_have_passed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        let key = SigningKey::from_seed(&[1; 32]);
        let (id, site) = (CertificateId([2; 16]), "S01".parse().unwrap());
        let enrolment =
            Enrolment { id, station: STATION, site, till: 1, public_key: key.public(), issued_at_ms: 0 };
        store.introduce(enrolment, 0).await.unwrap();
        let ingest = async |segment, now_ms| {
            let done = store.ingest(opening(&key, segment, now_ms)).await.unwrap();
            (done.is_over_quota, done.arrival > 0)
        };
        assert_eq!(ingest(1, 0).await, (false, true));
        let opened = store.write(|sql| {
            let opened: u64 = sql.only("select branches from station", values![], |row| row.get(0))?;
            sql.execute("update station set branches = ?", values![BRANCHES_AT_ONCE])?;
            Ok(opened)
        });
        assert_eq!(opened.await.unwrap(), 1, "counted as it is opened");
        assert_eq!(ingest(2, 0).await, (true, false));
        assert_eq!(ingest(1, 0).await, (false, true), "what is stored is acked");
        assert_eq!(ingest(2, DAY_MS).await, (false, true));
    }
}
