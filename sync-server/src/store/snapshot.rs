use suanpan_journal::Hash;
use suanpan_sync::limits::CHUNK_ENTRIES;
use suanpan_sync::{ChunkRef, FeedEntry, Scope, encode_chunk};

use super::sql::{Sql, values};
use super::{ScopeHead, Snapshot, StoreError};
use super::{Store, feed};

/// A snapshot serves until its scope has moved on by this many entries; the tail is pulled.
const SNAPSHOT_AGE_MAX: u64 = 5_000;

/// Snapshots kept of a scope: the newest, and one that somebody may still be fetching.
const SNAPSHOTS_KEPT: u32 = 2;

/// Bytes of bodies after which a chunk ends early, so that large rows stay far under a chunk's maximum.
const CHUNK_BODY_BYTES: usize = 1024 * 1024;

/// A chunk's name and bytes.
type Chunk = (ChunkRef, Vec<u8>);

impl Store {
    /// A snapshot of a scope, made now or not long ago.
    ///
    /// *Errors:* the store's.
    pub async fn snapshot(&self, scope: Scope, now_ms: i64) -> Result<Snapshot, StoreError> {
        let of = scope.clone();
        let (kept, head) = self.read(move |connection| find(connection, &of)).await?;
        if let Some(kept) = kept.filter(|it| head.version.saturating_sub(it.head.version) <= SNAPSHOT_AGE_MAX)
        {
            return Ok(kept);
        }
        let (snapshot, chunks) = self.read(move |connection| build(connection, head, now_ms)).await?;
        // That of an empty scope is made in no time, and its hash is no entry's: it could not be read again.
        if snapshot.head.version > 0 {
            let stored = snapshot.clone();
            self.write(move |connection| keep(connection, &stored, &chunks, now_ms)).await?;
        }
        Ok(snapshot)
    }

    /// A chunk by its name, if it is of one of these scopes: a site's staff are no other site's business.
    ///
    /// *Errors:* the store's.
    pub async fn chunk(&self, hash: Hash, scopes: Vec<Scope>) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            let found: Option<(String, Vec<u8>)> =
                connection.one("select scope, bytes from chunk where hash = ?", values![hash.0], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            let own = |scope: &String| scopes.iter().any(|it| it.to_string() == *scope);
            Ok(found.filter(|(scope, _)| own(scope)).map(|(_, bytes)| bytes))
        })
        .await
    }
}

fn find(connection: &dyn Sql, scope: &Scope) -> Result<(Option<Snapshot>, ScopeHead), StoreError> {
    let head = feed::head(connection, scope)?;
    let found = connection.one(
        "select s.version, coalesce(f.hash, h.hash), s.chunks from snapshot s
             left join feed f on f.scope = s.scope and f.version = s.version
             left join scope_head h on h.scope = s.scope
             where s.scope = ? order by s.version desc limit 1",
        values![scope.to_string()],
        |row| Ok((row.get(0)?, Hash(row.get(1)?), row.get::<String>(2)?)),
    )?;
    let Some((version, hash, chunks)) = found else { return Ok((None, head)) };
    let chunks = serde_json::from_str(&chunks).map_err(|_| StoreError::Damaged("snapshot"))?;
    let at = ScopeHead { scope: scope.clone(), version, hash };
    Ok((Some(Snapshot { head: at, chunks }), head))
}

/// Packs the rows that hold now and those that will.
fn build(connection: &dyn Sql, head: ScopeHead, now_ms: i64) -> Result<(Snapshot, Vec<Chunk>), StoreError> {
    let scope = head.scope.to_string();
    let (mut chunks, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    connection.each(
        "select f.scope, f.version, f.epoch, f.tbl, f.key, f.effective_at_ms, f.body from feed f
         where f.scope = ?1 and f.version <= ?2
           and (f.effective_at_ms > ?3 or (f.body is not null and not exists (
             select 1 from feed g
             where g.scope = f.scope and g.tbl = f.tbl and g.key = f.key
               and g.version <= ?2 and g.effective_at_ms <= ?3
               and (g.effective_at_ms, g.version) > (f.effective_at_ms, f.version))))
         order by f.version",
        values![scope, head.version, now_ms],
        &mut |row| {
            let entry = feed::entry(row)?;
            bytes = bytes.saturating_add(body_len(&entry));
            waiting.push(entry);
            if waiting.len() >= CHUNK_ENTRIES || bytes >= CHUNK_BODY_BYTES {
                chunks.push(pack(&waiting)?);
                waiting.clear();
                bytes = 0;
            }
            Ok(())
        },
    )?;
    if !waiting.is_empty() {
        chunks.push(pack(&waiting)?);
    }
    let names = chunks.iter().map(|(name, _)| name.clone()).collect();
    Ok((Snapshot { head, chunks: names }, chunks))
}

fn body_len(entry: &FeedEntry) -> usize {
    match &entry.change {
        suanpan_sync::FeedChange::Put { body } => body.len(),
        suanpan_sync::FeedChange::Delete => 0,
    }
}

fn pack(entries: &[FeedEntry]) -> Result<Chunk, StoreError> {
    encode_chunk(entries).map_err(|_| StoreError::Damaged("feed entry"))
}

fn keep(connection: &dyn Sql, snapshot: &Snapshot, chunks: &[Chunk], now_ms: i64) -> Result<(), StoreError> {
    let (scope, version) = (snapshot.head.scope.to_string(), snapshot.head.version);
    let names = serde_json::to_string(&snapshot.chunks).map_err(|_| StoreError::Damaged("snapshot"))?;
    for (name, bytes) in chunks {
        connection.execute(
            "insert into chunk (hash, scope, version, bytes) values (?, ?, ?, ?)
             on conflict (hash) do update set version = excluded.version",
            values![name.hash.0, scope, version, bytes],
        )?;
    }
    connection.execute("insert into snapshot (scope, version, chunks, made_at_ms) values (?, ?, ?, ?) on conflict do nothing", values![scope, version, names, now_ms])?;
    connection.execute(
        "delete from snapshot where scope = ?1 and version not in (
           select version from snapshot where scope = ?1 order by version desc limit ?2)",
        values![scope, SNAPSHOTS_KEPT],
    )?;
    connection.execute("delete from chunk where scope = ?1 and version not in (select version from snapshot where scope = ?1)", values![scope])?;
    Ok(())
}
