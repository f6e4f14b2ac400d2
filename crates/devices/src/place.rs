//! Where a device may be: what a mistyped path would write over is never opened.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How every job begins, and so every file of receipts: `ESC @`.
const JOB_BEGINS: [u8; 2] = [0x1b, 0x40];

/// How the name of a file of receipts ends before it is there: nothing else on a machine is made by such a name.
const ENDINGS: [&str; 3] = ["bin", "prn", "escpos"];

/// Why a path is not one for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// It leads into the station's own folder.
    #[error("it is in the station's folder")]
    InFolder,
    /// There is something that jobs were not written to before, or it is not the name of a new file of receipts.
    #[error("it is no file of receipts")]
    NotReceipts,
    /// Its folder is not there.
    #[error("its folder is not there")]
    NoFolder,
    /// It is not a character device.
    #[error("it is no character device")]
    NotADevice,
}

/// Says whether jobs may be appended to a file: a new one with a receipt file's name, or one that begins as a job does.
/// `keep_out` is the station's folder; empty for none.
///
/// *Errors:* `InFolder`, `NotReceipts`, `NoFolder`.
pub fn check_file(path: &Path, keep_out: &Path) -> Result<(), Misplaced> {
    let place = place(path, keep_out)?;
    match std::fs::symlink_metadata(&place) {
        Ok(found) if !is_plain(&found) => Err(Misplaced::NotReceipts),
        Ok(_) => File::open(&place).map_err(|_| Misplaced::NotReceipts).and_then(|file| begins_as_job(&file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => is_new_name(&place),
        Err(_) => Err(Misplaced::NotReceipts),
    }
}

/// Says whether a printer or scale may be opened there. A device that is switched off may be absent.
///
/// *Errors:* `NotADevice`.
pub fn check_device(path: &Path) -> Result<(), Misplaced> {
    match std::fs::metadata(path) {
        Ok(found) if is_device(found.file_type()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_device_name(path) => Ok(()),
        _ => Err(Misplaced::NotADevice),
    }
}

/// Opens a file to append jobs to, as [`check_file`] allows.
pub(crate) fn open_file(path: &Path, keep_out: &Path) -> Result<File, OpenError> {
    check_file(path, keep_out)?;
    let place = place(path, keep_out)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    // Between the look and the opening the name may have been given to something else: a new file is made here or not at
    // all, and of an old one what was opened is looked at, not the name.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, no_follow());
    match options.clone().create_new(true).open(&place) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = options.open(&place)?;
            if !is_plain(&file.metadata()?) {
                return Err(Misplaced::NotReceipts.into());
            }
            begins_as_job(&file)?;
            Ok(file)
        }
        Err(error) => Err(error.into()),
    }
}

/// Why a file of receipts was not opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Misplaced(Misplaced),
    System(io::Error),
}

impl From<Misplaced> for OpenError {
    fn from(error: Misplaced) -> OpenError {
        OpenError::Misplaced(error)
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> OpenError {
        OpenError::System(error)
    }
}

/// The file's true place, with every link and `..` on the way to it followed.
fn place(path: &Path, keep_out: &Path) -> Result<PathBuf, Misplaced> {
    let whole = std::path::absolute(path).map_err(|_| Misplaced::NoFolder)?;
    let (Some(parent), Some(name)) = (whole.parent(), whole.file_name()) else {
        return Err(Misplaced::NotReceipts);
    };
    // A path that ends in `..` or a separator names a folder, and on Windows a colon names a part of another file.
    let ends_in_name =
        path.file_name() == Some(name) && !path.as_os_str().to_string_lossy().ends_with(['/', '\\']);
    if !ends_in_name || name.to_string_lossy().contains(':') {
        return Err(Misplaced::NotReceipts);
    }
    let parent = parent.canonicalize().map_err(|_| Misplaced::NoFolder)?;
    if parent.ancestors().any(|above| is_same(above, keep_out)) {
        return Err(Misplaced::InFolder);
    }
    Ok(parent.join(name))
}

/// Says whether two paths lead to one folder, in whatever spelling.
#[cfg(unix)]
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    id(one).is_some_and(|one| Some(one) == id(other))
}

#[cfg(not(unix))]
fn is_same(one: &Path, other: &Path) -> bool {
    other.canonicalize().is_ok_and(|other| other == one)
}

/// An ordinary file that has no second name.
fn is_plain(found: &Metadata) -> bool {
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(found);
    #[cfg(not(unix))]
    let names = 1;
    found.is_file() && names == 1
}

fn begins_as_job(file: &File) -> Result<(), Misplaced> {
    let mut head = Vec::new();
    let read = file.take(JOB_BEGINS.len() as u64).read_to_end(&mut head);
    // A power cut may leave the new file's name without its first job.
    let is_ours = read.is_ok() && (head.is_empty() || head == JOB_BEGINS);
    is_ours.then_some(()).ok_or(Misplaced::NotReceipts)
}

fn is_new_name(place: &Path) -> Result<(), Misplaced> {
    let ending = place.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let is_one = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
    is_one.then_some(()).ok_or(Misplaced::NotReceipts)
}

#[cfg(unix)]
fn no_follow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

#[cfg(unix)]
pub(crate) fn is_device(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(unix)]
fn is_device_name(path: &Path) -> bool {
    path.starts_with("/dev") && !path.components().any(|part| part == std::path::Component::ParentDir)
}

/// Windows has no device among its files; its ports have names of their own.
#[cfg(not(unix))]
fn is_device(_: FileType) -> bool {
    false
}

#[cfg(not(unix))]
fn is_device_name(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_uppercase();
    let name = name.strip_prefix(r"\\.\").unwrap_or(&name);
    name.strip_prefix("COM").is_some_and(|number| number.parse::<u8>().is_ok())
}
