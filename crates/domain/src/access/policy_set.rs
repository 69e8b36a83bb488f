//! Policies, loaded and answering: plain Cedar, no memory of earlier answers.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Policy, PolicyId, PolicySet as Policies, Schema,
    ValidationMode, Validator,
};

use super::action::Action;
use super::lint::{self, Lint};
use super::policy_text::PolicyText;
use super::request::{Requests, Unspeakable};
use super::role::RoleSet;
use super::tuple::Tuple;
use super::verdict::Verdict;
use super::walk;

/// The schema of this version. Not part of a policy set: it mirrors the tuple.
pub(super) const SCHEMA: &str = include_str!("../../../../policies/baton.cedarschema");

/// Why a policy set was refused. Shown to the officer who loads it; it speaks of
/// policies, never of learners.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The files together are over [`PolicyText::MAX_BYTES`].
    #[error("the policy files are larger than {} bytes", PolicyText::MAX_BYTES)]
    TooLarge,
    /// A name is no `[a-z0-9_]+.cedar`, occurs twice, or its text holds a file mark.
    #[error("{0:?} is not a policy file that can be taken")]
    File(String),
    /// A file is not Cedar.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says.
        message: String,
    },
    /// A policy has a shape that is not allowed here.
    #[error("{file}: policy {policy:?} {lint}")]
    Lint {
        /// The file.
        file: String,
        /// The `@id`, or the position where there is none.
        policy: String,
        /// What is wrong.
        lint: Lint,
    },
    /// The strict validator found errors or warnings, one a line.
    #[error("the policies do not fit the schema: {0}")]
    Validation(String),
    /// A law of [`INVARIANTS`](super::INVARIANTS) is broken.
    #[error("the policies break the law {law:?}, for one: {}", spelt(witness))]
    Invariant {
        /// Its name.
        law: &'static str,
        /// A tuple that is answered wrongly.
        witness: Box<Tuple>,
    },
    /// A policy cannot be evaluated in some cell, say for an overflow.
    #[error("a policy cannot be evaluated: {message}, for one: {}", spelt(witness))]
    Evaluation {
        /// What the engine says.
        message: String,
        /// The tuple it was asked.
        witness: Box<Tuple>,
    },
    /// The engine could not be set up; a fault of this version, not of the set.
    #[error("the policy engine could not be set up: {0}")]
    Engine(String),
}

/// As an entry spells it, so that it can be put among the cases of a test.
fn spelt(tuple: &Tuple) -> String {
    serde_json::to_string(tuple).unwrap_or_default()
}

impl From<Unspeakable> for PolicyError {
    fn from(Unspeakable(message): Unspeakable) -> Self {
        Self::Engine(message)
    }
}

/// A policy set that passed every check.
pub struct PolicySet {
    text: PolicyText,
    hash: String,
    requests: Requests,
    authorizer: Authorizer,
    slices: Vec<Slice>,
}

/// The policies of one action: the others could not apply, and the engine's cost
/// grows with what it has to look at.
struct Slice {
    policies: Policies,
    /// Roles some permit of this action names. Any other role alone is denied.
    permitted: RoleSet,
}

impl PolicySet {
    /// The policies of this version. That they keep the invariants is tested, so they
    /// are not walked again at every start.
    pub fn shipped() -> Result<Self, PolicyError> {
        Self::load(PolicyText::shipped())
    }

    /// Takes a council's policies, or says why not. Walks the whole space, which may
    /// take seconds: once per loading, never under a lock.
    pub fn parse(text: PolicyText) -> Result<Self, PolicyError> {
        let set = Self::load(text)?;
        for (action, slice) in Action::ALL.iter().zip(&set.slices) {
            walk::keep_invariants(*action, &slice.policies, &set.requests)?;
        }
        Ok(set)
    }

    /// Takes policies without walking the space: for looking at them, never for deciding.
    pub fn unproven(text: PolicyText) -> Result<Self, PolicyError> {
        Self::load(text)
    }

