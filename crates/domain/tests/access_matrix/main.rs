//! The matrix as people review it: which role sees and writes which kind, from
//! which side, and what each circumstance takes away. The snapshots are the agreed
//! truth; a change of policy shows here before it shows anywhere else.
#![cfg(feature = "cedar")]

mod page;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use baton_domain::access::{
    Action, AgeStage, Assurance, Delegation, Dimensions, Facts, PolicySet, Relation, Role, RoleSet,
    RouteGroup, SharingDecision, Tuple,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;

/// The question at its most favourable: open, agreed, sharing allowed, the setting's
/// own certificate. Nothing assigned, no note released.
fn plainly(action: Action, role: Role, relation: Relation, kind: Option<SectionKind>) -> Facts {
    let release = matches!(
        action,
        Action::RecordPersonReleased | Action::RecordBestInterests
    );
    Facts {
        action,
        roles: RoleSet::only(role),
        relation,
        kind,
        filled_by_caller: false,
        window: Window::Open,
        agreement_in_force: true,
        sharing: SharingDecision::Allowed,
        age: AgeStage::PostCompulsory,
        delegation: Delegation::Direct,
        assurance: Assurance::Certificate,
        legal_hold: false,
        note_released: false,
        route: if release || role == Role::AdultServiceWorker {
            RouteGroup::Adult
        } else if role == Role::SendCaseworker {
            RouteGroup::EhcPlan
        } else {
            RouteGroup::Coordinated
        },
    }
}

/// `yes`, `asgd` where only an assigned kind is, `note` where only a released note is.
fn mark(policies: &PolicySet, facts: Facts) -> &'static str {
    let allowed = |facts| policies.decide(&Tuple::new(facts)).allowed;
    let assigned = Facts {
        filled_by_caller: true,
        ..facts
    };
    let released = Facts {
        note_released: true,
        ..facts
    };
    if allowed(facts) {
        "yes"
    } else if allowed(assigned) {
        "asgd"
    } else if allowed(released) {
        "note"
    } else {
        "."
    }
}

const HEADS: [&str; 20] = [
    "pub", "contr", "lead", "senco", "dsl", "data", "admin", "casew", "audit", "opera", "sweep",
    "subjt", "carer", "healt", "adult", "admis", "trans", "early", "virtu", "persn",
];

/// Whether the action is asked of each section kind.
fn of_a_kind(action: Action) -> bool {
    action.dimensions().contains(Dimensions::KIND)
}

/// One line for all where the action does not ask who it is about.
fn relations(action: Action) -> &'static [Relation] {
    if action.dimensions().contains(Dimensions::RELATION) {
        Relation::ALL
    } else {
        &[Relation::None]
    }
}

fn line(out: &mut String, name: &str, cells: impl Iterator<Item = &'static str>) {
    let mut line = format!("  {name:<33}");
    for cell in cells {
        write!(line, "{cell:<6}").expect("a string takes text");
    }
    writeln!(out, "{}", line.trim_end()).expect("a string takes text");
}

fn by_kind(policies: &PolicySet, action: Action) -> String {
    let mut out = String::from(
        "asgd: a kind assigned to them; note: once a DSL released it.\n\
         A kind or side that is not listed is nobody's.\n",
    );
    for &relation in Relation::ALL {
        let cell = |kind, role| mark(policies, plainly(action, role, relation, Some(kind)));
        let anything = SectionKind::ALL
            .iter()
            .any(|&kind| Role::ALL.iter().any(|&role| cell(kind, role) != "."));
        if !anything {
            continue;
        }
        writeln!(out, "\n{action} as {relation}").expect("a string takes text");
        line(&mut out, "", HEADS.into_iter());
        for kind in SectionKind::ALL {
            let cells: Vec<_> = Role::ALL.iter().map(|&role| cell(kind, role)).collect();
            if cells.iter().any(|&cell| cell != ".") {
                let name = format!("{kind} ({:?})", kind.class());
                line(&mut out, &name, cells.into_iter());
            }
        }
    }
    out
}

#[test]
fn who_reads_what() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    insta::assert_snapshot!("read", by_kind(&policies, Action::Read));
}

#[test]
fn who_shares_what() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    insta::assert_snapshot!("share", by_kind(&policies, Action::NameFurtherRecipient));
}

#[test]
fn who_publishes_what() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    insta::assert_snapshot!("publish", by_kind(&policies, Action::Publish));
}

#[test]
fn who_erases_which_section() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    insta::assert_snapshot!("erase_section", by_kind(&policies, Action::EraseSection));
}

#[test]
fn who_does_what() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    let mut out = String::new();
    for &action in Action::ALL {
        if of_a_kind(action) {
            continue;
        }
        writeln!(out, "{action}").expect("a string takes text");
        line(&mut out, "", HEADS.into_iter());
        let all = relations(action);
        for &relation in all {
            let cells: Vec<_> = Role::ALL
                .iter()
                .map(|&role| mark(&policies, plainly(action, role, relation, None)))
                .collect();
            if cells.iter().any(|&cell| cell != ".") {
                let name = if all.len() == 1 {
                    "any"
                } else {
                    relation.name()
                };
                line(&mut out, name, cells.into_iter());
            }
        }
        out.push('\n');
    }
    insta::assert_snapshot!("actions", out);
}

