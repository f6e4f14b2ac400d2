use std::ops::RangeInclusive;
use std::sync::Arc;

use suanpan_journal::Hash;
use suanpan_sync::limits::CHUNK_ENTRIES;
use suanpan_sync::{ChunkRef, FeedChange, FeedEntry, Scope, encode_chunk};

use super::sql::{Sql, values};
use super::{ScopeHead, Snapshot, StoreError};
use super::{Store, feed};

/// A snapshot serves until its scope has moved on by this many entries; the tail is pulled.
const SNAPSHOT_AGE_MAX: u64 = 5_000;

/// Snapshots kept of a scope: the newest, and one that somebody may still be fetching.
const SNAPSHOTS_KEPT: u32 = 2;

/// Bytes of bodies after which a chunk ends early, so that large rows stay far under a chunk's maximum.
const CHUNK_BODY_BYTES: usize = 1024 * 1024;

/// Rows that one read looks at, for some ten ms: other reads go in between.
const ROWS_AT_ONCE: u64 = 10_000;

/// Chunks stored by one write: some MB, so that pushes go in between.
const CHUNKS_AT_ONCE: usize = 16;

/// A chunk's name and bytes.
type Chunk = (ChunkRef, Vec<u8>);

impl Store {
    /// A snapshot of a scope, made now or not long ago. It is made once however many ask, and to its end although who
    /// asked went away.
    ///
    /// *Errors:* the store's.
    pub async fn snapshot(self: &Arc<Self>, scope: Scope, now_ms: i64) -> Result<Snapshot, StoreError> {
        if let Ok(kept) = self.kept_snapshot(&scope).await? {
            return Ok(kept);
        }
        let store = Arc::clone(self);
        let made = tokio::spawn(async move {
            let _alone = store.snapshots.lock().await;
            match store.kept_snapshot(&scope).await? {
                Ok(kept) => Ok(kept),
                Err(head) => store.make_snapshot(head, now_ms).await,
            }
        });
        made.await.map_err(|_| StoreError::Panicked)?
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

    /// The newest snapshot if it still serves, or else the head of which to make one.
    async fn kept_snapshot(&self, scope: &Scope) -> Result<Result<Snapshot, ScopeHead>, StoreError> {
        let of = scope.clone();
        let (kept, head) = self.read(move |connection| find(connection, &of)).await?;
        let serves = |it: &Snapshot| head.version.saturating_sub(it.head.version) <= SNAPSHOT_AGE_MAX;
        Ok(kept.filter(serves).ok_or(head))
    }

    /// Packs and stores the rows that hold now and those that will. The feed only grows, so what is read in parts is what
    /// it was at the head.
    async fn make_snapshot(&self, head: ScopeHead, now_ms: i64) -> Result<Snapshot, StoreError> {
        let holding = Arc::new(self.holding(&head, now_ms).await?);
        let (mut packer, mut names) = (Packer::default(), Vec::new());
        let (mut from, mut rows) = (1, Vec::new());
        // While some rows are read, those before them are packed.
        while from <= head.version || !rows.is_empty() {
            let to = from.saturating_add(ROWS_AT_ONCE).min(head.version.saturating_add(1));
            let is_last = from > head.version;
            let packing = tokio::task::spawn_blocking(move || packer.pack(rows, is_last).map(|()| packer));
            rows = match is_last {
                true => Vec::new(),
                false => self.rows(&head, from..=to.saturating_sub(1), (&holding, now_ms)).await?,
            };
            packer = packing.await.map_err(|_| StoreError::Panicked)??;
            if packer.chunks.len() >= CHUNKS_AT_ONCE || is_last {
                let chunks = std::mem::take(&mut packer.chunks);
                names.extend(chunks.iter().map(|(name, _)| name.clone()));
                let (scope, version) = (head.scope.clone(), head.version);
                self.write(move |connection| keep_chunks(connection, &scope, version, &chunks)).await?;
            }
            from = to;
        }
        let snapshot = Snapshot { head, chunks: names };
        // That of an empty scope is made in no time, and its hash is no entry's: it could not be read again.
        if snapshot.head.version > 0 {
            let stored = snapshot.clone();
            self.write(move |connection| keep(connection, &stored, now_ms)).await?;
        }
        Ok(snapshot)
    }

    /// The versions of a scope that hold or will.
    async fn holding(&self, head: &ScopeHead, now_ms: i64) -> Result<Versions, StoreError> {
        let mut finder = Finder::new(head.version, now_ms);
        loop {
            let (scope, after) = (head.scope.clone(), finder.last.clone());
            let page = self.read(move |connection| places(connection, &scope, &after)).await?;
            let is_last = (page.len() as u64) < ROWS_AT_ONCE;
            page.into_iter().for_each(|place| finder.add(place));
            if is_last {
                finder.end_row();
                return Ok(finder.found);
            }
        }
    }

    /// Entries of these versions that hold or will.
    async fn rows(
        &self,
        head: &ScopeHead,
        versions: RangeInclusive<u64>,
        (holding, now_ms): (&Arc<Versions>, i64),
    ) -> Result<Vec<FeedEntry>, StoreError> {
        let (scope, holding) = (head.scope.to_string(), Arc::clone(holding));
        self.read(move |connection| {
            let mut rows = Vec::new();
            connection.each(
                "select scope, version, epoch, tbl, key, effective_at_ms, body from feed
                 where scope = ? and version >= ? and version <= ? order by version",
                values![scope, *versions.start(), *versions.end()],
                &mut |row| {
                    if holding.has(row.get(1)?) {
                        let entry = feed::entry(row)?;
                        // That a row is gone is of use only where it is still to come.
                        let is_gone = entry.change == FeedChange::Delete && entry.effective_at_ms <= now_ms;
                        rows.extend((!is_gone).then_some(entry));
                    }
                    Ok(())
                },
            )?;
            Ok(rows)
        })
        .await
    }
}

/// A set of versions, a bit each.
struct Versions(Vec<u64>);

impl Versions {
    fn add(&mut self, version: u64) {
        if let Some(word) = self.0.get_mut((version / 64) as usize) {
            *word |= 1 << (version % 64);
        }
    }

