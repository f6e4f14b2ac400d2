//! Use cases of the download: pull, wake-up, snapshot.

use std::sync::Arc;
use std::time::Duration;

use suanpan_journal::Hash;
use suanpan_sync::limits::STAGED_MAX;
use suanpan_sync::{ChunkRef, FeedHead, PullReply, PullRequest, ScopeVersion, SnapshotManifest};

use crate::app::App;
use crate::clock::now_ms;
use crate::identity::random;
use crate::newest::word_of;
use crate::refusal::Refusal;
use crate::store::{ScopeHead, Station, Store};

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
/// *Errors:* `Wire`, `Store`.
pub(crate) async fn pull(app: &App, station: &Station, request: PullRequest) -> Result<PullReply, Refusal> {
    request.fits()?;
    if !is_of_this_hub(app, station, &request).await? {
        return Ok(PullReply::Snapshot { manifest: manifest(app, station).await? });
    }
    let (epoch, newest) = app.store.heads(station.scopes()).await?;
    let wake = word_of(epoch, &newest);
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
async fn is_of_this_hub(app: &App, station: &Station, request: &PullRequest) -> Result<bool, Refusal> {
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

/// Waits until there is something to pull, or long enough. A hint only.
///
/// *Errors:* `Busy`, `Store`, `Internal`.
pub(crate) async fn wake(app: &App, station: &Station, seen: &str) -> Result<bool, Refusal> {
    let _place = app.wakes.try_acquire().map_err(|_| Refusal::Busy)?;
    let (shortest, longest) = WAKE_MS;
    let jitter = u64::from_be_bytes(random()?) % (longest - shortest);
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
pub(crate) async fn manifest(app: &App, station: &Station) -> Result<SnapshotManifest, Refusal> {
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
pub(crate) async fn chunk(app: &App, station: &Station, hash: Hash) -> Result<Vec<u8>, Refusal> {
    let found = app.store.chunk(hash, station.scopes()).await?;
    found.ok_or(Refusal::NotFound)
}
