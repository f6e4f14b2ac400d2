//! Who this station is: `identity.json`, written once by enrolment, and its twin.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use suanpan_journal::{Certificate, SigningKey, StationId, VerifyingKey};

use crate::files;

const FILE: &str = "identity.json";

/// The same once more: what empties one of them leaves the other.
const TWIN: &str = "identity.spare";

/// A station's key and the certificate that its hub gave it.
#[derive(Clone)]
pub struct Identity {
    /// Signs everything the station sends.
    pub key: SigningKey,
    /// What the hub signed: station, site, till, key.
    pub certificate: Certificate,
    /// The hub's key, by which its answers are checked.
    pub hub_key: VerifyingKey,
    /// Where the hub is, such as `https://hub.example.com`; empty for a station without one.
    pub hub_url: String,
    pub(crate) seed: [u8; 32],
}

/// Shows the public half only.
impl std::fmt::Debug for Identity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Identity({:?})", self.certificate.enrolment)
    }
}

/// Why `identity.json` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// It is not what enrolment wrote, or its certificate is not this key's.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
struct Stored {
    seed: String,
    certificate: Certificate,
    hub_key: VerifyingKey,
    hub_url: String,
}

impl Identity {
    /// Puts together what enrolment made and got. `seed` is the signing key's.
    pub fn new(seed: [u8; 32], certificate: Certificate, hub_key: VerifyingKey, hub_url: String) -> Identity {
        Identity { key: SigningKey::from_seed(&seed), certificate, hub_key, hub_url, seed }
    }

    /// Reads the folder's identity, from the twin if the file itself is of no use; `None` before enrolment.
    ///
    /// *Errors:* [`IdentityError`], of the file that was read first.
    pub fn load(dir: &Path) -> Result<Option<Identity>, IdentityError> {
        match (read_file(&dir.join(FILE)), read_file(&dir.join(TWIN))) {
            (Ok(Some(identity)), _) | (_, Ok(Some(identity))) => Ok(Some(identity)),
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(None), Ok(None)) => Ok(None),
        }
    }

    /// The same, and both files hold it afterwards. One that holds another key, or nothing, is kept aside.
    ///
    /// *Errors:* [`IdentityError`], when neither can be read.
    pub(crate) fn open(dir: &Path) -> Result<Option<Identity>, IdentityError> {
        let Some(identity) = Identity::load(dir)? else { return Ok(None) };
        for name in [FILE, TWIN] {
            if let Err(error) = identity.put(&dir.join(name)) {
                tracing::error!(error.what = %error, "station.identity_not_doubled");
            }
        }
        Ok(Some(identity))
    }

    /// Writes the folder's identity, readable by this user alone.
    ///
    /// *Errors:* `Io`, `Damaged`.
    pub fn save(&self, dir: &Path) -> Result<(), IdentityError> {
        self.put(&dir.join(FILE))?;
        self.put(&dir.join(TWIN))
    }

    fn put(&self, path: &Path) -> Result<(), IdentityError> {
        let failed = |source| IdentityError::Io { path: path.to_owned(), source };
        match read_file(path) {
            Ok(Some(found)) if found.bytes() == self.bytes() => return Ok(()),
            Ok(Some(found)) if found.seed == self.seed => {}
            Ok(None) => {}
            Ok(Some(_)) | Err(IdentityError::Damaged { .. }) => {
                let kept = files::keep_aside(path).map_err(failed)?;
                tracing::warn!(file = %kept.display(), "station.identity_kept_aside");
            }
            Err(error) => return Err(error),
        }
        files::write_private(path, &self.bytes()).map_err(failed)
    }

    fn bytes(&self) -> Vec<u8> {
        let stored = Stored {
            seed: self.seed.iter().map(|byte| format!("{byte:02x}")).collect(),
            certificate: self.certificate.clone(),
            hub_key: self.hub_key,
            hub_url: self.hub_url.clone(),
        };
        serde_json::to_vec(&stored).unwrap_or_default()
    }

    /// The station's id.
    pub fn station(&self) -> StationId {
        self.certificate.enrolment.station
    }
}

fn read_file(path: &Path) -> Result<Option<Identity>, IdentityError> {
    let bytes = files::read(path).map_err(|source| IdentityError::Io { path: path.to_owned(), source })?;
    let Some(bytes) = bytes else { return Ok(None) };
    read(&bytes).map(Some).map_err(|why| IdentityError::Damaged { path: path.to_owned(), why })
}

fn read(bytes: &[u8]) -> Result<Identity, &'static str> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Err("the file is empty or nothing but zeros");
    }
    let text = files::text(bytes).ok_or("the file is no text")?;
    let stored: Stored = serde_json::from_str(&text).map_err(|_| "the file is not what enrolment wrote")?;
    let seed = hex_seed(&stored.seed).ok_or("the key is not 64 hexadecimal digits")?;
    let identity = Identity::new(seed, stored.certificate, stored.hub_key, stored.hub_url);
    if identity.certificate.enrolment.public_key != identity.key.public() {
        return Err("the certificate is for another key");
    }
    let is_signed = identity.certificate.verify(&identity.hub_key).is_ok();
    is_signed.then_some(identity).ok_or("the certificate is not signed by the hub's key beside it")
}

fn hex_seed(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in seed.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(seed)
}
