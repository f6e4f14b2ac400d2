//! A warehouse desk's window: it enrols and shows its state. It shows the built screens and carries their commands to the station in this process.
//!
//! It decides nothing. Start reading at [`state`].
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod commands;
mod state;

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use suanpan_contract::Command;
use suanpan_station::pos::StationConfig;
use tauri::{App, AppHandle, Emitter, Manager, WebviewWindowBuilder, Window, WindowEvent};

/// The page asks the station whether it may close.
const CLOSE_ASKED: &str = "close-asked";

/// A warehouse desk.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Folder of the journal, the catalogue and the settings [default: SUANPAN_DATA_DIR, or the user's own folder]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Hub to enrol at when this desk is not enrolled yet
    #[arg(long, requires = "enrol_code")]
    hub: Option<String>,
    /// One-time code to enrol with
    #[arg(long, requires = "hub")]
    enrol_code: Option<String>,
    /// Fill the whole screen
    #[arg(long)]
    fullscreen: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    log();
    tauri::Builder::default()
        .manage(state::Station::default())
        .invoke_handler(tauri::generate_handler![commands::call::call])
        .on_window_event(ask_before_closing)
        .setup(move |app| open(app, args))
        .run(tauri::generate_context!())?;
    Ok(())
}

fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

fn open(app: &mut App, args: Args) -> Result<(), Box<dyn Error>> {
    let data_dir = data_dir(app.handle(), args.data_dir)?;
    let enrolment = args.hub.zip(args.enrol_code).map(|(hub_url, code)| Command::Enrol { hub_url, code });
    let (opener, config) = (app.handle().clone(), StationConfig::new(data_dir));
    std::thread::Builder::new()
        .name("station-start".to_owned())
        .spawn(move || state::open(&opener, config, enrolment))?;
    let window = app.config().app.windows.first().ok_or("tauri.conf.json has no window")?.clone();
    let builder = WebviewWindowBuilder::from_config(app.handle(), &window)?;
    builder.fullscreen(args.fullscreen).build()?;
    Ok(())
}

fn data_dir(app: &AppHandle, asked: Option<PathBuf>) -> tauri::Result<PathBuf> {
    match asked.or_else(|| std::env::var_os("SUANPAN_DATA_DIR").map(PathBuf::from)) {
        Some(dir) => Ok(dir),
        None => app.path().app_local_data_dir(),
    }
}

/// Closing the window is a question to the station: receipts may be unsent.
fn ask_before_closing(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    if !window.state::<state::Station>().has_failed() {
        api.prevent_close();
        // The page is the window's own: it hears this as long as there is a window.
        let _ = window.emit(CLOSE_ASKED, ());
    }
}
