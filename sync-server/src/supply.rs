//! Use cases of the download: pull, wake-up, snapshot.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use suanpan_journal::Hash;
use suanpan_sync::limits::STAGED_MAX;
use suanpan_sync::{ChunkRef, FeedHead, PullReply, PullRequest, Scope, ScopeVersion, SnapshotManifest};
use tokio::sync::Mutex;

use crate::app::App;
use crate::clock::now_ms;
use crate::http::Problem;
use crate::identity::random;
use crate::store::{ScopeHead, Station, Store, StoreError};

/// Shortest and longest wait for a wake-up, in ms: below the minute after which proxies cut idle requests, and
/// spread so that stations do not return together.
const WAKE_MS: (u64, u64) = (25_000, 55_000);

/// What other hubs of the database published is looked for this often.
const FOLLOW: Duration = Duration::from_secs(1);

/// Wakes this hub's stations when another hub publishes, until the hub stops.
pub(crate) async fn follow(store: Arc<Store>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut seen = 0;
    while store.is_shared() && !*stop.borrow() {
        match store.follow_published(seen).await {
            Ok(all) => seen = all,
            // A hint only: stations pull by themselves within a minute.
            Err(error) => tracing::warn!(code = error.code(), %error, "cannot look for other hubs' changes"),
        }
        tokio::select! {
            () = tokio::time::sleep(FOLLOW) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Answers a pull with changes up to a cut, or with a snapshot where the station's cursor is of no use.
///
/// *Errors:* `BadRequest`, `Wire`, `Store`.
pub(crate) async fn pull(app: &App, station: &Station, body: &[u8]) -> Result<PullReply, Problem> {
    let request: PullRequest =
        serde_json::from_slice(body).map_err(|_| Problem::BadRequest("a pull is expected"))?;
    request.fits()?;
    if !is_of_this_hub(app, station, &request).await? {
        return Ok(PullReply::Snapshot { manifest: manifest(app, station).await? });
    }
    let (epoch, newest) = app.store.heads(station.scopes()).await?;
    let wake = wake_token(epoch, &newest);
    let cut = match request.cut.is_empty() {
        true => newest.into_iter().map(|head| sign(app, epoch, head)).collect(),
        false => request.cut,
    };
    let to = versions(&cut);
    let from = if request.staged.is_empty() { versions(&request.heads) } else { request.staged };
    let behind: u64 = to.iter().map(|to| to.version.saturating_sub(version_in(&from, to))).sum();
    if behind > STAGED_MAX as u64 {
        return Ok(PullReply::Snapshot { manifest: manifest(app, station).await? });
    }
    let page = app.store.feed_page(from, to).await?;
    Ok(PullReply::Changes { cut, entries: page.entries, more: page.more, wake })
}

/// Checks what the station shows. What this hub signed and no longer has starts a new epoch; heads of another
/// history, or of a scope that is not the station's, lead to a snapshot.
async fn is_of_this_hub(app: &App, station: &Station, request: &PullRequest) -> Result<bool, Problem> {
    let mut shown = request.heads.clone();
    shown.extend(request.cut.iter().cloned());
    let scopes = station.scopes();
    let asked = shown.iter().map(|head| &head.scope).chain(request.staged.iter().map(|it| &it.scope));
    let own = asked.into_iter().all(|scope| scopes.contains(scope));
    let signed = shown.iter().all(|head| head.verify(&app.key.public()).is_ok());
    if !own || !signed {
        return Ok(false);
    }
    let held = app.store.holds(shown.clone()).await?;
    for (head, held) in shown.iter().zip(&held) {
        app.store.believe_if_new(head.epoch, *held, now_ms()).await?;
    }
    Ok(held.iter().all(|held| *held))
}

fn sign(app: &App, epoch: u64, head: ScopeHead) -> FeedHead {
    FeedHead::sign(&app.key, head.scope, epoch, head.version, head.hash)
}

fn versions(heads: &[FeedHead]) -> Vec<ScopeVersion> {
    heads.iter().map(|head| ScopeVersion { scope: head.scope.clone(), version: head.version }).collect()
}

fn version_in(list: &[ScopeVersion], of: &ScopeVersion) -> u64 {
    list.iter().find(|it| it.scope == of.scope).map_or(0, |it| it.version)
}

/// The newest cut as a word that changes with it.
fn wake_token(epoch: u64, heads: &[ScopeHead]) -> String {
    let versions: Vec<String> = heads.iter().map(|head| head.version.to_string()).collect();
    format!("{epoch}.{}", versions.join("."))
}

/// The heads as wake-ups compare them: read once after each publication, however many stations wait.
#[derive(Debug, Default)]
pub(crate) struct Newest(Mutex<Read>);

#[derive(Debug, Default)]
struct Read {
    /// The publication after which they were read.
    published: u64,
    epoch: u64,
    /// By scope: at most one for each site and zone, and the chain's.
    heads: HashMap<Scope, ScopeHead>,
}

impl Newest {
    /// The word of some scopes; read anew where nothing was read since the last publication, or if that is asked for.
    async fn word(&self, store: &Store, scopes: Vec<Scope>, anew: bool) -> Result<String, StoreError> {
        let mut read = self.0.lock().await;
        let published = *store.on_published().borrow();
        if read.published != published {
            *read = Read { published, ..Read::default() };
        }
        let lacks = |scope: &&Scope| anew || !read.heads.contains_key(*scope);
        let lacking: Vec<Scope> = scopes.iter().filter(lacks).cloned().collect();
        if !lacking.is_empty() {
            let (epoch, heads) = store.heads(lacking).await?;
            read.epoch = epoch;
            read.heads.extend(heads.into_iter().map(|head| (head.scope.clone(), head)));
        }
        let heads: Vec<ScopeHead> =
            scopes.iter().filter_map(|scope| read.heads.get(scope).cloned()).collect();
        Ok(wake_token(read.epoch, &heads))
    }
}

/// Waits until there is something to pull, or long enough. A hint only.
///
/// *Errors:* `Busy`, `Store`, `Internal`.
pub(crate) async fn wake(app: &App, station: &Station, seen: &str) -> Result<bool, Problem> {
    let _place = app.wakes.try_acquire().map_err(|_| Problem::Busy)?;
    let (shortest, longest) = WAKE_MS;
    let jitter = u64::from_be_bytes(random().map_err(|_| Problem::Internal)?) % (longest - shortest);
    let end = tokio::time::Instant::now() + Duration::from_millis(shortest + jitter);
    let (mut published, mut stop) = (app.store.on_published(), app.stop.clone());
    // What was read may be of before the word that the station has seen.
    if app.newest.word(&app.store, station.scopes(), false).await? != seen
        && app.newest.word(&app.store, station.scopes(), true).await? != seen
    {
        return Ok(true);
    }
    loop {
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return Ok(false) },
            _ = stop.changed() => return Ok(false),
            () = tokio::time::sleep_until(end) => return Ok(false),
        }
        if app.newest.word(&app.store, station.scopes(), false).await? != seen {
            return Ok(true);
        }
    }
}

/// The snapshot of a station's scopes.
///
/// *Errors:* `Store`.
pub(crate) async fn manifest(app: &App, station: &Station) -> Result<SnapshotManifest, Problem> {
    let (mut cut, mut chunks): (Vec<FeedHead>, Vec<ChunkRef>) = (Vec::new(), Vec::new());
    let (epoch, _) = app.store.heads(Vec::new()).await?;
    for scope in station.scopes() {
        let snapshot = app.store.snapshot(scope, now_ms()).await?;
        cut.push(sign(app, epoch, snapshot.head));
        chunks.extend(snapshot.chunks);
    }
    Ok(SnapshotManifest::sign(&app.key, cut, chunks))
}

/// A chunk that belongs to the station's snapshot; others do not exist for it.
///
/// *Errors:* `NotFound`, `Store`.
pub(crate) async fn chunk(app: &App, station: &Station, hash: Hash) -> Result<Vec<u8>, Problem> {
    let found = app.store.chunk(hash, station.scopes()).await?;
    found.ok_or(Problem::NotFound)
}
