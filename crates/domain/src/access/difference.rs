//! What another policy set changes, over every cell of the space: what a data protection officer
//! reads before a replacement is signed.

use super::action::Action;
use super::examine::{Laws, Walking};
use super::policy_set::{PolicyError, PolicySet};
use super::role::Role;
use super::vocabulary::Relation;
use crate::section::SectionKind;

/// What changes for one role. The cells counted differ in circumstances only: window, agreement,
/// sharing, age, route, channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Who.
    pub role: Role,
    /// What.
    pub action: Action,
    /// As what; `None` where the action does not ask.
    pub relation: Option<Relation>,
    /// Of which kind, where the action has one.
    pub kind: Option<SectionKind>,
    /// Cells that are allowed from now on.
    pub gained: usize,
    /// Cells that were allowed.
    pub lost: usize,
    /// Cells there are.
    pub of: usize,
}

impl PolicySet {
    /// What `newer` changes, by action, relation, kind and role. Walks the whole space.
    pub fn differences(&self, newer: &Self) -> Result<Vec<Difference>, PolicyError> {
        let walking = Walking {
            set: newer,
            before: Some(self),
            laws: Laws::None,
            go_on: &|| true,
        };
        Ok(walking.everything()?.changes)
    }
}

impl Difference {
    /// Whether somebody on the receiving side of a move is shown more than before.
    pub fn shows_receivers_more(&self) -> bool {
        matches!(self.action, Action::Read | Action::Receive)
            && self.gained > 0
            && self.relation.is_some_and(Relation::receives)
    }
}
