//! The socket in a hub's folder by which the hub takes orders while it serves: its own user may give them, and root.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

#[cfg(unix)]
use super::command_of;
use super::order::{Done, Order, Refused};
#[cfg(unix)]
use crate::error::HubError;
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
async fn answer(stream: tokio::net::UnixStream, store: &Arc<Store>) -> std::io::Result<()> {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    let refused = |code: &str, text: &str| Err(Refused { code: code.to_owned(), text: text.to_owned() });
    let (user, own) = (stream.peer_cred()?.uid(), rustix::process::geteuid().as_raw());
    let (input, mut output) = stream.into_split();
    let mut line = Vec::new();
    let mut input = BufReader::new(input.take(ORDER_MAX));
    tokio::time::timeout(ORDER_TIMEOUT, input.read_until(b'\n', &mut line)).await??;
    let answer: Result<Done, Refused> = match serde_json::from_slice::<Order>(&line) {
        // Whoever opened folder and socket to others did not mean that.
        _ if !may_order(user, own) => {
            tracing::warn!(code = "HUB-ADM-009", user, "somebody else's order was refused");
            refused(
                "HUB-ADM-009",
                "the hub takes orders from its own user and from root: give it as one of them",
            )
        }
        Ok(order) => match carried_out(order, store.clone(), user).await {
            Some(done) => done.map_err(Refused::from),
            None => refused("HUB-ADM-010", "the hub broke off at it: its log says where"),
        },
        // A command of another version.
        Err(_) => refused(
            "HUB-ADM-006",
            "the hub that serves does not know this order: it is of another version than the command",
        ),
    };
    let answer = serde_json::to_vec(&answer)?;
    tokio::time::timeout(ORDER_TIMEOUT, output.write_all(&answer)).await?
}

/// Whether a user may give orders to a hub that runs as another.
#[cfg(unix)]
fn may_order(user: u32, hub: u32) -> bool {
    user == hub || user == 0
}

/// Carries an order out on a thread of its own: reading a large catalogue takes a minute of work, and the threads that
/// answer tills are few. Nothing comes of one that breaks off.
#[cfg(unix)]
async fn carried_out(order: Order, store: Arc<Store>, user: u32) -> Option<Result<Done, HubError>> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let work = move || drop(answer.send(runtime.block_on(order.carry_out(&store, &command_of(Some(user))))));
    std::thread::Builder::new().name("hub-order".to_owned()).spawn(work).ok()?;
    answered.await.ok()
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

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn the_hubs_own_user_and_root_give_orders_and_nobody_else() {
        for (user, hub, may) in
            [(1_000, 1_000, true), (0, 1_000, true), (0, 0, true), (1_000, 0, false), (1_001, 1_000, false)]
        {
            assert_eq!(super::may_order(user, hub), may, "{user} to {hub}");
        }
    }
}
