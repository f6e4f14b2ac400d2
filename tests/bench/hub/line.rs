//! One keep-alive connection that sends ready requests: as little work beside the hub's as can be.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// HQ's page of a large chain is a few hundred KB.
const ANSWER_MAX: usize = 1024 * 1024;

/// See the module.
pub(crate) struct Line<S = TcpStream> {
    socket: S,
    read: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(url: &str) -> Line {
        let address = url.strip_prefix("http://").expect("a plain hub");
        let socket = TcpStream::connect(address).await.expect("the hub listens");
        socket.set_nodelay(true).expect("no delay");
        Line::over(socket)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// One over a connection that stands.
    pub(crate) fn over(socket: S) -> Line<S> {
        Line { socket, read: Vec::new() }
    }

    /// Sends a request and gives the answer's status and body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.try_ask(request).await.expect("an answer")
    }

    /// The same on a connection that the hub may have closed because it was silent for long.
    pub(crate) async fn try_ask(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        self.socket.write_all(request).await?;
        self.read.clear();
        loop {
            if self.socket.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert!(self.read.len() <= ANSWER_MAX, "a long answer");
            if let Some(answer) = whole(&self.read) {
                return Ok(answer);
            }
        }
    }
}

/// Status and body, once the answer is there.
fn whole(read: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = read.windows(4).position(|at| at == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&read[..end]).ok()?.to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap_or(0));
    (read.len() >= end + length).then(|| (status, read[end..end + length].to_vec()))
}
