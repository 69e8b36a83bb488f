//! The framework agreement: signed, ended, shown, and sent without.

use super::RequestId;
use crate::agreement::{SendingReason, Signed};
use crate::ids::{SettingId, SettingIdentifier, TransitionId};

/// A setting signs, or its council records that it signed on paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignAgreement {
    /// Who signed.
    pub setting: SettingId,
    /// What, and for which days.
    pub signed: Signed,
    /// Idempotency key.
    pub request: RequestId,
}

/// The agreement of a setting counts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndAgreement {
    /// Whose.
    pub setting: SettingId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Whose agreements are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parties {
    /// One setting's.
    Setting(SettingId),
    /// Those of the settings of a council, by its three digits, a page.
    Council {
        /// Empty: of the acting setting's council.
        council: String,
        /// Only settings without one that is in force.
        without_only: bool,
        /// Only ids after this one.
        after: Option<SettingId>,
        /// Most to show.
        limit: usize,
    },
}

/// Shows agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAgreements {
    /// Whose.
    pub of: Parties,
}

/// The sending head sends one move to one setting though one of the two has not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendWithoutAgreement {
    /// The move.
    pub transition: TransitionId,
    /// The receiver.
    pub setting: SettingIdentifier,
    /// Why.
    pub reason: SendingReason,
    /// Idempotency key.
    pub request: RequestId,
}

/// Takes that back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndSendingWithoutAgreement {
    /// The move.
    pub transition: TransitionId,
    /// The receiver.
    pub setting: SettingIdentifier,
    /// Idempotency key.
    pub request: RequestId,
}
