//! The hub's signing key: a file outside the database, so that a stolen backup signs nothing, and an escrowed
//! copy of it brings a burnt hub back.

use std::io::Write;
use std::path::Path;

use suanpan_journal::{Hash, SigningKey};

use crate::error::HubError;
use crate::private;

/// Reads the key; `None` if there is no file.
///
/// *Errors:* `Key` if the file cannot be read, or is not 64 hexadecimal digits.
pub fn load(path: &Path) -> Result<Option<SigningKey>, HubError> {
    let error = |why: String| HubError::Key { path: path.display().to_string(), why };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let seed: Hash =
                text.trim_start_matches('\u{feff}').trim().parse().map_err(|_| {
                    error("not 64 hexadecimal digits: put back the copy from the safe".into())
                })?;
            Ok(Some(SigningKey::from_seed(&seed.0)))
        }
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(error(source.to_string())),
    }
}

/// Makes a key where there is no file.
///
/// *Errors:* `Key` if the file cannot be written, `Random`.
pub fn make(path: &Path) -> Result<SigningKey, HubError> {
    let seed = Hash(random()?);
    write_new(path, &format!("{seed}\n"))
        .map_err(|source| HubError::Key { path: path.display().to_string(), why: source.to_string() })?;
    Ok(SigningKey::from_seed(&seed.0))
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        private::make_dir(folder)?;
    }
    // Under its name only when it is whole: a power cut must not leave a key that is none.
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    drop(file);
    // Two that make one at once must not both believe in theirs: a link never takes a name that is taken.
    match std::fs::hard_link(&new, path) {
        // Some file systems have no links.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => std::fs::rename(&new, path),
        named => std::fs::remove_file(&new).and(named),
    }
}

/// Random bytes of the system.
///
/// *Errors:* `Random`.
pub fn random<const N: usize>() -> Result<[u8; N], HubError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| HubError::Random)?;
    Ok(bytes)
}
