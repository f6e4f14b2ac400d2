//! A USB printer through Linux's `usblp`: a character device, opened non-blocking and waited for by `poll`.

#[cfg(not(unix))]
pub(super) fn open(_: &std::path::Path) -> Result<Box<dyn super::link::Link>, super::link::LinkError> {
    // Windows reaches USB printers through its spooler.
    Err(super::link::LinkError::Unsupported)
}

#[cfg(unix)]
pub(super) use unix::open;

#[cfg(unix)]
mod unix {
    use std::fs::{File, OpenOptions};
    use std::io::{ErrorKind, Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::OFlags;

    use super::super::link::{Link, LinkError, SendError};
    use crate::place;

    pub(in super::super) fn open(path: &Path) -> Result<Box<dyn Link>, LinkError> {
        let flags = i32::try_from(OFlags::NONBLOCK.union(OFlags::NOCTTY).bits()).unwrap_or_default();
        // Without leave to read, the printer is mute and its state unknown, but it prints.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(path)
            .or_else(|_| OpenOptions::new().write(true).custom_flags(flags).open(path))?;
        // What was opened is looked at, not the name: nothing is written to a disk or a file.
        if !place::is_device(file.metadata()?.file_type()) {
            return Err(LinkError::NotADevice);
        }
        Ok(Box::new(UsbLp(file)))
    }

    struct UsbLp(File);

    impl UsbLp {
        fn wait(&self, flags: PollFlags, deadline: Instant) -> Result<(), LinkError> {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).map_err(|_| LinkError::TimedOut)?;
            let mut waited = [PollFd::new(&self.0, flags)];
            match poll(&mut waited, Some(&timeout)) {
                Ok(0) => Err(LinkError::TimedOut),
                Ok(_) => Ok(()),
                // The caller's loop asks again until its deadline.
                Err(rustix::io::Errno::INTR) => Ok(()),
                Err(_) => Err(LinkError::Closed),
            }
        }
    }

    impl Link for UsbLp {
        fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), SendError> {
            let mut sent = 0;
            while sent < bytes.len() {
                self.wait(PollFlags::OUT, deadline).map_err(|error| SendError { sent, error })?;
                match self.0.write(&bytes[sent..]) {
                    Ok(0) => return Err(SendError { sent, error: LinkError::Closed }),
                    Ok(count) => sent += count,
                    Err(error) if retries(error.kind()) && Instant::now() < deadline => {}
                    Err(error) => return Err(SendError { sent, error: error.into() }),
                }
            }
            Ok(())
        }

        fn receive(&mut self, deadline: Instant) -> Result<u8, LinkError> {
            let mut byte = [0];
            loop {
                self.wait(PollFlags::IN, deadline)?;
                match self.0.read(&mut byte) {
                    // usblp reads nothing while the printer has nothing to say.
                    Ok(0) => return Err(LinkError::TimedOut),
                    Ok(_) => return Ok(byte[0]),
                    Err(error) if retries(error.kind()) && Instant::now() < deadline => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    fn retries(kind: ErrorKind) -> bool {
        matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
    }
}
