//! A Windows printer through the spooler, by name, RAW: the driver passes our bytes on as they are.

#[cfg(not(windows))]
pub(super) fn status(_: &str) -> super::PrinterStatus {
    super::PrinterStatus::Unknown
}

#[cfg(not(windows))]
pub(super) fn print(_: &str, _: &[u8], _: std::time::Duration) -> super::Outcome {
    super::Outcome::Failed(super::Reason::Unsupported)
}

#[cfg(windows)]
pub(super) use windows::{print, status};

#[cfg(windows)]
#[expect(unsafe_code, reason = "winspool has no safe interface; every call is wrapped here once")]
mod windows {
    use std::ptr::{null, null_mut};
    use std::time::{Duration, Instant};

    use windows_sys::Win32::Graphics::Printing::{
        ClosePrinter, DOC_INFO_1W, EndDocPrinter, EndPagePrinter, GetJobW, GetPrinterW, JOB_INFO_1W,
        JOB_STATUS_ERROR, JOB_STATUS_OFFLINE, JOB_STATUS_PAPEROUT, JOB_STATUS_PRINTED, OpenPrinterW,
        PRINTER_HANDLE, PRINTER_INFO_6, PRINTER_STATUS_DOOR_OPEN, PRINTER_STATUS_ERROR,
        PRINTER_STATUS_NOT_AVAILABLE, PRINTER_STATUS_OFFLINE, PRINTER_STATUS_PAPER_JAM,
        PRINTER_STATUS_PAPER_OUT, PRINTER_STATUS_PAPER_PROBLEM, StartDocPrinterW, StartPagePrinter,
        WritePrinter,
    };

    use super::super::{Outcome, PrinterStatus, Reason};

    /// Between two looks at a job in the spooler: a receipt takes about a second.
    const LOOK_EVERY: Duration = Duration::from_millis(200);

    /// Bytes for a job's description with its names; Windows' names are at most 260 characters each.
    const JOB_INFO_WORDS: usize = 1024;

    /// What the spooler says. Its zero means "no complaint heard", which for a receipt printer without a two-way
    /// driver also covers an empty roll: so it is unknown, not ready.
    pub(in super::super) fn status(name: &str) -> PrinterStatus {
        let Some(printer) = Handle::open(name) else { return PrinterStatus::Offline };
        let mut told = PRINTER_INFO_6::default();
        let mut needed = 0;
        let size = size_of::<PRINTER_INFO_6>() as u32;
        // SAFETY: the buffer is a whole PRINTER_INFO_6, the size is its own.
        let read = unsafe { GetPrinterW(printer.0, 6, (&raw mut told).cast(), size, &mut needed) };
        if read == 0 {
            return PrinterStatus::Unknown;
        }
        let says = |bits: u32| told.dwStatus & bits != 0;
        if says(PRINTER_STATUS_DOOR_OPEN) {
            PrinterStatus::CoverOpen
        } else if says(PRINTER_STATUS_PAPER_OUT | PRINTER_STATUS_PAPER_PROBLEM) {
            PrinterStatus::PaperOut
        } else if says(
            PRINTER_STATUS_OFFLINE
                | PRINTER_STATUS_ERROR
                | PRINTER_STATUS_NOT_AVAILABLE
                | PRINTER_STATUS_PAPER_JAM,
        ) {
            PrinterStatus::Offline
        } else {
            PrinterStatus::Unknown
        }
    }

    pub(in super::super) fn print(name: &str, bytes: &[u8], confirm: Duration) -> Outcome {
        let Some(printer) = Handle::open(name) else { return Outcome::Failed(Reason::Unreachable) };
        match printer.send(bytes) {
            Ok(job) => printer.follow(job, Instant::now() + confirm),
            Err(outcome) => outcome,
        }
    }

    struct Handle(PRINTER_HANDLE);

    impl Drop for Handle {
        fn drop(&mut self) {
            // SAFETY: the handle came from OpenPrinterW and is closed once.
            unsafe { ClosePrinter(self.0) };
        }
    }

    impl Handle {
        fn open(name: &str) -> Option<Self> {
            let name = wide(name);
            let mut handle = PRINTER_HANDLE::default();
            // SAFETY: `name` ends in a zero and lives through the call.
            let opened = unsafe { OpenPrinterW(name.as_ptr(), &mut handle, null()) };
            (opened != 0).then_some(Self(handle))
        }

        /// Hands a document over and returns the spooler's number of it.
        fn send(&self, bytes: &[u8]) -> Result<u32, Outcome> {
            let (mut title, mut kind) = (wide("Suanpan"), wide("RAW"));
            let document = DOC_INFO_1W {
                pDocName: title.as_mut_ptr(),
                pOutputFile: null_mut(),
                pDatatype: kind.as_mut_ptr(),
            };
            // SAFETY: the strings end in zeros and outlive the call; level 1 matches DOC_INFO_1W.
            let job = unsafe { StartDocPrinterW(self.0, 1, &document) };
            if job == 0 {
                return Err(Outcome::Failed(Reason::Offline));
            }
            let len = u32::try_from(bytes.len()).map_err(|_| Outcome::Failed(Reason::Unprintable))?;
            let mut written = 0;
            // SAFETY: the buffer and its length belong together.
            let taken = unsafe {
                StartPagePrinter(self.0) != 0
                    && WritePrinter(self.0, bytes.as_ptr().cast(), len, &mut written) != 0
                    && EndPagePrinter(self.0) != 0
            };
            // SAFETY: a document was started above.
            let ended = unsafe { EndDocPrinter(self.0) } != 0;
            if taken && ended && written == len { Ok(job) } else { Err(Outcome::Uncertain(Reason::Closed)) }
        }

        /// Watches the job until the spooler calls it printed, lost from sight or stuck.
        fn follow(&self, job: u32, deadline: Instant) -> Outcome {
            loop {
                // A job that has left the queue was passed on; nobody tells whether paper was in.
                let Some(state) = self.job_state(job) else {
                    break Outcome::Uncertain(Reason::StatusUnreadable);
                };
                if state & JOB_STATUS_PRINTED != 0 {
                    break Outcome::Printed;
                }
                if Instant::now() >= deadline {
                    break Outcome::Uncertain(stuck(state));
                }
                std::thread::park_timeout(LOOK_EVERY);
            }
        }

        fn job_state(&self, job: u32) -> Option<u32> {
            let mut buffer = [0u64; JOB_INFO_WORDS];
            let mut needed = 0;
            let size = size_of_val(&buffer) as u32;
            // SAFETY: the buffer is aligned for JOB_INFO_1W and its size is given.
            let read = unsafe { GetJobW(self.0, job, 1, buffer.as_mut_ptr().cast(), size, &mut needed) };
            // SAFETY: on success the buffer starts with a JOB_INFO_1W.
            (read != 0).then(|| unsafe { (*buffer.as_ptr().cast::<JOB_INFO_1W>()).Status })
        }
    }

    /// Why a job stays in the spooler. It may still print when the trouble is over.
    fn stuck(state: u32) -> Reason {
        if state & JOB_STATUS_PAPEROUT != 0 {
            Reason::PaperOut
        } else if state & (JOB_STATUS_OFFLINE | JOB_STATUS_ERROR) != 0 {
            Reason::Offline
        } else {
            Reason::TimedOut
        }
    }

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().chain([0]).collect()
    }
}
