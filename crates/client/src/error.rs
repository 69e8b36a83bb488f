//! Why a call failed, as something a caller can act on.

use std::{error::Error as _, io, time::Duration};

use baton_wire::{
    status::{Problem, Reason},
    v1,
    violation::Violation,
};
use tonic::{Code, Status};

/// Why a call, or one item of a batch, failed. No text holds personal data or a name of anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No credential, or one that is unknown, expired, revoked or not proved.
    #[error("no valid credential was presented")]
    NotAuthenticated,
    /// Not allowed, or not there: the service makes no difference.
    #[error("not found, or not for this caller")]
    Denied,
    /// Fields are wrong: all of them, unless the last one has the rule `more`.
    #[error("{}", invalid(.0.len()))]
    Invalid(Vec<Violation>),
    /// What was sent of a document is not what was announced: everything that is wrong with it.
    #[error("what was sent is not the document that was announced")]
    Unfit(Vec<Violation>),
    /// The policy set cannot be put into force: everything that is wrong with it, unless the last
    /// one has the rule `more`.
    #[error("the policy set cannot be put into force")]
    PolicySet(Vec<Violation>),
    /// The request id was used before with other content.
    #[error("the request id was used before with other content")]
    Conflict,
    /// Another consumer watches or pulls this subscription now, and this watch has ended. Give each
    /// consumer a subscription name of its own; coming back would only end the other one.
    #[error(
        "another consumer took this subscription over; give each consumer a subscription name of \
         its own"
    )]
    TakenOver,
    /// The service refused for a reason of its own; repeating the same call does not help.
    #[error("{}", .reason.message())]
    Failed {
        /// Which one.
        reason: Reason,
        /// Everything it is about, where the reason speaks of problems; of most reasons none.
        violations: Vec<Violation>,
        /// Under which id the service's log knows it.
        incident: Option<String>,
    },
    /// A queue or the disk is full; nothing was done.
    #[error("the service is full; nothing was done")]
    Full {
        /// [`Reason::QueueFull`] or [`Reason::LedgerFull`].
        reason: Reason,
        /// When a repetition has a chance, if the service says so.
        retry_after: Option<Duration>,
    },
    /// Too many calls, or too many refused ones; nothing was done.
    #[error("too many calls; nothing was done")]
    RateLimited {
        /// [`Reason::RateLimited`] or [`Reason::RefusalsLimited`]; `None`: somebody between us.
        reason: Option<Reason>,
        /// When a repetition has a chance, if the service says so.
        retry_after: Option<Duration>,
    },
    /// Whether it was done is not known. Repeat with the same content and the same request id.
    #[error("whether this was done is not known; repeat it with the same request id")]
    OutcomeUnknown {
        /// The id the call was made with; `None` for calls that have none.
        request_id: Option<String>,
    },
    /// The service, or something before it, is not available.
    #[error("the service is not available")]
    Unavailable {
        /// [`Reason::Unavailable`] or [`Reason::ClockSkew`]: nothing was done. `None`: somebody
        /// between us said so, and it may have been done.
        reason: Option<Reason>,
        /// When a repetition has a chance, if the service says so.
        retry_after: Option<Duration>,
    },
    /// The deadline of the call passed, repetitions included.
    #[error("the deadline passed")]
    Deadline,
    /// No connection came about; nothing was done.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke in the middle of a call. With a client certificate this may also mean
    /// that the service did not take it: TLS 1.3 tells only at the first call.
    #[error("the connection was lost")]
    Lost,
    /// The answer is not one of this contract.
    #[error("the answer is not one of this contract: {0}")]
    Protocol(ProtocolError),
    /// The machine gave no random bytes for a request id.
    #[error("the machine gave no random bytes")]
    NoRandomness,
}

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Not a URL of the form `https://host[:port]`. There is no plaintext, not even on loopback.
    #[error("the address must be of the form https://host[:port]")]
    Address,
    /// No certificate was given that the server's could be checked against, or it is not PEM.
    #[error("the certificates to trust are missing or not PEM")]
    Roots,
    /// The client certificate or its key is not PEM, or they do not belong together.
    #[error("the client certificate and key cannot be used")]
    Identity,
    /// The API key has characters no key has.
    #[error("the API key is malformed")]
    ApiKey,
    /// A certificate and an API key: one caller has one credential.
    #[error("give a certificate or an API key, not both")]
    TwoCredentials,
    /// The server's certificate is not one of those trusted, or not for this address.
    #[error("the server's certificate is not trusted, or TLS failed")]
    Tls,
    /// Nobody answers there.
    #[error("the server cannot be reached")]
    Unreachable,
}

