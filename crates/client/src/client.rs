//! One method per call of the contract, made until it is done or cannot be.

use std::time::Duration;

use baton_wire::status::Reason;
use bytes::Bytes;
use prost::Message;
use tokio::time::{Instant, sleep, timeout};

use crate::{ClientError, Connection, ProtocolError, RETRY_AFTER_MAX, SEND_BYTES_MAX, request_id};

/// Longest deadline a call is given; one without end is this one.
const DEADLINE_MAX: Duration = Duration::from_hours(24);

/// The calls of the contract, over one connection.
///
/// Every method takes and gives the messages of the contract. It fills in what is left empty
/// (`parent`, if [`acting_for`](Client::acting_for) was said; `request_id`), repeats the call, with
/// the same request id, for as long as its failure may pass and the deadline allows, and is done by
/// the deadline. Nothing is sent before a call is awaited; one that is dropped is cancelled and may have been done all the same.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) connection: Connection,
    parent: Option<String>,
    deadline: Duration,
}

impl Client {
    /// Calls over this connection.
    pub fn new(connection: Connection) -> Self {
        Self {
            deadline: connection.deadline,
            connection,
            parent: None,
        }
    }

    /// The same, with every empty `parent` standing for this setting, `settings/{setting}`.
    #[must_use]
    pub fn acting_for(&self, setting: impl Into<String>) -> Self {
        Self {
            parent: Some(setting.into()),
            ..self.clone()
        }
    }

    /// The same, with another deadline for each call.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    /// The acting setting, if one was said.
    pub fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// How long a call may take.
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn fill_parent(&self, parent: &mut String) {
        if let (true, Some(own)) = (parent.is_empty(), &self.parent) {
            parent.clone_from(own);
        }
    }

    /// Makes a call until it is done, cannot be done, or time and attempts are over.
    pub(crate) async fn call<A: Message + Default>(
        &self,
        path: &'static str,
        message: Bytes,
        kind: Kind,
    ) -> Result<A, ClientError> {
        if message.len() > SEND_BYTES_MAX {
            return Err(ClientError::Failed {
                reason: Reason::RequestTooLarge,
                violations: Vec::new(),
                incident: None,
            });
        }
        let policy = self.connection.retry;
        let end = Instant::now() + self.deadline.min(DEADLINE_MAX);
        // Set once an attempt failed after which it may have been done.
        let mut uncertain = false;
        let mut failures = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let attempt = self.connection.unary(path, message.clone(), left);
            let error = match timeout(left, attempt).await {
                Ok(Ok(answer)) => {
                    return A::decode(answer)
                        .map_err(|_| ClientError::Protocol(ProtocolError::Undecodable));
                }
                Ok(Err(error)) => error,
                Err(_) => ClientError::Deadline,
            };
            failures += 1;
            uncertain |= error.may_have_been_done();
            let again = match kind {
                Kind::Read | Kind::Write(_) => error.is_retryable(),
                Kind::Once => error.is_retryable() && !uncertain,
            };
            let asked_to_wait = error.retry_after().unwrap_or_default();
            let wait = asked_to_wait
                .min(RETRY_AFTER_MAX)
                .max(policy.wait(failures));
            if !again || failures >= policy.attempts || Instant::now() + wait >= end {
                return Err(kind.outcome(error, uncertain));
            }
            tracing::debug!(failures, ?wait, reason = ?error.reason(), "a call is repeated");
            sleep(wait).await;
        }
    }
}

/// What a repetition of a call would mean.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing changes; another entry at most.
    Read,
    /// It has this request id, or one per item: done twice, it is done once.
    Write(Option<String>),
    /// It has no request id: repeated only while nothing can have been done.
    Once,
}

impl Kind {
    /// A write that has a request id, its own or a new one.
    pub(crate) fn write(id: &mut String) -> Result<Self, ClientError> {
        if id.is_empty() {
            *id = request_id()?;
        }
        Ok(Self::Write(Some(id.clone())))
    }

    /// What the last error means after all the attempts.
    fn outcome(self, error: ClientError, uncertain: bool) -> ClientError {
        // An answer that no repetition would change is the truth about the first attempt too.
        match self {
            Self::Write(request_id) if uncertain && error.is_retryable() => {
                ClientError::OutcomeUnknown { request_id }
            }
            Self::Once if uncertain => ClientError::OutcomeUnknown { request_id: None },
            _ => error,
        }
    }
}
