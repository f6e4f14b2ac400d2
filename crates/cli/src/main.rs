//! `suanpan`: what IT and ERP people run at a shell.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use suanpan_cli::{demo, prove, replay, verify};

/// Replays sales, proves a ledger whole and a day right, and shows the product on a sample chain.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Feeds a CSV of scanned lines through the till's own code and compares the till with the hub.
    Replay(replay::Args),
    /// Proves a station's folder whole, or names the first bad entry.
    Verify(verify::Args),
    /// Adds a day up again from the journal's bytes, and shows that till, hub and report agree, or where they do not.
    Prove(prove::Args),
    /// A hub and a till on the sample chain, to try the product with.
    Demo(demo::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Replay(args) => replay::main(&args),
        Command::Verify(args) => verify::main(&args),
        Command::Prove(args) => prove::main(&args),
        Command::Demo(args) => demo::main(&args),
    }
}
