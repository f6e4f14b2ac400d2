/// First pause after a failure.
const BASE_MS: u64 = 500;

/// Longest pause: a till is back within half a minute of its line, and ten thousand of them ask a returning
/// hub no more than about 700 times a second.
const CAP_MS: u64 = 30_000;

/// Chooses the pause before retry number `attempt` (from 0): full jitter, so that stations which failed
/// together do not return together. The site's hash is mixed in, so that even stations with poor randomness spread.
///
/// *Units:* ms.
#[must_use]
pub fn retry_delay_ms(attempt: u32, site_hash: u64, random: u64) -> u64 {
    let window = BASE_MS.saturating_mul(1 << attempt.min(16)).min(CAP_MS);
    let mixed = random ^ site_hash.rotate_left(32);
    mixed.checked_rem(window.saturating_add(1)).unwrap_or(0)
}

/// Counts failures in a row and chooses pauses.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
    site_hash: u64,
}

impl Backoff {
    /// Starts for a site; the hash only spreads, so any will do.
    #[must_use]
    pub fn new(site_hash: u64) -> Backoff {
        Backoff { failures: 0, site_hash }
    }

    /// Something worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Something failed: the pause before the next try, in ms.
    pub fn pause_ms(&mut self, random: u64) -> u64 {
        let pause = retry_delay_ms(self.failures, self.site_hash, random);
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// Failures since the last success.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_never_exceeds_its_window(attempt: u32, site: u64, random: u64) {
            let window = BASE_MS.saturating_mul(1 << attempt.min(16)).min(CAP_MS);
            prop_assert!(retry_delay_ms(attempt, site, random) <= window);
        }
    }

    #[test]
    fn a_thousand_sites_that_fail_together_return_spread_out() {
        let mut seconds = [0u32; 31];
        for site in 0..1000u64 {
            // The same random number everywhere is the worst case: only the site tells them apart.
            let hash = site.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            seconds[(retry_delay_ms(20, hash, 42) / 1000) as usize] += 1;
        }
        assert!(seconds.iter().all(|count| *count < 80), "{seconds:?}");
    }
}
