//! A child process that leads its own process group, ended with everything it started.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

/// A running group of processes. *Invariant:* dropping it kills the group and reaps its leader.
pub(crate) struct Group(pub(crate) Child);

impl Group {
    /// Starts `command` as the leader of a new group.
    ///
    /// # Panics
    /// When the program is not installed: the message names it.
    pub(crate) fn start(command: &mut Command) -> Self {
        match command.process_group(0).spawn() {
            Ok(child) => Self(child),
            Err(error) => panic!("{} does not start: {error}", command.get_program().display()),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The leader is not reaped before the kill, so its id cannot have passed to a stranger.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}
