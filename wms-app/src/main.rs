//! A warehouse desk's window: it enrols and shows its state. Start reading in `suanpan_shell`.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::error::Error;

use clap::Parser;

/// A warehouse desk.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    station: suanpan_shell::StationArgs,
}

fn main() -> Result<(), Box<dyn Error>> {
    suanpan_shell::run(tauri::generate_context!(), suanpan_shell::DESK, Args::parse().station, |_| {
        String::new()
    })
}
