use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use suanpan_ledger::KeptFeed;
use suanpan_sync::limits::{CHUNK_MAX, JSON_MAX};
use suanpan_sync::{
    Backoff, FeedEntry, Mismatch, PullReply, SnapshotManifest, Staged, Staging, decode_chunk,
};
use tokio::sync::watch;

use super::client::{Call, CallError};
use super::driver::{Link, random};
use super::stores::StoresError;

/// A page of the feed: 1 MiB on a line of 0.3 Mbit/s.
const PULL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than the hub lets anybody wait.
const WAKE_TIMEOUT: Duration = Duration::from_secs(65);

/// A snapshot's chunk.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

/// Tries of one chunk before the snapshot is begun anew.
const CHUNK_TRIES_MAX: u32 = 8;

/// Longest answer to a wake-up.
const WAKE_MAX: usize = 1_024;

/// Pulls in a row that do not check, after which the whole set is fetched anew.
const MISMATCHES_MAX: u32 = 3;

/// Received entries are kept this long, for a hub that is restored from before them.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Why a download did not come to its end. What was applied before stands.
enum Stop {
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
    let mut mismatches = 0_u32;
    loop {
        let result = match mismatches {
            0..MISMATCHES_MAX => pull_and_wait(link).await,
            _ => fetch_snapshot(link).await,
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
async fn pull_and_wait(link: &Link) -> Result<(), Stop> {
    let seen = pull(link).await?;
    match seen {
        Some(seen) => wake(link, &seen).await,
        None => Ok(()),
    }
}

/// Pulls one cut and applies it. Gives what to show to the wake-up, or `None` after a snapshot.
async fn pull(link: &Link) -> Result<Option<String>, Stop> {
    let mut staging = Staging::new(link.ask(|stores| stores.feed_heads()).await?);
    loop {
        match ask(link, &staging).await? {
            PullReply::Snapshot { manifest } => {
                apply_snapshot(link, manifest).await?;
                return Ok(None);
            }
            PullReply::Changes { cut, entries, more, wake } => {
                staging.add(&link.hub_key, cut, entries, more)?;
                if !more {
                    if let Some(staged) = staging.finish()? {
                        apply(link, staged).await?;
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
async fn apply(link: &Link, Staged { cut, entries }: Staged) -> Result<(), Stop> {
    let at_ms = link.clock.now_ms();
    let kept = kept(&entries, at_ms);
    link.ask(move |stores| stores.apply_cut(&cut, &entries)).await?;
    link.remember(move |state| state.keep_feed(&kept, at_ms.saturating_sub(KEPT_MS))).await?;
    Ok(())
}

fn kept(entries: &[FeedEntry], at_ms: i64) -> Vec<KeptFeed> {
    let bytes = |entry: &FeedEntry| serde_json::to_vec(entry).unwrap_or_default();
    let keep = |entry: &FeedEntry| KeptFeed {
        scope: entry.scope.to_string(),
        version: entry.version,
        at_ms,
        entry: bytes(entry),
    };
    entries.iter().map(keep).collect()
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

async fn fetch_snapshot(link: &Link) -> Result<(), Stop> {
    let call = Call {
        method: &Method::GET,
        path: "/api/v1/snapshot",
        body: &[],
        response_max: JSON_MAX,
        timeout: PULL_TIMEOUT,
    };
    let answer = link.client.call(&call).await?;
    let manifest = serde_json::from_slice(&answer);
    apply_snapshot(link, manifest.map_err(|_| Stop::Call(CallError::Garbage("not a snapshot")))?).await
}

/// Builds a new catalogue from a snapshot's chunks and puts it in place. A chunk that does not arrive is tried again;
/// those before it are kept.
async fn apply_snapshot(link: &Link, manifest: SnapshotManifest) -> Result<(), Stop> {
    manifest.check(&link.hub_key).map_err(|_| Stop::Mismatch("the snapshot's signature".to_owned()))?;
    let has_catalogue = link.ask(|stores| stores.feed_heads()).await?.iter().any(|head| head.version > 0);
    if manifest.chunks.is_empty() && has_catalogue {
        // A hub that was rebuilt from nothing has nothing to sell yet; the till goes on with what it has.
        return Err(CallError::Garbage("an empty catalogue does not replace one").into());
    }
    let mut sink = link.ask(|stores| stores.begin_snapshot()).await?;
    let mut backoff = Backoff::new(link.site_hash);
    for named in &manifest.chunks {
        let path = format!("/api/v1/snapshot/{}", named.hash);
        let call = Call {
            method: &Method::GET,
            path: &path,
            body: &[],
            response_max: CHUNK_MAX,
            timeout: CHUNK_TIMEOUT,
        };
        let entries = loop {
            match link.client.call(&call).await {
                Ok(bytes) => {
                    break decode_chunk(named, &bytes)
                        .map_err(|_| Stop::Mismatch("a chunk is not what it is named".to_owned()))?;
                }
                Err(error) if backoff.failures() >= CHUNK_TRIES_MAX => return Err(error.into()),
                Err(CallError::Refused { code }) => return Err(CallError::Refused { code }.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(backoff.pause_ms(random()))).await,
            }
        };
        backoff.reset();
        if entries.iter().any(|entry| manifest.cut.iter().all(|head| head.scope != entry.scope)) {
            return Err(Stop::Mismatch("an entry of another scope".to_owned()));
        }
        sink = link
            .ask(move |_| {
                sink.chunk(&entries)?;
                Ok(sink)
            })
            .await?;
    }
    let cut = manifest.cut;
    link.ask(move |_| sink.finish(&cut)).await?;
    Ok(())
}
