//! Room for the day to finish when the disk fills.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Written per step, so that filling the reserve never holds up a sale for more than a few milliseconds.
const STEP: u64 = 4 << 20;

/// Below this much free space a warning shows: days of sales, time to call IT.
const LOW_BYTES: u64 = 1 << 30;

/// The last sixteenth of the reserve is for the sale that has begun, the shift's close and the log's checkpoint.
const LAST_PART: u64 = 16;

/// Whether there is room to go on selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskState {
    /// Yes.
    #[default]
    Plenty,
    /// Yes, for days: warn.
    Low,
    /// Yes, in the room that the reserve gave back: finish the day and call IT.
    ReserveInUse,
    /// No: finish the begun sale, refuse a new one.
    Full,
}

/// `reserve.bin`: a file of real blocks that is deleted when the disk fills.
#[derive(Debug)]
pub(crate) struct Reserve {
    dir: PathBuf,
    bytes: u64,
    filled: u64,
}

impl Reserve {
    pub(crate) fn open(dir: &Path, bytes: u64) -> Reserve {
        let filled = std::fs::metadata(path(dir)).map_or(0, |file| file.len());
        Reserve { dir: dir.to_path_buf(), bytes, filled }
    }

    /// Gives the room back to the file system. False when there is nothing to give.
    pub(crate) fn release(&mut self) -> bool {
        self.filled = 0;
        std::fs::remove_file(path(&self.dir)).is_ok()
    }

    /// Fills a step of the reserve where there is room for all of it, and says how the disk stands.
    pub(crate) fn tend(&mut self) -> DiskState {
        let free = fs4::available_space(&self.dir).unwrap_or(u64::MAX);
        let wanted = self.bytes.saturating_sub(self.filled);
        let has_room = free > wanted.saturating_add(self.bytes / 4);
        if wanted > 0 && has_room {
            // Half a reserve would take the room that the day needs.
            if let Err(error) = self.fill() {
                tracing::warn!(error.kind = ?error.kind(), "reserve.fill");
                self.release();
            }
        }
        match free {
            _ if self.filled == 0 && free < self.bytes / LAST_PART => DiskState::Full,
            _ if wanted > 0 && !has_room => DiskState::ReserveInUse,
            _ if free < LOW_BYTES.min(self.bytes.saturating_mul(4)) => DiskState::Low,
            _ => DiskState::Plenty,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut file: File = crate::folder::private().truncate(false).open(path(&self.dir))?;
        file.seek(SeekFrom::Start(self.filled))?;
        let step = STEP.min(self.bytes - self.filled);
        // Not zeros: a file system that compresses would reserve nothing.
        let block: Vec<u8> = (0..step).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 11) as u8).collect();
        file.write_all(&block)?;
        self.filled += step;
        Ok(())
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("reserve.bin")
}
