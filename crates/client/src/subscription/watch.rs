//! A watch that comes back.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use baton_wire::v1;
use futures::{Stream, stream};
use tokio::time::{sleep, timeout};
use tonic::Streaming;

use super::{Event, Subscription, begin_afresh, event};
use crate::{ClientError, RetryPolicy};

/// Silence after which a watch takes its connection for lost. The service sends a bookmark after
/// 15 s without items.
pub const SILENCE_MAX: Duration = Duration::from_secs(45);
/// Longest wait between two attempts to come back.
pub const RECONNECT_WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest wait the service can ask for before an attempt to come back.
pub const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);
/// Attempts to come back in a row, about an hour; then the watch ends with the last error.
pub const RECONNECTS_MAX: u32 = 120;

const RECONNECT: RetryPolicy = RetryPolicy {
    attempts: RECONNECTS_MAX,
    first: crate::BACKOFF_FIRST,
    longest: RECONNECT_WAIT_MAX,
};

/// Turns without end, as a stream of [`Event`]s.
///
/// It reads only when it is polled: a slow reader holds up the service through flow control, one
/// turn is held at most, and nothing is dropped. It ends only with an error that coming back does
/// not mend, or after [`RECONNECTS_MAX`] failures in a row. [`ClientError::TakenOver`] is such an
/// error: another consumer took the subscription over, and it does not come back by itself. Dropping it ends the call; dropping
/// a pending `next()` loses nothing.
pub struct Watch {
    events: Pin<Box<dyn Stream<Item = Result<Event, ClientError>> + Send>>,
    token: String,
}

impl Watch {
    /// Where to resume once everything this stream has given is dealt with.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl From<Subscription> for Watch {
    fn from(subscription: Subscription) -> Self {
        let token = subscription.token.clone();
        let session = Session {
            subscription,
            turns: None,
            told: VecDeque::new(),
            unwitnessed: None,
            failures: 0,
            asked_to_wait: Duration::ZERO,
            over: false,
        };
        let events = stream::unfold(session, |mut session| async move {
            session.next().await.map(|event| (event, session))
        });
        Self {
            events: Box::pin(events),
            token,
        }
    }
}

impl Stream for Watch {
    type Item = Result<Event, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.events.as_mut().poll_next(cx);
        if let Poll::Ready(Some(Ok(event))) = &polled
            && let Some(token) = event.token()
        {
            token.clone_into(&mut self.token);
        }
        polled
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

/// A watch across its connections.
struct Session {
    /// Its token is that of the last turn read.
    subscription: Subscription,
    turns: Option<Streaming<v1::WatchResponse>>,
    /// Events of the last turn that were not given yet: at most two.
    told: VecDeque<Event>,
    /// A checkpoint the witness should look at before the next turn is read.
    unwitnessed: Option<String>,
    /// In a row, since the last turn.
    failures: u32,
    /// What the service asked for with the last failure.
    asked_to_wait: Duration,
    over: bool,
}

impl Session {
    async fn next(&mut self) -> Option<Result<Event, ClientError>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            if let Some(sighting) = self.witness().await {
                return Some(Ok(sighting));
            }
            match self.read_turn().await {
                Ok(()) => {}
                Err(error) => match self.interrupted(error) {
                    Ok(event) => return Some(Ok(event)),
                    Err(error) => {
                        self.over = true;
                        return Some(Err(error));
                    }
                },
            }
        }
    }

    /// Reads a turn into `told`, connecting first where there is no connection.
    async fn read_turn(&mut self) -> Result<(), ClientError> {
        let turns = if let Some(turns) = &mut self.turns {
            turns
        } else {
            if self.failures > 0 {
                sleep(RECONNECT.wait(self.failures).max(self.asked_to_wait)).await;
            }
            let turns = self.connect().await?;
            if let Some(witness) = &self.subscription.witness {
                witness.expect_now();
            }
            self.turns.insert(turns)
        };
        let turn = match timeout(SILENCE_MAX, turns.message()).await {
            Ok(Ok(Some(turn))) => turn,
            // The service ended the stream, to stop or to spread its load.
            Ok(Ok(None)) | Err(_) => return Err(ClientError::Lost),
            Ok(Err(status)) => return Err(status.into()),
        };
        let v1::WatchResponse {
            items,
            token,
            ledger_changed,
            checkpoint,
        } = turn;
        self.failures = 0;
        token.clone_into(&mut self.subscription.token);
        self.told.extend(event::read(items, token, ledger_changed));
        if self
            .subscription
            .witness
            .as_ref()
            .is_some_and(crate::Witness::is_due)
        {
            self.unwitnessed = Some(checkpoint);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Streaming<v1::WatchResponse>, ClientError> {
        let Subscription {
            client,
            parent,
            name,
            token,
            max_items,
            inline_content,
            witness: _,
        } = &self.subscription;
        let request = v1::WatchRequest {
            parent: parent.clone(),
            subscription: name.clone(),
            token: token.clone(),
            max_items: *max_items,
            inline_content: *inline_content,
        };
        client.watch(request).await
    }

    /// What the reader is told of a failure, or the error the watch ends with.
    fn interrupted(&mut self, error: ClientError) -> Result<Event, ClientError> {
        self.turns = None;
        self.failures += 1;
        self.asked_to_wait = error.retry_after().unwrap_or_default().min(RETRY_AFTER_MAX);
        let error = match begin_afresh(&self.subscription.token, error) {
            Ok(event) => {
                self.subscription.token.clear();
                return Ok(event);
            }
            Err(error) => error,
        };
        if !error.is_retryable() || self.failures > RECONNECT.attempts {
            return Err(error);
        }
        tracing::warn!(failures = self.failures, reason = ?error.reason(), "a watch was cut off");
        Ok(Event::Interrupted {
            failures: self.failures,
            error,
        })
    }

    async fn witness(&mut self) -> Option<Event> {
        let checkpoint = self.unwitnessed.take()?;
        let Subscription {
            client,
            parent,
            witness,
            ..
        } = &self.subscription;
        let sighting = witness.as_ref()?.look(client, parent, &checkpoint).await?;
        Some(Event::Witness(sighting))
    }
}
