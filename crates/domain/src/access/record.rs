//! How an entry spells a tuple: by name, and only the dimensions that told it
//! apart, so that it stays short and can be read back by an older or newer node.

use serde::{Deserialize, Serialize};

use super::action::{Action, Dimensions};
use super::role::RoleSet;
use super::tuple::{Facts, Tuple};
use super::vocabulary::{AgeStage, Assurance, Delegation, Relation, RouteGroup, SharingDecision};
use crate::opening::Window;
use crate::section::SectionKind;

/// A recorded tuple names a dimension its action, relation and kind do not have,
/// or leaves out one they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tuple of this version: a dimension is missing or does not belong")]
pub struct NotATuple;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    action: Action,
    roles: RoleSet,
    delegation: Delegation,
    assurance: Assurance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relation: Option<Relation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<SectionKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled_by_caller: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreement_in_force: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sharing: Option<SharingDecision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<AgeStage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal_hold: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note_released: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<RouteGroup>,
}

impl From<&Tuple> for Recorded {
    fn from(tuple: &Tuple) -> Self {
        let (facts, used) = (tuple.facts(), tuple.dimensions());
        let when = |dimension| used.contains(dimension);
        Self {
            action: facts.action,
            roles: facts.roles,
            delegation: facts.delegation,
            assurance: facts.assurance,
            relation: when(Dimensions::RELATION).then_some(facts.relation),
            kind: facts.kind,
            filled_by_caller: when(Dimensions::FILLED).then_some(facts.filled_by_caller),
            window: when(Dimensions::WINDOW).then_some(facts.window),
            agreement_in_force: when(Dimensions::AGREEMENT).then_some(facts.agreement_in_force),
            sharing: when(Dimensions::SHARING).then_some(facts.sharing),
            age: when(Dimensions::AGE).then_some(facts.age),
            legal_hold: when(Dimensions::LEGAL_HOLD).then_some(facts.legal_hold),
            note_released: when(Dimensions::NOTE_RELEASED).then_some(facts.note_released),
            route: when(Dimensions::ROUTE).then_some(facts.route),
        }
    }
}

impl Recorded {
    /// The facts it spells; what it leaves out is at its least favourable value.
    fn facts(&self) -> Facts {
        let blank = Facts::about(self.action, self.roles);
        Facts {
            relation: self.relation.unwrap_or(blank.relation),
            kind: self.kind,
            filled_by_caller: self.filled_by_caller.unwrap_or(blank.filled_by_caller),
            window: self.window.unwrap_or(blank.window),
            agreement_in_force: self.agreement_in_force.unwrap_or(blank.agreement_in_force),
            sharing: self.sharing.unwrap_or(blank.sharing),
            age: self.age.unwrap_or(blank.age),
            delegation: self.delegation,
            assurance: self.assurance,
            legal_hold: self.legal_hold.unwrap_or(blank.legal_hold),
            note_released: self.note_released.unwrap_or(blank.note_released),
            route: self.route.unwrap_or(blank.route),
            ..blank
        }
    }
}

impl TryFrom<Recorded> for Tuple {
    type Error = NotATuple;

    fn try_from(recorded: Recorded) -> Result<Self, NotATuple> {
        let tuple = Self::new(recorded.facts());
        if Recorded::from(&tuple) == recorded {
            Ok(tuple)
        } else {
            Err(NotATuple)
        }
    }
}

impl Tuple {
    /// The question of a decision in an entry, asked for one of its section kinds.
    ///
    /// There a question stands once for all kinds that share its facts, and spells the dimensions
    /// of the kind it was asked for first. Another kind may have one dimension more, then at its
    /// least favourable value, or one less.
    pub fn of_decision(
        spelled: &serde_json::Value,
        kind: Option<SectionKind>,
    ) -> Result<Self, NotATuple> {
        let recorded = Recorded::deserialize(spelled).map_err(|_| NotATuple)?;
        if recorded.kind.is_some() {
            return Err(NotATuple);
        }
        let asked = Facts {
            kind,
            ..recorded.facts()
        };
        let tuple = Self::new(asked);
        if *tuple.facts() == asked {
            Ok(tuple)
        } else {
            Err(NotATuple)
        }
    }
}

impl Serialize for Tuple {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Recorded::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tuple {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let recorded = Recorded::deserialize(deserializer)?;
        Self::try_from(recorded).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    /// As an entry spells a question: without its kind.
    fn spelled(tuple: &Tuple) -> serde_json::Value {
        let mut spelled = serde_json::to_value(tuple).unwrap();
        spelled.as_object_mut().unwrap().remove("kind");
        spelled
    }

    #[test]
    fn a_question_spelled_for_one_kind_is_read_for_every_kind_that_shares_its_facts() {
        let roles = [Role::Dsl].into_iter().collect();
        let mut tuples = Vec::new();
        for relation in [Relation::NamedDestination, Relation::Source, Relation::None] {
            for (kind, note_released) in SectionKind::ALL
                .into_iter()
                .flat_map(|kind| [(kind, false), (kind, true)])
            {
                tuples.push(Tuple::new(Facts {
                    relation,
                    kind: Some(kind),
                    window: Window::Open,
                    note_released,
                    ..Facts::about(Action::Read, roles)
                }));
            }
        }
        let question = |tuple: &Tuple| Facts {
            kind: None,
            ..*tuple.facts()
        };
        let mut shared = 0;
        for first in &tuples {
            for other in &tuples {
                if question(first) == question(other) {
                    let read = Tuple::of_decision(&spelled(first), other.facts().kind);
                    assert_eq!(read, Ok(*other));
                    shared += usize::from(first.dimensions() != other.dimensions());
                }
            }
        }
        assert!(shared > 0, "some were spelled with other dimensions");
    }

    #[test]
    fn a_question_with_a_kind_or_a_word_too_many_is_none() {
        let tuple = Tuple::new(Facts {
            relation: Relation::NamedDestination,
            kind: Some(SectionKind::Send),
            ..Facts::about(Action::Read, RoleSet::EMPTY)
        });
        let of = |spelled| Tuple::of_decision(&spelled, Some(SectionKind::Send));
        assert_eq!(of(spelled(&tuple)), Ok(tuple));
        assert_eq!(of(serde_json::to_value(tuple).unwrap()), Err(NotATuple));
        let mut more = spelled(&tuple);
        more["colour"] = "green".into();
        assert_eq!(of(more), Err(NotATuple));
        // A dimension that this action does not have, at a value that would matter.
        let mut more = spelled(&tuple);
        more["legal_hold"] = false.into();
        assert_eq!(of(more), Err(NotATuple));
    }
}
