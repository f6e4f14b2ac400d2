//! Devices by their wire formats: golden bytes, a printer and a scale that answer.

mod golden;
mod printing;
#[cfg(unix)]
mod scale;
mod support;
