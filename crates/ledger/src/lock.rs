use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::OpenError;

/// Proof that this process alone works in a data folder. Held for as long as the process lives.
///
/// The operating system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    dir: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the folder, making it if it does not exist.
    ///
    /// *Errors:* `AlreadyRunning` when another process has it; `Io`.
    pub fn acquire(dir: &Path) -> Result<Lock, OpenError> {
        std::fs::create_dir_all(dir).map_err(|source| OpenError::io(dir, source))?;
        let path = dir.join("station.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| OpenError::io(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { dir: dir.to_path_buf(), _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyRunning { dir: dir.to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(OpenError::io(&path, source)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
