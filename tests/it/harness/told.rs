//! What a refused caller is told.

use baton_wire::status::{DOMAIN, Reason};
use baton_wire::violation::Violation;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use super::calls::Answer;

/// Stands in requests where a name or number would stand. No error text may repeat it.
pub(crate) const MARKER: &str = "Quillonmarker";

/// A refusal, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: Code,
    pub(crate) reason: Reason,
    pub(crate) violations: Vec<Violation>,
}

impl Told {
    /// Field and rule of each violation, in order.
    pub(crate) fn rules(&self) -> Vec<(&str, &str)> {
        self.violations
            .iter()
            .map(|it| (it.field.as_str(), it.rule.as_str()))
            .collect()
    }
}

/// What the caller was told. Every refusal says why in the agreed form, and repeats nothing of what
/// was sent.
#[track_caller]
pub(crate) fn refused<T>(answer: Answer<T>) -> Told {
    match answer {
        Ok(_) => panic!("the call was answered, and should have been refused"),
        Err(status) => read(&status),
    }
}

/// How a stream ended that had nothing more to say.
pub(crate) async fn ended<T>(mut stream: Streaming<T>) -> Told {
    loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => return read(&status),
        }
    }
}

#[track_caller]
fn read(status: &Status) -> Told {
    let details = status.get_error_details();
    let Some(info) = details.error_info() else {
        panic!(
            "{:?} {:?} has no ErrorInfo",
            status.code(),
            status.message()
        );
    };
    assert_eq!(info.domain, DOMAIN, "{info:?}");
    let Some(reason) = Reason::parse(&info.reason) else {
        panic!("{} is no reason of the contract", info.reason);
    };
    assert_eq!(status.code(), reason.code(), "the code of {}", info.reason);
    let told = format!("{} {:?}", status.message(), details);
    assert!(!told.contains(MARKER), "what was sent is repeated: {told}");
    assert!(
        !String::from_utf8_lossy(status.details()).contains(MARKER),
        "repeated in the details"
    );
    let violations = details
        .bad_request()
        .map_or_else(Vec::new, |bad| bad.field_violations.clone());
    let violations: Vec<Violation> = violations.into_iter().map(Violation::from).collect();
    let of_fields = matches!(
        reason,
        Reason::InvalidRequest
            | Reason::DocumentUnfit
            | Reason::RecipientUnfit
            | Reason::DecisionUnfit
            | Reason::FamilyAccessUnfit
            | Reason::FormerIdentity
            | Reason::PolicySetRefused
    );
    assert_eq!(
        violations.is_empty(),
        !of_fields,
        "fields are named when fields are at fault: {violations:?}"
    );
    Told {
        code: status.code(),
        reason,
        violations,
    }
}
