//! One keep-alive connection that sends ready requests: as little work beside the hub's as can be.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_MAX: usize = 64 * 1024;

/// See the module.
pub(crate) struct Line {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(url: &str) -> Line {
        let address = url.strip_prefix("http://").expect("a plain hub");
        let socket = TcpStream::connect(address).await.expect("the hub listens");
        socket.set_nodelay(true).expect("no delay");
        Line { socket, read: Vec::with_capacity(4096) }
    }

    /// Sends a request and gives the answer's status and body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.socket.write_all(request).await.expect("sent");
        self.read.clear();
        loop {
            assert!(self.socket.read_buf(&mut self.read).await.expect("an answer") > 0, "the hub hung up");
            assert!(self.read.len() <= ANSWER_MAX, "a long answer");
            if let Some(answer) = whole(&self.read) {
                return answer;
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
