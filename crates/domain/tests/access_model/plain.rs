//! Plain Cedar: the shipped files, every fact in the context of every request, no memory and nothing
//! left out because an action is said not to need it.
//!
//! Cedar's time grows with the policies it looks at: some 4,000 answers a second out of all of them
//! in the test build. So most questions are put to the policies whose head names their action.

use std::cell::RefCell;
use std::collections::HashMap;
use std::str::FromStr as _;

use baton_domain::access::{Action, Facts, PolicyText, Role, Verdict};
use baton_domain::section::Class;
use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, Policy, PolicySet, Request, RestrictedExpression,
};

pub(crate) struct Plain {
    whole: PolicySet,
    /// The policies that can apply to an action, by their heads.
    of_action: Vec<PolicySet>,
    authorizer: Authorizer,
    caller: EntityUid,
    target: EntityUid,
    actions: Vec<EntityUid>,
    roles: Vec<EntityUid>,
}

fn uid(kind: &str, name: &str) -> EntityUid {
    EntityUid::from_str(&format!("{kind}::\"{name}\"")).expect("an entity")
}

/// A word of the schema. Made from its parts: parsing takes longer than deciding.
fn word(kind: &'static str, name: &str) -> RestrictedExpression {
    thread_local! {
        static KINDS: RefCell<HashMap<&'static str, EntityTypeName>> = RefCell::default();
    }
    let kind = KINDS.with_borrow_mut(|known| {
        let parsed = || EntityTypeName::from_str(kind).expect("a name");
        known.entry(kind).or_insert_with(parsed).clone()
    });
    let uid = EntityUid::from_type_name_and_id(kind, EntityId::new(name));
    RestrictedExpression::new_entity_uid(uid)
}

impl Plain {
    pub(crate) fn shipped() -> Self {
        let text: String = PolicyText::shipped()
            .files()
            .map(|(_, text)| text)
            .collect();
        let whole: PolicySet = text.parse().expect("Cedar");
        let of_action = Action::ALL.iter().map(|action| applicable(&whole, *action));
        Self {
            of_action: of_action.collect(),
            whole,
            authorizer: Authorizer::new(),
            caller: uid("Caller", "somebody"),
            target: uid("Target", "something"),
            actions: Action::ALL
                .iter()
                .map(|action| uid("Action", action.name()))
                .collect(),
            roles: Role::ALL
                .iter()
                .map(|role| uid("Role", role.name()))
                .collect(),
        }
    }

    /// What Cedar says of these facts, asked with the policies of their action.
    pub(crate) fn decide(&self, facts: &Facts) -> Verdict {
        self.ask(&self.of_action[facts.action.index()], facts)
    }

    /// The same, asked with all policies.
    pub(crate) fn decide_by_all(&self, facts: &Facts) -> Verdict {
        self.ask(&self.whole, facts)
    }

    fn ask(&self, policies: &PolicySet, facts: &Facts) -> Verdict {
        let context = Context::from_pairs(context(facts)).expect("a context");
        let (caller, target) = (self.caller.clone(), self.target.clone());
        let action = self.actions[facts.action.index()].clone();
        let request = Request::new(caller, action, target, context, None).expect("a request");
        let roles = facts
            .roles
            .iter()
            .map(|role| self.roles[role.index()].clone());
        let caller = Entity::new_no_attrs(self.caller.clone(), roles.collect());
        let entities = Entities::from_entities([caller], None).expect("entities");
        let response = self.authorizer.is_authorized(&request, policies, &entities);
        let diagnostics = response.diagnostics();
        assert_eq!(diagnostics.errors().count(), 0, "{facts:?}");
        let named = diagnostics.reason().map(|id| {
            let policy = policies.policy(id).expect("a policy");
            policy
                .annotation("id")
                .expect("every policy has an id")
                .to_owned()
        });
        let mut policies: Vec<String> = named.collect();
        if policies.is_empty() {
            policies.push(Verdict::DEFAULT_DENY.to_owned());
        }
        policies.sort_unstable();
        Verdict {
            allowed: response.decision() == Decision::Allow,
            policies: policies.into(),
        }
    }
}

fn applicable(whole: &PolicySet, action: Action) -> PolicySet {
    let asked = uid("Action", action.name());
    let applies = |policy: &&Policy| match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == asked,
        ActionConstraint::In(some) => some.contains(&asked),
    };
    let policies = whole.policies().filter(applies).cloned();
    PolicySet::from_policies(policies).expect("a set")
}

fn context(facts: &Facts) -> Vec<(String, RestrictedExpression)> {
    let switch = RestrictedExpression::new_bool;
    let channel = RestrictedExpression::new_record([
        (
            "delegation".to_owned(),
            word("Delegation", facts.delegation.name()),
        ),
        (
            "assurance".to_owned(),
            word("Assurance", facts.assurance.name()),
        ),
    ]);
    let mut context = vec![
        ("channel", channel.expect("a record")),
        ("relation", word("Relation", facts.relation.name())),
        ("filled_by_caller", switch(facts.filled_by_caller)),
        ("window", word("Window", facts.window.name())),
        ("agreement_in_force", switch(facts.agreement_in_force)),
        ("sharing", word("Sharing", facts.sharing.name())),
        ("age", word("AgeStage", facts.age.name())),
        ("legal_hold", switch(facts.legal_hold)),
        ("note_released", switch(facts.note_released)),
        ("route", word("Route", facts.route.name())),
    ];
    if let Some(kind) = facts.kind {
        let class = match kind.class() {
            Class::L => "low",
            Class::M => "medium",
            Class::H => "high",
            Class::R => "restricted",
        };
        context.push(("kind", word("Kind", kind.name())));
        context.push(("class", word("Class", class)));
    }
    let named = context.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
