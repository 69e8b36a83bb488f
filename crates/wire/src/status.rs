//! How a call fails: one list of reasons, and the one place where a `tonic::Status` is built.
//!
//! Every status carries `google.rpc.ErrorInfo` with a reason from the list, and `BadRequest` when
//! fields are at fault. Texts are fixed: nothing of an inner error, and nothing of the caller's
//! data, leaves through them.

use std::{collections::HashMap, time::Duration};

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{twin, v1, violation::Violation};

mod reason;

pub use reason::Reason;

/// `ErrorInfo.domain` of every status.
pub const DOMAIN: &str = "baton";

/// Key of the incident id in `ErrorInfo.metadata`; the server's log knows what happened under it.
pub const INCIDENT: &str = "incident";

/// Bytes of violations one status tells at most. They travel in a trailer, and common clients
/// (Java, Python) refuse trailers above 8 KiB; base64 adds a third. The rest is answered by
/// `CheckProfile`, whose list is in the body.
pub const STATUS_VIOLATIONS_BYTES: usize = 4096;

/// A failure as both sides see it: made by the server, read back by the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub reason: Reason,
    /// The fields at fault, if fields are.
    pub violations: Vec<Violation>,
    /// Under which id the server's log knows it.
    pub incident: Option<String>,
    /// When a repetition has a chance.
    pub retry_after: Option<Duration>,
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            violations: Vec::new(),
            incident: None,
            retry_after: None,
        }
    }
}

impl From<Vec<Violation>> for Problem {
    fn from(violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::from(Reason::InvalidRequest)
        }
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        Self::from(vec![violation])
    }
}

impl Problem {
    /// A fault of the service, logged under that id. Ids hold no personal data.
    pub fn internal(incident: impl Into<String>) -> Self {
        Self {
            incident: Some(incident.into()),
            ..Self::from(Reason::Internal)
        }
    }

    /// The same, with a hint when to come back.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What a status says; `None` when it was not made by this service (a proxy, the transport).
    pub fn of(status: &Status) -> Option<Self> {
        let details = status.get_error_details();
        let info = details.error_info()?;
        if info.domain != DOMAIN {
            return None;
        }
        let violations = details
            .bad_request()
            .map(|told| {
                told.field_violations
                    .iter()
                    .cloned()
                    .map(Violation::from)
                    .collect()
            })
            .unwrap_or_default();
        Some(Self {
            reason: Reason::parse(&info.reason)?,
            violations,
            incident: info.metadata.get(INCIDENT).cloned(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        })
    }
}

impl Problem {
    /// Why an item of a batch was refused; `None` for a reason this version does not know.
    pub fn of_item(item: v1::ItemError) -> Option<Self> {
        // The code follows from the reason.
        let v1::ItemError {
            code: _,
            reason,
            violations,
        } = item;
        Some(Self {
            violations: violations.into_iter().map(Into::into).collect(),
            ..Self::from(Reason::parse(&reason)?)
        })
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let metadata: HashMap<String, String> = problem
            .incident
            .map(|id| (INCIDENT.to_owned(), id))
            .into_iter()
            .collect();
        let mut details = ErrorDetails::with_error_info(problem.reason.name(), DOMAIN, metadata);
        if !problem.violations.is_empty() {
            details.set_bad_request(for_a_trailer(&problem.violations));
        }
        if let Some(delay) = problem.retry_after {
            details.set_retry_info(Some(delay));
        }
        Self::with_error_details(problem.reason.code(), problem.reason.message(), details)
    }
}

impl From<Reason> for Status {
    fn from(reason: Reason) -> Self {
        Problem::from(reason).into()
    }
}

fn for_a_trailer(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut told: Vec<FieldViolation> = Vec::new();
    let mut bytes = 0;
    for violation in violations {
        let next = FieldViolation::from(violation);
        // Tags and lengths of the three texts and of the item itself.
        bytes += next.field.len() + next.reason.len() + next.description.len() + 12;
        if bytes > STATUS_VIOLATIONS_BYTES {
            let more = Violation::more(
                "There are more violations; CheckProfile lists all of a profile, `baton policy check` of a policy set.",
            );
            told.push(FieldViolation::from(&more));
            break;
        }
        told.push(next);
    }
    told
}

// === one item of a batch ===

impl From<Problem> for twin::ItemError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.reason.code().into(),
            reason: problem.reason.name().to_owned(),
            violations: problem.violations.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_survives_the_wire() {
        let shaped = Violation::new("content.identity.upn", "upn.check_letter", "Say why.")
            .shaped("text of 12 characters");
        for &reason in Reason::ALL {
            let problem = Problem {
                reason,
                violations: vec![
                    shaped.clone(),
                    Violation::new("parent", "required", "Give it."),
                ],
                incident: Some("inc_1".to_owned()),
                retry_after: Some(Duration::from_secs(3)),
            };
            let status = Status::from(problem.clone());
            assert_eq!(status.code(), reason.code());
            assert_eq!(Problem::of(&status), Some(problem));
        }
    }

    #[test]
    fn a_long_list_is_cut_to_what_clients_take_in_a_trailer() {
        let many = vec![Violation::new("content.send.needs[3].sen_type", "code_set", "X."); 200];
        let status = Status::from(Problem::from(many));
        assert!(
            status.details().len() * 4 / 3 < 7 * 1024,
            "{}",
            status.details().len()
        );
        let problem = Problem::of(&status).expect("ours");
        assert_eq!(
            problem.violations.last().map(|last| last.rule.as_str()),
            Some("more")
        );
    }

    #[test]
    fn a_foreign_status_is_nobodys_problem() {
        assert_eq!(Problem::of(&Status::unavailable("proxy")), None);
    }

    #[test]
    fn reasons_keep_to_the_shape_of_error_info() {
        for reason in Reason::ALL {
            let name = reason.name();
            assert!(name.len() <= 63);
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_'),
                "{name}"
            );
            assert_eq!(Reason::parse(name), Some(*reason));
        }
    }
}
