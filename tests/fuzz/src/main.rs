//! Feeds spoiled samples to everything that reads the network, files or devices.
//!
//! Every test run tries some thousands of inputs made of the golden samples. `./dev fuzz` builds the same targets for
//! libFuzzer, which lets the branches that an input takes choose the next: the variable `SUANPAN_FUZZ` names the target
//! of such a process. Without libFuzzer this program lists the targets; `samples FOLDER` writes what they start from, and
//! `try TARGET FILE` tries one input, such as a finding.
//!
//! A finding is a panic, or a promise that a target holds its reader to.
#![cfg_attr(fuzzing, no_main)]

mod counter;
mod files;
#[cfg(test)]
mod mutate;
mod target;
mod wire;

use std::path::Path;

use target::Target;

fn targets() -> Vec<Target> {
    [&wire::TARGETS[..], &counter::TARGETS, &files::TARGETS].concat()
}

#[cfg(fuzzing)]
static CHOSEN: std::sync::LazyLock<Target> = std::sync::LazyLock::new(|| {
    let name = std::env::var("SUANPAN_FUZZ").expect("SUANPAN_FUZZ names the target");
    targets().into_iter().find(|it| it.name == name).expect("a target that there is")
});

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop((CHOSEN.run)(bytes)));

#[cfg(not(fuzzing))]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["try", name, file] => {
            let target = targets().into_iter().find(|it| it.name == name).expect("a target that there is");
            println!("{}", (target.run)(&std::fs::read(file).expect("the input")));
        }
        ["samples", folder] => {
            targets().iter().for_each(|it| it.write_samples(Path::new(folder)).expect("samples"))
        }
        _ => targets().iter().for_each(|it| println!("{}", it.name)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::panic::catch_unwind;

    use super::*;
    use crate::mutate::{Random, mutate};

    /// Enough to run every branch that a sample reaches, and quick.
    const INPUTS: usize = 3_000;
    /// Those that write files.
    const FILE_INPUTS: usize = 40;

    /// Tries the samples and what is made of them; one that comes out in a way that was not seen before is a sample too.
    fn check(targets: &[Target], inputs: usize) {
        for Target { name, seeds, run } in targets {
            let (mut samples, mut random, mut outcomes) = (seeds(), Random(1), HashSet::new());
            let mut waiting = samples.clone();
            for _ in 0..inputs {
                let input = waiting.pop().unwrap_or_else(|| {
                    let (one, other) = (random.below(samples.len()), random.below(samples.len()));
                    mutate(&mut random, &samples[one], &samples[other])
                });
                let outcome = catch_unwind(|| run(&input));
                let outcome = outcome.unwrap_or_else(|_| panic!("{name}: {input:02x?}"));
                if outcomes.insert(outcome) {
                    samples.push(input);
                }
            }
            assert!(outcomes.len() > 1, "{name}: every input comes out alike");
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
