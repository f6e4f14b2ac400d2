use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use suanpan_journal::Hash;

use super::call::{Call, NoAnswer, Step};
use super::here::{Here, Identity, Note};
use super::lost::Tell;
use super::stores::{Kept, SnapshotSink, StoresError};
use crate::backoff::Backoff;
use crate::limits::{CHUNK_MAX, JSON_MAX};
use crate::paths;
use crate::staging::{Mismatch, Staged, Staging};
use crate::wire::feed::{FeedEntry, FeedHead, PullReply, SnapshotManifest, decode_chunk};

/// A page of the feed: 1 MiB on a line of 0.3 Mbit/s.
const PULL_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than the hub lets anybody wait.
const WAKE_TIMEOUT: Duration = Duration::from_secs(65);

/// A snapshot's chunk.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

/// Tries of one chunk before the hub is asked again what its snapshot is.
const CHUNK_TRIES_MAX: u32 = 8;

/// Longest answer to a wake-up, or to what was lost.
const SHORT_MAX: usize = 1_024;

/// Longest wake word.
const WAKE_WORD_MAX: usize = 128;

/// Pulls in a row that do not check, after which the whole set is fetched anew.
const MISMATCHES_MAX: u32 = 3;

/// Received entries are kept this long, for a hub that is restored from before them.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Why a download did not come to its end. What was applied before stands.
enum Stop {
    NoAnswer,
    Nonsense(&'static str),
    Stores(StoresError),
    /// The entries do not lead to the signed cut.
    Mismatch(String),
}

impl From<Mismatch> for Stop {
    fn from(mismatch: Mismatch) -> Stop {
        Stop::Mismatch(mismatch.to_string())
    }
}

impl From<NoAnswer> for Stop {
    fn from(_: NoAnswer) -> Stop {
        Stop::NoAnswer
    }
}

impl From<StoresError> for Stop {
    fn from(error: StoresError) -> Stop {
        Stop::Stores(error)
    }
}

enum Doing {
    Nothing,
    Pull {
        heads: Vec<FeedHead>,
        staging: Staging,
    },
    /// Waits until the hub has something. A hint only: whatever it says, the next thing is a pull.
    Wake {
        seen: String,
    },
    Manifest,
    Tell(SnapshotManifest, Tell),
    Chunks {
        manifest: SnapshotManifest,
        tries: Backoff,
    },
}

/// A new catalogue in the making. It outlives a line that is down for long: what is in it is not fetched again.
struct Begun {
    sink: Box<dyn SnapshotSink>,
    /// The chunks that are in it.
    chunks: Vec<Hash>,
    /// The chunk that came last.
    came: Option<(Hash, Vec<FeedEntry>)>,
}

impl Begun {
    fn write(&mut self) -> Result<(), StoresError> {
        if let Some((hash, entries)) = self.came.take() {
            self.sink.chunk(entries)?;
            self.chunks.push(hash);
        }
        Ok(())
    }
}

/// Brings the catalogue up to the newest cut, waits for a wake-up, and begins again. A cut is applied whole or not at all.
pub struct Download {
    me: Identity,
    backoff: Backoff,
    mismatches: u32,
    pause_ms: Option<u64>,
    doing: Doing,
    begun: Option<Begun>,
}

impl Download {
    /// Starts from what the stores have.
    #[must_use]
    pub fn new(me: Identity) -> Download {
        let backoff = Backoff::new(me.site_hash);
        Download { me, backoff, mismatches: 0, pause_ms: None, doing: Doing::Nothing, begun: None }
    }

