//! How fast each origin may ask as a stranger. A token bucket of which something can be given back:
//! who turns out to be known has not asked as a stranger.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::origin::Origin;

/// The buckets.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// What one more costs.
    each: Duration,
    /// What a full bucket holds.
    burst: Duration,
    /// When each is full again; one that is full is not kept.
    full_at: Mutex<HashMap<Origin, Instant>>,
}

impl Allowance {
    pub(crate) fn new(per_second: NonZeroU32, burst_seconds: u32) -> Self {
        Self {
            each: Duration::from_secs(1) / per_second.get(),
            burst: Duration::from_secs(burst_seconds.into()),
            full_at: Mutex::default(),
        }
    }

    /// Takes one, or says when there is one again.
    pub(crate) fn take(&self, from: Origin, now: Instant) -> Result<(), Duration> {
        let mut full_at = self.lock();
        let then = full_at.get(&from).map_or(now, |at| (*at).max(now)) + self.each;
        let wait = then.saturating_duration_since(now + self.burst);
        if wait.is_zero() {
            full_at.insert(from, then);
            Ok(())
        } else {
            Err(wait)
        }
    }

    /// Puts one back that was taken.
    pub(crate) fn give_back(&self, to: Origin) {
        if let Some(at) = self.lock().get_mut(&to) {
            *at = at.checked_sub(self.each).unwrap_or(*at);
        }
    }

    /// Forgets the buckets that are full.
    pub(crate) fn retain(&self, now: Instant) {
        self.lock().retain(|_, at| *at > now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_bucket_however_many_addresses_it_has() {
        let (two, now) = (NonZeroU32::new(2).unwrap(), Instant::now());
        let allowance = Allowance::new(two, 10);
        let from = |address: &str| Origin::of(address.parse().unwrap());
        for host in 0..20 {
            let host = from(&format!("2001:db8::{host:x}"));
            assert_eq!(allowance.take(host, now), Ok(()));
        }
        let (host, other) = (from("2001:db8::ffff"), from("2001:db8:0:1::1"));
        let half = Duration::from_millis(500);
        assert_eq!(allowance.take(host, now), Err(half));
        assert_eq!(allowance.take(other, now), Ok(()), "another network");
        assert_eq!(allowance.take(from("192.0.2.1"), now), Ok(()));
        assert_eq!(allowance.take(from("::ffff:192.0.2.1"), now), Ok(()));
        assert_eq!(allowance.lock().len(), 3, "an address has one bucket, too");
        assert_eq!(allowance.take(host, now + half), Ok(()), "refilled");
        assert!(allowance.take(host, now + half).is_err());
        allowance.give_back(host);
        assert_eq!(allowance.take(host, now + half), Ok(()), "given back");
        allowance.retain(now + Duration::from_mins(1));
        assert_eq!(allowance.lock().len(), 0);
        allowance.give_back(host);
        assert_eq!(allowance.lock().len(), 0, "nothing is given to who is full");
    }
}
