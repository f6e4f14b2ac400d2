//! Files of the data folder: this user's alone, pointers, and writes that are whole or absent after a power cut.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes a folder's names durable. Windows does that with the file itself and has no such call.
#[cfg(unix)]
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(windows)]
pub(crate) fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a closed file's bytes durable. Windows flushes only through a handle that may write.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    File::options().read(true).write(true).open(path)?.sync_all()
}

/// How a file is opened that may be made: for this user alone, since staff's PINs are among what is kept.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file for this user alone if there is none: SQLite gives the files that it adds beside one its mode.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    private().truncate(false).open(path).map(drop)
}

/// Makes a folder, and those above it that are missing, for this user alone.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir)
}

/// Takes from everybody else what an earlier version let them read: the folder and every file in it. A folder that is
/// everybody's by its sticky bit, as `/tmp` is, stays so.
#[cfg(unix)]
pub(crate) fn close(dir: &Path) -> io::Result<()> {
    close_one(dir)?;
    for file in std::fs::read_dir(dir)? {
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

/// Windows gives a file the access list of its folder, and the folder that a station takes by itself is in the user's own
/// profile, which no other user may read.
#[cfg(windows)]
pub(crate) fn close(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Replaces a small file: after a power cut it holds the old bytes or the new ones.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = private().truncate(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&new, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// What a damaged file still holds for the current one, as the pointer says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) file: PathBuf,
    /// The current file has every entry from this id on that could be read.
    pub(crate) before: i64,
    /// Entries seen that are not there yet.
    pub(crate) count: u64,
    /// What was wrong with the file.
    pub(crate) code: String,
}

/// A family of numbered database files of which one is current: `ledger.db`, `ledger-2.db`, … A damaged or
/// replaced file stays where it is and the pointer moves on, because Windows cannot replace an open file.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    dir: PathBuf,
    stem: &'static str,
}

impl Family {
    pub(crate) fn new(dir: &Path, stem: &'static str) -> Family {
        Family { dir: dir.to_path_buf(), stem }
    }

    /// The current file: the one the pointer names or, without a readable pointer, the highest numbered.
    /// `None` in a folder that never had one. The file may be missing.
    pub(crate) fn current(&self) -> io::Result<Option<PathBuf>> {
        let pointed = self.read_pointer()?.lines().next().and_then(|name| self.number_of(name.trim()));
        let number = match pointed {
            Some(number) => Some(number),
            None => self.highest()?,
        };
        Ok(number.map(|number| self.path(number)))
    }

    /// What a damaged file still holds for the current one: the pointer's second line.
    pub(crate) fn rest(&self) -> io::Result<Option<Rest>> {
        let text = self.read_pointer()?;
        let words: Vec<&str> = text.lines().nth(1).unwrap_or_default().split(' ').collect();
        let ["rest", name, before, count, code] = words[..] else { return Ok(None) };
        let numbers = (self.number_of(name), before.parse(), count.parse());
        let (Some(number), Ok(before), Ok(count)) = numbers else { return Ok(None) };
        Ok(Some(Rest { file: self.path(number), before, count, code: code.to_owned() }))
    }

    fn read_pointer(&self) -> io::Result<String> {
        match std::fs::read_to_string(self.pointer()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(String::new()),
            read => read,
        }
    }

    /// The number in a file's name.
    pub(crate) fn number(&self, file: &Path) -> Option<i64> {
        self.number_of(file.file_name()?.to_str()?).map(i64::from)
    }

    /// A file that is not one of the family.
    pub(crate) fn beside(&self, extension: &str) -> PathBuf {
        self.dir.join(format!("{}.{extension}", self.stem))
    }

    /// Says whether the folder was used before, whatever became of its files.
    pub(crate) fn was_used(&self) -> io::Result<bool> {
        Ok(self.pointer().exists() || self.highest()?.is_some())
    }

    /// A name after every existing one.
    pub(crate) fn next(&self) -> io::Result<PathBuf> {
        let pointed = self.current()?.and_then(|path| self.number_of(path.file_name()?.to_str()?));
        let highest = pointed.max(self.highest()?).unwrap_or(0);
        Ok(self.path(highest.saturating_add(1)))
    }

    /// Makes a finished file current, and with it what is still to come from another one.
    pub(crate) fn point_to(&self, path: &Path, rest: Option<&Rest>) -> io::Result<()> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut text = name(path);
        if let Some(Rest { file, before, count, code }) = rest {
            text += &format!("\nrest {} {before} {count} {code}", name(file));
        }
        write_whole(&self.pointer(), text.as_bytes())
    }

    fn pointer(&self) -> PathBuf {
        self.beside("current")
    }

    fn path(&self, number: u32) -> PathBuf {
        match number {
            1 => self.dir.join(format!("{}.db", self.stem)),
            _ => self.dir.join(format!("{}-{number}.db", self.stem)),
        }
    }

    fn number_of(&self, name: &str) -> Option<u32> {
        let rest = name.strip_prefix(self.stem)?.strip_suffix(".db")?;
        if rest.is_empty() {
            return Some(1);
        }
        rest.strip_prefix('-')?.parse().ok().filter(|number| *number > 1)
    }

    fn highest(&self) -> io::Result<Option<u32>> {
        Ok(self.numbers()?.into_iter().max())
    }

    fn numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = vec![];
        for file in std::fs::read_dir(&self.dir)? {
            numbers.extend(file?.file_name().to_str().and_then(|name| self.number_of(name)));
        }
        Ok(numbers)
    }

    /// The files there are, the highest number first.
    pub(crate) fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut numbers = self.numbers()?;
        numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        Ok(numbers.into_iter().map(|number| self.path(number)).collect())
    }
}
