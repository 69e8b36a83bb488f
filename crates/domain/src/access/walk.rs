//! Walks every cell of a policy set against the laws, fast enough for loading.
//!
//! Asking the engine a million times takes minutes. But the answer is made of
//! parts: some permit of the role holds and no guard does; and whether a policy
//! holds depends only on the attributes it mentions. So each policy is asked
//! alone, once for each combination of what it mentions (some thousand questions
//! in all), and the cells are put together from that. A test holds this way of
//! answering against the plain one.

use std::collections::HashMap;

use cedar_policy::{Authorizer, Effect, Policy, PolicySet as Policies};
use serde_json::Value;

use super::action::{Action, Dimensions};
use super::invariants::{INVARIANTS, Law};
use super::lint;
use super::policy_set::PolicyError;
use super::request::{self, Requests};
use super::role::{Role, RoleSet};
use super::space::Space;
use super::tuple::{Facts, Tuple};

/// One policy, with what it was asked before.
struct Part<'a> {
    alone: Policies,
    /// The role a permit names; `None` for a guard.
    role: Option<Role>,
    mentions: Dimensions,
    requests: &'a Requests,
    known: HashMap<u64, bool>,
}

/// The parts of one action.
pub(super) struct Walk<'a> {
    parts: Vec<Part<'a>>,
}

/// Refuses the policies of an action that break a law in some cell.
pub(super) fn keep_invariants(
    action: Action,
    policies: &Policies,
    requests: &Requests,
) -> Result<(), PolicyError> {
    let mut walk = Walk::new(policies, requests)?;
    for tuple in Space::of(&[action]).iter() {
        let allowed = walk.allows(&tuple)?;
        for invariant in INVARIANTS {
            let broken = match invariant.law {
                Law::Denied(applies) => allowed && applies(&tuple),
                Law::AllowedLike(twin) => match twin(&tuple) {
                    Some(twin) => !allowed && walk.allows(&twin)?,
                    None => false,
                },
            };
            if broken {
                return Err(PolicyError::Invariant {
                    law: invariant.name,
                    witness: Box::new(tuple),
                });
            }
        }
    }
    Ok(())
}

impl<'a> Walk<'a> {
    pub(super) fn new(policies: &Policies, requests: &'a Requests) -> Result<Self, PolicyError> {
        let parts = policies
            .policies()
            .map(|policy| Part::new(policy, requests))
            .collect::<Result<_, _>>()?;
        Ok(Self { parts })
    }

    /// What the policies together say of the cell. A permit of a role the cell does
    /// not have is not even evaluated by the engine, so it is left out here too.
    pub(super) fn allows(&mut self, tuple: &Tuple) -> Result<bool, PolicyError> {
        let facts = tuple.facts();
        let mut permitted = false;
        for part in &mut self.parts {
            if part.role.is_some_and(|role| facts.roles.contains(role)) {
                permitted |= part.holds(facts)?;
            }
        }
        if !permitted {
            return Ok(false);
        }
        for guard in self.parts.iter_mut().filter(|part| part.role.is_none()) {
            if guard.holds(facts)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<'a> Part<'a> {
    fn new(policy: &Policy, requests: &'a Requests) -> Result<Self, PolicyError> {
        let alone = Policies::from_policies([policy.clone()])
            .map_err(|error| PolicyError::Engine(error.to_string()))?;
        let role = match policy.effect() {
            Effect::Permit => lint::role_of(policy),
            Effect::Forbid => None,
        };
        let conditions = policy
            .to_json()
            .ok()
            .and_then(|json| json.get("conditions").cloned());
        Ok(Self {
            alone,
            role,
            mentions: conditions.map_or(Dimensions::ALL, |json| mentions(&json)),
            requests,
            known: HashMap::new(),
        })
    }

    /// Asked with the cell's own facts: what is not mentioned makes no difference,
    /// and the record must be the one the schema promises.
    fn holds(&mut self, facts: &Facts) -> Result<bool, PolicyError> {
        let mut asked = facts.keeping(self.mentions);
        asked.roles = self.role.map_or(RoleSet::EMPTY, RoleSet::only);
        if let Some(known) = self.known.get(&asked.key()) {
            return Ok(*known);
        }
        let holds = self.ask(&Facts {
            roles: asked.roles,
            ..*facts
        })?;
        self.known.insert(asked.key(), holds);
        Ok(holds)
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
    use crate::access::{PolicySet, PolicyText};

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
                let walked = walk.allows(&tuple).expect("evaluates");
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
