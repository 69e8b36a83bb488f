//! When a refusal is answered. What is not there is decided sooner than what is there and not for the
//! caller: so both are answered at the next whole step after the call, and the time tells no more than
//! the words.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The first whole step after a call by which its refusal is decided.
fn answered_at(asked: Instant, decided: Instant, step: Duration) -> Instant {
    let took = decided.duration_since(asked).as_nanos();
    let steps = took / step.as_nanos().max(1) + 1;
    asked + step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

/// Waits until a refusal of a call is answered. A step of nothing is no wait.
pub(crate) async fn answered(asked: Instant, step: Duration) {
    if !step.is_zero() {
        sleep_until(answered_at(asked, Instant::now(), step)).await;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_refusals_decided_within_one_step_are_answered_at_the_same_moment(
            step_us in 1_u64..200_000, steps in 0_u32..1_000, one in 0.0_f64..1.0, other in 0.0_f64..1.0,
        ) {
            let (asked, step) = (Instant::now(), Duration::from_micros(step_us));
            let within = |part: f64| asked + step * steps + step.mul_f64(part * 0.999);
            let (one, other) = (within(one), within(other));
            let answer = answered_at(asked, one, step);
            prop_assert_eq!(answer, answered_at(asked, other, step));
            prop_assert_eq!(answer, asked + step * (steps + 1));
            prop_assert!(answer > one && answer > other);
        }
    }

    #[test]
    fn a_refusal_decided_at_the_very_step_waits_for_the_next() {
        let (asked, step) = (Instant::now(), Duration::from_millis(40));
        assert_eq!(answered_at(asked, asked, step), asked + step);
        assert_eq!(answered_at(asked, asked + step, step), asked + step * 2);
    }
}
