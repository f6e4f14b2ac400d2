//! A folder that is the hub's user's alone: its key, and hashes of PINs and passwords, are in it.

use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing.
pub(crate) fn make_dir(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Takes from everybody else what an earlier version let them read. A folder that is everybody's by its sticky bit stays so.
pub(crate) fn close(folder: &Path) {
    if let Err(error) = close_all(folder) {
        tracing::warn!(folder.path = %folder.display(), error.what = %error, "the folder is open to other users");
    }
}

#[cfg(unix)]
fn close_all(folder: &Path) -> io::Result<()> {
    close_one(folder)?;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        if file.file_type()?.is_file() {
            close_one(&file.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn close_one(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    const STICKY: u32 = 0o1000;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & OTHERS == 0 || mode & STICKY != 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode & !OTHERS))
}

/// On Windows the folder's access list says who may read: the installer gives it to the service's user.
#[cfg(not(unix))]
fn close_all(_: &Path) -> io::Result<()> {
    Ok(())
}