/// What was wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A status this contract does not have.
    #[error("unexpected status {}", *.0 as i32)]
    Status(Code),
    /// Not the message the contract says.
    #[error("the message cannot be decoded")]
    Undecodable,
    /// A batch was answered with another number of items than it had.
    #[error("the number of answers is not the number of items")]
    Count,
    /// An item of a batch has neither answer nor error.
    #[error("an item has no answer")]
    Item,
}

fn invalid(fields: usize) -> String {
    match fields {
        1 => "1 field is not valid".to_owned(),
        n => format!("{n} fields are not valid"),
    }
}

impl ClientError {
    /// Whether the same call, with the same request id, may succeed when repeated later. The
    /// client has done so already, within the deadline and the attempts of its policy.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::RateLimited { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Unavailable { .. }
            | Self::Deadline
            | Self::Lost
            | Self::Connect(ConnectError::Unreachable) => true,
            Self::NotAuthenticated
            | Self::Denied
            | Self::Invalid(_)
            | Self::Unfit(_)
            | Self::PolicySet(_)
            | Self::Conflict
            | Self::TakenOver
            | Self::Failed { .. }
            | Self::Connect(_)
            | Self::Protocol(_)
            | Self::NoRandomness => false,
        }
    }

    /// The reason the service gave; `None` when it was not the service that refused.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::NotAuthenticated => Some(Reason::Unauthenticated),
            Self::Denied => Some(Reason::PermissionDenied),
            Self::Invalid(_) => Some(Reason::InvalidRequest),
            Self::Unfit(_) => Some(Reason::DocumentUnfit),
            Self::PolicySet(_) => Some(Reason::PolicySetRefused),
            Self::Conflict => Some(Reason::RequestIdConflict),
            Self::TakenOver => Some(Reason::SubscriptionTakenOver),
            Self::Failed { reason, .. } | Self::Full { reason, .. } => Some(*reason),
            Self::RateLimited { reason, .. } | Self::Unavailable { reason, .. } => *reason,
            Self::OutcomeUnknown { .. } => Some(Reason::OutcomeUnknown),
            Self::Deadline => Some(Reason::DeadlineExceeded),
            Self::Connect(_) | Self::Lost | Self::Protocol(_) | Self::NoRandomness => None,
        }
    }

    /// Everything the service, or this side before it asked, found wrong with what was sent.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations)
            | Self::Unfit(violations)
            | Self::PolicySet(violations)
            | Self::Failed { violations, .. } => violations,
            _ => &[],
        }
    }

    /// How long the service asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Full { retry_after, .. }
            | Self::RateLimited { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether a mutating call that failed so may have been done all the same.
    pub(crate) const fn may_have_been_done(&self) -> bool {
        matches!(
            self,
            Self::OutcomeUnknown { .. }
                | Self::Deadline
                | Self::Lost
                | Self::Unavailable { reason: None, .. }
        )
    }
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        let Problem {
            reason,
            violations,
            incident,
            retry_after,
        } = problem;
        match reason {
            Reason::Unauthenticated => Self::NotAuthenticated,
            Reason::PermissionDenied => Self::Denied,
            Reason::InvalidRequest => Self::Invalid(violations),
            Reason::DocumentUnfit => Self::Unfit(violations),
            Reason::PolicySetRefused => Self::PolicySet(violations),
            Reason::RequestIdConflict => Self::Conflict,
            Reason::SubscriptionTakenOver => Self::TakenOver,
            Reason::QueueFull | Reason::LedgerFull => Self::Full {
                reason,
                retry_after,
            },
            Reason::RateLimited | Reason::RefusalsLimited => Self::RateLimited {
                reason: Some(reason),
                retry_after,
            },
            Reason::OutcomeUnknown => Self::OutcomeUnknown { request_id: None },
            Reason::Unavailable | Reason::ClockSkew => Self::Unavailable {
                reason: Some(reason),
                retry_after,
            },
            Reason::DeadlineExceeded => Self::Deadline,
            // Reasons are added over time; a test sees to it that none that may pass lands here.
            _ => Self::Failed {
                reason,
                violations,
                incident,
            },
        }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        if let Some(problem) = Problem::of(&status) {
            return problem.into();
        }
        // A status with a source was made on this side, out of what happened to the connection.
        if let Some(broken) = status.source().and_then(of_connection) {
            return broken;
        }
        match status.code() {
            Code::Unknown | Code::Internal if status.source().is_some() => Self::Lost,
            code => code.into(),
        }
    }
}

