//! Reads a write-ahead log without SQLite, which silently ends at the first frame that does not check, and so
//! cannot tell a torn last commit from damage in the middle.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::db::PAGE;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FRAME: usize = FRAME_HEADER + PAGE;

/// Largest log that is read: a thousand times what the writer lets it grow to.
const LOG_LEN_MAX: u64 = 1 << 30;

/// What a log holds beyond the database file.
#[derive(Debug, Default)]
pub(crate) struct Wal {
    /// (page number, the page), oldest first; only frames of commits, or in a damaged log of what looks like them.
    pub(crate) pages: Vec<(u32, Vec<u8>)>,
    /// Two or more commits lie behind a frame that does not check. A power cut tears the last commit only, as each
    /// one is synced before the next begins.
    pub(crate) damaged: bool,
}

/// The log's path beside a database.
pub(crate) fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// Reads the log beside a database; no log is an empty one.
pub(crate) fn read(database: &Path) -> io::Result<Wal> {
    let mut bytes = Vec::new();
    match File::open(path_of(database)) {
        Ok(file) => file.take(LOG_LEN_MAX).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Wal::default()),
        Err(error) => return Err(error),
    };
    let (mut log, sound) = parse(&bytes);
    // The header is rewritten only when everything in the log has been copied into the database: then one that does
    // not check was torn by a power cut, and the database knows all that the frames say.
    log.damaged |= !sound && !is_copied(database, &log.pages)?;
    Ok(log)
}

fn is_copied(database: &Path, pages: &[(u32, Vec<u8>)]) -> io::Result<bool> {
    let mut file = File::open(database)?;
    let newest: std::collections::BTreeMap<u32, &Vec<u8>> =
        pages.iter().map(|(number, page)| (*number, page)).collect();
    for (number, logged) in newest {
        let mut stored = vec![0; PAGE];
        file.seek(SeekFrom::Start(u64::from(number.saturating_sub(1)) * PAGE as u64))?;
        match file.read_exact(&mut stored) {
            Ok(()) if stored == *logged => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Reads the log, and says whether its header checks.
fn parse(bytes: &[u8]) -> (Wal, bool) {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER>() else { return (Wal::default(), true) };
    let frames: Vec<&[u8]> = body.chunks_exact(FRAME).collect();
    let Some(first) = frames.first() else { return (Wal::default(), true) };
    let magic = word(header, 0);
    let big_endian = magic == 0x377f_0683;
    let mut sum = checksum(big_endian, (0, 0), &header[..24]);
    let sound = (big_endian || magic == 0x377f_0682)
        && word(header, 8) as usize == PAGE
        && sum == (word(header, 24), word(header, 28));
    // Without a sound header the first frame tells which generation of the log follows.
    let salts = if sound { &header[16..24] } else { &first[8..16] };

    let mut checked = 0;
    while sound && checked < frames.len() {
        let frame = frames[checked];
        sum = checksum(big_endian, checksum(big_endian, sum, &frame[..8]), &frame[FRAME_HEADER..]);
        if &frame[8..16] != salts || sum != (word(frame, 16), word(frame, 20)) {
            break;
        }
        checked += 1;
    }
    let is_commit = |frame: &&[u8]| &frame[8..16] == salts && word(frame, 4) != 0;
    let behind = frames[checked..].iter().filter(|frame| is_commit(frame)).count();
    let damaged = sound && behind > 1;
    let last = if damaged || !sound { frames.len() } else { checked };
    let end = frames[..last].iter().rposition(is_commit).map_or(0, |at| at + 1);
    let pages = frames[..end].iter().filter(|frame| &frame[8..16] == salts);
    let pages = pages.map(|frame| (word(frame, 0), frame[FRAME_HEADER..].to_vec())).collect();
    (Wal { pages, damaged }, sound)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

/// SQLite's running checksum over pairs of 32-bit words.
fn checksum(big_endian: bool, (mut s0, mut s1): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let read =
        |word: &[u8; 4]| if big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
    for pair in bytes.as_chunks::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *pair;
        s0 = s0.wrapping_add(read(&[a, b, c, d])).wrapping_add(s1);
        s1 = s1.wrapping_add(read(&[e, f, g, h])).wrapping_add(s0);
    }
    (s0, s1)
}
