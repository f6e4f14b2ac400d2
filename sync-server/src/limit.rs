//! Rate limits, shares and nonces: what the hub remembers for a short while, in memory and bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
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
        self.take_many(key, 1)
    }

    /// Takes some from a key's allowance, or none.
    ///
    /// *Errors:* the seconds after which there are as many.
    pub(crate) fn take_many(&self, key: K, many: u64) -> Result<(), u64> {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if whole_at.len() >= KEYS_MAX {
            whole_at.retain(|_, at| *at > now_ms);
            if whole_at.len() >= KEYS_MAX {
                whole_at.clear();
            }
        }
        let at = whole_at.entry(key).or_insert(now_ms);
        let next = (*at).max(now_ms).saturating_add(self.interval_ms.saturating_mul(many));
        let ahead_ms = next.saturating_sub(now_ms);
        let most_ms = self.interval_ms.saturating_mul(self.burst);
        if ahead_ms > most_ms {
            return Err(ahead_ms.saturating_sub(most_ms).div_ceil(1000).max(1));
        }
        *at = next;
        Ok(())
    }

    /// Whether nothing is left of a key's allowance; nothing is taken from it.
    pub(crate) fn is_spent(&self, key: &K) -> bool {
        let now_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead_ms = whole_at.get(key).map_or(0, |at| at.saturating_sub(now_ms));
        ahead_ms.saturating_add(self.interval_ms) > self.interval_ms.saturating_mul(self.burst)
    }
}

/// The address under which somebody is remembered: of IPv6 the network, for whoever has one has all of its addresses.
pub(crate) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Something that is held in parts. No key holds more than `each`, nor more than it leaves for others: so one alone has
/// half of it at most, and there is always some for who comes next.
#[derive(Debug)]
pub(crate) struct Shares<K> {
    all: usize,
    each: usize,
    held: Mutex<(usize, HashMap<K, usize>)>,
}

/// A part that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Share<K: Eq + Hash> {
    of: Arc<Shares<K>>,
    key: K,
    part: usize,
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// Makes something of which there is so much.
    pub(crate) fn new(all: usize, each: usize) -> Arc<Shares<K>> {
        Arc::new(Shares { all, each, held: Mutex::default() })
    }

    /// Gives a part to a key, if it may have one.
    pub(crate) fn take(self: &Arc<Shares<K>>, key: K, part: usize) -> Option<Share<K>> {
        let mut share = Share { of: self.clone(), key, part: 0 };
        share.grow(part).then_some(share)
    }
}

impl<K: Eq + Hash + Clone> Share<K> {
    /// Makes the part larger, if the key may have so much.
    pub(crate) fn grow(&mut self, by: usize) -> bool {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, keys) = &mut *held;
        let own = keys.get(&self.key).copied().unwrap_or(0).saturating_add(by);
        if own > self.of.each || own > self.of.all.saturating_sub(*all) {
            return false;
        }
        *all = all.saturating_add(by);
        if by > 0 {
            keys.insert(self.key.clone(), own);
        }
        self.part = self.part.saturating_add(by);
        true
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, keys) = &mut *held;
        *all = all.saturating_sub(self.part);
        if let Some(own) = keys.get_mut(&self.key) {
            *own = own.saturating_sub(self.part);
            if *own == 0 {
                keys.remove(&self.key);
            }
        }
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
    fn an_allowance_is_spent_by_what_was_taken() {
        let limit = RateLimit::new(60_000, 2);
        assert!(!limit.is_spent(&"a"));
        assert!(limit.take("a").is_ok() && !limit.is_spent(&"a"));
        assert!(limit.take("a").is_ok() && limit.is_spent(&"a"));
    }

    #[test]
    fn nobody_holds_more_than_a_share_and_the_next_one_always_finds_some() {
        let shares = Shares::new(100, 60);
        let mut greedy = shares.take("a", 40).unwrap();
        assert!(!greedy.grow(30), "over its share");
        assert!(greedy.grow(10) && !greedy.grow(1), "it leaves as much as it has");
        let next = shares.take("b", 25).unwrap();
        assert!(shares.take("b", 1).is_none());
        assert!(shares.take("c", 12).is_some());
        drop((greedy, next));
        assert!(shares.take("c", 50).is_some());
        assert!(shares.held.lock().unwrap().1.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_a_mapped_one_is_ipv4() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("10.0.0.7", "10.0.0.7"),
        ] {
            assert_eq!(household(address.parse().unwrap()), expected.parse::<IpAddr>().unwrap());
        }
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