    fn has(&self, version: u64) -> bool {
        self.0.get((version / 64) as usize).is_some_and(|word| word & (1 << (version % 64)) != 0)
    }
}

/// Where an entry stands: table, key, from when it holds, version.
type Place = (String, String, i64, u64);

/// Finds what holds, or will, among entries that come row by row, each row's in the order of their times.
struct Finder {
    head: u64,
    now_ms: i64,
    found: Versions,
    last: Place,
    /// The version that holds of the last row, as far as it came.
    holds: Option<u64>,
}

impl Finder {
    fn new(head: u64, now_ms: i64) -> Finder {
        let words = (head / 64).saturating_add(1) as usize;
        let last = (String::new(), String::new(), i64::MIN, 0);
        Finder { head, now_ms, found: Versions(vec![0; words]), last, holds: None }
    }

    fn add(&mut self, place: Place) {
        let (table, key, effective_at_ms, version) = &place;
        if (table, key) != (&self.last.0, &self.last.1) {
            self.end_row();
        }
        match *version {
            // Published since.
            version if version > self.head => {}
            version if *effective_at_ms > self.now_ms => self.found.add(version),
            version => self.holds = Some(version),
        }
        self.last = place;
    }

    fn end_row(&mut self) {
        if let Some(version) = self.holds.take() {
            self.found.add(version);
        }
    }
}

/// The next places of a scope after one.
fn places(connection: &dyn Sql, scope: &Scope, after: &Place) -> Result<Vec<Place>, StoreError> {
    connection.all(
        "select tbl, key, effective_at_ms, version from feed
         where scope = ? and (tbl, key, effective_at_ms, version) > (?, ?, ?, ?)
         order by tbl, key, effective_at_ms, version limit ?",
        values![scope.to_string(), after.0, after.1, after.2, after.3, ROWS_AT_ONCE],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )
}

/// Packs rows as chunks.
#[derive(Default)]
struct Packer {
    waiting: Vec<FeedEntry>,
    bytes: usize,
    chunks: Vec<Chunk>,
}

impl Packer {
    /// Takes rows in order; with the last of them the last chunk is full enough.
    fn pack(&mut self, rows: Vec<FeedEntry>, is_last: bool) -> Result<(), StoreError> {
        for entry in rows {
            self.bytes = self.bytes.saturating_add(body_len(&entry));
            self.waiting.push(entry);
            if self.waiting.len() >= CHUNK_ENTRIES || self.bytes >= CHUNK_BODY_BYTES {
                self.end_chunk()?;
            }
        }
        if is_last && !self.waiting.is_empty() { self.end_chunk() } else { Ok(()) }
    }

    fn end_chunk(&mut self) -> Result<(), StoreError> {
        let packed = encode_chunk(&self.waiting).map_err(|_| StoreError::Damaged("feed entry"))?;
        self.chunks.push(packed);
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn body_len(entry: &FeedEntry) -> usize {
    match &entry.change {
        FeedChange::Put { body } => body.len(),
        FeedChange::Delete => 0,
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

/// Stores chunks of a snapshot that nobody knows of yet.
fn keep_chunks(
    connection: &dyn Sql,
    scope: &Scope,
    version: u64,
    chunks: &[Chunk],
) -> Result<(), StoreError> {
    let scope = scope.to_string();
    for (name, bytes) in chunks {
        connection.execute(
            "insert into chunk (hash, scope, version, bytes) values (?, ?, ?, ?)
             on conflict (hash) do update set version = excluded.version where excluded.version > chunk.version",
            values![name.hash.0, scope, version, bytes],
        )?;
    }
    Ok(())
}

/// Makes a snapshot known whose chunks are stored, and forgets what only older ones needed.
fn keep(connection: &dyn Sql, snapshot: &Snapshot, now_ms: i64) -> Result<(), StoreError> {
    let (scope, version) = (snapshot.head.scope.to_string(), snapshot.head.version);
    let names = serde_json::to_string(&snapshot.chunks).map_err(|_| StoreError::Damaged("snapshot"))?;
    connection.execute(
        "insert into snapshot (scope, version, chunks, made_at_ms) values (?, ?, ?, ?) on conflict do nothing",
        values![scope, version, names, now_ms],
    )?;
    connection.execute(
        "delete from snapshot where scope = ?1 and version not in (
           select version from snapshot where scope = ?1 order by version desc limit ?2)",
        values![scope, SNAPSHOTS_KEPT],
    )?;
    // Those of a newer one may be of another hub's that is being made.
    connection.execute(
        "delete from chunk
         where scope = ?1 and version < (select min(version) from snapshot where scope = ?1)",
        values![scope],
    )?;
    Ok(())
}
