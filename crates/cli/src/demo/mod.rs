//! `suanpan demo`: one hub and one till of the sample chain on this machine, kept between runs.

mod chain;
mod headless;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

/// Where the sample chain is and what it is kept in.
#[derive(clap::Args)]
pub struct Args {
    /// No window: a till sells by itself, the hub is stopped and started, and the figures are compared.
    #[arg(long)]
    headless: bool,
    /// Files of the chain.
    #[arg(long, default_value = "sync-server/sample")]
    chain: PathBuf,
    /// Folder of the demo's hub and till; delete it to begin again.
    #[arg(long, default_value = ".suanpan/demo")]
    data_dir: PathBuf,
    /// HQ's built pages.
    #[arg(long, default_value = "ui/dist")]
    ui: PathBuf,
    /// Loopback port of the hub. A till stays with the address it was enrolled at.
    #[arg(long, default_value_t = 8787)]
    port: u16,
}

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
