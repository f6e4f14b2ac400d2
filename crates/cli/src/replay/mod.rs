//! `suanpan replay`: feeds a CSV of scanned lines through the same station code as the till.

mod args;
mod baskets;
mod failure;
mod files;
mod hub;
mod outcome;
mod refusal;
mod rows;
mod session;
mod table;

use std::process::ExitCode;

pub use args::Args;
pub use failure::ReplayFailure;
pub use outcome::{Day, HubFigures, Outcome};
pub use session::Session;

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
