//! When a call is repeated, and how long to wait before.

use std::time::Duration;

use aws_lc_rs::rand;

/// Attempts of one call, the first included.
pub const ATTEMPTS_MAX: u32 = 6;
/// Longest wait before the first repetition; it doubles with every further one.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// Longest wait between two attempts of a call.
pub const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How often and how fast a call is repeated. Whatever it says, the deadline of the call holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts, the first included; 0 counts as 1.
    pub attempts: u32,
    /// Longest wait before the first repetition.
    pub first: Duration,
    /// Longest wait of all.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: ATTEMPTS_MAX,
            first: BACKOFF_FIRST,
            longest: BACKOFF_MAX,
        }
    }
}

impl RetryPolicy {
    /// Every call is made once.
    pub const fn once() -> Self {
        Self {
            attempts: 1,
            first: Duration::ZERO,
            longest: Duration::ZERO,
        }
    }

    /// How long to wait after so many failures in a row: between half of the doubled wait and the
    /// whole of it, so that many clients cut off together do not come back together.
    pub fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let mut random = [0];
        // Without randomness the wait is the whole one: less spread, nothing wrong.
        let share = rand::fill(&mut random).map_or(256, |()| u32::from(random[0]) + 1);
        whole / 2 + whole / 2 * share / 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_and_stays_between_half_and_whole_of_its_bound() {
        let policy = RetryPolicy::default();
        for failures in 1..200 {
            let bound = BACKOFF_FIRST
                .saturating_mul(1 << (failures - 1).min(20))
                .min(BACKOFF_MAX);
            for _ in 0..50 {
                let wait = policy.wait(failures);
                assert!(wait <= bound, "{failures}: {wait:?}");
                assert!(wait >= bound / 2, "{failures}: {wait:?}");
            }
        }
    }

    #[test]
    fn waits_are_spread() {
        let policy = RetryPolicy::default();
        let first = policy.wait(6);
        assert!((0..64).any(|_| policy.wait(6) != first));
    }
}