    /// Chooses what to do. Asked again before an answer, it chooses the same.
    ///
    /// *Errors:* the stores'; then this download is of no more use.
    pub fn next(&mut self, here: &Here<'_>) -> Result<Step, StoresError> {
        if let Some(ms) = self.pause_ms.take() {
            return Ok(Step::Wait { ms });
        }
        if matches!(self.doing, Doing::Nothing) {
            self.doing = match self.mismatches {
                0..MISMATCHES_MAX => {
                    let heads = here.stores.feed_heads()?;
                    Doing::Pull { staging: Staging::new(heads.clone()), heads }
                }
                _ => Doing::Manifest,
            };
        }
        Ok(Step::Call(match &self.doing {
            Doing::Pull { staging, .. } => {
                Call::post(paths::PULL, &staging.request(), JSON_MAX, PULL_TIMEOUT)
            }
            Doing::Wake { seen } => {
                Call::get(format!("{}?seen={seen}", paths::WAKE), SHORT_MAX, WAKE_TIMEOUT)
            }
            Doing::Manifest => Call::get(paths::SNAPSHOT.to_owned(), JSON_MAX, PULL_TIMEOUT),
            Doing::Tell(_, tell) => Call::post(paths::LOST, &tell.report, SHORT_MAX, PULL_TIMEOUT),
            Doing::Chunks { manifest, .. } => {
                let has =
                    |begun: &Begun| begun.chunks.len().saturating_add(usize::from(begun.came.is_some()));
                let named = manifest.chunks.get(self.begun.as_ref().map_or(0, has));
                let Some(named) = named else { return self.put_in_place(here) };
                Call::get(format!("{}/{}", paths::SNAPSHOT, named.hash), CHUNK_MAX, CHUNK_TIMEOUT)
            }
            Doing::Nothing => return Ok(Step::Idle),
        }))
    }

    /// Writes the chunk that came last, while the next is on its way.
    ///
    /// *Errors:* the stores'; then this download is of no more use.
    pub fn write(&mut self) -> Result<(), StoresError> {
        self.begun.as_mut().map_or(Ok(()), Begun::write)
    }

    /// Takes what came of the call.
    ///
    /// *Errors:* the stores'; then this download is of no more use.
    pub fn hear(&mut self, here: &Here<'_>, answer: Result<Vec<u8>, NoAnswer>) -> Result<(), StoresError> {
        self.write()?;
        let doing = std::mem::replace(&mut self.doing, Doing::Nothing);
        let stop = match self.take(here, doing, answer) {
            Ok(()) => return Ok(()),
            Err(stop) => stop,
        };
        match stop {
            Stop::Stores(error) => return Err(error),
            Stop::Mismatch(what) => {
                self.mismatches = self.mismatches.saturating_add(1);
                (here.tell)(Note::Mismatch(what));
            }
            Stop::Nonsense(what) => (here.tell)(Note::Nonsense(what)),
            Stop::NoAnswer => {}
        }
        self.pause_ms = Some(self.backoff.pause_ms(here.random));
        Ok(())
    }

    fn take(&mut self, here: &Here<'_>, doing: Doing, answer: Result<Vec<u8>, NoAnswer>) -> Result<(), Stop> {
        match doing {
            Doing::Pull { heads, staging } => {
                self.pulled(here, heads, staging, read(&answer?, "not a reply to a pull")?)
            }
            Doing::Wake { .. } => {
                let _: Woken = read(&answer?, "not a wake-up")?;
                self.came_to_an_end();
                Ok(())
            }
            Doing::Manifest => self.offered(here, read(&answer?, "not a snapshot")?),
            Doing::Tell(manifest, Tell { told, .. }) => {
                match answer {
                    // The catalogue waits for a hub that is away, and not for one that wants none of it.
                    Err(NoAnswer::Away | NoAnswer::Busy { .. }) => return Err(Stop::NoAnswer),
                    Ok(_) | Err(NoAnswer::Refused { .. } | NoAnswer::Nonsense) => {}
                }
                here.memory.set_told(&told)?;
                self.begin(here, manifest)
            }
            Doing::Chunks { manifest, tries } => self.chunk(here, manifest, tries, answer),
            Doing::Nothing => Ok(()),
        }
    }

    fn pulled(
        &mut self,
        here: &Here<'_>,
        heads: Vec<FeedHead>,
        mut staging: Staging,
        reply: PullReply,
    ) -> Result<(), Stop> {
        let (cut, entries, more, seen) = match reply {
            PullReply::Snapshot { manifest } => return self.offered(here, manifest),
            PullReply::Changes { cut, entries, more, wake } => (cut, entries, more, wake),
        };
        staging.add(&self.me.hub_key, cut, entries, more)?;
        if more {
            self.doing = Doing::Pull { heads, staging };
            return Ok(());
        }
        if let Some(Staged { cut, entries }) = staging.finish()? {
            let kept = Kept::all(&heads, &entries, here.now_ms);
            here.stores.apply_cut(&cut, &entries)?;
            (here.tell)(Note::CutApplied);
            here.memory.keep(&kept, here.now_ms.saturating_sub(KEPT_MS))?;
        }
        let fits =
            seen.len() <= WAKE_WORD_MAX && seen.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !fits {
            return Err(Stop::Nonsense("not a wake word"));
        }
        self.doing = Doing::Wake { seen };
        Ok(())
    }

