//! Limits that stand before the ledger: token buckets, and the gate of refusals.
//!
//! A caller that is turned away here leaves no entry, so a hostile one cannot make the ledger
//! grow: past its refusal rate one summary a minute says how often it was turned away.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_domain::ids::{CredentialId, SettingId};
use baton_store::Known;
use governor::clock::QuantaInstant;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::allowance::Allowance;
use crate::gate::Gate;
use crate::origin::Origin;

/// Rates, each per second with a burst of the same number times ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Calls of one credential.
    pub credential_per_second: NonZeroU32,
    /// Calls of one setting, all its credentials together.
    pub setting_per_second: NonZeroU32,
    /// Calls of one credential of a family. They count for no setting: a family must not keep the school
    /// from its work.
    pub family_per_second: NonZeroU32,
    /// Calls of one vendor for one setting, all its credentials together.
    pub delegated_per_second: NonZeroU32,
    /// Calls without a known credential, per address; with IPv6 per network of 64 bits.
    pub stranger_per_second: NonZeroU32,
    /// Refused calls of one credential, per minute.
    pub refusals_per_minute: NonZeroU32,
}

/// The buckets, and the gate every act passes.
#[derive(Debug)]
pub(crate) struct Limits {
    credentials: DefaultKeyedRateLimiter<CredentialId>,
    settings: DefaultKeyedRateLimiter<SettingId>,
    /// Credentials of families.
    families: DefaultKeyedRateLimiter<CredentialId>,
    /// By vendor and the setting it acts for.
    delegated: DefaultKeyedRateLimiter<(SettingId, SettingId)>,
    strangers: Allowance,
    newcomers: Semaphore,
    pub(crate) gate: Arc<Gate>,
    clock: DefaultClock,
}

/// Why a call does not reach the ledger, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    TooFast(Duration),
    TooManyRefusals,
    /// It has as much waiting, or open, as it may.
    QueueFull,
}

const BURST_SECONDS: u32 = 10;
/// Credentials not seen before that are looked up at the same time: fewer than an origin may ask as
/// a stranger at once, so that who begins with many calls is known after its first ones.
const LOOKED_UP_AT_ONCE: usize = 8;

fn per_second(rate: NonZeroU32) -> Quota {
    Quota::per_second(rate)
        .allow_burst(rate.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(NonZeroU32::MIN)))
}

impl Limits {
    pub(crate) fn new(rates: &Rates) -> Self {
        Self {
            credentials: RateLimiter::keyed(per_second(rates.credential_per_second)),
            settings: RateLimiter::keyed(per_second(rates.setting_per_second)),
            families: RateLimiter::keyed(per_second(rates.family_per_second)),
            delegated: RateLimiter::keyed(per_second(rates.delegated_per_second)),
            strangers: Allowance::new(rates.stranger_per_second, BURST_SECONDS),
            newcomers: Semaphore::new(LOOKED_UP_AT_ONCE),
            gate: Gate::new(rates.refusals_per_minute),
            clock: DefaultClock::default(),
        }
    }

    /// A call of a known caller.
    pub(crate) fn known(&self, caller: &Known) -> Result<(), Turned> {
        let (by, of) = (&caller.credential, &caller.setting);
        if !self.gate.passes(by) {
            return Err(Turned::TooManyRefusals);
        }
        if caller.of_a_record {
            return self.families.check_key(by).map_err(|it| self.wait(&it));
        }
        self.credentials
            .check_key(by)
            .map_err(|it| self.wait(&it))?;
        self.settings.check_key(of).map_err(|it| self.wait(&it))
    }

    /// What a credential of one setting asks for another one.
    pub(crate) fn delegated(&self, by: &SettingId, of: &SettingId) -> Result<(), Turned> {
        let pair = (by.clone(), of.clone());
        self.delegated.check_key(&pair).map_err(|it| self.wait(&it))
    }

    fn wait(&self, until: &NotUntil<QuantaInstant>) -> Turned {
        Turned::TooFast(until.wait_time_from(self.clock.now()))
    }

    /// A call nobody is known to have made, or not yet.
    pub(crate) fn stranger(&self, from: Origin) -> Result<(), Turned> {
        self.strangers
            .take(from, Instant::now())
            .map_err(Turned::TooFast)
    }

    /// It was a known caller's.
    pub(crate) fn no_stranger(&self, from: Origin) {
        self.strangers.give_back(from);
    }

    /// The turn of a credential not seen before to be looked up.
    pub(crate) async fn newcomer(&self) -> Option<SemaphorePermit<'_>> {
        self.newcomers.acquire().await.ok()
    }

    /// How often callers were turned away since the last time, once a minute.
    pub(crate) fn sum_up(&self) -> Vec<(CredentialId, u64)> {
        self.credentials.retain_recent();
        self.settings.retain_recent();
        self.families.retain_recent();
        self.delegated.retain_recent();
        let now = Instant::now();
        self.strangers.retain(now);
        self.gate.sum_up(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Ended;

    #[tokio::test]
    async fn a_flood_stays_outside_from_minute_to_minute_until_it_calms_down() {
        let rate = |number| NonZeroU32::new(number).unwrap();
        let limits = Limits::new(&Rates {
            credential_per_second: rate(1_000),
            setting_per_second: rate(1_000),
            family_per_second: rate(1_000),
            delegated_per_second: rate(1_000),
            stranger_per_second: rate(5),
            refusals_per_minute: rate(3),
        });
        let by = CredentialId::from_bytes([1; 16]);
        let caller = Known {
            credential: by.clone(),
            setting: SettingId::from_bytes([2; 16]),
            of_a_record: false,
            one_time: false,
        };
        for _ in 0..3 {
            assert_eq!(limits.known(&caller), Ok(()));
            limits.gate.enter(&by).await.unwrap().end(Ended::Refused);
        }
        for minute in 0..3 {
            for _ in 0..100 {
                assert_eq!(
                    limits.known(&caller),
                    Err(Turned::TooManyRefusals),
                    "{minute}"
                );
            }
            assert_eq!(limits.sum_up(), [(by.clone(), 100)]);
        }
        assert_eq!(limits.known(&caller), Err(Turned::TooManyRefusals));
        assert_eq!(limits.sum_up(), [(by.clone(), 1)], "a quiet minute");
        assert_eq!(limits.known(&caller), Ok(()));
        assert_eq!(limits.sum_up(), [], "nothing to sum up");
    }
}
