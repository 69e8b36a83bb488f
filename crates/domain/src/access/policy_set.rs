//! Policies, loaded and answering: plain Cedar, no memory of earlier answers.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Policy, PolicyId, PolicySet as Policies, Schema,
    ValidationMode, Validator,
};

use super::action::Action;
use super::examine::{Laws, Walking};
use super::lint::{self, Lint};
use super::policy_text::PolicyText;
use super::request::{Requests, Unspeakable};
use super::role::RoleSet;
use super::tuple::Tuple;
use super::verdict::Verdict;

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
    /// The strict validator found an error or a warning.
    #[error("the policies do not fit the schema: {0}")]
    Validation(String),
    /// A policy that answers nothing: what its author meant does not hold.
    #[error(
        "policy {policy:?} matches no question there is for {}: nothing that is asked there has what \
         its condition wants",
        named(actions)
    )]
    Idle {
        /// The `@id`.
        policy: String,
        /// The actions it names in vain.
        actions: Vec<Action>,
    },
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
    /// It took longer than whoever asked was willing to wait.
    #[error("the check was broken off: it took too long")]
    Stopped,
    /// The engine could not be set up; a fault of this version, not of the set.
    #[error("the policy engine could not be set up: {0}")]
    Engine(String),
}

impl PolicyError {
    /// What sort of problem it is, as violations of a request name it.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge => "policy.bytes",
            Self::File(_) => "policy.file",
            Self::Syntax { .. } => "policy.syntax",
            Self::Lint { .. } => "policy.shape",
            Self::Validation(_) => "policy.schema",
            Self::Idle { .. } => "policy.idle",
            Self::Invariant { .. } => "policy.law",
            Self::Evaluation { .. } => "policy.evaluation",
            Self::Stopped => "policy.time",
            Self::Engine(_) => "policy.engine",
        }
    }
}

fn named(actions: &[Action]) -> String {
    let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
    names.join(", ")
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
        Self::unproven(PolicyText::shipped())
    }

    /// Takes a set that was put into force, or says what is wrong first: no law is broken that
    /// keeps something shut. Walks the whole space, which may take seconds: once per loading,
    /// never under a lock. What is to be put into force is [examined](Self::examine).
    pub fn parse(text: PolicyText) -> Result<Self, PolicyError> {
        let set = Self::unproven(text)?;
        let walking = Walking {
            set: &set,
            before: None,
            laws: Laws::InForce,
            go_on: &|| true,
        };
        match walking.everything()?.problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(set),
        }
    }

    /// Takes policies without walking the space: for looking at them, never for deciding.
    pub fn unproven(text: PolicyText) -> Result<Self, PolicyError> {
        let first = |problems: Vec<PolicyError>| problems.into_iter().next();
        let engine = || PolicyError::Engine("nothing was told".to_owned());
        Self::load(text).map_err(|problems| first(problems).unwrap_or_else(engine))
    }

    /// Everything that is wrong before any question is asked.
    pub(super) fn load(text: PolicyText) -> Result<Self, Vec<PolicyError>> {
        let (policies, mut problems) = read(&text);
        problems.extend(validate(&policies).unwrap_or_else(|error| vec![error]));
        if !problems.is_empty() {
            return Err(problems);
        }
        let alone = |error| vec![error];
        let requests = Requests::new().map_err(|error| alone(error.into()))?;
        let mut slices = Vec::new();
        for &action in Action::ALL {
            slices.push(Slice::of(requests.action(action), &policies).map_err(alone)?);
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
fn read(text: &PolicyText) -> (Vec<Policy>, Vec<PolicyError>) {
    let (mut named, mut problems, mut ids) = (Vec::new(), Vec::new(), HashSet::new());
    for (file, source) in text.files() {
        let parsed = match Policies::from_str(source) {
            Ok(parsed) => parsed,
            Err(errors) => {
                problems.extend(errors.iter().map(|error| PolicyError::Syntax {
                    file: file.to_owned(),
                    message: error.to_string(),
                }));
                continue;
            }
        };
        let mut fault = |policy: String, lint| {
            let file = file.to_owned();
            problems.push(PolicyError::Lint { file, policy, lint });
        };
        for template in parsed.templates() {
            fault(template.id().to_string(), Lint::Template);
        }
        for policy in parsed.policies() {
            let id = policy
                .annotation("id")
                .map_or_else(|| policy.id().to_string(), str::to_owned);
            match lint::check(policy) {
                Err(lint) => fault(id, lint),
                Ok(()) if !ids.insert(id.clone()) => fault(id, Lint::RepeatedId),
                Ok(()) => named.push(policy.new_id(PolicyId::new(id))),
            }
        }
    }
    (named, problems)
}

/// Strict, and a warning counts: an impossible condition is a policy that does not
/// do what its author thinks.
fn validate(policies: &[Policy]) -> Result<Vec<PolicyError>, PolicyError> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(engine)?;
    let set = Policies::from_policies(policies.iter().cloned()).map_err(engine)?;
    let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let errors = result.validation_errors().map(ToString::to_string);
    let warnings = result.validation_warnings().map(ToString::to_string);
    Ok(errors
        .chain(warnings)
        .map(PolicyError::Validation)
        .collect())
}

fn engine(error: impl std::fmt::Display) -> PolicyError {
    PolicyError::Engine(error.to_string())
}
