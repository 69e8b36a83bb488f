//! What people decided about sharing.

use super::RequestId;
use crate::ids::{SettingIdentifier, TransitionId};
use crate::sharing::Decision;

/// Records a decision about a learner's move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSharing {
    /// The move.
    pub transition: TransitionId,
    /// The decision.
    pub decision: Decision,
    /// The one setting it is about; none: every one of its class.
    pub setting: Option<SettingIdentifier>,
    /// Idempotency key.
    pub request: RequestId,
}

/// Lists the decisions of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSharing {
    /// The move.
    pub transition: TransitionId,
}
