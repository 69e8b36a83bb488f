//! What a set has to be that is to be put into force, beyond one that is: it locks nobody out who must
//! get in, and each of its policies answers something. Everything that is wrong is told.
#![cfg(feature = "cedar")]

use std::cell::Cell;

use baton_domain::access::{
    Action, Examined, INVARIANTS, Law, PolicyError, PolicySet, PolicyText, Relation, Role,
};
use baton_domain::section::SectionKind;

/// The shipped files, each policy of these names taken out, with one file more.
fn shipped(without: &[&str], and: &str) -> PolicyText {
    let shipped = PolicyText::shipped();
    let mut files: Vec<(String, String)> = shipped
        .files()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    for id in without {
        let marker = format!("@id(\"{id}\")");
        let (_, text) = files
            .iter_mut()
            .find(|(_, text)| text.contains(&marker))
            .expect("a shipped policy of that name");
        let start = text.find(&marker).expect("just found");
        let end = start + text[start..].find(";\n").expect("ends") + 2;
        text.replace_range(start..end, "");
    }
    files.push(("local.cedar".to_owned(), and.to_owned()));
    let files = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    PolicyText::of(files).expect("taken")
}

fn examined(text: PolicyText) -> Result<Examined, Vec<PolicyError>> {
    let before = PolicySet::shipped().expect("loads");
    PolicySet::examine(text, Some(&before), &|| true)
}

fn problems(text: PolicyText) -> Vec<PolicyError> {
    examined(text).expect_err("refused")
}

#[test]
fn the_shipped_set_may_be_put_into_force_and_changes_nothing() {
    let examined = examined(PolicyText::shipped()).expect("every law, and every policy matches");
    assert_eq!(examined.set.hash(), PolicyText::shipped().hash());
    assert_eq!(examined.changes, []);
}

#[test]
fn nobody_is_locked_out_who_has_to_get_in_again() {
    let text = shipped(
        &[
            "council_administrator_replaces_policies",
            "auditor_reads_ledger",
            "sweeper_rotates_keys",
        ],
        "",
    );
    PolicySet::parse(text.clone()).expect("it keeps shut what has to be shut");
    let found = problems(text);
    let mut laws: Vec<&str> = found
        .iter()
        .map(|problem| match problem {
            PolicyError::Invariant { law, .. } => *law,
            other => panic!("{other:?}"),
        })
        .collect();
    laws.sort_unstable();
    let allowed = |law: &Law| matches!(law, Law::Allowed(_));
    let allowed = INVARIANTS.iter().filter(|it| allowed(&it.law));
    let mut all: Vec<&str> = allowed.map(|it| it.name).collect();
    all.sort_unstable();
    assert_eq!(laws, all, "each of these laws, told once");
}