/// What is left to say when the service gave no reason this version knows: a newer service, or
/// somebody in between.
impl From<Code> for ClientError {
    fn from(code: Code) -> Self {
        let (reason, retry_after) = (None, None);
        match code {
            Code::Unauthenticated => Self::NotAuthenticated,
            Code::PermissionDenied => Self::Denied,
            Code::ResourceExhausted => Self::RateLimited {
                reason,
                retry_after,
            },
            Code::Unavailable => Self::Unavailable {
                reason,
                retry_after,
            },
            Code::DeadlineExceeded => Self::Deadline,
            Code::Unimplemented => Self::Failed {
                reason: Reason::Unimplemented,
                violations: Vec::new(),
                incident: None,
            },
            // A stream reset or cut by a proxy or a stopping server.
            Code::Cancelled => Self::Lost,
            code => Self::Protocol(ProtocolError::Status(code)),
        }
    }
}

/// One refused item of a batch.
impl From<v1::ItemError> for ClientError {
    fn from(told: v1::ItemError) -> Self {
        let code = Code::from(told.code);
        Problem::of_item(told).map_or_else(|| code.into(), Into::into)
    }
}

impl ClientError {
    /// What a transport error means, when it says more than that nobody answers.
    pub(crate) fn from_transport(error: &tonic::transport::Error) -> Option<Self> {
        causes(error)
            .any(is_tls)
            .then_some(Self::Connect(ConnectError::Tls))
    }
}

fn of_connection(error: &(dyn std::error::Error + 'static)) -> Option<ClientError> {
    if causes(error).any(<dyn std::error::Error>::is::<tonic::TimeoutExpired>) {
        return Some(ClientError::Deadline);
    }
    if !causes(error).any(<dyn std::error::Error>::is::<tonic::ConnectError>) {
        return None;
    }
    let tls = causes(error).any(is_tls);
    let why = if tls {
        ConnectError::Tls
    } else {
        ConnectError::Unreachable
    };
    Some(why.into())
}

/// The error, what caused it, what caused that, and so on.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error names as its source what lies below the error it wraps.
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => wrapped.is::<rustls::Error>(),
        None => error.is::<rustls::Error>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_as_an_error() {
        let violations = vec![Violation::new("parent", "required", "Give it.")];
        let retry_after = Some(Duration::from_secs(3));
        for &reason in Reason::ALL {
            let problem = Problem {
                reason,
                violations: violations.clone(),
                incident: Some("inc_1".to_owned()),
                retry_after,
            };
            let error = ClientError::from(Status::from(problem));
            assert_eq!(error.reason(), Some(reason));
            assert_eq!(
                error.is_retryable(),
                reason.may_be_repeated(),
                "{}",
                reason.name()
            );
            if let ClientError::Invalid(told) = &error {
                assert_eq!(*told, violations);
            }
            if let ClientError::Full { .. } | ClientError::RateLimited { .. } = error {
                assert_eq!(error.retry_after(), retry_after);
            }
            let item = v1::ItemError {
                reason: reason.name().to_owned(),
                ..Default::default()
            };
            assert_eq!(ClientError::from(item).reason(), Some(reason));
        }
    }

    #[test]
    fn a_status_of_somebody_in_between_is_understood_by_its_code() {
        let unavailable = ClientError::from(Status::unavailable("proxy"));
        assert!(unavailable.is_retryable() && unavailable.may_have_been_done());
        let error = ClientError::from(Status::data_loss("?"));
        assert_eq!(
            error,
            ClientError::Protocol(ProtocolError::Status(Code::DataLoss))
        );
        let item = v1::ItemError {
            code: Code::ResourceExhausted.into(),
            ..Default::default()
        };
        assert!(ClientError::from(item).is_retryable());
    }
}