    /// Before a snapshot takes the place of anything, the hub is shown what it may have lost.
    fn offered(&mut self, here: &Here<'_>, manifest: SnapshotManifest) -> Result<(), Stop> {
        let signed = manifest.check(&self.me.hub_key);
        signed.map_err(|_| Stop::Mismatch("the snapshot's signature".to_owned()))?;
        match Tell::of(here, &manifest)? {
            Some(tell) if !tell.report.lost.is_empty() => {
                (here.tell)(Note::LostShown);
                self.doing = Doing::Tell(manifest, tell);
                return Ok(());
            }
            Some(tell) => here.memory.set_told(&tell.told)?,
            None => {}
        }
        self.begin(here, manifest)
    }

    /// Goes on with what was begun, if this snapshot begins with the same chunks.
    fn begin(&mut self, here: &Here<'_>, manifest: SnapshotManifest) -> Result<(), Stop> {
        let named = &manifest.chunks;
        if named.is_empty() && here.stores.feed_heads()?.iter().any(|head| head.version > 0) {
            // A hub that was rebuilt from nothing has nothing to sell yet; the till goes on with what it has.
            return Err(Stop::Nonsense("an empty catalogue does not replace one"));
        }
        let goes_on = |begun: &Begun| {
            named.len() >= begun.chunks.len()
                && begun.chunks.iter().zip(named).all(|(has, it)| *has == it.hash)
        };
        self.begun = match self.begun.take().filter(goes_on) {
            Some(begun) => Some(begun),
            None => Some(Begun { sink: here.stores.begin_snapshot()?, chunks: Vec::new(), came: None }),
        };
        self.doing = Doing::Chunks { manifest, tries: Backoff::new(self.me.site_hash) };
        Ok(())
    }

    /// A chunk that does not arrive is tried again.
    fn chunk(
        &mut self,
        here: &Here<'_>,
        manifest: SnapshotManifest,
        mut tries: Backoff,
        answer: Result<Vec<u8>, NoAnswer>,
    ) -> Result<(), Stop> {
        let Some(begun) = &mut self.begun else { return Ok(()) };
        let Some(named) = manifest.chunks.get(begun.chunks.len()) else { return Ok(()) };
        match answer {
            Ok(bytes) => {
                let entries = decode_chunk(named, &bytes);
                let entries =
                    entries.map_err(|_| Stop::Mismatch("a chunk is not what it is named".to_owned()))?;
                let is_named = |it: &FeedEntry| manifest.cut.iter().any(|head| head.scope == it.scope);
                if !entries.iter().all(is_named) {
                    return Err(Stop::Mismatch("an entry of another scope".to_owned()));
                }
                begun.came = Some((named.hash, entries));
                tries.reset();
            }
            Err(NoAnswer::Refused { .. }) => return Err(Stop::NoAnswer),
            Err(_) if tries.failures() >= CHUNK_TRIES_MAX => return Err(Stop::NoAnswer),
            Err(_) => self.pause_ms = Some(tries.pause_ms(here.random)),
        }
        self.doing = Doing::Chunks { manifest, tries };
        Ok(())
    }

    /// All chunks are here.
    fn put_in_place(&mut self, here: &Here<'_>) -> Result<Step, StoresError> {
        self.write()?;
        let doing = std::mem::replace(&mut self.doing, Doing::Nothing);
        if let (Doing::Chunks { manifest, .. }, Some(begun)) = (doing, self.begun.take()) {
            begun.sink.finish(&manifest.cut)?;
            (here.tell)(Note::CutApplied);
        }
        self.came_to_an_end();
        Ok(Step::Wait { ms: 0 })
    }

    fn came_to_an_end(&mut self) {
        self.mismatches = 0;
        self.backoff.reset();
    }
}

#[derive(Deserialize)]
struct Woken {
    #[serde(rename = "changed")]
    _changed: bool,
}

fn read<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Stop> {
    serde_json::from_slice(bytes).map_err(|_| Stop::Nonsense(what))
}
