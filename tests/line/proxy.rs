//! A TCP proxy that misbehaves on request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
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
    /// The request is read, the hub hears nothing of it, and there is no answer.
    Drop,
    /// The hub hears everything twice, and first the one whose answer nobody gets.
    Double,
    /// Everything arrives, later.
    Delay,
    /// The hub hears so many bytes.
    CutRequest(usize),
    /// The hub hears everything; one bit of it, at this byte, is changed.
    FlipRequest(usize),
}

/// A delayed request waits so long: longer than the hub takes for anything else meanwhile.
const DELAY: std::time::Duration = std::time::Duration::from_millis(300);

/// What is done to one direction: cut after so many bytes, or one bit changed at a byte.
#[derive(Clone, Copy, Default)]
struct Spoil {
    cut: Option<usize>,
    flip: Option<usize>,
}

pub(crate) struct Proxy {
    address: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    broken: watch::Sender<u32>,
    held: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn start(hub_url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hub = hub_url.trim_start_matches("http://").to_owned();
        let faults = Arc::new(Mutex::new(VecDeque::new()));
        let (broken, breaks) = watch::channel(0);
        let queue = Arc::clone(&faults);
        let (held, holds) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = queue.lock().unwrap().pop_front();
                let (hub, mut breaks, holds) = (hub.clone(), breaks.clone(), holds.clone());
                breaks.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = unless_held(serve(client, &hub, fault), holds) => {}
                        _ = breaks.changed() => {}
                    }
                });
            }
        });
        Proxy { address, faults, broken, held }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes connections and carries nothing, until it is let go again: as a hub that hangs, or a cable that is cut.
    pub(crate) fn hold(&self, is_held: bool) {
        self.held.send_replace(is_held);
    }

    /// Breaks the connections there are, and spoils the next ones: these and no others.
    pub(crate) fn next_connections(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = faults.iter().copied().collect();
        self.broken.send_modify(|count| *count += 1);
    }
}

/// Works on while the line is not held.
async fn unless_held(work: impl Future<Output = std::io::Result<()>>, mut holds: watch::Receiver<bool>) {
    let mut work = std::pin::pin!(work);
    loop {
        if holds.wait_for(|is_held| !is_held).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            _ = holds.wait_for(|is_held| *is_held) => {}
            _ = &mut work => return,
        }
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
        Some(Fault::Drop) => {
            let mut request = [0; 65_536];
            client.read(&mut request).await.map(drop)
        }
        Some(Fault::Double) => double(client, hub).await,
        Some(Fault::Delay) => {
            tokio::time::sleep(DELAY).await;
            relay(client, hub, Spoil::default(), Spoil::default()).await
        }
        Some(Fault::CutReply(bytes)) => {
            relay(client, hub, Spoil::default(), Spoil { cut: Some(bytes), flip: None }).await
        }
        Some(Fault::FlipReply(at)) => {
            relay(client, hub, Spoil::default(), Spoil { cut: None, flip: Some(at) }).await
        }
        Some(Fault::CutRequest(bytes)) => {
            relay(client, hub, Spoil { cut: Some(bytes), flip: None }, Spoil::default()).await
        }
        Some(Fault::FlipRequest(at)) => {
            relay(client, hub, Spoil { cut: None, flip: Some(at) }, Spoil::default()).await
        }
        None => relay(client, hub, Spoil::default(), Spoil::default()).await,
    }
}

/// Relays both ways and spoils what is to be spoilt.
async fn relay(client: TcpStream, hub: &str, request: Spoil, reply: Spoil) -> std::io::Result<()> {
    let hub = TcpStream::connect(hub).await?;
    let (from_client, to_client) = client.into_split();
    let (from_hub, to_hub) = hub.into_split();
    tokio::select! {
        result = pump(from_client, to_hub, request) => result,
        result = pump(from_hub, to_client, reply) => result,
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    spoil: Spoil,
) -> std::io::Result<()> {
    let (mut buffer, mut sent) = (vec![0; 65_536], 0);
    loop {
        let read = from.read(&mut buffer).await?;
        let left = spoil.cut.map_or(read, |cut| cut.saturating_sub(sent)).min(read);
        let part = &mut buffer[..left];
        if let Some(byte) = spoil.flip.and_then(|at| part.get_mut(at.checked_sub(sent)?)) {
            *byte ^= 1;
        }
        to.write_all(part).await?;
        sent += left;
        if left == 0 || left < read {
            return Ok(());
        }
    }
}

/// Sends what the client says over two connections, the one that is not answered first.
async fn double(client: TcpStream, hub: &str) -> std::io::Result<()> {
    let (twin, hub) = (TcpStream::connect(hub).await?, TcpStream::connect(hub).await?);
    let (mut from_client, to_client) = client.into_split();
    let (from_twin, mut to_twin) = twin.into_split();
    let (from_hub, mut to_hub) = hub.into_split();
    let up = async {
        let mut buffer = vec![0; 65_536];
        loop {
            let read = from_client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            to_twin.write_all(&buffer[..read]).await?;
            to_hub.write_all(&buffer[..read]).await?;
        }
    };
    let unheard = async {
        pump(from_twin, tokio::io::sink(), Spoil::default()).await?;
        std::future::pending().await
    };
    tokio::select! {
        result = up => result,
        result = unheard => result,
        result = pump(from_hub, to_client, Spoil::default()) => result,
    }
}
