//! Pupils whose identity was changed to protect them.

use super::RequestId;
use crate::guarded::Phrase;
use crate::ids::{LearnerIdentifier, TransitionId};

/// Says what must not be written of a learner: nothing that has one of the phrases is published. They
/// stand in the place of those that were said before; none takes the guard away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardIdentity {
    /// A move of the learner as it is known now.
    pub transition: TransitionId,
    /// What would lead back.
    pub phrases: Vec<Phrase>,
    /// Idempotency key.
    pub request: RequestId,
}

/// Has numbers that were retired be used again by the caller's setting: they were retired by mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadmitIdentifiers {
    /// The numbers.
    pub identifiers: Vec<LearnerIdentifier>,
    /// Idempotency key.
    pub request: RequestId,
}