type Change = (&'static str, fn(Facts) -> Facts);

/// One thing other than most favourable.
const CIRCUMSTANCES: &[Change] = &[
    ("window not open", |f| Facts {
        window: Window::NotOpen,
        ..f
    }),
    ("window provisional", |f| Facts {
        window: Window::Provisional,
        ..f
    }),
    ("window closed", |f| Facts {
        window: Window::Closed,
        ..f
    }),
    ("no agreement", |f| Facts {
        agreement_in_force: false,
        ..f
    }),
    ("sharing refused", |f| Facts {
        sharing: SharingDecision::Refused,
        ..f
    }),
    ("sharing undecided", |f| Facts {
        sharing: SharingDecision::Undecided,
        ..f
    }),
    ("under 16", |f| Facts {
        age: AgeStage::Under16,
        ..f
    }),
    ("from 16", |f| Facts {
        age: AgeStage::From16,
        ..f
    }),
    ("API key", |f| Facts {
        assurance: Assurance::Key,
        ..f
    }),
    ("person", |f| Facts {
        assurance: Assurance::PersonSecondFactor,
        ..f
    }),
    ("vendor", |f| Facts {
        delegation: Delegation::Vendor,
        ..f
    }),
    ("legal hold", |f| Facts {
        legal_hold: true,
        ..f
    }),
    ("coordinated route", |f| Facts {
        route: RouteGroup::Coordinated,
        ..f
    }),
    ("EHC plan route", |f| Facts {
        route: RouteGroup::EhcPlan,
        ..f
    }),
    ("post-16 route", |f| Facts {
        route: RouteGroup::Post16,
        ..f
    }),
    ("in-year route", |f| Facts {
        route: RouteGroup::InYear,
        ..f
    }),
    ("adult route", |f| Facts {
        route: RouteGroup::Adult,
        ..f
    }),
];

/// Who may, as `role kind` or `role`, with all assigned and the note released.
fn allowed(
    policies: &PolicySet,
    action: Action,
    relation: Relation,
    change: fn(Facts) -> Facts,
) -> BTreeSet<String> {
    let kinds: Vec<Option<SectionKind>> = if of_a_kind(action) {
        SectionKind::ALL.into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let mut found = BTreeSet::new();
    for kind in kinds {
        for &role in Role::ALL {
            let facts = change(Facts {
                filled_by_caller: true,
                note_released: true,
                ..plainly(action, role, relation, kind)
            });
            if policies.decide(&Tuple::new(facts)).allowed {
                let kind = kind.map_or(String::new(), |kind| format!(" {kind}"));
                found.insert(format!("{role}{kind}"));
            }
        }
    }
    found
}

fn difference(usual: &BTreeSet<String>, now: &BTreeSet<String>) -> Option<String> {
    let lines = |set: Vec<&String>| {
        let mut text = String::new();
        for name in set {
            write!(text, "\n      {name}").expect("a string takes text");
        }
        text
    };
    if usual == now {
        None
    } else if now.is_empty() {
        Some("nothing is left".to_owned())
    } else {
        assert!(now.is_subset(usual), "a less favourable case allows more");
        let lost: Vec<_> = usual.difference(now).collect();
        Some(if lost.len() <= now.len() {
            format!("loses {}{}", lost.len(), lines(lost))
        } else {
            format!("keeps {}{}", now.len(), lines(now.iter().collect()))
        })
    }
}

#[test]
fn what_each_circumstance_takes_away() {
    let policies = PolicySet::shipped().expect("the shipped policies load");
    let mut out = String::from(
        "What differs from the most favourable case, and nothing where nothing does.\n\
         Everywhere: a vendor outside its scopes is refused everything.\n",
    );
    for &action in Action::ALL {
        // Sides that lose the same stand together.
        let mut sides: Vec<(String, Vec<&str>)> = Vec::new();
        for &relation in relations(action) {
            let outside = |facts| Facts {
                delegation: Delegation::VendorWithoutThis,
                ..facts
            };
            assert!(allowed(&policies, action, relation, outside).is_empty());
            let usual = allowed(&policies, action, relation, |facts| facts);
            let mut text = String::new();
            for &(name, change) in CIRCUMSTANCES {
                let now = allowed(&policies, action, relation, change);
                if let Some(difference) = difference(&usual, &now) {
                    writeln!(text, "  {name}: {difference}").expect("a string takes text");
                }
            }
            match sides.iter_mut().find(|(same, _)| *same == text) {
                _ if text.is_empty() => {}
                Some((_, names)) => names.push(relation.name()),
                None => sides.push((text, vec![relation.name()])),
            }
        }
        for (text, names) in sides {
            let names = names.join(", ");
            writeln!(out, "\n{action} as {names}\n{}", text.trim_end())
                .expect("a string takes text");
        }
    }
    insta::assert_snapshot!("circumstances", out);
}
