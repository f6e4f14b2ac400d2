//! A network printer: raw bytes on a TCP port.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::link::{Link, LinkError, SendError};

/// Addresses of one host name that are tried: a printer has one, a badly kept name a few.
const ADDRESSES_MAX: usize = 3;

/// A socket's time-out may not be zero.
const SHORTEST: Duration = Duration::from_millis(1);

pub(super) fn connect(address: &str, patience: Duration) -> Result<Box<dyn Link>, LinkError> {
    let addresses = address.to_socket_addrs().map_err(|_| LinkError::Unreachable)?;
    for address in addresses.take(ADDRESSES_MAX) {
        if let Ok(stream) = TcpStream::connect_timeout(&address, patience) {
            // Status questions are three bytes and wait for their answers.
            stream.set_nodelay(true)?;
            return Ok(Box::new(stream));
        }
    }
    Err(LinkError::Unreachable)
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(SHORTEST)
}

impl Link for TcpStream {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), SendError> {
        let mut sent = 0;
        while sent < bytes.len() {
            let written = self
                .set_write_timeout(Some(left(deadline)))
                .and_then(|()| Write::write(self, &bytes[sent..]));
            match written {
                Ok(0) => return Err(SendError { sent, error: LinkError::Closed }),
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted && Instant::now() < deadline => {}
                Err(error) => return Err(SendError { sent, error: error.into() }),
            }
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Instant) -> Result<u8, LinkError> {
        let mut byte = [0];
        self.set_read_timeout(Some(left(deadline)))?;
        match Read::read(self, &mut byte)? {
            0 => Err(LinkError::Closed),
            _ => Ok(byte[0]),
        }
    }
}
