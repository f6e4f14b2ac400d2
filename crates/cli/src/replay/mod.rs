//! `suanpan replay`: feeds a CSV of scanned lines through the same station code as the till.

mod baskets;
mod files;
mod hub;
mod outcome;
mod refusal;
mod rows;
mod session;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

pub use outcome::{Day, HubFigures, Outcome};
pub use session::{ReplayFailure, Session};

/// The most documents a second that can be asked for: more than a disk commits.
const RATE_MAX: u32 = 100_000;

/// What to replay and where to.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Items: item_code,name,category_code,category,loss_percent.
    #[arg(long)]
    pub items: PathBuf,
    /// Scanned lines: date,time,item_code,qty_kg,unit_price_yuan_per_kg,kind,discounted.
    #[arg(long)]
    pub sales: PathBuf,
    /// The station's data folder; made when absent.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Address of a hub, or `embedded` for one inside this process.
    #[arg(long)]
    pub hub: String,
    /// One-time enrolment code for a hub at an address (not needed when the folder is enrolled already).
    #[arg(long, env = "SUANPAN_ENROL_CODE")]
    pub enrol_code: Option<String>,
    /// Documents a second, such as `50/s`; as fast as they commit without it.
    #[arg(long, value_parser = rate)]
    pub rate: Option<u32>,
    /// Print one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").and_then(|number| number.parse().ok());
    let in_range = number.filter(|number| (1..=RATE_MAX).contains(number));
    in_range.ok_or_else(|| format!("expected documents a second as 50/s, from 1 to {RATE_MAX}"))
}

/// Reads both files to their last row and sells nothing. Gives the number of documents.
///
/// *Errors:* where a file is not what is expected, for a person to read.
pub fn check(args: &Args) -> Result<usize, String> {
    let files = files::Files::read(args).map_err(|refusal| refusal.to_string())?;
    Ok(files.documents().count())
}

/// Replays. Exit code 0 only if the hub has the same figures and misses nothing; 1 if not; 2 if it was refused.
pub fn main(args: &Args) -> ExitCode {
    let session = match Session::open(args) {
        Ok(session) => session,
        Err(why) => return crate::refuse(&why),
    };
    match session.sell(|_, _| ()).and_then(|()| session.finish()) {
        Ok(outcome) => {
            outcome.print(args.json);
            if outcome.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("suanpan: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_documents_a_second() {
        assert_eq!(rate("50/s"), Ok(50));
        for bad in ["50", "0/s", "-1/s", "1.5/s", "/s", "100001/s", "50/min"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
