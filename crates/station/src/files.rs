//! Small files of the data folder that are whole or absent after a power cut.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What a small file holds at most; one that is longer was not written here.
const BYTES_MAX: u64 = 64 * 1024;

/// Damaged files of one name that are kept; the last place is used again and again.
const KEPT_MAX: u32 = 9;

/// Replaces a small file that only this user may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // On Windows the data folder's own access list keeps other users out.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&new, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Reads a small file; `None` when there is none.
///
/// *Errors:* `InvalidData` for one that is too long; the system's.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long"));
    }
    Ok(Some(bytes))
}

/// Moves a damaged file out of the way, beside where it was: nothing is lost, and a new one may take its place.
pub(crate) fn keep_aside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kept = |nth: u32| path.with_file_name(format!("{name}.kept-{nth}"));
    let free = (1..KEPT_MAX).find(|nth| std::fs::symlink_metadata(kept(*nth)).is_err());
    let kept = kept(free.unwrap_or(KEPT_MAX));
    std::fs::rename(path, &kept)?;
    Ok(kept)
}

/// A file's text as people's editors write it: with the mark that says UTF-8, or as UTF-16. `None` if it is no text.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Windows makes a name durable with the file itself and has no such call.
#[cfg(windows)]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// A file's name, for a sentence.
pub(crate) fn name_of(file: Option<&Path>) -> String {
    file.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}
