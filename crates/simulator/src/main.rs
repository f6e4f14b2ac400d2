//! `./dev sim`: runs seeds and says how they ended.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;

use clap::Parser;
use suanpan_simulator::{Options, Report, run};

/// Runs stations and a hub through faults on virtual time; the same seed is the same run.
#[derive(Parser)]
struct Arguments {
    /// One seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Many seeds instead, e.g. 0..10000; only breaches are told in full
    #[arg(long, value_parser = range)]
    seeds: Option<Range<u64>>,
    /// Stations; by default the seed says
    #[arg(long)]
    stations: Option<u32>,
    /// Days of trade; by default the seed says
    #[arg(long)]
    days: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parts = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parts.filter(|it: &Range<u64>| !it.is_empty()).ok_or_else(|| "a range is FROM..TO".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let one = |seed| run(&Options::expand(seed, arguments.stations, arguments.days));
    let Some(seeds) = arguments.seeds.clone() else {
        let report = one(arguments.seed);
        tell(&report, arguments.json);
        return verdict(report.breaches.len() as u64);
    };
    let (mut sales, mut lost, mut failed) = (0, 0, 0);
    let mut faults = BTreeMap::<&str, u64>::new();
    for seed in seeds.clone() {
        let report = one(seed);
        (sales, lost) = (sales + report.count.sales, lost + report.count.lost);
        report.faults.iter().for_each(|(what, count)| *faults.entry(what).or_default() += count);
        if !report.breaches.is_empty() {
            failed += 1;
            tell(&report, arguments.json);
        }
    }
    let ran = seeds.end - seeds.start;
    let summary = serde_json::json!({
        "seeds": ran, "failed": failed, "sales": sales, "lost_without_a_copy": lost,
        "faults": faults,
    });
    match arguments.json {
        true => println!("{summary}"),
        false => {
            println!("{ran} seeds, {failed} failed; {sales} sales, {lost} receipts without any copy left");
            faults.iter().for_each(|(what, count)| println!("{count:>8} {what}"));
        }
    }
    verdict(failed)
}

fn verdict(breaches: u64) -> ExitCode {
    if breaches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(report: &Report, as_json: bool) {
    let report = report.json();
    match as_json {
        true => println!("{report}"),
        false => println!("{report:#}"),
    }
}
