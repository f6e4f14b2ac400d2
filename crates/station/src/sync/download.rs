use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use suanpan_journal::Hash;
use suanpan_sync::limits::{CHUNK_MAX, JSON_MAX};
use suanpan_sync::{
    Backoff, ChunkRef, FeedEntry, FeedHead, Mismatch, PullReply, SnapshotManifest, Staged, Staging,
    decode_chunk,
};
use tokio::sync::watch;

use super::client::{Call, CallError};
use super::driver::{Link, random};
use super::lost;
use super::stores::{SnapshotSink, StoresError};

/// A page of the feed: 1 MiB on a line of 0.3 Mbit/s.
pub(super) const PULL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than the hub lets anybody wait.
const WAKE_TIMEOUT: Duration = Duration::from_secs(65);

/// A snapshot's chunk.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

/// Tries of one chunk before the hub is asked again what its snapshot is.
const CHUNK_TRIES_MAX: u32 = 8;

/// Longest answer to a wake-up.
const WAKE_MAX: usize = 1_024;

/// Pulls in a row that do not check, after which the whole set is fetched anew.
const MISMATCHES_MAX: u32 = 3;

/// Received entries are kept this long, for a hub that is restored from before them.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Why a download did not come to its end. What was applied before stands.
pub(super) enum Stop {
    Call(CallError),
    Stores(StoresError),
    /// The entries do not lead to the signed cut.
    Mismatch(String),
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Stop {
        Stop::Mismatch(mismatch.to_string())
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Stop {
        Stop::Call(error)
    }
}

impl From<StoresError> for Stop {
    fn from(error: StoresError) -> Stop {
        Stop::Stores(error)
    }
}

pub(super) async fn run(link: &Link, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = forever(link) => {}
    }
}

async fn forever(link: &Link) {
    let mut backoff = Backoff::new(link.site_hash);
    let (mut mismatches, mut begun) = (0_u32, None);
    loop {
        let result = match mismatches {
            0..MISMATCHES_MAX => pull_and_wait(link, &mut begun).await,
            _ => fetch_snapshot(link, &mut begun).await,
        };
        match result {
            Ok(()) => {
                mismatches = 0;
                backoff.reset();
                continue;
            }
            Err(Stop::Mismatch(what)) => {
                mismatches = mismatches.saturating_add(1);
                tracing::error!(error.code = "SYN-DRV-005", error.what = what, "sync.feed");
            }
            Err(Stop::Call(error)) => tracing::info!(error.what = %error, "sync.pull"),
            Err(Stop::Stores(error)) => {
                tracing::error!(error.code = error.code, error.what = error.what, "sync.catalogue");
            }
        }
        tokio::time::sleep(Duration::from_millis(backoff.pause_ms(random()))).await;
    }
}

/// Brings the catalogue up to the newest cut, then waits for a wake-up.
async fn pull_and_wait(link: &Link, begun: &mut Option<Begun>) -> Result<(), Stop> {
    let seen = pull(link, begun).await?;
    match seen {
        Some(seen) => wake(link, &seen).await,
        None => Ok(()),
    }
}

/// Pulls one cut and applies it. Gives what to show to the wake-up, or `None` after a snapshot.
async fn pull(link: &Link, begun: &mut Option<Begun>) -> Result<Option<String>, Stop> {
    let heads = link.ask(|stores| stores.feed_heads()).await?;
    let mut staging = Staging::new(heads.clone());
    loop {
        match ask(link, &staging).await? {
            PullReply::Snapshot { manifest } => {
                apply_snapshot(link, manifest, begun).await?;
                return Ok(None);
            }
            PullReply::Changes { cut, entries, more, wake } => {
                staging.add(&link.hub_key, cut, entries, more)?;
                if !more {
                    if let Some(staged) = staging.finish()? {
                        apply(link, &heads, staged).await?;
                    }
                    return Ok(Some(wake));
                }
            }
        }
    }
}

async fn ask(link: &Link, staging: &Staging) -> Result<PullReply, Stop> {
    let body = serde_json::to_vec(&staging.request()).unwrap_or_default();
    let call = Call {
        method: &Method::POST,
        path: "/api/v1/pull",
        body: &body,
        response_max: JSON_MAX,
        timeout: PULL_TIMEOUT,
    };
    let answer = link.client.call(&call).await?;
    serde_json::from_slice(&answer).map_err(|_| Stop::Call(CallError::Garbage("not a reply to a pull")))
}

/// Applies a whole cut in one transaction.
async fn apply(link: &Link, heads: &[FeedHead], Staged { cut, entries }: Staged) -> Result<(), Stop> {
    let at_ms = link.clock.now_ms();
    let kept = lost::kept(heads, &entries, at_ms);
    link.ask(move |stores| stores.apply_cut(&cut, &entries)).await?;
    link.cuts.fetch_add(1, Ordering::Relaxed);
    link.remember(move |state| state.keep_feed(&kept, at_ms.saturating_sub(KEPT_MS))).await?;
    Ok(())
}

#[derive(Deserialize)]
struct Woken {
    #[serde(rename = "changed")]
    _changed: bool,
}

