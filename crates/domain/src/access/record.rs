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

impl TryFrom<Recorded> for Tuple {
    type Error = NotATuple;

    fn try_from(recorded: Recorded) -> Result<Self, NotATuple> {
        let blank = Facts::about(recorded.action, recorded.roles);
        let tuple = Self::new(Facts {
            relation: recorded.relation.unwrap_or(blank.relation),
            kind: recorded.kind,
            filled_by_caller: recorded.filled_by_caller.unwrap_or(blank.filled_by_caller),
            window: recorded.window.unwrap_or(blank.window),
            agreement_in_force: recorded
                .agreement_in_force
                .unwrap_or(blank.agreement_in_force),
            sharing: recorded.sharing.unwrap_or(blank.sharing),
            age: recorded.age.unwrap_or(blank.age),
            delegation: recorded.delegation,
            assurance: recorded.assurance,
            legal_hold: recorded.legal_hold.unwrap_or(blank.legal_hold),
            note_released: recorded.note_released.unwrap_or(blank.note_released),
            route: recorded.route.unwrap_or(blank.route),
            ..blank
        });
        if Recorded::from(&tuple) == recorded {
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
