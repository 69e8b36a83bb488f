//! The answer to a tuple, with the policies that gave it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Allowed or not, and why: an entry records both, so that years later the
/// deciding lines can be found in the policy set of that hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the act may go on.
    pub allowed: bool,
    /// The `@id`s of the deciding policies in alphabetical order: the permits that
    /// applied, or the guards that closed; else one of the two names below.
    pub policies: Arc<[String]>,
}

impl Verdict {
    /// Stands for "no policy permits it".
    pub const DEFAULT_DENY: &'static str = "default_deny";
    /// Stands for "a policy failed while it was evaluated": a guard that fails
    /// would otherwise be skipped, so everything is denied.
    pub const EVALUATION_ERROR: &'static str = "evaluation_error";

    /// A denial for one of the two reasons that are no policy.
    pub fn denied(reason: &str) -> Self {
        Self {
            allowed: false,
            policies: Arc::from([reason.to_owned()]),
        }
    }
}
