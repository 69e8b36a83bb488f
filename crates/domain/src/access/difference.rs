//! What another policy set changes, over every cell of the space: what a data protection officer
//! reads before a replacement is signed.

use std::collections::BTreeMap;

use super::action::{Action, Dimensions};
use super::policy_set::{PolicyError, PolicySet};
use super::role::Role;
use super::space::Space;
use super::vocabulary::Relation;
use super::walk::Walk;
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
    /// What `newer` changes, by action, relation, kind and role. Walks the whole space twice.
    pub fn differences(&self, newer: &Self) -> Result<Vec<Difference>, PolicyError> {
        let mut found = Vec::new();
        for &action in Action::ALL {
            let mut before = Walk::new(self.of_action(action), self.requests())?;
            let mut after = Walk::new(newer.of_action(action), newer.requests())?;
            let mut counted: BTreeMap<_, Difference> = BTreeMap::new();
            for tuple in Space::of(&[action]).iter() {
                let facts = tuple.facts();
                let Some(role) = facts.roles.iter().next() else {
                    continue;
                };
                let related = action.dimensions().contains(Dimensions::RELATION);
                let place = (facts.relation, facts.kind, role);
                let counts = counted.entry(place).or_insert(Difference {
                    role,
                    action,
                    relation: related.then_some(facts.relation),
                    kind: facts.kind,
                    gained: 0,
                    lost: 0,
                    of: 0,
                });
                let (was, is) = (before.allows(&tuple)?, after.allows(&tuple)?);
                counts.of += 1;
                counts.gained += usize::from(is && !was);
                counts.lost += usize::from(was && !is);
            }
            found.extend(counted.into_values().filter(|it| it.gained + it.lost > 0));
        }
        Ok(found)
    }
}
