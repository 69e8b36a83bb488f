//! How long a connection lasts: not for long while nobody is known on it, and not for ever after.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::connection::Lasting;
use crate::strangers::Standing;

/// The time of one connection.
#[derive(Debug)]
pub(crate) struct Lifetime {
    standing: Arc<Standing>,
    stage: Stage,
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
        Self {
            standing,
            stage: Stage::Strange,
            ends: Box::pin(sleep_until(born + known_within)),
            aged: born + lasting.age,
            cut: born + lasting.age + lasting.grace,
        }
    }

    /// Ready when the connection is over.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.stage == Stage::Strange && self.standing.is_known() {
                self.stage = Stage::Known;
                self.ends.as_mut().reset(self.aged);
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use baton_domain::ids::CredentialId;

    use super::*;
    use crate::origin::Origin;
    use crate::strangers::Connections;

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
