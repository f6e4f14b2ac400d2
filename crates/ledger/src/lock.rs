use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{OpenError, folder};

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
        folder::make_dir(dir).map_err(|source| OpenError::io(dir, source))?;
        let path = dir.join("station.lock");
        let file = folder::private().truncate(false).open(&path);
        let file = file.map_err(|source| OpenError::io(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { dir: dir.to_path_buf(), _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyRunning { dir: dir.to_path_buf() }),
            Err(TryLockError::Error(source)) => Err(OpenError::io(&path, source)),
        }
    }

    /// Keeps other users of the machine out of the folder and of every file in it, also where an earlier version let them in.
    pub fn keep_private(&self) {
        if let Err(error) = folder::close(&self.dir) {
            tracing::warn!(folder.path = %self.dir.display(), error.what = %error, "ledger.folder_open_to_others");
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
