//! The one thing that the page may ask for.

use suanpan_contract::{Command, Found, Reply};
use tauri::{AppHandle, Manager, async_runtime};

use crate::station::{StartFailure, Station};

/// Carries one command out, off the window's own thread.
#[tauri::command]
pub(crate) async fn call(app: AppHandle, command: Command) -> Result<Reply, StartFailure> {
    let worker = app.clone();
    let work = async_runtime::spawn_blocking(move || Ok(worker.state::<Station>().till()?.dispatch(command)));
    let reply = work.await.unwrap_or_else(|_| Err(StartFailure::panicked()))?;
    if reply.found == Some(Found::MayQuit) {
        app.exit(0);
    }
    Ok(reply)
}
