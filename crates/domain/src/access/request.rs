//! A tuple as the policy engine sees it. Built from the tuple and nothing else, so
//! the memo's key is the whole input.

use std::borrow::Cow;
use std::str::FromStr;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};

use super::action::{Action, Dimensions as D};
use super::role::{Role, RoleSet};
use super::tuple::Facts;
use super::vocabulary::{AgeStage, Assurance, Delegation, Relation, RouteGroup, SharingDecision};
use crate::opening::Window;
use crate::section::{Class, SectionKind};

/// The engine could not take a word or a request. Ends as a denial.
#[derive(Debug)]
pub(super) struct Unspeakable(pub(super) String);

/// The names the schema gives the classes, least sensitive first.
const CLASSES: [(Class, &str); 4] = [
    (Class::L, "low"),
    (Class::M, "medium"),
    (Class::H, "high"),
    (Class::R, "restricted"),
];

/// Which dimension stands behind each attribute of the context.
const ATTRIBUTES: [(&str, D); 12] = [
    ("channel", D::CHANNEL),
    ("relation", D::RELATION),
    ("kind", D::KIND),
    ("class", D::KIND),
    ("filled_by_caller", D::FILLED),
    ("window", D::WINDOW),
    ("agreement_in_force", D::AGREEMENT),
    ("sharing", D::SHARING),
    ("age", D::AGE),
    ("legal_hold", D::LEGAL_HOLD),
    ("note_released", D::NOTE_RELEASED),
    ("route", D::ROUTE),
];

/// The dimension an attribute of the context tells.
pub(super) fn dimension_of(attribute: &str) -> Option<D> {
    ATTRIBUTES
        .iter()
        .find_map(|(name, dimension)| (*name == attribute).then_some(*dimension))
}

/// Every word as an entity of the schema, made once: a decision then only clones
/// reference counts.
pub(super) struct Requests {
    caller: EntityUid,
    target: EntityUid,
    actions: Vec<EntityUid>,
    roles: Vec<EntityUid>,
    /// The one caller of each single role, which is what walking the space asks for.
    single: Vec<Entities>,
    relations: Vec<RestrictedExpression>,
    kinds: Vec<RestrictedExpression>,
    classes: Vec<RestrictedExpression>,
    windows: Vec<RestrictedExpression>,
    sharing: Vec<RestrictedExpression>,
    ages: Vec<RestrictedExpression>,
    routes: Vec<RestrictedExpression>,
    /// By delegation, then assurance.
    channels: Vec<RestrictedExpression>,
}

impl Requests {
    pub(super) fn new() -> Result<Self, Unspeakable> {
        let caller = uid("Caller", "caller")?;
        let roles = Role::ALL
            .iter()
            .map(|role| uid("Role", role.name()))
            .collect::<Result<Vec<_>, _>>()?;
        let single = roles
            .iter()
            .map(|role| caller_in(&caller, [role.clone()]))
            .collect::<Result<Vec<_>, _>>()?;
        let mut channels = Vec::new();
        for delegation in words("Delegation", Delegation::ALL.iter().map(|word| word.name()))? {
            for assurance in words("Assurance", Assurance::ALL.iter().map(|word| word.name()))? {
                let fields = [
                    ("delegation".to_owned(), delegation.clone()),
                    ("assurance".to_owned(), assurance),
                ];
                channels.push(RestrictedExpression::new_record(fields).map_err(unspeakable)?);
            }
        }
        Ok(Self {
            target: uid("Target", "target")?,
            actions: Action::ALL
                .iter()
                .map(|action| uid("Action", action.name()))
                .collect::<Result<_, _>>()?,
            relations: words("Relation", Relation::ALL.iter().map(|word| word.name()))?,
            kinds: words("Kind", SectionKind::ALL.map(SectionKind::name))?,
            classes: words("Class", CLASSES.map(|(_, name)| name))?,
            windows: words("Window", Window::ALL.map(Window::name))?,
            sharing: words(
                "Sharing",
                SharingDecision::ALL.iter().map(|word| word.name()),
            )?,
            ages: words("AgeStage", AgeStage::ALL.iter().map(|word| word.name()))?,
            routes: words("Route", RouteGroup::ALL.iter().map(|word| word.name()))?,
            channels,
            caller,
            roles,
            single,
        })
    }

    /// The action entity of that action.
    pub(super) fn action(&self, action: Action) -> &EntityUid {
        &self.actions[action.index()]
    }

