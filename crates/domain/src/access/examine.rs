//! A policy set on the whole space of questions: which laws it breaks, which of its policies answer
//! nothing, and what it changes.

use std::collections::BTreeMap;

use super::action::{Action, Dimensions};
use super::difference::Difference;
use super::invariants::{INVARIANTS, Law};
use super::policy_set::{PolicyError, PolicySet};
use super::policy_text::PolicyText;
use super::role::Role;
use super::space::Space;
use super::tuple::Tuple;
use super::vocabulary::Relation;
use super::walk::{Sides, Walk};
use crate::section::SectionKind;

/// Cells between two questions whether to go on.
const CELLS_AT_ONCE: usize = 8_192;

/// A policy set that may be put into force.
#[derive(Debug)]
pub struct Examined {
    /// The set.
    pub set: PolicySet,
    /// What it changes; nothing where it was compared with none.
    pub changes: Vec<Difference>,
}

/// Which laws are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Laws {
    None,
    /// Those that a set in force has to keep; the first that is broken ends it.
    InForce,
    /// Those that a set has to keep which is to be put into force, and that each of its policies
    /// answers some question.
    All,
}

/// What is to be found out.
pub(super) struct Walking<'a> {
    pub(super) set: &'a PolicySet,
    pub(super) before: Option<&'a PolicySet>,
    pub(super) laws: Laws,
    pub(super) go_on: &'a dyn Fn() -> bool,
}

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) problems: Vec<PolicyError>,
    pub(super) changes: Vec<Difference>,
}

impl PolicySet {
    /// Holds a set against everything one must keep that is put into force: every law on the whole
    /// space, and no policy that matches no question there is. Everything that is wrong is told.
    ///
    /// It takes seconds. `go_on` is asked now and then; once it says no, the answer is
    /// [`PolicyError::Stopped`]. What is `before` it is compared with the set.
    pub fn examine(
        text: PolicyText,
        before: Option<&Self>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Examined, Vec<PolicyError>> {
        let set = Self::load(text)?;
        let walking = Walking {
            set: &set,
            before,
            laws: Laws::All,
            go_on,
        };
        let found = walking.everything().map_err(|error| vec![error])?;
        if found.problems.is_empty() {
            let changes = found.changes;
            Ok(Examined { set, changes })
        } else {
            Err(found.problems)
        }
    }
}

impl Walking<'_> {
    /// Every action. An error ends it; problems of the set are found.
    pub(super) fn everything(&self) -> Result<Found, PolicyError> {
        let mut found = Found::default();
        let mut idle: BTreeMap<String, Vec<Action>> = BTreeMap::new();
        for &action in Action::ALL {
            let walk = self.action(action, &mut found)?;
            if self.laws == Laws::InForce && !found.problems.is_empty() {
                return Ok(found);
            }
            let (faults, of_action) = walk.finish();
            if self.laws != Laws::None {
                found.problems.extend(faults);
            }
            for policy in of_action {
                idle.entry(policy).or_default().push(action);
            }
        }
        if self.laws == Laws::All {
            let idle = idle.into_iter();
            let told = idle.map(|(policy, actions)| PolicyError::Idle { policy, actions });
            found.problems.extend(told);
        }
        Ok(found)
    }

    fn action(&self, action: Action, found: &mut Found) -> Result<Walk<'_>, PolicyError> {
        let mut walk = Walk::new(self.set.of_action(action), self.set.requests())?;
        if let Some(before) = self.before {
            walk = walk.beside(before.of_action(action))?;
        }
        let mut changes = Changes::default();
        for (at, tuple) in Space::of(&[action]).iter().enumerate() {
            if at.is_multiple_of(CELLS_AT_ONCE) && !(self.go_on)() {
                return Err(PolicyError::Stopped);
            }
            let allowed = walk.allowed(&tuple);
            if self.before.is_some() {
                changes.count(&tuple, allowed);
            }
            self.hold_to_laws(&mut walk, &tuple, allowed.on(Sides::AFTER), found);
            if self.laws == Laws::InForce {
                found.problems.extend(walk.fault());
                if !found.problems.is_empty() {
                    break;
                }
            }
        }
        found.changes.extend(changes.of(action));
        Ok(walk)
    }

    /// Each law is told once, with a question that is answered wrongly.
    fn hold_to_laws(&self, walk: &mut Walk<'_>, tuple: &Tuple, allowed: bool, found: &mut Found) {
        if self.laws == Laws::None {
            return;
        }
        for invariant in INVARIANTS {
            let broken = match invariant.law {
                Law::Denied(applies) => allowed && applies(tuple),
                Law::AllowedLike(twin) => {
                    !allowed && twin(tuple).is_some_and(|twin| walk.allowed(&twin).on(Sides::AFTER))
                }
                Law::Allowed(applies) => self.laws == Laws::All && !allowed && applies(tuple),
            };
            let known = |problem: &PolicyError| matches!(problem, PolicyError::Invariant { law, .. } if *law == invariant.name);
            if broken && !found.problems.iter().any(known) {
                found.problems.push(PolicyError::Invariant {
                    law: invariant.name,
                    witness: Box::new(*tuple),
                });
            }
        }
    }
}

/// Differences of one action so far.
#[derive(Default)]
struct Changes(BTreeMap<(Relation, Option<SectionKind>, Role), [usize; 3]>);

impl Changes {
    fn count(&mut self, tuple: &Tuple, allowed: Sides) {
        let facts = tuple.facts();
        let Some(role) = facts.roles.iter().next() else {
            return;
        };
        let (was, is) = (allowed.on(Sides::BEFORE), allowed.on(Sides::AFTER));
        let place = (facts.relation, facts.kind, role);
        let [gained, lost, of] = self.0.entry(place).or_default();
        *of += 1;
        *gained += usize::from(is && !was);
        *lost += usize::from(was && !is);
    }

    fn of(self, action: Action) -> impl Iterator<Item = Difference> {
        let related = action.dimensions().contains(Dimensions::RELATION);
        let changed = self
            .0
            .into_iter()
            .filter(|(_, [gained, lost, _])| gained + lost > 0);
        changed.map(
            move |((relation, kind, role), [gained, lost, of])| Difference {
                role,
                action,
                relation: related.then_some(relation),
                kind,
                gained,
                lost,
                of,
            },
        )
    }
}
