//! What each role may do at the most favourable, in words.

use baton_domain::access::{
    Action, AgeStage, Assurance, Delegation, Dimensions, Facts, PolicySet, Relation, Role, RoleSet,
    RouteGroup, SharingDecision, Tuple,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;
use serde_json::json;

use crate::output::Output;

pub(super) fn show(set: &PolicySet, only: Option<Role>, output: Output) {
    for role in Role::ALL {
        if only.is_some_and(|only| only != *role) {
            continue;
        }
        for action in Action::ALL {
            let related = action.dimensions().contains(Dimensions::RELATION);
            let relations = if related {
                Relation::ALL
            } else {
                &[Relation::None]
            };
            for relation in relations {
                let Some(kinds) = right(set, *role, *action, *relation) else {
                    continue;
                };
                let relation = related.then_some(*relation);
                let json = json!({
                    "role": role, "action": action, "relation": relation, "kinds": kinds,
                });
                output.result(&json, || {
                    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                    let of = if names.is_empty() { "" } else { ": " };
                    let relation = relation.map(|it| format!(" as {it}")).unwrap_or_default();
                    format!("{role}: {action}{relation}{of}{}", names.join(", "))
                });
            }
        }
    }
}

/// The kinds of a right, none of them where the action has no kind; nothing where there is no right.
fn right(
    set: &PolicySet,
    role: Role,
    action: Action,
    relation: Relation,
) -> Option<Vec<SectionKind>> {
    let may = |kind| {
        RouteGroup::ALL.iter().any(|route| {
            let facts = favourable(action, role, relation, kind, *route);
            set.decide(&Tuple::new(facts)).allowed
        })
    };
    if !action.dimensions().contains(Dimensions::KIND) {
        return may(None).then(Vec::new);
    }
    let kinds = SectionKind::ALL.into_iter();
    let kinds: Vec<_> = kinds.filter(|kind| may(Some(*kind))).collect();
    (!kinds.is_empty()).then_some(kinds)
}

const fn favourable(
    action: Action,
    role: Role,
    relation: Relation,
    kind: Option<SectionKind>,
    route: RouteGroup,
) -> Facts {
    Facts {
        relation,
        kind,
        filled_by_caller: true,
        window: Window::Open,
        agreement_in_force: true,
        sharing: SharingDecision::Allowed,
        age: AgeStage::PostCompulsory,
        delegation: Delegation::Direct,
        assurance: Assurance::Certificate,
        legal_hold: false,
        note_released: true,
        route,
        ..Facts::about(action, RoleSet::only(role))
    }
}
