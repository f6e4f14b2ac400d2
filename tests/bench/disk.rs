//! The limit of every durable write: 4 KiB to a file and fdatasync, and nothing else.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

/// Milliseconds of each of `times` bare durable writes in `dir`, over a file of 4 MiB that is already allocated.
pub(crate) fn syncs(dir: &Path, times: usize) -> Vec<f64> {
    const PAGE: usize = 4096;
    const PAGES: usize = 1024;
    let mut file = File::create(dir.join("bare.bin")).expect("a file");
    file.write_all(&vec![0; PAGE * PAGES]).expect("room");
    file.sync_all().expect("a sync");
    let page = [0x5a; PAGE];
    (0..times)
        .map(|time| {
            let at = SeekFrom::Start((time % PAGES * PAGE) as u64);
            file.seek(at).expect("a seek");
            let start = Instant::now();
            file.write_all(&page).expect("a write");
            file.sync_data().expect("a sync");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect()
}
