//! `suanpan demo`: one hub and one till of the sample chain on this machine, kept between runs.

mod args;
mod chain;
mod headless;
mod window;

use std::process::ExitCode;

pub use args::Args;

/// Runs the demo. Exit code 1 when the till's and the hub's figures differ.
pub fn main(args: &Args) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::refuse(&error),
    };
    let shown = if args.headless {
        runtime.block_on(headless::run(args))
    } else {
        runtime.block_on(window::run(args))
    };
    // A thread of it may wait for a line on standard input that nobody is going to type.
    runtime.shutdown_background();
    shown.unwrap_or_else(|error| crate::refuse(&error))
}
