//! A line that is cut once in the middle of an answer, and counts what went through.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct Count {
    /// Answers with a chunk, as far as they went; and the bytes of their bodies.
    chunks: AtomicUsize,
    bytes: AtomicUsize,
    /// Times that the line was to be cut; it was once.
    cuts: AtomicUsize,
    /// When the first chunk and the last one so far began.
    times: Mutex<Option<(Instant, Instant)>>,
}

/// See the module.
pub(crate) struct Relay {
    url: String,
    count: Arc<Count>,
}

/// Where the line is cut: at this chunk, after so many of its bytes.
#[derive(Clone, Copy)]
struct Cut {
    chunk: usize,
    after: usize,
}

impl Relay {
    /// Starts one before a hub.
    pub(crate) async fn start(hub_url: &str, chunk: usize, after: usize) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (hub, count) = (hub_url.trim_start_matches("http://").to_owned(), Arc::<Count>::default());
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (hub, count) = (hub.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let Ok(hub) = TcpStream::connect(hub).await else { return };
                    for socket in [&client, &hub] {
                        socket.set_nodelay(true).expect("no delay");
                    }
                    let ((asks, mut answered), (answers, mut asked)) =
                        (client.into_split(), hub.into_split());
                    tokio::select! {
                        () = pass(asks, &mut asked) => {}
                        () = answer(answers, &mut answered, &count, Cut { chunk, after }) => {}
                    }
                });
            }
        });
        Relay { url, count }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// When the first chunk and the last one began.
    pub(crate) fn times(&self) -> (Instant, Instant) {
        self.count.times.lock().expect("the times").expect("a chunk")
    }

    /// Bytes of chunks that went through, and whether the line was cut.
    pub(crate) fn fetched(&self) -> (usize, bool) {
        (self.count.bytes.load(Ordering::Relaxed), self.count.cuts.load(Ordering::Relaxed) > 0)
    }
}

async fn pass(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf) {
    // Either side may hang up: then so does this.
    drop(tokio::io::copy(&mut from, to).await);
}

/// Passes answers on. A chunk is an answer of bytes; everything else is JSON.
async fn answer(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf, count: &Count, cut: Cut) {
    let (mut held, mut left, mut is_chunk) = (Vec::with_capacity(64 * 1024), 0_usize, false);
    loop {
        if left == 0
            && let Some(end) = held.windows(4).position(|at| at == b"\r\n\r\n")
        {
            let head: Vec<u8> = held.drain(..end + 4).collect();
            (left, is_chunk) = read_head(&head);
            if is_chunk {
                count.chunks.fetch_add(1, Ordering::Relaxed);
                let mut times = count.times.lock().expect("the times");
                *times = Some((times.map_or_else(Instant::now, |(first, _)| first), Instant::now()));
            }
            if to.write_all(&head).await.is_err() {
                return;
            }
        }
        let mut now = left.min(held.len());
        if now == 0 {
            match from.read_buf(&mut held).await {
                Ok(1..) => continue,
                _ => return,
            }
        }
        let is_cut = is_chunk && count.chunks.load(Ordering::Relaxed) == cut.chunk;
        let is_cut = is_cut && count.cuts.fetch_add(1, Ordering::Relaxed) == 0;
        if is_cut {
            now = now.min(cut.after);
        }
        let passed = to.write_all(&held[..now]).await;
        count.bytes.fetch_add(if is_chunk { now } else { 0 }, Ordering::Relaxed);
        if passed.is_err() || is_cut {
            return;
        }
        held.drain(..now);
        left -= now;
    }
}

/// The length of an answer's body, and whether it is a chunk.
fn read_head(head: &[u8]) -> (usize, bool) {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
    let length = value("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
    (length, value("content-type:").is_some_and(|kind| kind.contains("octet-stream")))
}
