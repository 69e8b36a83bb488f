//! What a credential is given.

use super::role::{Role, RoleSet};
use crate::section::{Class, KindSet, SectionKind};

/// Roles, and the kinds a contributor among them fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    roles: RoleSet,
    kinds: KindSet,
}

/// Why roles and kinds do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// A contributor fills the kinds assigned to it, so there has to be one.
    #[error("a contributor needs at least one kind that it fills")]
    NoKind,
    /// Only a contributor is assigned kinds.
    #[error("kinds are assigned to a contributor, and there is none")]
    NoContributor,
    /// Nobody fills it as a contributor.
    #[error("no contributor fills {0}")]
    NotFilled(SectionKind),
}

impl Grant {
    /// Roles with the kinds their contributor fills; without one there are none.
    pub fn new(roles: impl Into<RoleSet>, kinds: KindSet) -> Result<Self, GrantError> {
        let roles = roles.into();
        match (roles.contains(Role::Contributor), kinds.is_empty()) {
            (true, true) => return Err(GrantError::NoKind),
            (false, false) => return Err(GrantError::NoContributor),
            _ => {}
        }
        match kinds.iter().find(|kind| !Self::can_fill(*kind)) {
            Some(kind) => Err(GrantError::NotFilled(kind)),
            None => Ok(Self { roles, kinds }),
        }
    }

    /// Whether a contributor can be assigned a kind: what is restricted takes a DSL, and what is
    /// derived or reserved nobody fills.
    pub fn can_fill(kind: SectionKind) -> bool {
        kind.publishable() && kind.class() != Class::R
    }

    /// The roles.
    pub const fn roles(self) -> RoleSet {
        self.roles
    }

    /// The kinds a contributor fills; empty where there is none.
    pub const fn kinds(self) -> KindSet {
        self.kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contributor_has_kinds_and_nobody_else() {
        let some = KindSet::of(&[SectionKind::Send, SectionKind::Health]);
        let both = RoleSet::only(Role::Contributor).with(Role::Senco);
        let grant = Grant::new(both, some).unwrap();
        assert_eq!((grant.roles(), grant.kinds()), (both, some));
        for role in Role::ALL {
            let (with, without) = (Grant::new(*role, some), Grant::new(*role, KindSet::EMPTY));
            if *role == Role::Contributor {
                assert!(with.is_ok());
                assert_eq!(without, Err(GrantError::NoKind));
            } else {
                assert_eq!(with, Err(GrantError::NoContributor));
                assert!(without.is_ok());
            }
        }
    }

    #[test]
    fn what_is_restricted_derived_or_reserved_is_assigned_to_nobody() {
        let refused: Vec<SectionKind> = SectionKind::ALL
            .into_iter()
            .filter(|kind| Grant::new(Role::Contributor, KindSet::of(&[*kind])).is_err())
            .collect();
        assert_eq!(
            refused,
            [
                SectionKind::FamilyAndAgencies,
                SectionKind::CapacityAndSharing,
                SectionKind::IndividualSupportPlan,
                SectionKind::ChildProtectionNote,
            ]
        );
    }
}
