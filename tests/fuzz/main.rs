//! Feeds spoiled samples to everything that reads the network, files or devices.
//!
//! `fuzz TARGET --seconds N [--seed N]`, or `fuzz all`; without arguments it lists the targets. Inputs are made of the
//! golden samples; one that comes out in a way that was not seen before joins them. A panic, or a promise that a target
//! holds its reader to, ends the run with the input in hexadecimal. It needs nothing but this compiler.

mod counter;
mod files;
mod mutate;
mod wire;

use std::collections::HashSet;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::{Random, mutate};

/// Inputs kept as a start for others; an outcome that is still new after so many teaches little.
const CORPUS_MAX: usize = 4_000;

/// A reader, its samples, and what to do with bytes: gives how they came out, and panics where a promise is broken.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    name: &'static str,
    seeds: fn() -> Vec<Vec<u8>>,
    run: fn(&[u8]) -> String,
}

fn targets() -> Vec<Target> {
    [&wire::TARGETS[..], &counter::TARGETS, &files::TARGETS].concat()
}

/// What a run did.
struct Run {
    inputs: u64,
    outcomes: usize,
    slowest: Duration,
    finding: Option<Vec<u8>>,
}

impl Target {
    /// Tries inputs until `goes_on` says no.
    fn fuzz(&self, seed: u64, mut goes_on: impl FnMut(u64) -> bool) -> Run {
        let (mut corpus, mut random) = ((self.seeds)(), Random(seed));
        assert!(!corpus.is_empty(), "{}: no samples", self.name);
        let mut run = Run { inputs: 0, outcomes: 0, slowest: Duration::ZERO, finding: None };
        let mut outcomes = HashSet::new();
        let mut waiting = corpus.clone();
        while goes_on(run.inputs) {
            let input = waiting.pop().unwrap_or_else(|| {
                let (one, other) = (random.below(corpus.len()), random.below(corpus.len()));
                mutate(&mut random, &corpus[one], &corpus[other])
            });
            let began = Instant::now();
            let Ok(outcome) = catch_unwind(|| (self.run)(&input)) else {
                run.finding = Some(input);
                break;
            };
            run.slowest = run.slowest.max(began.elapsed());
            run.inputs += 1;
            if outcomes.insert(outcome) && corpus.len() < CORPUS_MAX {
                corpus.push(input);
            }
        }
        run.outcomes = outcomes.len();
        run
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    let all = targets();
    let wanted = args.first().map_or("", String::as_str);
    let chosen: Vec<Target> = all.iter().filter(|it| wanted == "all" || it.name == wanted).copied().collect();
    let (Some(seconds), false) = (number("--seconds"), chosen.is_empty()) else {
        let names: Vec<&str> = all.iter().map(|it| it.name).collect();
        eprintln!("fuzz TARGET --seconds N [--seed N]; a target is all, {}", names.join(", "));
        return ExitCode::from(64);
    };
    let mut code = ExitCode::SUCCESS;
    for target in chosen {
        let (began, most) = (Instant::now(), Duration::from_secs(seconds));
        let run = target.fuzz(number("--seed").unwrap_or(1), |_| began.elapsed() < most);
        let Run { inputs, outcomes, slowest, finding } = run;
        println!("{}: {inputs} inputs, {outcomes} outcomes, slowest {} ms", target.name, slowest.as_millis());
        if let Some(input) = finding {
            println!("FINDING {}", input.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

/// A file of samples.
fn golden(name: &str) -> serde_json::Value {
    let text = std::fs::read(golden_dir().join(name)).expect(name);
    serde_json::from_slice(&text).expect(name)
}

/// Every sample that is a JSON message: those of whole files, and those written as texts in them.
fn golden_texts() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for name in ["certificate.json", "feed.json", "sync.json", "signature.json"] {
        let file = golden(name);
        for value in file.as_object().expect(name).values() {
            texts.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes());
        }
        texts.push(file.to_string().into_bytes());
    }
    texts
}

fn unhex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough to run every branch that a sample reaches, and quick.
    const INPUTS: u64 = 3_000;
    /// Those that write files.
    const FILE_INPUTS: u64 = 40;

    fn check(targets: &[Target], inputs: u64) {
        for target in targets {
            let run = target.fuzz(1, |done| done < inputs);
            assert_eq!(run.finding, None, "{}", target.name);
            assert!(run.outcomes > 1, "{}: every input comes out alike", target.name);
        }
    }

    #[test]
    fn nothing_that_comes_over_the_network_panics() {
        check(&wire::TARGETS, INPUTS);
    }

    #[test]
    fn nothing_that_a_device_or_a_hand_says_panics() {
        check(&counter::TARGETS, INPUTS);
    }

    #[test]
    fn nothing_that_lies_on_a_disk_panics() {
        check(&files::TARGETS, FILE_INPUTS);
    }
}
