//! What the tests outside the crates share: real parts, started and stopped.
