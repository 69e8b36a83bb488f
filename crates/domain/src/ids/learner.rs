//! Identifiers of a learner, by scheme.

use super::union::identifier_union;
use super::{IdError, IdWarning, LocalId, NhsNumber, Uci, Uln, Upn};

identifier_union! {
    /// One identifier of a learner, with its scheme. None is obligatory: a nursery
    /// child may have no number at all.
    LearnerIdentifier,
    /// The registers a learner may be known in.
    LearnerScheme {
        /// The permanent UPN.
        Upn(Upn) = "upn", permanent_upn;
        /// A UPN that was replaced. Permanent or temporary.
        FormerUpn(Upn) = "former_upn", Upn::parse;
        /// A temporary UPN still in use.
        TemporaryUpn(Upn) = "temporary_upn", temporary_upn;
        /// The unique learner number.
        Uln(Uln) = "uln", Uln::parse;
        /// The NHS number.
        Nhs(NhsNumber) = "nhs", NhsNumber::parse;
        /// The exam candidate identifier.
        Uci(Uci) = "uci", Uci::parse;
        /// What one setting calls the learner.
        Local(LocalId) = "local", LocalId::parse;
    }
}

impl LearnerIdentifier {
    /// What is unusual about it, if anything.
    pub fn warning(&self) -> Option<IdWarning> {
        match self {
            Self::Upn(upn) | Self::FormerUpn(upn) | Self::TemporaryUpn(upn) => upn.warning(),
            Self::Uln(_) | Self::Nhs(_) | Self::Uci(_) | Self::Local(_) => None,
        }
    }
}

impl From<Upn> for LearnerIdentifier {
    /// A UPN in use, under the scheme its last character says.
    fn from(upn: Upn) -> Self {
        if upn.is_temporary() {
            Self::TemporaryUpn(upn)
        } else {
            Self::Upn(upn)
        }
    }
}

fn permanent_upn(value: &str) -> Result<Upn, IdError> {
    let upn = Upn::parse(value)?;
    if upn.is_temporary() {
        Err(IdError::OtherScheme)
    } else {
        Ok(upn)
    }
}

fn temporary_upn(value: &str) -> Result<Upn, IdError> {
    let upn = Upn::parse(value)?;
    if upn.is_temporary() {
        Ok(upn)
    } else {
        Err(IdError::OtherScheme)
    }
}
