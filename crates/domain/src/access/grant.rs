//! What a credential is given.

use super::role::{Role, RoleSet};
use crate::group::Groups;
use crate::section::{Class, KindSet, SectionKind};

/// Roles, the kinds a contributor among them fills, and of which learners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    roles: RoleSet,
    kinds: KindSet,
    groups: Groups,
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
    /// What other roles see does not end at a class.
    #[error("groups go with the role of contributor alone")]
    GroupsOfOthers,
}

impl Grant {
    /// The role of a learner or a family, for the own record, and no other.
    pub const PERSON: Self = Self {
        roles: RoleSet::only(Role::Person),
        kinds: KindSet::EMPTY,
        groups: Groups::EVERYBODY,
    };

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
            None => Ok(Self {
                roles,
                kinds,
                groups: Groups::EVERYBODY,
            }),
        }
    }

    /// The same for the learners of these groups alone. Only where contributor is the one role.
    pub fn within(self, groups: Groups) -> Result<Self, GrantError> {
        if groups.is_everybody() || self.roles == RoleSet::only(Role::Contributor) {
            Ok(Self { groups, ..self })
        } else {
            Err(GrantError::GroupsOfOthers)
        }
    }

    /// Whether a contributor can be assigned a kind: what is restricted takes a DSL, and what is
    /// derived or reserved nobody fills.
    pub fn can_fill(kind: SectionKind) -> bool {
        kind.publishable() && kind.class() != Class::R
    }

    /// The roles.
    pub const fn roles(&self) -> RoleSet {
        self.roles
    }

    /// The kinds a contributor fills; empty where there is none.
    pub const fn kinds(&self) -> KindSet {
        self.kinds
    }

    /// The groups a contributor works on.
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupCode;

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
    fn groups_go_with_a_contributor_who_is_nothing_else() {
        let some = KindSet::of(&[SectionKind::Send]);
        let own: Groups = [GroupCode::parse("6B").unwrap()].into_iter().collect();
        let grant = Grant::new(Role::Contributor, some).unwrap();
        assert_eq!(grant.clone().within(own.clone()).unwrap().groups(), &own);
        for role in Role::ALL.iter().filter(|role| **role != Role::Contributor) {
            let both = RoleSet::only(Role::Contributor).with(*role);
            for grant in [Grant::new(*role, KindSet::EMPTY), Grant::new(both, some)] {
                let grant = grant.unwrap();
                assert!(grant.clone().within(Groups::EVERYBODY).is_ok());
                assert_eq!(grant.within(own.clone()), Err(GrantError::GroupsOfOthers));
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
