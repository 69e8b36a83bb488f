//! The learner, or who has parental responsibility, sees the own record.

use super::{Proof, RequestId};
use crate::family::{LeftOut, Reader};
use crate::ids::{CredentialId, TransitionId};
use crate::recipient::Days;

/// Lets somebody see the record of a learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddFamilyAccess {
    /// Any move of the learner.
    pub transition: TransitionId,
    /// Who, and by which right.
    pub reader: Reader,
    /// What they are not shown.
    pub left_out: LeftOut,
    /// Label, one line.
    pub label: String,
    /// What they prove themselves by.
    pub proof: Proof,
    /// From when until when.
    pub days: Days,
    /// How many days, where there is no last one.
    pub lifetime_days: u32,
    /// Idempotency key.
    pub request: RequestId,
}

/// They see it no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndFamilyAccess {
    /// Any move of the learner.
    pub transition: TransitionId,
    /// Which access.
    pub credential: CredentialId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Who of a family sees a learner's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFamilyAccess {
    /// Any move of the learner.
    pub transition: TransitionId,
}
