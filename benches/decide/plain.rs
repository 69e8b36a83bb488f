//! Plain Cedar: all shipped policies in one set, no memory.

use std::str::FromStr as _;

use anyhow::Context as _;
use baton_domain::access::{Facts, PolicyText};
use baton_domain::section::Class;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

pub(crate) struct Plain {
    policies: PolicySet,
    authorizer: Authorizer,
}

impl Plain {
    pub(crate) fn shipped() -> anyhow::Result<Self> {
        let shipped = PolicyText::shipped();
        let text: String = shipped.files().map(|(_, text)| text).collect();
        Ok(Self {
            policies: text.parse().context("the shipped policies are Cedar")?,
            authorizer: Authorizer::new(),
        })
    }

    /// A request and its entities for each question.
    pub(crate) fn requests(facts: &[Facts]) -> anyhow::Result<Vec<(Request, Entities)>> {
        facts.iter().map(request).collect()
    }

    /// How many are allowed.
    pub(crate) fn decide(&self, requests: &[(Request, Entities)]) -> usize {
        let allowed = |(request, entities): &&(Request, Entities)| {
            let answer = self
                .authorizer
                .is_authorized(request, &self.policies, entities);
            answer.decision() == Decision::Allow
        };
        requests.iter().filter(allowed).count()
    }
}

fn uid(kind: &str, name: &str) -> anyhow::Result<EntityUid> {
    Ok(EntityUid::from_str(&format!("{kind}::\"{name}\""))?)
}

fn request(facts: &Facts) -> anyhow::Result<(Request, Entities)> {
    let word = |kind, name| uid(kind, name).map(RestrictedExpression::new_entity_uid);
    let switch = RestrictedExpression::new_bool;
    let kind = facts.kind.context("a question about a section")?;
    let class = match kind.class() {
        Class::L => "low",
        Class::M => "medium",
        Class::H => "high",
        Class::R => "restricted",
    };
    let channel = RestrictedExpression::new_record([
        (
            "delegation".to_owned(),
            word("Delegation", facts.delegation.name())?,
        ),
        (
            "assurance".to_owned(),
            word("Assurance", facts.assurance.name())?,
        ),
    ])?;
    let context = [
        ("channel", channel),
        ("relation", word("Relation", facts.relation.name())?),
        ("kind", word("Kind", kind.name())?),
        ("class", word("Class", class)?),
        ("filled_by_caller", switch(facts.filled_by_caller)),
        ("window", word("Window", facts.window.name())?),
        ("agreement_in_force", switch(facts.agreement_in_force)),
        ("sharing", word("Sharing", facts.sharing.name())?),
        ("age", word("AgeStage", facts.age.name())?),
        ("note_released", switch(facts.note_released)),
        ("route", word("Route", facts.route.name())?),
    ];
    let context = context.map(|(name, value)| (name.to_owned(), value));
    let caller = uid("Caller", "caller")?;
    let request = Request::new(
        caller.clone(),
        uid("Action", facts.action.name())?,
        uid("Target", "target")?,
        Context::from_pairs(context)?,
        None,
    )?;
    let roles: anyhow::Result<_> = facts
        .roles
        .iter()
        .map(|role| uid("Role", role.name()))
        .collect();
    let entities = Entities::from_entities([Entity::new_no_attrs(caller, roles?)], None)?;
    Ok((request, entities))
}
