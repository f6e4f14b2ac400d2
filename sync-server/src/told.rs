//! What is written to the log when somebody does the same without end: a line at once, then one a minute that says how
//! many were left out. So nobody fills the disk by what is refused.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// From a line about somebody to the next.
const EVERY: Duration = Duration::from_secs(60);

/// Of so many it is remembered who they are; whoever finds no room shares lines with all who find none.
const KEYS_MAX: usize = 1_000;

/// A line's code and whom it is about.
type Key = (&'static str, String);

#[derive(Debug)]
struct Line {
    at: Instant,
    left_out: u64,
}

/// The newest lines.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<HashMap<Option<Key>, Line>>);

impl Told {
    /// Whether a line is due about somebody; gives how many were left out since the one before.
    pub(crate) fn due(&self, code: &'static str, whom: impl ToString) -> Option<u64> {
        self.due_at(Instant::now(), code, whom)
    }

    fn due_at(&self, now: Instant, code: &'static str, whom: impl ToString) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some((code, whom.to_string()));
        if lines.len() >= KEYS_MAX && !lines.contains_key(&key) {
            lines.retain(|_, line| now.duration_since(line.at) < EVERY);
            if lines.len() >= KEYS_MAX {
                key = None;
            }
        }
        let Some(line) = lines.get_mut(&key) else {
            lines.insert(key, Line { at: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(line.at) < EVERY {
            line.left_out = line.left_out.saturating_add(1);
            return None;
        }
        line.at = now;
        Some(std::mem::take(&mut line.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_and_then_a_minute_of_them_by_their_number() {
        let (told, start) = (Told::default(), Instant::now());
        let due = |seconds, code, whom: &str| told.due_at(start + Duration::from_secs(seconds), code, whom);
        assert_eq!(due(0, "HUB-LIM-001", "10.0.0.7"), Some(0));
        for second in 0..59 {
            assert_eq!(due(second, "HUB-LIM-001", "10.0.0.7"), None);
        }
        assert_eq!(due(1, "HUB-LIM-001", "10.0.0.8"), Some(0), "another has a line of their own");
        assert_eq!(due(1, "HUB-REF-001", "10.0.0.7"), Some(0), "and so has another code");
        assert_eq!(due(60, "HUB-LIM-001", "10.0.0.7"), Some(59));
        assert_eq!(due(61, "HUB-LIM-001", "10.0.0.7"), None);
        assert_eq!(due(500, "HUB-LIM-001", "10.0.0.7"), Some(1));
    }

    #[test]
    fn whoever_finds_no_room_shares_lines_until_there_is_some() {
        let (told, start) = (Told::default(), Instant::now());
        let lines = |at| (0..5_000).filter(|whom| told.due_at(at, "HUB-LIM-001", whom).is_some()).count();
        assert_eq!(lines(start), KEYS_MAX + 1);
        assert_eq!(lines(start), 0);
        assert_eq!(told.0.lock().unwrap().len(), KEYS_MAX + 1);
        assert_eq!(lines(start + EVERY), KEYS_MAX + 1);
        assert_eq!(told.0.lock().unwrap().len(), KEYS_MAX + 1);
    }
}
