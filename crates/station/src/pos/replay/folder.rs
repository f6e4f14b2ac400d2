//! The folder of a replay: whose files it holds, and which hub it speaks to.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use suanpan_contract::pos::Command;
use suanpan_domain::ids::Id;
use suanpan_journal::Hash;
use suanpan_ledger::{Lock, Options};

use super::{ReplayError, ReplayTill};
use crate::files;
use crate::identity::Identity;
use crate::pos::{StationConfig, Till};

/// Names the files that the folder is for; written before anything else.
const MARK: &str = "replay.json";

/// The two files of a replay, by the SHA-256 of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The items.
    pub items: Hash,
    /// The scanned lines.
    pub sales: Hash,
}

impl Source {
    /// The id of the nth thing of a kind: the same in every run.
    pub(super) fn id(&self, kind: &str, nth: u64, at_ms: i64) -> Id {
        let mut digest = Sha256::new_with_prefix("suanpan/replay/v1\0");
        digest.update(self.items.0);
        digest.update(self.sales.0);
        digest.update(nth.to_be_bytes());
        digest.update(kind);
        let [a, b, c, d, e, f, g, h, i, j, ..] = <[u8; 32]>::from(digest.finalize());
        Id::mint(at_ms, [a, b, c, d, e, f, g, h, i, j])
    }
}

/// A folder that a replay of these files may use. Nothing is written yet.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    source: Source,
    identity: Option<Identity>,
}

impl Folder {
    /// Looks at a folder, which may be absent.
    ///
    /// *Errors:* `OtherFiles`, `TillsOwn`, `Identity`, `Io`; nothing was touched.
    pub fn look(dir: &Path, source: Source) -> Result<Folder, ReplayError> {
        let path = dir.join(MARK);
        let mark = files::read(&path).map_err(|source| ReplayError::Io { path, source })?;
        match mark.map(|bytes| serde_json::from_slice::<Source>(&bytes)) {
            Some(Ok(found)) if found == source => {}
            Some(_) => return Err(ReplayError::OtherFiles { dir: dir.to_owned() }),
            None if dir.join("ledger.db").exists() || dir.join("ledger.current").exists() => {
                return Err(ReplayError::TillsOwn { dir: dir.to_owned() });
            }
            None => {}
        }
        Ok(Folder { dir: dir.to_owned(), source, identity: Identity::load(dir)? })
    }

    /// Who the folder is, once it is enrolled.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Opens the till, enrolling it with a one-time code if it is new, and begins to talk to the hub at this address.
    ///
    /// *Errors:* [`ReplayError`].
    pub fn open(self, hub_url: &str, code: Option<&str>) -> Result<ReplayTill, ReplayError> {
        let Folder { dir, source, identity } = self;
        if identity.is_none() && code.is_none() {
            return Err(ReplayError::NotEnrolled);
        }
        prepare(&dir, &source, hub_url, identity)?;
        // A replay is not a shop that must finish its day on a full disk.
        let ledger = Options { reserve_bytes: 0, ..Options::default() };
        let till = Till::start(StationConfig { ledger, with_devices: false, ..StationConfig::new(&dir) })?;
        // A document is rung unless the ledger has it, so the ledger must be whole.
        till.salvage()?;
        if let (None, Some(code)) = (Identity::load(&dir)?, code) {
            enrol(&till, hub_url, code)?;
        }
        let identity = Identity::load(&dir)?.ok_or(ReplayError::NotEnrolled)?;
        till.ask_driver(|_| ()).ok_or(ReplayError::NoDriver)?;
        Ok(ReplayTill { till, source, identity })
    }
}

/// Marks the folder, and notes where its hub is now: the key by which it is known stays.
fn prepare(
    dir: &Path,
    source: &Source,
    hub_url: &str,
    identity: Option<Identity>,
) -> Result<(), ReplayError> {
    let lock = Lock::acquire(dir)?;
    let path = lock.dir().join(MARK);
    if !path.exists() {
        let bytes = serde_json::to_vec(source).unwrap_or_default();
        files::write_private(&path, &bytes).map_err(|source| ReplayError::Io { path, source })?;
    }
    match identity {
        Some(mut identity) if identity.hub_url != hub_url => {
            hub_url.clone_into(&mut identity.hub_url);
            Ok(identity.save(dir)?)
        }
        _ => Ok(()),
    }
}

fn enrol(till: &Till, hub_url: &str, code: &str) -> Result<(), ReplayError> {
    let command = Command::Enrol { hub_url: hub_url.to_owned(), code: code.to_owned() };
    match till.dispatch(command).view.message {
        Some(message) if till.ask_driver(|_| ()).is_none() => {
            let reason = message.args.get("reason").cloned();
            Err(ReplayError::Enrol { reason: reason.unwrap_or_else(|| format!("{:?}", message.code)) })
        }
        _ => Ok(()),
    }
}
