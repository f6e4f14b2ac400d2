//! Rate limits and nonces: what the hub remembers for a short while, in memory and bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Keys remembered by one limit. When there are more, the limit forgets all and starts anew: a flood of
/// addresses then passes once, and memory stays bounded.
const KEYS_MAX: usize = 50_000;

/// Nonces remembered: two minutes of 1,600 requests a second. When there are more the oldest half is forgotten;
/// every station request may safely arrive twice, so this only makes a replay possible, not harmful.
const NONCES_MAX: usize = 200_000;

/// Lets each key do something every `interval_ms`, and `burst` times at once after a rest.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    interval_ms: u64,
    burst: u64,
    since: Instant,
    /// When each key's allowance is whole again, in ms since `since`.
    whole_at: Mutex<HashMap<K, u64>>,
}

impl<K: Eq + Hash> RateLimit<K> {
    /// Makes a limit.
    #[must_use]
    pub(crate) fn new(interval_ms: u64, burst: u64) -> RateLimit<K> {
        RateLimit { interval_ms, burst, since: Instant::now(), whole_at: Mutex::new(HashMap::new()) }
    }

    /// Takes one from a key's allowance.
    ///
    /// *Errors:* the seconds after which there is one again.
    pub(crate) fn take(&self, key: K) -> Result<(), u64> {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if whole_at.len() >= KEYS_MAX {
            whole_at.retain(|_, at| *at > now_ms);
            if whole_at.len() >= KEYS_MAX {
                whole_at.clear();
            }
        }
        let at = whole_at.entry(key).or_insert(now_ms);
        let next = (*at).max(now_ms).saturating_add(self.interval_ms);
        let ahead_ms = next.saturating_sub(now_ms);
        let most_ms = self.interval_ms.saturating_mul(self.burst);
        if ahead_ms > most_ms {
            return Err(ahead_ms.saturating_sub(most_ms).div_ceil(1000).max(1));
        }
        *at = next;
        Ok(())
    }
}

/// Nonces that were used, while a request that bears one could still be on time.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    used: Mutex<HashMap<[u8; 16], i64>>,
}

impl Nonces {
    /// Uses a nonce; `false` if it was used before.
    pub(crate) fn take(&self, nonce: [u8; 16], now_ms: i64, life_ms: i64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= NONCES_MAX {
            used.retain(|_, until| *until > now_ms);
            if used.len() >= NONCES_MAX {
                let mut times: Vec<i64> = used.values().copied().collect();
                let (_, middle, _) = times.select_nth_unstable(NONCES_MAX / 2);
                let middle = *middle;
                used.retain(|_, until| *until > middle);
            }
        }
        used.insert(nonce, now_ms.saturating_add(life_ms)).is_none_or(|until| until <= now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_what_follows_waits() {
        let limit = RateLimit::new(60_000, 3);
        for _ in 0..3 {
            assert_eq!(limit.take("a"), Ok(()));
        }
        assert!(limit.take("a").is_err_and(|seconds| (1..=60).contains(&seconds)));
        assert_eq!(limit.take("b"), Ok(()), "another key has its own allowance");
    }

    #[test]
    fn memory_stays_bounded_whoever_asks() {
        let limit = RateLimit::new(1, 1);
        let nonces = Nonces::default();
        for n in 0..NONCES_MAX as u128 + 10 {
            let _ = limit.take(n);
            nonces.take(n.to_be_bytes(), 0, 1000);
        }
        assert!(limit.whole_at.lock().unwrap().len() <= KEYS_MAX);
        assert!(nonces.used.lock().unwrap().len() <= NONCES_MAX);
    }

    #[test]
    fn a_nonce_is_good_once_while_it_could_be_replayed() {
        let nonces = Nonces::default();
        assert!(nonces.take([1; 16], 0, 1000));
        assert!(!nonces.take([1; 16], 500, 1000));
        assert!(nonces.take([2; 16], 500, 1000));
    }
}
