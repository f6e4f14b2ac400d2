//! `suanpan verify`: reads a station's whole folder again and says whether it is whole.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use suanpan_domain::totals::{Dimension, Posting};
use suanpan_journal::ChainError;
use suanpan_ledger::{Damage, Lock, OpenError, Verification};
use suanpan_station::identity::Identity;

/// Which folder to prove.
#[derive(clap::Args)]
pub struct Args {
    /// The station's data folder. No station may be running on it. It may be one that cannot be written to, as on a disk
    /// that is kept as evidence.
    #[arg(long)]
    data_dir: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found. *Units:* fen, grams; goods before discounts and 抹零, refunds subtracted.
#[derive(Serialize)]
struct Finding {
    whole: bool,
    entries: u64,
    unread: u64,
    first_bad: Option<FirstBad>,
    days: Vec<Day>,
}

/// The first thing that is wrong, and where.
#[derive(Serialize)]
struct FirstBad {
    code: &'static str,
    segment: Option<String>,
    seq: Option<u64>,
    what: String,
}

/// One business date's totals.
#[derive(Serialize)]
struct Day {
    date: String,
    sales: i64,
    refunds: i64,
    lines: i64,
    grams: i64,
    amount_fen: i64,
    paid_fen: i64,
}

/// Verifies a folder. Exit code 0 only if it is whole; 1 if not; 2 if it cannot be looked at.
pub fn main(args: &Args) -> ExitCode {
    let finding = match look(&args.data_dir) {
        Ok(finding) => finding,
        Err(why) => return crate::refuse(&why),
    };
    if args.json {
        println!("{}", serde_json::to_string(&finding).unwrap_or_default());
    } else {
        tell(&finding);
    }
    if finding.whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn look(dir: &Path) -> Result<Finding, Box<dyn std::error::Error>> {
    if !dir.is_dir() {
        return Err(format!("{}: expected a station's data folder", dir.display()).into());
    }
    let identity =
        Identity::load(dir)?.ok_or_else(|| format!("{}: this folder is not enrolled", dir.display()))?;
    match Lock::acquire(dir) {
        Ok(lock) => Ok(finding(&suanpan_ledger::verify(&lock, identity.station())?)),
        Err(OpenError::Io { source, .. }) if is_read_only(&source) => {
            let copy = copy(dir)?;
            Ok(finding(&suanpan_ledger::verify(&Lock::acquire(copy.path())?, identity.station())?))
        }
        Err(error) => Err(error.into()),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Copies the ledger of a folder that cannot be written to where it can: the database reads its log with a file of its own
/// beside it.
fn copy(dir: &Path) -> Result<tempfile::TempDir, Box<dyn std::error::Error>> {
    // Whoever sells in the folder holds this; where there is none nobody does.
    if let Ok(held) = File::open(dir.join("station.lock"))
        && matches!(held.try_lock_shared(), Err(TryLockError::WouldBlock))
    {
        return Err(OpenError::AlreadyRunning { dir: dir.to_path_buf() }.into());
    }
    let copy = tempfile::tempdir()?;
    for file in std::fs::read_dir(dir)? {
        let (name, path) = file.map(|file| (file.file_name(), file.path()))?;
        if name.to_string_lossy().starts_with("ledger") && path.is_file() {
            let to = copy.path().join(name);
            io::copy(&mut File::open(&path)?, &mut File::create(to)?)?;
        }
    }
    Ok(copy)
}

fn finding(found: &Verification) -> Finding {
    Finding {
        whole: found.is_whole(),
        entries: found.entries,
        unread: found.unread,
        first_bad: first_bad(found),
        days: found.days.iter().map(|(date, postings)| day(*date, postings)).collect(),
    }
}

fn first_bad(found: &Verification) -> Option<FirstBad> {
    if let Some(damage) = &found.damage {
        let (segment, seq) = match damage {
            Damage::Entry { segment, source } => (Some(segment.to_string()), seq_of(source)),
            _ => (None, None),
        };
        return Some(FirstBad { code: damage.code(), segment, seq, what: damage.to_string() });
    }
    if found.to_come > 0 {
        let what =
            "a damaged ledger is still being carried over: start the till, and look again later".to_owned();
        return Some(FirstBad { code: "LED-VER-003", segment: None, seq: None, what });
    }
    if let Some(missing) = found.missing.first() {
        let what = "entries were lost in an earlier damage; the hub may have them".to_owned();
        return Some(FirstBad {
            code: "LED-VER-001",
            segment: Some(missing.segment.to_string()),
            seq: Some(missing.from),
            what,
        });
    }
    let difference = found.difference.as_ref()?;
    let what = format!("projection {} differs from the journal at row {}", difference.table, difference.row);
    Some(FirstBad { code: "LED-VER-002", segment: None, seq: None, what })
}

fn seq_of(error: &ChainError) -> Option<u64> {
    match error {
        ChainError::Seq { expected, .. } => Some(*expected),
        ChainError::Hash { seq, .. } | ChainError::PayloadLen { seq, .. } => Some(*seq),
        ChainError::Full | ChainError::Record(_) => None,
    }
}

fn day(date: u32, postings: &[Posting]) -> Day {
    let of = |dimension| postings.iter().find(move |posting| posting.dimension == dimension);
    let goods = of(Dimension::Goods);
    let sales = of(Dimension::Sales);
    let refunds = of(Dimension::Refunds);
    let fen = |posting: Option<&Posting>| posting.map_or(0, |posting| posting.fen.0);
    Day {
        date: suanpan_domain::calendar::text(date),
        sales: sales.map_or(0, |posting| posting.count),
        refunds: refunds.map_or(0, |posting| posting.count),
        lines: goods.map_or(0, |posting| posting.count),
        grams: goods.map_or(0, |posting| posting.grams.0),
        amount_fen: fen(goods),
        paid_fen: fen(sales) + fen(refunds),
    }
}

fn tell(finding: &Finding) {
    for day in &finding.days {
        println!("{}  {:>6} sales  {:>12} fen paid", day.date, day.sales, day.paid_fen);
    }
    match &finding.first_bad {
        None => println!("Whole: {} entries, every hash and every projection checked", finding.entries),
        Some(bad) => println!("NOT WHOLE: {} {}", bad.code, bad.what),
    }
}