/// Waits until the hub has something. A hint only: whatever it says, the next thing is a pull.
async fn wake(link: &Link, seen: &str) -> Result<(), Stop> {
    let fits = seen.len() <= 128 && seen.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !fits {
        return Err(Stop::Call(CallError::Garbage("not a wake word")));
    }
    let path = format!("/api/v1/wake?seen={seen}");
    let call =
        Call { method: &Method::GET, path: &path, body: &[], response_max: WAKE_MAX, timeout: WAKE_TIMEOUT };
    let answer = link.client.call(&call).await?;
    let woken = serde_json::from_slice::<Woken>(&answer);
    woken.map(drop).map_err(|_| Stop::Call(CallError::Garbage("not a wake-up")))
}

async fn fetch_snapshot(link: &Link, begun: &mut Option<Begun>) -> Result<(), Stop> {
    let call = Call {
        method: &Method::GET,
        path: "/api/v1/snapshot",
        body: &[],
        response_max: JSON_MAX,
        timeout: PULL_TIMEOUT,
    };
    let answer = link.client.call(&call).await?;
    let manifest = serde_json::from_slice(&answer);
    let manifest = manifest.map_err(|_| Stop::Call(CallError::Garbage("not a snapshot")))?;
    apply_snapshot(link, manifest, begun).await
}

/// A new catalogue in the making. It outlives a line that is down for long: what is in it is not fetched again.
struct Begun {
    sink: Box<dyn SnapshotSink>,
    /// The chunks that are in it.
    chunks: Vec<Hash>,
}

impl Begun {
    /// Goes on with what was begun, if the snapshot that is offered now begins with the same chunks.
    async fn for_chunks(link: &Link, begun: Option<Begun>, named: &[ChunkRef]) -> Result<Begun, Stop> {
        let goes_on = |begun: &Begun| {
            named.len() >= begun.chunks.len()
                && begun.chunks.iter().zip(named).all(|(has, it)| *has == it.hash)
        };
        match begun.filter(goes_on) {
            Some(begun) => Ok(begun),
            None => {
                let sink = link.ask(|stores| stores.begin_snapshot()).await?;
                Ok(Begun { sink, chunks: Vec::new() })
            }
        }
    }

    /// Adds a chunk.
    async fn with(mut self, link: &Link, chunk: Option<(Hash, Vec<FeedEntry>)>) -> Result<Begun, Stop> {
        let Some((hash, entries)) = chunk else { return Ok(self) };
        let added = link.ask(move |_| {
            self.sink.chunk(entries)?;
            self.chunks.push(hash);
            Ok(self)
        });
        Ok(added.await?)
    }
}

/// Builds a new catalogue from a snapshot's chunks and puts it in place: while one chunk is written the next is fetched.
async fn apply_snapshot(
    link: &Link,
    manifest: SnapshotManifest,
    begun: &mut Option<Begun>,
) -> Result<(), Stop> {
    manifest.check(&link.hub_key).map_err(|_| Stop::Mismatch("the snapshot's signature".to_owned()))?;
    lost::tell(link, &manifest).await?;
    let has_catalogue = link.ask(|stores| stores.feed_heads()).await?.iter().any(|head| head.version > 0);
    if manifest.chunks.is_empty() && has_catalogue {
        // A hub that was rebuilt from nothing has nothing to sell yet; the till goes on with what it has.
        return Err(CallError::Garbage("an empty catalogue does not replace one").into());
    }
    let mut new = Begun::for_chunks(link, begun.take(), &manifest.chunks).await?;
    let mut fetched = None;
    for named in manifest.chunks.iter().skip(new.chunks.len()) {
        let (added, next) = tokio::join!(new.with(link, fetched.take()), fetch_chunk(link, named));
        new = added?;
        match next {
            Ok(entries) if entries.iter().any(|entry| !is_named(&manifest, entry)) => {
                return Err(Stop::Mismatch("an entry of another scope".to_owned()));
            }
            Ok(entries) => fetched = Some((named.hash, entries)),
            Err(stop) => {
                *begun = Some(new);
                return Err(stop);
            }
        }
    }
    let new = new.with(link, fetched).await?;
    let cut = manifest.cut;
    link.ask(move |_| new.sink.finish(&cut)).await?;
    link.cuts.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Whether an entry's scope is the station's.
fn is_named(manifest: &SnapshotManifest, entry: &FeedEntry) -> bool {
    manifest.cut.iter().any(|head| head.scope == entry.scope)
}

/// Fetches a chunk; one that does not arrive is tried again.
async fn fetch_chunk(link: &Link, named: &ChunkRef) -> Result<Vec<FeedEntry>, Stop> {
    let path = format!("/api/v1/snapshot/{}", named.hash);
    let call = Call {
        method: &Method::GET,
        path: &path,
        body: &[],
        response_max: CHUNK_MAX,
        timeout: CHUNK_TIMEOUT,
    };
    let mut backoff = Backoff::new(link.site_hash);
    loop {
        match link.client.call(&call).await {
            Ok(bytes) => {
                let entries = decode_chunk(named, &bytes);
                return entries.map_err(|_| Stop::Mismatch("a chunk is not what it is named".to_owned()));
            }
            Err(error) if backoff.failures() >= CHUNK_TRIES_MAX => return Err(error.into()),
            Err(CallError::Refused { code }) => return Err(CallError::Refused { code }.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(backoff.pause_ms(random()))).await,
        }
    }
}
