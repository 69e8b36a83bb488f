//! Settings that receive beside the destination.

use super::RequestId;
use crate::ids::{SettingIdentifier, TransitionId};
use crate::recipient::{Days, RecipientPurpose, RecipientRelation};
use crate::section::KindSet;

/// Names a recipient of a move, or changes what it was named for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddRecipient {
    /// The move.
    pub transition: TransitionId,
    /// The setting.
    pub setting: SettingIdentifier,
    /// How it stands to the move.
    pub relation: RecipientRelation,
    /// What a further recipient gets; nothing of the others.
    pub kinds: KindSet,
    /// From when until when.
    pub days: Days,
    /// Why.
    pub purpose: RecipientPurpose,
    /// Idempotency key.
    pub request: RequestId,
}

/// A setting is no recipient any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndRecipient {
    /// The move.
    pub transition: TransitionId,
    /// The setting.
    pub setting: SettingIdentifier,
    /// Idempotency key.
    pub request: RequestId,
}

/// Names the council that keeps the learner's EHC plan, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPlanCouncil {
    /// The move.
    pub transition: TransitionId,
    /// The council; none: no other setting writes the plan.
    pub council: Option<SettingIdentifier>,
    /// Idempotency key.
    pub request: RequestId,
}
