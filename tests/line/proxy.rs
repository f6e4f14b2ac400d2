//! A TCP proxy that misbehaves on request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to a connection.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// It is closed at once.
    Close,
    /// It is answered with bytes that are no HTTP.
    Garbage,
    /// It is answered with a 500.
    ServerError,
    /// The hub hears everything; its answer is cut after so many bytes.
    CutReply(usize),
    /// The hub hears everything; one bit of its answer, at this byte, is changed.
    FlipReply(usize),
}

pub(crate) struct Proxy {
    address: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    broken: watch::Sender<u32>,
}

impl Proxy {
    pub(crate) async fn start(hub_url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hub = hub_url.trim_start_matches("http://").to_owned();
        let faults = Arc::new(Mutex::new(VecDeque::new()));
        let (broken, breaks) = watch::channel(0);
        let queue = Arc::clone(&faults);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = queue.lock().unwrap().pop_front();
                let (hub, mut breaks) = (hub.clone(), breaks.clone());
                breaks.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = serve(client, &hub, fault) => {}
                        _ = breaks.changed() => {}
                    }
                });
            }
        });
        Proxy { address, faults, broken }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks the connections there are, and spoils the next ones.
    pub(crate) fn next_connections(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
        self.broken.send_modify(|count| *count += 1);
    }
}

async fn serve(mut client: TcpStream, hub: &str, fault: Option<Fault>) -> std::io::Result<()> {
    match fault {
        Some(Fault::Close) => Ok(()),
        Some(Fault::Garbage) => client.write_all(b"\x15\x03\x01 what?\r\n\r\n").await,
        Some(Fault::ServerError) => {
            let mut request = [0; 65_536];
            let _ = client.read(&mut request).await?;
            client.write_all(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").await
        }
        Some(Fault::CutReply(bytes)) => relay(client, hub, Some(bytes), None).await,
        Some(Fault::FlipReply(at)) => relay(client, hub, None, Some(at)).await,
        None => relay(client, hub, None, None).await,
    }
}

/// Relays both ways; what the hub says may be cut or changed.
async fn relay(client: TcpStream, hub: &str, cut: Option<usize>, flip: Option<usize>) -> std::io::Result<()> {
    let hub = TcpStream::connect(hub).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_hub, mut to_hub) = hub.into_split();
    let up = tokio::io::copy(&mut from_client, &mut to_hub);
    let down = async {
        let (mut buffer, mut sent) = (vec![0; 65_536], 0);
        loop {
            let read = from_hub.read(&mut buffer).await?;
            let left = cut.map_or(read, |cut| cut.saturating_sub(sent)).min(read);
            let part = &mut buffer[..left];
            if let Some(byte) = flip.and_then(|at| part.get_mut(at.checked_sub(sent)?)) {
                *byte ^= 1;
            }
            to_client.write_all(part).await?;
            sent += left;
            if left == 0 || left < read {
                return Ok(());
            }
        }
    };
    tokio::select! {
        result = up => result.map(drop),
        result = down => result,
    }
}
