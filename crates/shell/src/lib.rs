//! A station behind a window: what a till's window and a warehouse desk's have in common.
//!
//! It decides nothing: no rule of the trade, no money, no network. It shows the built screens and carries their commands
//! to the station in this process. Start reading at [`station`].

mod call;
mod news;
mod station;
mod webkit;

use std::error::Error;
use std::path::{Path, PathBuf};

use suanpan_station::pos::Till;
use suanpan_station::wms::Desk;
use suanpan_station::{Start, StationConfig};
use tauri::{App, AppHandle, Context, Emitter, Manager, WebviewWindowBuilder, Window, WindowEvent};

/// A till.
pub const TILL: Start = Till::at_window;
/// A warehouse's desk.
pub const DESK: Start = Desk::at_window;

/// The page asks the station whether it may close.
const CLOSE_ASKED: &str = "close-asked";

/// What every station's program is asked on its command line.
#[derive(clap::Args)]
pub struct StationArgs {
    /// Folder of the ledger, the catalogue and the settings [default: SUANPAN_DATA_DIR, or the user's own folder]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Hub to enrol at when this station is not enrolled yet
    #[arg(long, requires = "enrol_code")]
    hub: Option<String>,
    /// One-time code to enrol with
    #[arg(long, requires = "hub")]
    enrol_code: Option<String>,
    /// Fill the whole screen
    #[arg(long)]
    fullscreen: bool,
    /// End when standard input ends: with whoever started this and holds its other end
    #[arg(long, hide = true)]
    ends_with_input: bool,
}

/// Opens the window of `tauri.conf.json` on a station that `start` starts, and runs until it is closed. `script` gives what
/// the page runs first, from the station's folder.
///
/// *Errors:* no window could be made, or the configuration names none.
pub fn run(
    context: Context,
    start: Start,
    args: StationArgs,
    script: impl FnOnce(&Path) -> String + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    log();
    webkit::prepare();
    tauri::Builder::default()
        .manage(station::Station::default())
        .manage(news::News::default())
        .invoke_handler(tauri::generate_handler![call::call, news::news])
        .on_window_event(ask_before_closing)
        .setup(move |app| open(app, start, args, script))
        .run(context)?;
    Ok(())
}

fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

fn open(
    app: &mut App,
    start: Start,
    args: StationArgs,
    script: impl FnOnce(&Path) -> String,
) -> Result<(), Box<dyn Error>> {
    let data_dir = data_dir(app, args.data_dir)?;
    let script = script(&data_dir);
    let enrolment = args.hub.zip(args.enrol_code);
    if args.ends_with_input {
        end_with_input(app.handle().clone())?;
    }
    let (opener, config) = (app.handle().clone(), StationConfig::new(data_dir));
    std::thread::Builder::new()
        .name("station-start".to_owned())
        .spawn(move || station::open(&opener, start, config, enrolment))?;
    let window = app.config().app.windows.first().ok_or("tauri.conf.json has no window")?.clone();
    let builder = WebviewWindowBuilder::from_config(app.handle(), &window)?;
    let window = builder.initialization_script(script).fullscreen(args.fullscreen).build()?;
    webkit::paint_by_processor(&window)?;
    Ok(())
}

/// Ends the app when standard input does. Nobody is asked: nobody may be left who could answer.
fn end_with_input(app: AppHandle) -> std::io::Result<()> {
    let wait = move || {
        // An input that cannot be read has ended too.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        app.exit(0);
    };
    std::thread::Builder::new().name("input".to_owned()).spawn(wait).map(drop)
}

fn data_dir(app: &App, asked: Option<PathBuf>) -> tauri::Result<PathBuf> {
    match asked.or_else(|| std::env::var_os("SUANPAN_DATA_DIR").map(PathBuf::from)) {
        Some(dir) => Ok(dir),
        None => app.path().app_local_data_dir(),
    }
}

/// Closing the window is a question to the station: receipts may be unsent.
fn ask_before_closing(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    if !window.state::<station::Station>().has_failed() {
        api.prevent_close();
        // The page is the window's own: it hears this as long as there is a window.
        let _ = window.emit(CLOSE_ASKED, ());
    }
}
