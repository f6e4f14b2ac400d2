//! A disk on paper: replays the recorded changes of a run and says what a power cut could have left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What disks write whole.
const SECTOR: usize = 512;

/// One recorded change, in the order the till made them.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Create(PathBuf),
    Write {
        path: PathBuf,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        len: usize,
    },
    Sync(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink(PathBuf),
    /// What the cashier was told, outside the disk.
    Mark(String),
}

/// Reads what the shim recorded; a torn end, after a kill, is left out.
pub(crate) fn read_log(path: &Path) -> Vec<Event> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let (mut rest, mut events) = (bytes.as_slice(), Vec::new());
    while let Some((event, after)) = read_event(rest) {
        events.push(event);
        rest = after;
    }
    events
}

fn read_event(bytes: &[u8]) -> Option<(Event, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<15>()?;
    let path_len = usize::from(u16::from_le_bytes([head[1], head[2]]));
    let offset = i64::from_le_bytes(head[3..11].try_into().ok()?);
    let len = u32::from_le_bytes(head[11..15].try_into().ok()?) as usize;
    let (path, rest) = rest.split_at_checked(path_len)?;
    let (data, rest) = rest.split_at_checked(len)?;
    let text = |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
    let (path, offset) = (text(path), usize::try_from(offset).ok()?);
    let event = match head[0] {
        b'c' => Event::Create(path),
        b'w' => Event::Write { path, offset, data: data.to_vec() },
        b't' => Event::Truncate { path, len: offset },
        b's' => Event::Sync(path),
        b'r' => Event::Rename { from: path, to: text(data) },
        b'u' => Event::Unlink(path),
        b'm' => Event::Mark(String::from_utf8_lossy(data).into_owned()),
        _ => return None,
    };
    Some((event, rest))
}

/// What becomes of changes that no sync covered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// None reached the disk.
    Dropped,
    /// All of them did.
    Kept,
    /// Any sectors did, in any order: a seed chooses.
    Torn(u64),
}

#[derive(Debug, Clone)]
enum Change {
    Bytes { offset: usize, data: Vec<u8> },
    Len(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

/// Files, and the names that lead to them. Names become durable with their folder's sync, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    renamed: Vec<BTreeMap<PathBuf, usize>>,
}

impl Disk {
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create(path) => {
                self.files.push(File::default());
                self.rename(|names, new| {
                    names.insert(path.clone(), new);
                });
            }
            Event::Write { path, offset, data } => {
                self.change(path, Change::Bytes { offset: *offset, data: data.clone() });
            }
            Event::Truncate { path, len } => self.change(path, Change::Len(*len)),
            Event::Rename { from, to } => self.rename(|names, _| {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }),
            Event::Unlink(path) => self.rename(|names, _| {
                names.remove(path);
            }),
            Event::Sync(path) => match self.names.get(path) {
                Some(file) => {
                    let file = &mut self.files[*file];
                    for change in std::mem::take(&mut file.pending) {
                        write(&mut file.synced, &change);
                    }
                }
                // A folder: every name so far.
                None => {
                    self.durable = self.names.clone();
                    self.renamed.clear();
                }
            },
            Event::Mark(_) => {}
        }
    }

    fn change(&mut self, path: &Path, change: Change) {
        if let Some(file) = self.names.get(path) {
            self.files[*file].pending.push(change);
        }
    }

    fn rename(&mut self, edit: impl FnOnce(&mut BTreeMap<PathBuf, usize>, usize)) {
        let newest = self.files.len().saturating_sub(1);
        edit(&mut self.names, newest);
        self.renamed.push(self.names.clone());
    }

    /// Writes into `to` what a power cut now leaves of the files below `from`.
    pub(crate) fn cut(&self, from: &Path, to: &Path, cut: Cut) {
        let mut dice = Dice(match cut {
            Cut::Torn(seed) => seed | 1,
            _ => 1,
        });
        let names = match cut {
            Cut::Dropped => &self.durable,
            Cut::Kept => &self.names,
            Cut::Torn(_) => {
                let kept = dice.below(self.renamed.len() + 1);
                kept.checked_sub(1).map_or(&self.durable, |at| &self.renamed[at])
            }
        };
        for (path, file) in names {
            let file = &self.files[*file];
            let mut bytes = file.synced.clone();
            for change in &file.pending {
                match cut {
                    Cut::Dropped => {}
                    Cut::Kept => write(&mut bytes, change),
                    Cut::Torn(_) => tear(&mut bytes, change, &mut dice),
                }
            }
            let path = to.join(path.strip_prefix(from).expect("below the folder"));
            std::fs::write(path, bytes).expect("write");
        }
    }
}

fn write(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Len(len) => bytes.resize(*len, 0),
        Change::Bytes { offset, data } => {
            let end = offset + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(data);
        }
    }
}

/// Writes any of the change's sectors.
fn tear(bytes: &mut Vec<u8>, change: &Change, dice: &mut Dice) {
    match change {
        Change::Len(_) if dice.below(2) == 0 => {}
        Change::Len(_) => write(bytes, change),
        Change::Bytes { offset, data } => {
            let mut at = 0;
            while at < data.len() {
                let end = data.len().min(at + SECTOR - (offset + at) % SECTOR);
                if dice.below(2) == 0 {
                    let data = data[at..end].to_vec();
                    write(bytes, &Change::Bytes { offset: offset + at, data });
                }
                at = end;
            }
        }
    }
}

/// A small generator, so that a seed tells everything about a failure.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// The sales that the cashier was told are saved, among the marks of `events`.
pub(crate) fn saved(events: &[Event]) -> BTreeSet<String> {
    let marks = events.iter().filter_map(|event| match event {
        Event::Mark(text) => Some(text.as_str()),
        _ => None,
    });
    marks.flat_map(str::lines).filter_map(told_saved).collect()
}

/// The id of a receipt line that says the sale is saved.
pub(crate) fn told_saved(line: &str) -> Option<String> {
    let (what, id) = line.split_once(' ')?;
    matches!(what, "printed" | "saved").then(|| id.to_owned())
}
