//! An X server without a screen.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::process::Group;

/// A private X display; nothing on it is seen by anyone but the tests.
pub struct Display {
    name: String,
    _server: Group,
}

impl Display {
    /// Starts a display of `width` × `height` pixels on the first free number.
    ///
    /// # Panics
    /// When Xvfb is not installed or does not come up.
    pub fn start(width: u32, height: u32) -> Self {
        // Xvfb itself chooses the number and prints it once it accepts clients: no race, nothing to poll.
        let mut server = Group::start(
            Command::new("Xvfb")
                .args([
                    "-displayfd",
                    "1",
                    "-nolisten",
                    "tcp",
                    "-screen",
                    "0",
                    &format!("{width}x{height}x24"),
                ])
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut number = String::new();
        let stdout = server.0.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut number).expect("Xvfb prints its display's number");
        assert!(!number.trim().is_empty(), "Xvfb ended without a display");
        Self { name: format!(":{}", number.trim()), _server: server }
    }

    /// The value for `DISPLAY`, such as `:101`.
    pub fn name(&self) -> &str {
        &self.name
    }
}