    /// The caller with its roles as parents.
    pub(super) fn caller(&self, roles: RoleSet) -> Result<Cow<'_, Entities>, Unspeakable> {
        let mut each = roles.iter();
        if let (Some(role), None) = (each.next(), each.next()) {
            return Ok(Cow::Borrowed(&self.single[role.index()]));
        }
        let parents = roles.iter().map(|role| self.roles[role.index()].clone());
        caller_in(&self.caller, parents).map(Cow::Owned)
    }

    /// The request of these facts. `None` where an action of a kind is asked without
    /// one: there is nothing to ask.
    pub(super) fn request(&self, facts: &Facts) -> Result<Option<Request>, Unspeakable> {
        let Some(context) = self.context(facts)? else {
            return Ok(None);
        };
        Request::new(
            self.caller.clone(),
            self.action(facts.action).clone(),
            self.target.clone(),
            context,
            None,
        )
        .map(Some)
        .map_err(unspeakable)
    }

    /// The dimensions the action declares, so that the record is the one its schema
    /// promises the policies.
    fn context(&self, facts: &Facts) -> Result<Option<Context>, Unspeakable> {
        let used = facts.action.dimensions();
        if used.contains(D::KIND) && facts.kind.is_none() {
            return Ok(None);
        }
        let pairs = ATTRIBUTES
            .iter()
            .filter(|(_, dimension)| used.contains(*dimension))
            .filter_map(|(name, _)| Some(((*name).to_owned(), self.word(name, facts)?)));
        Context::from_pairs(pairs).map(Some).map_err(unspeakable)
    }

    fn word(&self, attribute: &str, facts: &Facts) -> Option<RestrictedExpression> {
        let switch = RestrictedExpression::new_bool;
        Some(match attribute {
            "channel" => {
                let row = facts.delegation.index() * Assurance::ALL.len();
                self.channels[row + facts.assurance.index()].clone()
            }
            "relation" => self.relations[facts.relation.index()].clone(),
            "kind" => self.kinds[usize::from(facts.kind?.number()) - 1].clone(),
            "class" => self.classes[facts.kind?.class() as usize].clone(),
            "filled_by_caller" => switch(facts.filled_by_caller),
            "window" => self.windows[facts.window as usize].clone(),
            "agreement_in_force" => switch(facts.agreement_in_force),
            "sharing" => self.sharing[facts.sharing.index()].clone(),
            "age" => self.ages[facts.age.index()].clone(),
            "legal_hold" => switch(facts.legal_hold),
            "note_released" => switch(facts.note_released),
            "route" => self.routes[facts.route.index()].clone(),
            _ => return None,
        })
    }
}

fn unspeakable(error: impl std::fmt::Display) -> Unspeakable {
    Unspeakable(error.to_string())
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Unspeakable> {
    let name = EntityTypeName::from_str(kind).map_err(unspeakable)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn words<'a>(
    kind: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<RestrictedExpression>, Unspeakable> {
    names
        .into_iter()
        .map(|name| Ok(RestrictedExpression::new_entity_uid(uid(kind, name)?)))
        .collect()
}

fn caller_in(
    caller: &EntityUid,
    roles: impl IntoIterator<Item = EntityUid>,
) -> Result<Entities, Unspeakable> {
    let entity = Entity::new_no_attrs(caller.clone(), roles.into_iter().collect());
    Entities::from_entities([entity], None).map_err(unspeakable)
}

#[cfg(test)]
mod tests {
    use cedar_policy::Schema;

    use super::*;
    use crate::access::policy_set::SCHEMA;
    use crate::access::{RoleSet, Space};

    /// Each word and each record of dimensions, as `Action::dimensions` has them, is
    /// one the schema declares: no fact is missing from it and none is hidden.
    #[test]
    fn schema_and_tuple_agree() {
        let requests = Requests::new().expect("speakable");
        let (schema, warnings) = Schema::from_cedarschema_str(SCHEMA).expect("a schema");
        assert_eq!(warnings.count(), 0);
        let declared: Vec<_> = schema.actions().collect();
        assert_eq!(declared.len(), Action::ALL.len());
        for &action in Action::ALL {
            assert!(declared.contains(&requests.action(action)), "{action}");
            for tuple in Space::of(&[action]).iter().step_by(41) {
                let request = requests.request(tuple.facts()).expect("speakable");
                let request = request.expect("has a kind if it needs one");
                let context = request.context().expect("known");
                context
                    .validate(&schema, requests.action(action))
                    .unwrap_or_else(|error| panic!("{tuple:?}: {error}"));
            }
        }
        for name in Role::ALL.iter().map(|role| role.name()) {
            let policy = format!(
                r#"permit (principal in Role::"{name}", action == Action::"subscribe", resource);"#
            );
            let set = policy.parse().expect("parses");
            let result = cedar_policy::Validator::new(schema.clone())
                .validate(&set, cedar_policy::ValidationMode::Strict);
            assert!(result.validation_passed(), "{name}");
        }
    }

    #[test]
    fn a_caller_has_the_roles_of_its_set_and_no_other() {
        let requests = Requests::new().expect("speakable");
        let roles = RoleSet::only(Role::Dsl).with(Role::Senco);
        let caller = requests.caller(roles).expect("speakable");
        for &role in Role::ALL {
            assert_eq!(
                caller.is_ancestor_of(&requests.roles[role.index()], &requests.caller),
                roles.contains(role)
            );
        }
    }
}
