//! `./dev bench till|hub`: what a till or the hub costs, against a limit measured in the same run.

mod barcode;
mod commit;
mod disk;
mod history;
mod hub;
mod memory;
mod pinyin;
mod report;
mod salvage;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use report::{Bench, Report, percentile};

fn main() -> ExitCode {
    let Some(asked) = Asked::read() else {
        eprintln!("usage: bench till|hub [--json FILE] [--only GROUP]... [--small]");
        return ExitCode::from(2);
    };
    let size = |full: u32| if asked.small { full / 50 } else { full };
    // So many batches of each station take the projector a minute.
    let (stations, batches) = if asked.small { (200, 1) } else { (10_000, 560) };
    let mut report = Report::new(asked.only);
    match asked.of {
        Of::Till => {
            report.measure("commit", commits);
            report.measure("barcode", || vec![barcode()]);
            report.measure("pinyin", || {
                vec![search("pinyin_p99_ms_100k", 100_000, 10.0), search("pinyin_p99_ms_1m", 1_000_000, 30.0)]
            });
            report.measure("window", window);
            report.measure("salvage", salvage);
        }
        Of::Hub => {
            report.measure("batches", || hub::ingest::on_sqlite(batches));
            report.measure("postgres", || hub::ingest::on_postgres((batches / 8).max(1)));
            report.measure("spread", || hub::ingest::on_spread((batches / 40).max(1)));
            report.measure("today", || hub::today::on_sqlite(size(20_000_000)));
            report.measure("today_postgres", || hub::today::on_postgres(size(20_000_000)));
            report.measure("fill", || hub::fill::measure(size(5_400_000)));
            report.measure("wire", hub::wire::measure);
            report.measure("trickle", hub::trickle::measure);
            report.measure("feed", || hub::feed::many(size(100_000)));
            report.measure("feed_one", || hub::feed::one(500));
            report.measure("herd", || hub::herd::measure(stations));
            report.measure("idle", || hub::idle::measure(stations));
            report.measure("snapshot", || hub::snapshot::measure(size(1_000_000)));
        }
    }
    match report.finish(asked.json.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sales in the ledger of a till that has sold for a year or more.
const SALES: u32 = 500_000;

/// What is measured.
enum Of {
    Till,
    Hub,
}

/// What the command line asks for.
struct Asked {
    of: Of,
    json: Option<PathBuf>,
    /// Groups to measure; all where none is named.
    only: Vec<String>,
    /// Less of everything that takes minutes, to try the bench itself.
    small: bool,
}

impl Asked {
    fn read() -> Option<Asked> {
        let mut arguments = std::env::args().skip(1);
        let of = match arguments.next()?.as_str() {
            "till" => Of::Till,
            "hub" => Of::Hub,
            _ => return None,
        };
        let mut asked = Asked { of, json: None, only: vec![], small: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => asked.json = Some(arguments.next()?.into()),
                "--small" => asked.small = true,
                "--only" => asked.only.push(arguments.next()?),
                _ => return None,
            }
        }
        Some(asked)
    }
}

fn commits() -> Vec<Bench> {
    let dir = tempfile::tempdir().expect("a folder");
    let measured = commit::measure(dir.path(), SALES, 5_000);
    let (commit, bare) = (&measured.commit_ms, &measured.bare_ms);
    let of = |name, nth, goal| {
        let (commit, bare) = (percentile(commit, nth), percentile(bare, nth));
        eprintln!("  p{nth}: a commit {commit:.3} ms, a bare durable write of 4 KiB {bare:.3} ms");
        Bench::ratio(name, commit / bare, goal, "a bare 4 KiB fdatasync")
    };
    let housekeeping = percentile(&measured.housekeeping_ms, 99);
    eprintln!("  the housekeeping after it, while nobody waits: p99 {housekeeping:.3} ms");
    vec![of("commit_p50_ratio", 50, 4.0), of("commit_p99_ratio", 99, 5.0)]
}

fn search(name: &'static str, items: usize, goal: f64) -> Bench {
    let measured = pinyin::measure(items);
    eprintln!("  {items} items: built in {:.0} ms, {} MB", measured.build_ms, measured.heap_bytes >> 20);
    Bench::against_goal(name, percentile(&measured.search_ms, 99), "ms", goal)
}

fn barcode() -> Bench {
    let measured = barcode::measure(100_000, 4_000);
    let told = |nth| {
        let [scan, save, bare] =
            [&measured.scan_ms, &measured.save_ms, &measured.bare_ms].map(|times| percentile(times, nth));
        eprintln!(
            "  p{nth}: to the line {scan:.3} ms, then to the disk {save:.3} ms; a bare durable write {bare:.3} ms"
        );
    };
    told(50);
    told(99);
    Bench::against_goal("barcode_p99_ms_100k", percentile(&measured.scan_ms, 99), "ms", 0.2)
}

fn salvage() -> Vec<Bench> {
    let dir = tempfile::tempdir().expect("a folder");
    let measured = salvage::measure(dir.path(), SALES);
    eprintln!(
        "  open after {:.0} ms, first sale after {:.0} ms, all of it after {:.0} ms",
        measured.open_ms, measured.sale_ms, measured.whole_ms
    );
    let pay = |nth| percentile(&measured.pay_ms, nth);
    eprintln!("  {} payments meanwhile: p50 {:.1} ms, p99 {:.1} ms", measured.pay_ms.len(), pay(50), pay(99));
    vec![Bench::against_goal("salvage_ms_500k", measured.sale_ms, "ms", 2_000.0)]
}

fn window() -> Vec<Bench> {
    let measured = window::measure(SALES);
    let (ready, scan) = (&measured.ready_ms, &measured.scan_ms);
    eprintln!(
        "  {} starts: sign-in painted after {:.0} ms, first line after {:.0} ms (medians)",
        ready.len(),
        percentile(&measured.sign_in_ms, 50),
        percentile(ready, 50)
    );
    eprintln!(
        "  {} scans: p50 {:.1} ms, slowest {:.1} ms",
        scan.len(),
        percentile(scan, 50),
        percentile(scan, 100)
    );
    let [before, after] = measured.memory_mb;
    vec![
        Bench::against_goal("scan_to_paint_p95_ms", percentile(scan, 95), "ms", 50.0),
        Bench::against_goal("ready_ms_500k", percentile(ready, 100), "ms", 2_000.0),
        Bench::stated("rss_mb", after, "MB", after / before, "before the 1,000 sales"),
    ]
}
