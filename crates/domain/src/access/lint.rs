//! The shape every policy must have, so that the space can be walked role by role
//! and a person can read the files.

use cedar_policy::{ActionConstraint, Effect, Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::Value;

use super::role::Role;
use super::verdict::Verdict;

/// What is wrong with the shape of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lint {
    /// Entries name deciding policies, so each needs a name of its own.
    #[error("has no @id of lower-case letters, digits and underscores, or a reserved one")]
    Id,
    /// Two policies under one name could not be told apart in an entry.
    #[error("its @id occurs twice")]
    RepeatedId,
    /// A template has no meaning until it is linked, and nothing links it.
    #[error("is a template")]
    Template,
    /// A permit says `principal in Role::"..."`, one role.
    #[error("is a permit whose principal is not exactly one role")]
    PermitWithoutOneRole,
    /// A permit for every action would also permit the actions of later versions.
    #[error("is a permit that does not name its actions")]
    PermitOfEveryAction,
    /// A guard closes for everyone. One that named a role could be escaped by having
    /// another role beside it, or take away what the other role permits.
    #[error("is a guard whose principal is restricted")]
    GuardNamesPrincipal,
    /// The same back door, opened inside the condition.
    #[error("its condition speaks of the principal, the resource or a role")]
    ConditionNamesPrincipal,
    /// There is one resource; the facts stand in the context.
    #[error("restricts the resource")]
    ResourceNamed,
}

/// Checks one policy alone; repeated names are the caller's to find.
pub(super) fn check(policy: &Policy) -> Result<(), Lint> {
    if !policy.is_static() {
        return Err(Lint::Template);
    }
    policy
        .annotation("id")
        .filter(|id| is_id(id))
        .ok_or(Lint::Id)?;
    if policy.resource_constraint() != ResourceConstraint::Any {
        return Err(Lint::ResourceNamed);
    }
    if conditions_name_someone(policy) {
        return Err(Lint::ConditionNamesPrincipal);
    }
    match policy.effect() {
        Effect::Permit if role_of(policy).is_none() => Err(Lint::PermitWithoutOneRole),
        Effect::Permit if policy.action_constraint() == ActionConstraint::Any => {
            Err(Lint::PermitOfEveryAction)
        }
        Effect::Forbid if policy.principal_constraint() != PrincipalConstraint::Any => {
            Err(Lint::GuardNamesPrincipal)
        }
        _ => Ok(()),
    }
}

/// The one role of a permit's scope.
pub(super) fn role_of(policy: &Policy) -> Option<Role> {
    let PrincipalConstraint::In(uid) = policy.principal_constraint() else {
        return None;
    };
    let is_role = uid.type_name().to_string() == "Role";
    is_role.then(|| Role::parse(uid.id().unescaped())).flatten()
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && ![Verdict::DEFAULT_DENY, Verdict::EVALUATION_ERROR].contains(&id)
}

/// Looks at the policy's own JSON form, where a variable is `{"Var": name}` and an
/// entity is `{"__entity": {"type": .., "id": ..}}`. A form that cannot be made
/// counts as naming someone.
fn conditions_name_someone(policy: &Policy) -> bool {
    match policy.to_json() {
        Ok(json) => json.get("conditions").is_none_or(names_someone),
        Err(_) => true,
    }
}

fn names_someone(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, inner)| {
            let found = match key.as_str() {
                "Var" => matches!(inner.as_str(), Some("principal" | "resource")),
                "__entity" => inner.get("type").and_then(Value::as_str) == Some("Role"),
                _ => false,
            };
            found || names_someone(inner)
        }),
        Value::Array(array) => array.iter().any(names_someone),
        _ => false,
    }
}