    fn load(text: PolicyText) -> Result<Self, PolicyError> {
        let policies = read(&text)?;
        validate(&policies)?;
        let requests = Requests::new()?;
        let mut slices = Vec::new();
        for &action in Action::ALL {
            slices.push(Slice::of(requests.action(action), &policies)?);
        }
        Ok(Self {
            hash: text.hash(),
            text,
            requests,
            authorizer: Authorizer::new(),
            slices,
        })
    }

    /// SHA-256 of the canonical text, in lower-case hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The files the set was read from.
    pub const fn text(&self) -> &PolicyText {
        &self.text
    }

    /// The roles that some permit of the action names.
    pub fn permitted(&self, action: Action) -> RoleSet {
        self.slices[action.index()].permitted
    }

    pub(super) const fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(super) fn of_action(&self, action: Action) -> &Policies {
        &self.slices[action.index()].policies
    }

    /// The answer, worked out anew.
    pub fn decide(&self, tuple: &Tuple) -> Verdict {
        let slice = &self.slices[tuple.facts().action.index()];
        let asked = self
            .requests
            .request(tuple.facts())
            .and_then(|request| Ok((request, self.requests.caller(tuple.facts().roles)?)));
        let (request, caller) = match asked {
            Ok((Some(request), caller)) => (request, caller),
            Ok((None, _)) => return Verdict::denied(Verdict::DEFAULT_DENY),
            Err(_) => return Verdict::denied(Verdict::EVALUATION_ERROR),
        };
        let response = self
            .authorizer
            .is_authorized(&request, &slice.policies, &caller);
        if response.diagnostics().errors().next().is_some() {
            return Verdict::denied(Verdict::EVALUATION_ERROR);
        }
        let mut deciding: Vec<String> = response
            .diagnostics()
            .reason()
            .map(ToString::to_string)
            .collect();
        if deciding.is_empty() {
            return Verdict::denied(Verdict::DEFAULT_DENY);
        }
        deciding.sort_unstable();
        Verdict {
            allowed: response.decision() == Decision::Allow,
            policies: Arc::from(deciding),
        }
    }
}

impl std::fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicySet")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Slice {
    fn of(action: &cedar_policy::EntityUid, policies: &[Policy]) -> Result<Self, PolicyError> {
        let applies = |policy: &&Policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == *action,
            ActionConstraint::In(several) => several.contains(action),
        };
        let own: Vec<_> = policies.iter().filter(applies).cloned().collect();
        Ok(Self {
            permitted: own.iter().filter_map(lint::role_of).collect(),
            policies: Policies::from_policies(own).map_err(engine)?,
        })
    }
}

/// Reads the files, lints each policy and names it by its `@id`.
fn read(text: &PolicyText) -> Result<Vec<Policy>, PolicyError> {
    let mut named = Vec::new();
    let mut ids = HashSet::new();
    for (file, source) in text.files() {
        let parsed = Policies::from_str(source).map_err(|errors| PolicyError::Syntax {
            file: file.to_owned(),
            message: errors.to_string(),
        })?;
        let fault = |policy: String, lint| PolicyError::Lint {
            file: file.to_owned(),
            policy,
            lint,
        };
        if let Some(template) = parsed.templates().next() {
            return Err(fault(template.id().to_string(), Lint::Template));
        }
        for policy in parsed.policies() {
            let id = policy
                .annotation("id")
                .map_or_else(|| policy.id().to_string(), str::to_owned);
            lint::check(policy).map_err(|lint| fault(id.clone(), lint))?;
            if !ids.insert(id.clone()) {
                return Err(fault(id, Lint::RepeatedId));
            }
            named.push(policy.new_id(PolicyId::new(id)));
        }
    }
    Ok(named)
}

/// Strict, and a warning counts: an impossible condition is a policy that does not
/// do what its author thinks.
fn validate(policies: &[Policy]) -> Result<(), PolicyError> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(engine)?;
    let set = Policies::from_policies(policies.iter().cloned()).map_err(engine)?;
    let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let faults: Vec<String> = result
        .validation_errors()
        .map(ToString::to_string)
        .chain(result.validation_warnings().map(ToString::to_string))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(PolicyError::Validation(faults.join("\n")))
    }
}

fn engine(error: impl std::fmt::Display) -> PolicyError {
    PolicyError::Engine(error.to_string())
}
