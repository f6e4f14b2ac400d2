//! The till's window. Start reading in `suanpan_shell`.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use clap::Parser;

/// A till's own keys, beside its ledger: an object of key names to actions.
const KEYS_FILE: &str = "keys.json";

/// A till.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    station: suanpan_shell::StationArgs,
}

fn main() -> Result<(), Box<dyn Error>> {
    suanpan_shell::run(tauri::generate_context!(), suanpan_shell::TILL, Args::parse().station, own_keys)
}

/// The script that hands a till's own keys to the page; nothing when there are none or they cannot be read.
fn own_keys(data_dir: &Path) -> String {
    let Ok(text) = std::fs::read_to_string(data_dir.join(KEYS_FILE)) else { return String::new() };
    // Editors on Windows put a mark before the first character.
    match serde_json::from_str::<BTreeMap<String, String>>(text.trim_start_matches('\u{feff}')) {
        Ok(keys) => format!("window.suanpanKeys = {}", serde_json::json!(keys)),
        Err(error) => {
            tracing::warn!(error.what = %error, "keys.unreadable");
            String::new()
        }
    }
}
