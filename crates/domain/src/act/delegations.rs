//! What a setting lets a vendor do in its place.

use super::RequestId;
use crate::delegation::{Mandate, Term};
use crate::ids::SettingId;

/// Hands work over to a vendor, or changes what was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddDelegation {
    /// The vendor.
    pub vendor: SettingId,
    /// What is handed over.
    pub mandate: Mandate,
    /// From when until when.
    pub term: Term,
    /// Idempotency key.
    pub request: RequestId,
}

/// A vendor acts for a setting no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndDelegation {
    /// The setting that handed over.
    pub setting: SettingId,
    /// The vendor.
    pub vendor: SettingId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows whom a setting handed work over to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDelegations {
    /// The setting that handed over.
    pub setting: SettingId,
}