#[test]
fn a_policy_that_matches_no_question_is_refused_by_its_name() {
    let never = [
        // Questions about the own contribution have no age and no route.
        r#"@id("never") forbid (principal, action == Action::"read", resource)
           when { context.relation == Relation::"source" && context.age == AgeStage::"from_16" };"#,
        r#"@id("never") permit (principal in Role::"careers_adviser", action == Action::"read", resource)
           when { context.relation == Relation::"source" && context.route == Route::"post_16" &&
                  context.kind == Kind::"send" };"#,
        // Two kinds at once.
        r#"@id("never") forbid (principal, action == Action::"read", resource)
           when { context.kind == Kind::"send" && context.kind == Kind::"health" };"#,
    ];
    for policy in never {
        let text = shipped(&[], policy);
        PolicySet::parse(text.clone()).expect("what is in force may have one");
        match problems(text).as_slice() {
            [PolicyError::Idle { policy, actions }] => {
                assert_eq!(
                    (policy.as_str(), actions.as_slice()),
                    ("never", &[Action::Read][..])
                );
            }
            other => panic!("{other:?}"),
        }
    }
    // Of several actions the one that is named in vain.
    let partly = r#"@id("partly") forbid (principal, action in [Action::"read", Action::"status"], resource)
        when { context.relation == Relation::"source" && context.age == AgeStage::"from_16" };"#;
    let found = problems(shipped(&[], partly));
    assert!(
        matches!(found.as_slice(), [PolicyError::Idle { actions, .. }] if *actions == [Action::Read]),
        "{found:?}"
    );
    assert!(
        found[0]
            .to_string()
            .contains("\"partly\" matches no question there is for read")
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = r#"
        @id("a") permit (principal, action == Action::"read", resource);
        @id("dsl_reads") permit (principal in Role::"dsl", action == Action::"read", resource);
        @id("b") permit (principal in Role::"dsl", action == Action::"peek", resource);
        @id("c") permit (principal in Role::"dsl", action == Action::"read", resource)
          when { context.mood };"#;
    let rules: Vec<&str> = problems(shipped(&[], wrong))
        .iter()
        .map(PolicyError::rule)
        .collect();
    assert_eq!(rules[..2], ["policy.shape", "policy.shape"]);
    assert!(
        rules[2..].iter().all(|rule| *rule == "policy.schema"),
        "{rules:?}"
    );
    assert!(rules.len() >= 4, "{rules:?}");

    let too_much = r#"
        @id("a") permit (principal in Role::"auditor", action == Action::"read", resource)
          when { context.kind == Kind::"identity" };
        @id("b") permit (principal in Role::"operator", action == Action::"release", resource);
        @id("c") forbid (principal, action == Action::"read", resource)
          when { context.kind == Kind::"send" && context.kind == Kind::"health" };
        @id("d") forbid (principal, action == Action::"erase", resource)
          when { 9223372036854775807 + 1 == 0 };"#;
    let found = problems(shipped(&[], too_much));
    let mut rules: Vec<&str> = found.iter().map(PolicyError::rule).collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, ["policy.evaluation", "policy.idle", "policy.law"]);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    for law in ["oversight_sees_no_content", "only_the_sweeper_releases"] {
        let times = told.iter().filter(|it| it.contains(law)).count();
        assert_eq!(times, 1, "{law}: {told:?}");
    }
}

#[test]
fn what_it_changes_is_counted_and_says_whether_receivers_are_shown_more() {
    let more = r#"@id("more") permit (principal in Role::"subject_teacher", action == Action::"status", resource)
        when { context.relation == Relation::"named_destination" };"#;
    let changes = examined(shipped(&[], more)).expect("fits").changes;
    let [change] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(
        (change.role, change.action, change.relation),
        (
            Role::SubjectTeacher,
            Action::Status,
            Some(Relation::NamedDestination)
        )
    );
    assert!(change.gained > 0 && change.lost == 0 && !change.shows_receivers_more());

    let shown = r#"@id("more") permit (principal in Role::"data_manager", action == Action::"read", resource)
        when { context.relation == Relation::"named_destination" && context.kind == Kind::"learner_voice" };"#;
    let newer = examined(shipped(&[], shown)).expect("fits");
    let [change] = newer.changes.as_slice() else {
        panic!("{:?}", newer.changes);
    };
    assert_eq!(change.kind, Some(SectionKind::LearnerVoice));
    assert!(change.shows_receivers_more());
    // The other way round it is lost, in as many circumstances.
    let shipped = PolicySet::shipped().expect("loads");
    let back = newer.set.differences(&shipped).expect("walks");
    assert_eq!((back[0].gained, back[0].lost), (0, change.gained));
    assert!(!back[0].shows_receivers_more());
}

#[test]
fn it_is_broken_off_when_nobody_waits_any_more() {
    let asked = Cell::new(0);
    let result = PolicySet::examine(PolicyText::shipped(), None, &|| {
        asked.set(asked.get() + 1);
        asked.get() < 5
    });
    let problems = result.expect_err("broken off");
    assert!(
        matches!(problems.as_slice(), [PolicyError::Stopped]),
        "{problems:?}"
    );
    assert_eq!(asked.get(), 5, "and not asked again");
}
