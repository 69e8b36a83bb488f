//! What can be asked about the policies themselves.

use super::RequestId;

/// Puts another policy set into force, for all and from the next entry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplacePolicySet {
    /// The set.
    pub policies: NewPolicies,
    /// Hash of the set it replaces.
    pub expected: String,
    /// Why, on one line. It stands in the entry for good: nothing about a person.
    pub reason: String,
    /// Idempotency key; none when it is only tried.
    pub request: Option<RequestId>,
}

/// A policy set as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPolicies {
    /// The whole text, each file under its mark.
    Text(String),
    /// Hash of one that stood before.
    Kept(String),
}

/// Shows when and by whom policy sets were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPolicyChanges {
    /// First position.
    pub start: u64,
    /// Most to show.
    pub limit: usize,
}
