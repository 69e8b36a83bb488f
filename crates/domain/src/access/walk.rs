//! Walks every cell of a policy set against the laws, fast enough for loading.
//!
//! Asking the engine a million times takes minutes. But the answer is made of
//! parts: some permit of the role holds and no guard does; and whether a policy
//! holds depends only on the attributes it mentions. So each policy is asked
//! alone, once for each combination of what it mentions (some thousand questions
//! in all), and the cells are put together from that. A test holds this way of
//! answering against the plain one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use cedar_policy::{Authorizer, Effect, Policy, PolicySet as Policies};
use serde_json::Value;

use super::action::Dimensions;
use super::lint;
use super::policy_set::PolicyError;
use super::request::{self, Requests};
use super::role::{Role, RoleSet};
use super::tuple::{Facts, Tuple};

/// Two policy sets are walked at once, and what they share is asked once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides(u8);

impl Sides {
    const NONE: Self = Self(0);
    pub(super) const BEFORE: Self = Self(1);
    pub(super) const AFTER: Self = Self(2);
    const BOTH: Self = Self(3);

    /// Whether it is so on that side.
    pub(super) const fn on(self, side: Self) -> bool {
        self.0 & side.0 != 0
    }
}

/// One policy, with what it was asked before.
struct Part<'a> {
    id: String,
    alone: Policies,
    /// The policy as a form that tells it apart, wherever it stood in its file.
    form: String,
    sides: Sides,
    /// The role a permit names; `None` for a guard.
    role: Option<Role>,
    mentions: Dimensions,
    requests: &'a Requests,
    known: HashMap<u64, bool, BuildHasherDefault<Spread>>,
    /// Whether it has held in some cell.
    held: bool,
    /// Why it could not be evaluated; it is not asked again.
    fault: Option<PolicyError>,
}

/// The parts of one action.
pub(super) struct Walk<'a> {
    parts: Vec<Part<'a>>,
    requests: &'a Requests,
}

impl<'a> Walk<'a> {
    /// The policies of an action in one set.
    pub(super) fn new(policies: &Policies, requests: &'a Requests) -> Result<Self, PolicyError> {
        let parts = policies
            .policies()
            .map(|policy| Part::new(policy, Sides::AFTER, requests))
            .collect::<Result<_, _>>()?;
        Ok(Self { parts, requests })
    }

    /// The same beside those of the set before it.
    pub(super) fn beside(mut self, before: &Policies) -> Result<Self, PolicyError> {
        for policy in before.policies() {
            let part = Part::new(policy, Sides::BEFORE, self.requests)?;
            let same = |known: &&mut Part<'_>| known.form == part.form;
            match self.parts.iter_mut().find(same) {
                Some(known) => known.sides = Sides::BOTH,
                None => self.parts.push(part),
            }
        }
        Ok(self)
    }

    /// What the policies together say of the cell, on each side. A permit of a role the cell does
    /// not have is not even evaluated by the engine, so it is left out here too.
    pub(super) fn allowed(&mut self, tuple: &Tuple) -> Sides {
        let facts = tuple.facts();
        let (mut permitted, mut forbidden) = (Sides::NONE, Sides::NONE);
        for part in &mut self.parts {
            let asked = part.role.is_some_and(|role| facts.roles.contains(role));
            if asked && part.holds(facts) {
                permitted.0 |= part.sides.0;
            }
        }
        for guard in self.parts.iter_mut().filter(|part| part.role.is_none()) {
            // One that has held before need not be asked where it would change nothing.
            let open = Sides(permitted.0 & !forbidden.0);
            if (open.on(guard.sides) || !guard.held) && guard.holds(facts) {
                forbidden.0 |= guard.sides.0;
            }
        }
        Sides(permitted.0 & !forbidden.0)
    }

    /// What could not be evaluated, and by name which policies of the later set held in no cell.
    pub(super) fn finish(self) -> (Vec<PolicyError>, Vec<String>) {
        let (mut faults, mut idle) = (Vec::new(), Vec::new());
        for part in self
            .parts
            .into_iter()
            .filter(|it| it.sides.on(Sides::AFTER))
        {
            match part.fault {
                Some(fault) => faults.push(fault),
                None if !part.held => idle.push(part.id),
                None => {}
            }
        }
        (faults, idle)
    }

    /// Whether a policy could not be evaluated so far.
    pub(super) fn fault(&mut self) -> Option<PolicyError> {
        self.parts.iter_mut().find_map(|part| part.fault.take())
    }
}

impl<'a> Part<'a> {
    fn new(policy: &Policy, sides: Sides, requests: &'a Requests) -> Result<Self, PolicyError> {
        let engine = |error: &dyn std::fmt::Display| PolicyError::Engine(error.to_string());
        let alone = Policies::from_policies([policy.clone()]).map_err(|error| engine(&error))?;
        let role = match policy.effect() {
            Effect::Permit => lint::role_of(policy),
            Effect::Forbid => None,
        };
        let json = policy.to_json().map_err(|error| engine(&error))?;
        Ok(Self {
            id: policy.id().to_string(),
            alone,
            form: json.to_string(),
            sides,
            role,
            mentions: json.get("conditions").map_or(Dimensions::ALL, mentions),
            requests,
            known: HashMap::default(),
            held: false,
            fault: None,
        })
    }

