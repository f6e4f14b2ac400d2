//! Who this station is: `identity.json`, written once by enrolment.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use suanpan_journal::{Certificate, SigningKey, StationId, VerifyingKey};

use crate::files;

const FILE: &str = "identity.json";

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

    /// Reads the folder's identity; `None` before enrolment.
    ///
    /// *Errors:* [`IdentityError`].
    pub fn load(dir: &Path) -> Result<Option<Identity>, IdentityError> {
        let path = dir.join(FILE);
        let bytes = files::read(&path).map_err(|source| IdentityError::Io { path: path.clone(), source })?;
        let Some(bytes) = bytes else { return Ok(None) };
        read(&bytes).map(Some).map_err(|why| IdentityError::Damaged { path, why })
    }

    /// Writes the folder's identity, readable by this user alone.
    ///
    /// *Errors:* `Io`.
    pub fn save(&self, dir: &Path) -> Result<(), IdentityError> {
        let path = dir.join(FILE);
        let stored = Stored {
            seed: self.seed.iter().map(|byte| format!("{byte:02x}")).collect(),
            certificate: self.certificate.clone(),
            hub_key: self.hub_key,
            hub_url: self.hub_url.clone(),
        };
        let bytes = serde_json::to_vec(&stored).unwrap_or_default();
        files::write_private(&path, &bytes).map_err(|source| IdentityError::Io { path, source })
    }

    /// The station's id.
    pub fn station(&self) -> StationId {
        self.certificate.enrolment.station
    }
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
