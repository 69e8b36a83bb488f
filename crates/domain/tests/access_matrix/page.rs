//! `docs/access.md`: the matrix for people, written by the program. `BATON_WRITE_DOCS=1` writes it,
//! else it is compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use baton_domain::access::{Action, PolicySet, Relation, Role};
use baton_domain::section::{Class, SectionKind};

use super::{mark, of_a_kind, plainly, relations};

const HEAD: &str = include_str!("page_head.md");

/// How the acting setting stands to the move, in words.
const fn side(relation: Relation) -> &'static str {
    match relation {
        Relation::Source => "the sending setting, of its own contribution",
        Relation::Caretaker => "who looks after what a closed setting sent",
        Relation::NamedDestination => "the destination",
        Relation::FurtherRecipient => "a further recipient, within its named kinds",
        Relation::Provisional => "a school an EHC plan may still name",
        Relation::Dual => "a setting the learner is registered with as well",
        Relation::Former => "a former destination or recipient",
        Relation::CouncilCaseworker => "the council that keeps the EHC plan",
        Relation::Council => "the council",
        Relation::SelfPerson => "the learner",
        Relation::Family => "someone with parental responsibility",
        Relation::None => "anybody",
    }
}

fn words(text: &str) -> String {
    text.replace('_', " ")
}

/// Who may, `senco, dsl`; with what it hangs on.
fn who(
    policies: &PolicySet,
    action: Action,
    relation: Relation,
    kind: Option<SectionKind>,
) -> String {
    let roles = Role::ALL.iter().filter_map(|role| {
        match mark(policies, plainly(action, *role, relation, kind)) {
            "yes" => Some(words(role.name())),
            "asgd" => Some(format!("{} (assigned)", words(role.name()))),
            "note" => Some(format!("{} (once a DSL released it)", words(role.name()))),
            _ => None,
        }
    });
    roles.collect::<Vec<_>>().join(", ")
}

/// Kinds with the same readers stand together.
fn by_kind(out: &mut String, policies: &PolicySet, action: Action) {
    for relation in Relation::ALL {
        let mut rows: BTreeMap<(String, Class), Vec<String>> = BTreeMap::new();
        let mut order = Vec::new();
        for kind in SectionKind::ALL {
            let who = who(policies, action, *relation, Some(kind));
            if who.is_empty() {
                continue;
            }
            let key = (who, kind.class());
            if !order.contains(&key) {
                order.push(key.clone());
            }
            rows.entry(key).or_default().push(format!("`{kind}`"));
        }
        if order.is_empty() {
            continue;
        }
        let heads = "| kinds | class | roles |\n|---|---|---|\n";
        write!(out, "### As {}\n\n{heads}", side(*relation)).expect("text");
        for key in order {
            let (kinds, (who, class)) = (rows[&key].join(", "), key);
            writeln!(out, "| {kinds} | {class:?} | {who} |").expect("text");
        }
        out.push('\n');
    }
}

fn without_a_kind(out: &mut String, policies: &PolicySet) {
    out.push_str("| what | as | roles |\n|---|---|---|\n");
    for action in Action::ALL {
        if of_a_kind(*action) {
            continue;
        }
        for relation in relations(*action) {
            let who = who(policies, *action, *relation, None);
            if !who.is_empty() {
                writeln!(
                    out,
                    "| {} | {} | {who} |",
                    words(action.name()),
                    side(*relation)
                )
                .expect("text");
            }
        }
    }
}

fn page() -> String {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    let mut out = HEAD.to_owned();
    out.push_str("\n## Who reads what\n\n");
    by_kind(&mut out, &policies, Action::Read);
    out.push_str("## Who publishes what\n\n");
    by_kind(&mut out, &policies, Action::Publish);
    out.push_str("## Who erases which section\n\n");
    by_kind(&mut out, &policies, Action::EraseSection);
    out.push_str("## Who lets a further recipient have what\n\n");
    by_kind(&mut out, &policies, Action::NameFurtherRecipient);
    out.push_str("## Who does what else\n\n");
    without_a_kind(&mut out, &policies);
    out
}

#[test]
fn the_page_says_what_the_policies_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
    let page = page();
    if std::env::var_os("BATON_WRITE_DOCS").is_some() {
        std::fs::write(path, page).expect("docs can be written");
        return;
    }
    let stands = std::fs::read_to_string(path).expect("docs/access.md");
    assert!(
        stands == page,
        "docs/access.md is old: BATON_WRITE_DOCS=1 writes it"
    );
}