    /// Asked with the cell's own facts: what is not mentioned makes no difference,
    /// and the record must be the one the schema promises.
    fn holds(&mut self, facts: &Facts) -> bool {
        let mut asked = facts.keeping(self.mentions);
        asked.roles = self.role.map_or(RoleSet::EMPTY, RoleSet::only);
        let key = asked.key();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let holds = self.fault.is_none()
            && self
                .ask(&Facts {
                    roles: asked.roles,
                    ..*facts
                })
                .unwrap_or_else(|fault| {
                    self.fault = Some(fault);
                    false
                });
        self.held |= holds;
        self.known.insert(key, holds);
        holds
    }

    fn ask(&self, facts: &Facts) -> Result<bool, PolicyError> {
        let (Some(request), caller) = (
            self.requests.request(facts)?,
            self.requests.caller(facts.roles)?,
        ) else {
            return Ok(false);
        };
        let response = Authorizer::new().is_authorized(&request, &self.alone, &caller);
        match response.diagnostics().errors().next() {
            Some(error) => Err(PolicyError::Evaluation {
                message: error.to_string(),
                witness: Box::new(Tuple::new(*facts)),
            }),
            None => Ok(response.diagnostics().reason().next().is_some()),
        }
    }
}

/// Keys of cells are asked for millions of times, and nobody from outside chooses them.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        let spread = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

/// The dimensions a condition mentions, from its JSON form: an attribute access is
/// `{".": {"left": {"Var": "context"}, "attr": name}}`. Any other use of the context
/// counts as mentioning everything.
fn mentions(value: &Value) -> Dimensions {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, inner)| {
                let of_context = inner.get("left").and_then(|left| left.get("Var"))
                    == Some(&Value::from("context"));
                if key == "." && of_context {
                    inner
                        .get("attr")
                        .and_then(Value::as_str)
                        .and_then(request::dimension_of)
                        .unwrap_or(Dimensions::ALL)
                } else if key == "Var" && inner == "context" {
                    Dimensions::ALL
                } else {
                    mentions(inner)
                }
            })
            .fold(Dimensions::NONE, std::ops::BitOr::bitor),
        Value::Array(array) => array
            .iter()
            .map(mentions)
            .fold(Dimensions::NONE, std::ops::BitOr::bitor),
        _ => Dimensions::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Action, PolicySet, PolicyText, Space};

    /// Every cell of the small actions and every 97th of the large ones.
    #[test]
    fn the_walk_says_what_the_engine_says() {
        let shipped = PolicySet::shipped().expect("loads");
        let requests = Requests::new().expect("speakable");
        for &action in Action::ALL {
            let mut walk = Walk::new(shipped.of_action(action), &requests).expect("walks");
            let space = Space::of(&[action]);
            let step = if space.len() > 10_000 { 97 } else { 1 };
            for tuple in space.iter().step_by(step) {
                let walked = walk.allowed(&tuple).on(Sides::AFTER);
                assert_eq!(walked, shipped.decide(&tuple).allowed, "{tuple:?}");
            }
        }
    }

    #[test]
    fn a_condition_mentions_what_it_looks_at() {
        let mentioned = |condition: &str| {
            let text = format!(
                r#"@id("x") permit (principal in Role::"dsl", action, resource) when {{ {condition} }};"#
            );
            let policy = Policy::parse(None, text).expect("parses");
            mentions(&policy.to_json().expect("has a JSON form")["conditions"])
        };
        assert_eq!(mentioned("true"), Dimensions::NONE);
        assert_eq!(
            mentioned(r#"context.window == Window::"open" || !context.note_released"#),
            Dimensions::WINDOW | Dimensions::NOTE_RELEASED
        );
        assert_eq!(
            mentioned(r#"[Class::"high"].contains(context.class)"#),
            Dimensions::KIND
        );
        assert_eq!(
            mentioned(r#"context.channel.delegation == Delegation::"direct""#),
            Dimensions::CHANNEL
        );
        assert_eq!(mentioned("context has window"), Dimensions::ALL);
        assert_eq!(mentioned("context == {}"), Dimensions::ALL);
        assert_eq!(mentioned("context.mood"), Dimensions::ALL);
    }

    #[test]
    fn a_policy_that_cannot_be_evaluated_is_refused() {
        let overflow = r#"@id("x") permit (principal in Role::"dsl", action == Action::"read", resource)
            when { 9223372036854775807 + 1 == 0 };"#;
        let text = PolicyText::of([("x.cedar", overflow)]).expect("taken");
        let result = PolicySet::parse(text);
        assert!(
            matches!(result, Err(PolicyError::Evaluation { .. })),
            "{result:?}"
        );
    }
}
