use std::ops::RangeInclusive;

use rusqlite::OptionalExtension;
use suanpan_journal::{Chain, Hash, Missing, PAYLOAD_LEN_MAX, Run, SegmentHead, SegmentId, push_record};

use crate::holes::{lost, missing};
use crate::rows::{self, Row, id_of, ord_of, seq_of};
use crate::{Ledger, QueryError};

impl Ledger {
    /// Every segment with entries, in the order of writing, but one whose beginning is still to come.
    pub fn segments(&self) -> Result<Vec<SegmentHead>, QueryError> {
        let conn = self.conn()?;
        let mut heads = Vec::new();
        let cut = self.rest.as_ref().filter(|rest| seq_of(rest.before) > 1).map(|rest| ord_of(rest.before));
        for segment in rows::segments(conn)?.into_iter().filter(|row| Some(row.ord) != cut) {
            if let Some(head) = rows::head_of(conn, &segment)? {
                heads.push(SegmentHead { parent: segment.parent, head });
            }
        }
        Ok(heads)
    }

    /// Entries of a segment between two seqs, at least one, as many as fit `bytes_max`, up to the next hole. It begins
    /// after `seqs.start()` when that entry is missing. `None` when there is none.
    pub fn run(
        &self,
        segment: SegmentId,
        seqs: RangeInclusive<u64>,
        bytes_max: usize,
    ) -> Result<Option<Run>, QueryError> {
        let conn = self.conn()?;
        let Some(ord) = self.ord(segment)? else { return Ok(None) };
        let (first, last) = (*seqs.start().max(&1), *seqs.end().min(&u64::from(u32::MAX)));
        let sql = "select id, at_ms, business_date, kind, payload, hash from entry \
                   where id between ?1 and ?2 order by id";
        let mut statement = conn.prepare_cached(sql)?;
        let mut found = statement.query((id_of(ord, first), id_of(ord, last)))?;
        let mut run: Option<Run> = None;
        while let Some(row) = found.next()? {
            let row = Row::read(row)?;
            let (header, seq) = (row.header(), seq_of(row.id));
            if run.is_none() {
                run = Some(Run {
                    from: seq,
                    count: 0,
                    prev_hash: self.hash_at(segment, seq - 1)?.unwrap_or(Hash::ZERO),
                    head_hash: row.hash,
                    bytes: Vec::with_capacity(bytes_max.min(PAYLOAD_LEN_MAX)),
                });
            }
            let Some(started) = &mut run else { break };
            let too_long = started.bytes.len() + row.record().encoded_len() > bytes_max;
            if seq != started.from + started.count || (started.count > 0 && too_long) {
                break;
            }
            push_record(&mut started.bytes, &header, &row.payload);
            started.count += 1;
            started.head_hash = row.hash;
        }
        Ok(run)
    }

    /// The hash of an entry, of a segment's opening for seq 0, or of the last entry of a hole.
    pub fn hash_at(&self, segment: SegmentId, seq: u64) -> Result<Option<Hash>, QueryError> {
        let Some(ord) = self.ord(segment)? else { return Ok(None) };
        let sql = "select hash from entry where id = ?1";
        let found = self.conn()?.prepare_cached(sql)?.query_row([id_of(ord, seq)], |row| row.get(0));
        if let Some(found) = found.optional()? {
            return Ok(Some(Hash(found)));
        }
        let holes = missing(self.conn()?)?.into_iter();
        Ok(holes.filter(|hole| hole.segment == segment && hole.to == Some(seq)).find_map(|hole| hole.to_hash))
    }

    /// Sales and refunds in a segment after a seq: what the network line counts as not yet received.
    pub fn documents_after(&self, segment: SegmentId, seq: u64) -> Result<u64, QueryError> {
        let Some(ord) = self.ord(segment)? else { return Ok(0) };
        let ids = id_of(ord, seq + 1)..=id_of(ord, u64::from(u32::MAX));
        Ok(self.counted.documents(self.conn()?, ord, ids)?)
    }

    /// Looks at some entries for the same, so that nobody waits for a long journal. True when there is none left.
    pub fn count_documents(&self, segment: SegmentId, seq: u64) -> Result<bool, QueryError> {
        let Some(ord) = self.ord(segment)? else { return Ok(true) };
        let ids = id_of(ord, seq + 1)..=id_of(ord, u64::from(u32::MAX));
        Ok(self.counted.look_at_some(self.conn()?, ord, ids)?)
    }

    /// Entries that a salvage could not read and that have not come back.
    pub fn missing(&self) -> Result<Vec<Missing>, QueryError> {
        Ok(lost(self.conn()?, self.rest.as_ref())?)
    }

    /// The newest entry: of the segment that is being written or, before its first, the last of the journal. A segment
    /// that the hub gave back may stand after the one that is being written.
    pub fn head(&self) -> Result<Option<Chain>, QueryError> {
        let conn = self.conn()?;
        if let Some(head) = rows::head_of(conn, &self.segment)? {
            return Ok(Some(head));
        }
        Ok(crate::tail::head(conn)?.map(|(_, head)| head))
    }

    /// Station clock of the last entry, to notice a clock that moved.
    pub fn last_at_ms(&self) -> Result<Option<i64>, QueryError> {
        Ok(rows::last_entry(self.conn()?)?.map(|row| row.at_ms))
    }

    pub(crate) fn ord(&self, segment: SegmentId) -> Result<Option<i64>, QueryError> {
        let sql = "select ord from segment where segment_id = ?1";
        let found = self.conn()?.prepare_cached(sql)?.query_row([segment.0], |row| row.get::<_, i64>(0));
        Ok(found.optional()?.map(|ord| ord_of(id_of(ord, 0))))
    }
}
