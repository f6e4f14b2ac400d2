//! `./dev bench till`: what a till costs, against a limit measured in the same run.

mod barcode;
mod disk;
mod pinyin;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use report::{Bench, Report, percentile};

fn main() -> ExitCode {
    let Some(asked) = Asked::read() else {
        eprintln!("usage: bench till [--json FILE] [--only PREFIX]");
        return ExitCode::from(2);
    };
    let mut report = Report::new(asked.only);
    report.measure("barcode", || vec![barcode()]);
    report.measure("pinyin", || vec![search("pinyin_p99_ms_100k", 100_000, 10.0), search("pinyin_p99_ms_1m", 1_000_000, 30.0)]);
    match report.finish(asked.json.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Asked {
    json: Option<PathBuf>,
    only: Option<String>,
}

impl Asked {
    fn read() -> Option<Asked> {
        let mut arguments = std::env::args().skip(1);
        if arguments.next()? != "till" {
            return None;
        }
        let mut asked = Asked { json: None, only: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => asked.json = Some(arguments.next()?.into()),
                "--only" => asked.only = Some(arguments.next()?),
                _ => return None,
            }
        }
        Some(asked)
    }
}

fn search(name: &'static str, items: usize, goal: f64) -> Bench {
    let measured = pinyin::measure(items);
    eprintln!("  {items} items: built in {:.0} ms, {} MB", measured.build_ms, measured.heap_bytes >> 20);
    Bench::against_goal(name, percentile(measured.search_ms, 99), "ms", goal)
}

fn barcode() -> Bench {
    let measured = barcode::measure(100_000, 2_000);
    eprintln!("  a bare durable write of 4 KiB beside it: p99 {:.3} ms", percentile(measured.save_ms, 99));
    Bench::against_goal("barcode_p99_ms_100k", percentile(measured.scan_ms, 99), "ms", 0.2)
}
