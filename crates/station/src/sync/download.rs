use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use suanpan_journal::Hash;
use suanpan_ledger::KeptFeed;
use suanpan_sync::limits::{CHUNK_MAX, JSON_MAX, SCOPES_MAX, STAGED_MAX};
use suanpan_sync::{
    Backoff, FeedEntry, FeedHead, PullReply, PullRequest, Scope, ScopeVersion, SnapshotManifest,
    decode_chunk, feed_genesis, follow_feed,
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
    Mismatch(&'static str),
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

/// A cut while it is downloaded page by page.
struct Staging {
    heads: Vec<FeedHead>,
    cut: Vec<FeedHead>,
    entries: Vec<FeedEntry>,
    /// How far each scope is checked.
    at: HashMap<Scope, (u64, Hash)>,
}

/// Pulls one cut and applies it. Gives what to show to the wake-up, or `None` after a snapshot.
async fn pull(link: &Link) -> Result<Option<String>, Stop> {
    let heads = link.ask(|stores| stores.feed_heads()).await?;
    let at = heads.iter().map(|head| (head.scope.clone(), (head.version, head.hash))).collect();
    let mut staging = Staging { heads, cut: Vec::new(), entries: Vec::new(), at };
    loop {
        let (page, more, seen) = match ask(link, &staging).await? {
            PullReply::Snapshot { manifest } => {
                apply_snapshot(link, manifest).await?;
                return Ok(None);
            }
            PullReply::Changes { cut, entries, more, wake } => {
                staging.set_cut(link, cut)?;
                (entries, more, wake)
            }
        };
        if more && page.is_empty() {
            return Err(Stop::Mismatch("an empty page that is not the last"));
        }
        staging.add(page)?;
        if !more {
            staging.apply(link).await?;
            return Ok(Some(seen));
        }
    }
}

async fn ask(link: &Link, staging: &Staging) -> Result<PullReply, Stop> {
    let staged = if staging.cut.is_empty() {
        Vec::new()
    } else {
        let versions = staging.at.iter();
        versions
            .map(|(scope, (version, _))| ScopeVersion { scope: scope.clone(), version: *version })
            .collect()
    };
    let request = PullRequest { heads: staging.heads.clone(), cut: staging.cut.clone(), staged };
    let body = serde_json::to_vec(&request).unwrap_or_default();
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

impl Staging {
    /// Takes the first page's cut; later pages belong to the same.
    fn set_cut(&mut self, link: &Link, cut: Vec<FeedHead>) -> Result<(), Stop> {
        if cut.is_empty() || cut.len() > SCOPES_MAX {
            return Err(Stop::Mismatch("a cut of no or too many scopes"));
        }
        if cut.iter().any(|head| head.verify(&link.hub_key).is_err()) {
            return Err(Stop::Mismatch("a head that the hub did not sign"));
        }
        if self.cut.is_empty() {
            self.at.retain(|scope, _| cut.iter().any(|head| head.scope == *scope));
            for head in &cut {
                let genesis = feed_genesis(&head.scope);
                self.at.entry(head.scope.clone()).or_insert((0, genesis));
            }
            self.cut = cut;
            return Ok(());
        }
        if self.cut == cut { Ok(()) } else { Err(Stop::Mismatch("the cut changed between pages")) }
    }

    /// Chains a page onto what is staged.
    fn add(&mut self, page: Vec<FeedEntry>) -> Result<(), Stop> {
        for entry in page {
            if self.entries.len() >= STAGED_MAX || entry.fits().is_err() {
                return Err(Stop::Mismatch("more or larger entries than fit"));
            }
            let Some((version, hash)) = self.at.get_mut(&entry.scope) else {
                return Err(Stop::Mismatch("an entry of another scope"));
            };
            if entry.version != version.saturating_add(1) {
                return Err(Stop::Mismatch("a version was skipped or repeated"));
            }
            *hash = follow_feed(hash, &entry);
            *version = entry.version;
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Applies the whole cut at once, if the entries lead to exactly what the hub signed.
    async fn apply(self, link: &Link) -> Result<(), Stop> {
        let reached = |head: &FeedHead| self.at.get(&head.scope) == Some(&(head.version, head.hash));
        if !self.cut.iter().all(reached) {
            return Err(Stop::Mismatch("the entries do not lead to the signed heads"));
        }
        if self.cut == self.heads {
            return Ok(());
        }
        let at_ms = link.clock.now_ms();
        let kept = kept(&self.entries, at_ms);
        let (cut, entries) = (self.cut, self.entries);
        link.ask(move |stores| stores.apply_cut(&cut, &entries)).await?;
        link.remember(move |state| state.keep_feed(&kept, at_ms.saturating_sub(KEPT_MS))).await?;
        Ok(())
    }
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
    manifest.check(&link.hub_key).map_err(|_| Stop::Mismatch("the snapshot's signature"))?;
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
                        .map_err(|_| Stop::Mismatch("a chunk is not what it is named"))?;
                }
                Err(error) if backoff.failures() >= CHUNK_TRIES_MAX => return Err(error.into()),
                Err(CallError::Refused { code }) => return Err(CallError::Refused { code }.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(backoff.pause_ms(random()))).await,
            }
        };
        backoff.reset();
        if entries.iter().any(|entry| manifest.cut.iter().all(|head| head.scope != entry.scope)) {
            return Err(Stop::Mismatch("an entry of another scope"));
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
