//! The one thing that the page may ask for.

use serde_json::Value;
use tauri::ipc::{InvokeResponseBody, Response};
use tauri::{AppHandle, Manager, async_runtime};

use crate::station::{StartFailure, Station};

/// Carries one command out, off the window's own thread. What a command may be is the station's business.
#[tauri::command]
pub(crate) async fn call(app: AppHandle, command: Value) -> Result<Response, StartFailure> {
    let worker = app.clone();
    let work = async_runtime::spawn_blocking(move || {
        worker.state::<Station>().running()?.call(&command.to_string()).map_err(StartFailure::unread)
    });
    let shown = work.await.unwrap_or_else(|_| Err(StartFailure::panicked()))?;
    if shown.may_quit {
        app.exit(0);
    }
    Ok(Response::new(InvokeResponseBody::Json(shown.reply)))
}
