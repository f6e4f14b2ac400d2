//! The socket in a hub's folder by which the hub takes orders while it serves: whoever may open the folder may give them.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::order::{Done, Order, Refused};
use crate::store::Store;

/// In the folder.
#[cfg(unix)]
const SOCKET: &str = "hub.sock";

/// Bytes of an order: a path, a name, a password.
#[cfg(unix)]
const ORDER_MAX: u64 = 64 * 1024;

/// An order is in within this.
#[cfg(unix)]
const ORDER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The longest order is the import of a large catalogue.
#[cfg(unix)]
const ANSWER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// Asks the hub that serves a folder; `None` if none takes orders there.
#[cfg(unix)]
pub(super) async fn ask(folder: &Path, order: &Order) -> Option<Result<Done, Refused>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::UnixStream::connect(folder.join(SOCKET)).await.ok()?;
    let lost = Refused {
        code: "HUB-ADM-004".to_owned(),
        text: "the hub did not answer, or stopped before: see to it, and look whether it was done".to_owned(),
    };
    let mut line = serde_json::to_vec(order).ok()?;
    line.push(b'\n');
    let mut answer = Vec::new();
    let asked = async {
        stream.write_all(&line).await?;
        stream.read_to_end(&mut answer).await
    };
    let is_answered = matches!(tokio::time::timeout(ANSWER_TIMEOUT, asked).await, Ok(Ok(_)));
    Some(match serde_json::from_slice(&answer) {
        Ok(answer) if is_answered => answer,
        _ => Err(lost),
    })
}

/// Takes orders until the hub stops, one after the other.
#[cfg(unix)]
pub(crate) fn listen(
    folder: &Path,
    store: Arc<Store>,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // Whoever has the folder's lock is its only hub: a socket that is there is a dead one's. It has its name only when it
    // is its user's alone.
    let (socket, made) = (folder.join(SOCKET), folder.join("hub.sock.new"));
    drop(std::fs::remove_file(&made));
    let listener = tokio::net::UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, PermissionsExt::from_mode(0o600))?;
    std::fs::rename(&made, &socket)?;
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stops| *stops) => break,
            };
            let Ok((stream, _)) = accepted else { continue };
            let answered = tokio::select! {
                answered = answer(stream, &store) => answered,
                _ = stop.wait_for(|stops| *stops) => break,
            };
            if let Err(error) = answered {
                tracing::warn!(code = "HUB-ADM-005", %error, "an order came or was answered in part");
            }
        }
        drop(std::fs::remove_file(socket));
    });
    Ok(())
}

#[cfg(unix)]
async fn answer(stream: tokio::net::UnixStream, store: &Store) -> std::io::Result<()> {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    let (input, mut output) = stream.into_split();
    let mut line = Vec::new();
    let mut input = BufReader::new(input.take(ORDER_MAX));
    tokio::time::timeout(ORDER_TIMEOUT, input.read_until(b'\n', &mut line)).await??;
    let answer: Result<Done, Refused> = match serde_json::from_slice::<Order>(&line) {
        Ok(order) => order.carry_out(store).await.map_err(Refused::from),
        // A command of another version.
        Err(_) => Err(Refused {
            code: "HUB-ADM-006".to_owned(),
            text: "the hub that serves does not know this order: it is of another version than the command"
                .to_owned(),
        }),
    };
    let answer = serde_json::to_vec(&answer)?;
    tokio::time::timeout(ORDER_TIMEOUT, output.write_all(&answer)).await?
}

/// There are no sockets in folders here: a hub in a folder is stopped first.
#[cfg(not(unix))]
pub(super) async fn ask(_: &Path, _: &Order) -> Option<Result<Done, Refused>> {
    None
}

#[cfg(not(unix))]
pub(crate) fn listen(_: &Path, _: Arc<Store>, _: watch::Receiver<bool>) -> std::io::Result<()> {
    Ok(())
}
