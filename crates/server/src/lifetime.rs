//! How long a connection lasts: not for long while nobody is known on it, and not for ever after.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::connection::Lasting;
use crate::strangers::Standing;

/// So much later than the transport tells the client to leave the connection do streams on it end:
/// one that is resumed at once is resumed on another.
const TOLD_BEFORE: Duration = Duration::from_secs(2);

/// The time of one connection.
#[derive(Debug)]
pub(crate) struct Lifetime {
    standing: Arc<Standing>,
    stage: Stage,
    /// Too many unknown credentials were presented on it.
    given_up: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When the stage ends.
    ends: Pin<Box<Sleep>>,
    /// When it has reached its age, and when it is cut.
    aged: Instant,
    cut: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Strange,
    Known,
    Aged,
}

impl Lifetime {
    pub(crate) fn new(standing: Arc<Standing>, known_within: Duration, lasting: Lasting) -> Self {
        let born = Instant::now();
        let aged = born + lasting.age + TOLD_BEFORE + spread(lasting.age);
        Self {
            given_up: Box::pin(standing.given_up.clone().cancelled_owned()),
            standing,
            stage: Stage::Strange,
            ends: Box::pin(sleep_until(born + known_within)),
            aged,
            cut: aged + lasting.grace,
        }
    }

    /// Ready when the connection is over.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.stage == Stage::Strange && self.standing.is_known() {
                self.stage = Stage::Known;
                self.ends.as_mut().reset(self.aged);
            }
            if self.stage == Stage::Strange && self.given_up.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            std::task::ready!(self.ends.as_mut().poll(cx));
            if self.stage != Stage::Known {
                return Poll::Ready(());
            }
            self.standing.aged.cancel();
            self.stage = Stage::Aged;
            self.ends.as_mut().reset(self.cut);
        }
    }
}

/// Up to a tenth of the age, for each connection another: those that began together, as after a
/// start, do not all come back together.
fn spread(age: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without chance nothing is spread, and nothing else is lost.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    age * u32::from(u16::from_be_bytes(bytes)) / (10 * u32::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use baton_domain::ids::CredentialId;

    use super::*;
    use crate::origin::Origin;
    use crate::strangers::{Connections, UNKNOWN_MAX};

    const MOMENT: Duration = Duration::from_millis(10);
    const LONG: Duration = Duration::from_hours(1);

    fn standing() -> Arc<Standing> {
        let connections = Connections::default();
        connections
            .enter(Origin::of([192, 0, 2, 1].into()))
            .unwrap()
    }

    fn lasting(age: Duration, grace: Duration) -> Lasting {
        Lasting { age, grace }
    }

    #[test]
    fn ends_are_spread_over_a_tenth_of_the_age() {
        let all: Vec<Duration> = (0..64).map(|_| spread(LONG)).collect();
        assert!(all.iter().all(|later| *later <= LONG / 10));
        let (first, last) = (all.iter().min().unwrap(), all.iter().max().unwrap());
        assert!(*last > *first + LONG / 100, "{first:?} to {last:?}");
    }

    #[tokio::test]
    async fn who_presents_too_much_is_over_unless_it_is_known() {
        let strange = standing();
        let mut over = Lifetime::new(Arc::clone(&strange), LONG, lasting(LONG, LONG));
        let polled = async |over: &mut Lifetime| {
            poll_fn(|cx| Poll::Ready(over.poll_over(cx)))
                .await
                .is_ready()
        };
        for _ in 0..UNKNOWN_MAX {
            assert!(!strange.gives_up(), "each of these is answered");
            strange.presented_unknown();
        }
        assert!(!polled(&mut over).await);
        assert!(strange.gives_up(), "one more is not looked up");
        assert!(polled(&mut over).await);

        let known = standing();
        let mut over = Lifetime::new(Arc::clone(&known), LONG, lasting(LONG, LONG));
        assert!(known.is_known_now(&CredentialId::from_bytes([1; 16])));
        for _ in 0..2 * UNKNOWN_MAX {
            known.presented_unknown();
        }
        assert!(!known.gives_up() && !polled(&mut over).await);
    }

    #[tokio::test]
    async fn who_is_not_known_in_time_is_over_and_who_is_reaches_its_age() {
        let strange = standing();
        let mut over = Lifetime::new(Arc::clone(&strange), MOMENT, lasting(LONG, LONG));
        poll_fn(|cx| over.poll_over(cx)).await;
        assert!(!strange.aged.is_cancelled());

        let known = standing();
        let mut over = Lifetime::new(Arc::clone(&known), MOMENT, lasting(MOMENT, LONG));
        assert!(known.is_known_now(&CredentialId::from_bytes([1; 16])));
        tokio::select! {
            () = poll_fn(|cx| over.poll_over(cx)) => panic!("it is within its grace"),
            () = known.aged.cancelled() => {}
        }

        let known = standing();
        let mut over = Lifetime::new(Arc::clone(&known), LONG, lasting(MOMENT, MOMENT));
        assert!(known.is_known_now(&CredentialId::from_bytes([1; 16])));
        poll_fn(|cx| over.poll_over(cx)).await;
        assert!(known.aged.is_cancelled(), "told before it is cut");
    }
}
