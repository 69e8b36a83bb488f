//! What a council may not load, and what the shipped set is.
#![cfg(feature = "cedar")]

use baton_domain::access::{INVARIANTS, Invariant, Law, Lint, PolicyError, PolicySet, PolicyText};

/// The shipped files with one more.
fn shipped_and(extra: &str) -> Result<PolicySet, PolicyError> {
    changed(|files| files.push(("local.cedar".to_owned(), extra.to_owned())))
}

fn changed(change: impl FnOnce(&mut Vec<(String, String)>)) -> Result<PolicySet, PolicyError> {
    let shipped = PolicyText::shipped();
    let mut files: Vec<(String, String)> = shipped
        .files()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    change(&mut files);
    let files = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    PolicySet::parse(PolicyText::of(files)?)
}

/// The shipped files with a policy put in place of the one of that name.
fn instead_of(id: &str, policy: &str) -> Result<PolicySet, PolicyError> {
    changed(|files| {
        let marker = format!("@id(\"{id}\")");
        let (_, text) = files
            .iter_mut()
            .find(|(_, text)| text.contains(&marker))
            .expect("a shipped policy of that name");
        let start = text.find(&marker).expect("just found");
        let end = start + text[start..].find(";\n").expect("ends") + 1;
        text.replace_range(start..end, policy);
    })
}

#[test]
fn the_shipped_set_keeps_every_invariant() {
    let shipped = PolicySet::shipped().expect("loads");
    let parsed = PolicySet::parse(PolicyText::shipped()).expect("keeps the invariants");
    assert_eq!(shipped.hash(), parsed.hash());
    assert_eq!(shipped.hash().len(), 64);
}

#[test]
fn a_set_read_back_from_its_canonical_text_is_the_same_set() {
    let shipped = PolicyText::shipped();
    let back = PolicyText::from_canonical(&shipped.canonical()).expect("canonical");
    assert_eq!(back, shipped);
    assert_eq!(back.hash(), shipped.hash());
    let windows: Vec<(String, String)> = shipped
        .files()
        .map(|(name, text)| (name.to_owned(), text.replace('\n', "\r\n")))
        .collect();
    let windows = PolicyText::of(windows.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    assert_eq!(windows.expect("taken").hash(), shipped.hash());
}

#[test]
fn a_comment_changes_the_hash_because_it_is_what_governance_signed() {
    let mut files: Vec<(&str, &str)> = Vec::new();
    let shipped = PolicyText::shipped();
    files.extend(shipped.files());
    files.push(("note.cedar", "// agreed in March\n"));
    assert_ne!(PolicyText::of(files).expect("taken").hash(), shipped.hash());
}

#[test]
fn files_that_cannot_be_taken_are_refused() {
    for files in [
        vec![("Local.cedar", "")],
        vec![("../local.cedar", "")],
        vec![("local.txt", "")],
        vec![(".cedar", "")],
        vec![("a.cedar", ""), ("a.cedar", "")],
        vec![("a.cedar", "//# file: b.cedar\n")],
    ] {
        assert!(matches!(PolicyText::of(files), Err(PolicyError::File(_))));
    }
    assert!(matches!(
        PolicyText::from_canonical("permit (principal, action, resource);"),
        Err(PolicyError::File(_))
    ));
    let large = "/".repeat(PolicyText::MAX_BYTES + 1);
    assert!(matches!(
        PolicyText::of([("a.cedar", large.as_str())]),
        Err(PolicyError::TooLarge)
    ));
}

#[test]
fn every_lint_refuses_its_case() {
    let cases = [
        (
            Lint::Id,
            r#"permit (principal in Role::"dsl", action == Action::"read", resource);"#,
        ),
        (
            Lint::Id,
            r#"@id("Not An Id") permit (principal in Role::"dsl", action == Action::"read", resource);"#,
        ),
        (
            Lint::Id,
            r#"@id("default_deny") permit (principal in Role::"dsl", action == Action::"read", resource);"#,
        ),
        (
            Lint::RepeatedId,
            r#"@id("dsl_reads") permit (principal in Role::"dsl", action == Action::"read", resource);"#,
        ),
        (
            Lint::Template,
            r#"@id("x") permit (principal in ?principal, action == Action::"read", resource);"#,
        ),
        (
            Lint::PermitWithoutOneRole,
            r#"@id("x") permit (principal, action == Action::"read", resource);"#,
        ),
        (
            Lint::PermitWithoutOneRole,
            r#"@id("x") permit (principal is Caller, action == Action::"read", resource);"#,
        ),
        (
            Lint::PermitWithoutOneRole,
            r#"@id("x") permit (principal == Caller::"caller", action == Action::"read", resource);"#,
        ),
        (
            Lint::PermitWithoutOneRole,
            r#"@id("x") permit (principal in Role::"head", action == Action::"read", resource);"#,
        ),
        (
            Lint::PermitOfEveryAction,
            r#"@id("x") permit (principal in Role::"dsl", action, resource);"#,
        ),
        (
            Lint::GuardNamesPrincipal,
            r#"@id("x") forbid (principal in Role::"dsl", action == Action::"read", resource);"#,
        ),
        (
            Lint::ConditionNamesPrincipal,
            r#"@id("x") forbid (principal, action == Action::"read", resource)
               unless { principal in Role::"dsl" };"#,
        ),
        (
            Lint::ConditionNamesPrincipal,
            r#"@id("x") permit (principal in Role::"dsl", action == Action::"read", resource)
               when { principal in Role::"senco" };"#,
        ),
        (
            Lint::ConditionNamesPrincipal,
            r#"@id("x") forbid (principal, action == Action::"read", resource)
               when { resource == Target::"target" };"#,
        ),
        (
            Lint::ResourceNamed,
            r#"@id("x") permit (principal in Role::"dsl", action == Action::"read", resource == Target::"target");"#,
        ),
    ];
    for (expected, policy) in cases {
        match shipped_and(policy) {
            Err(PolicyError::Lint { lint, file, .. }) => {
                assert_eq!(lint, expected, "{file}: {policy}");
            }
            other => panic!("{policy} gave {other:?}"),
        }
    }
}

#[test]
fn what_is_not_cedar_is_refused() {
    assert!(matches!(
        shipped_and("permit (principal"),
        Err(PolicyError::Syntax { file, .. }) if file == "local.cedar"
    ));
}

#[test]
fn a_policy_that_does_not_fit_the_schema_is_refused() {
    for condition in [
        // A word that is in no list.
        r#"context.kind == Kind::"healthy""#,
        r#"context.relation == Relation::"friend""#,
        // A fact the action does not have.
        "context.legal_hold",
        "context.mood",
        // Not a truth value; two kinds of word compared.
        "context.kind",
        r#"context.kind == Relation::"source""#,
        // Never true.
        r#"context.kind == Kind::"health" && false"#,
    ] {
        let policy = format!(
            r#"@id("x") permit (principal in Role::"dsl", action == Action::"read", resource)
               when {{ {condition} }};"#
        );
        assert!(
            matches!(shipped_and(&policy), Err(PolicyError::Validation(_))),
            "{condition}"
        );
    }
    let unknown_action =
        r#"@id("x") permit (principal in Role::"dsl", action == Action::"peek", resource);"#;
    assert!(matches!(
        shipped_and(unknown_action),
        Err(PolicyError::Validation(_))
    ));
}

type Case = (Result<PolicySet, PolicyError>, &'static str);

fn with(effect: &str, action: &str, condition: &str) -> Result<PolicySet, PolicyError> {
    shipped_and(&with_text(effect, action, condition))
}

fn with_text(effect: &str, action: &str, condition: &str) -> String {
    let (effect, principal) = match effect {
        "forbid" => ("forbid", "principal".to_owned()),
        role => ("permit", format!("principal in Role::\"{role}\"")),
    };
    format!(
        "@id(\"local\") {effect} ({principal}, action == Action::\"{action}\", resource)
         when {{ {condition} }};"
    )
}

fn permits_too_many() -> Vec<Case> {
    let permit = with;
    vec![
        (
            permit("senco", "read", r#"context.relation == Relation::"dual""#),
            "restricted_kinds_need_the_dsl_role",
        ),
        (
            permit(
                "senco",
                "release_child_protection_note",
                r#"context.relation == Relation::"source""#,
            ),
            "a_note_is_released_by_a_dsl_in_person",
        ),
        (
            permit(
                "publisher",
                "read",
                r#"context.relation == Relation::"caretaker" && context.kind == Kind::"identity""#,
            ),
            "a_caretaker_sees_no_content",
        ),
        (
            permit(
                "publisher",
                "name_further_recipient",
                r#"context.relation == Relation::"caretaker" && context.kind == Kind::"identity""#,
            ),
            "only_the_source_shares_what_it_wrote",
        ),
        (
            permit("auditor", "read", r#"context.kind == Kind::"identity""#),
            "oversight_sees_no_content",
        ),
        (
            permit(
                "transition_officer",
                "read",
                r#"context.kind == Kind::"send""#,
            ),
            "the_councils_officers_see_no_content",
        ),
        (
            permit(
                "admissions_officer",
                "status",
                r#"context.relation == Relation::"council""#,
            ),
            "the_councils_officers_are_kept_apart",
        ),
        (
            permit(
                "subject_teacher",
                "read",
                r#"context.relation == Relation::"dual""#,
            ),
            "a_subject_teacher_sees_strategies_only",
        ),
        (
            permit("dsl", "read", r#"context.relation == Relation::"family""#),
            "the_own_record_is_for_its_person",
        ),
        (
            permit("send_caseworker", "read", r#"context.kind == Kind::"send""#),
            "the_caseworker_sees_and_writes_the_ehc_plan_only",
        ),
        (
            permit(
                "publisher",
                "status",
                r#"context.relation == Relation::"none""#,
            ),
            "a_stranger_learns_nothing",
        ),
        (
            permit(
                "publisher",
                "withdraw",
                r#"context.relation == Relation::"council""#,
            ),
            "only_the_source_writes_and_takes_back",
        ),
        (
            permit("operator", "read_audit", "true"),
            "only_the_auditor_reads_the_ledger",
        ),
        (
            permit("operator", "release", "true"),
            "only_the_sweeper_releases",
        ),
        (
            permit("operator", "replace_policies", "true"),
            "only_the_council_administrator_replaces_policies",
        ),
    ]
}

fn permits_of_decisions() -> Vec<Case> {
    let council = r#"context.relation == Relation::"council""#;
    vec![(
        with("transition_officer", "record_sharing", council),
        "only_the_sending_side_records_decisions",
    )]
}

fn guards_lost() -> Vec<Case> {
    vec![
        (
            instead_of("outside_delegation", ""),
            "nothing_outside_a_delegation",
        ),
        (
            instead_of("restricted_never_by_vendor", ""),
            "restricted_kinds_never_by_a_vendor",
        ),
        (
            instead_of("window_not_open", ""),
            "a_receiver_sees_nothing_outside_the_window",
        ),
        (
            instead_of("provisional_sees_send_only", ""),
            "a_provisional_school_sees_send_only",
        ),
        (
            instead_of(
                "former_sees_nothing",
                &with_text(
                    "senco",
                    "read",
                    r#"context.relation == Relation::"former" && context.kind == Kind::"send""#,
                ),
            ),
            "a_former_destination_sees_nothing",
        ),
        (
            instead_of(
                "receiver_sets_no_destination",
                &with_text(
                    "receiver_lead",
                    "redirect",
                    r#"context.relation == Relation::"named_destination""#,
                ),
            ),
            "a_receiver_sets_no_destination",
        ),
        (
            instead_of("derived_and_reserved_kinds", ""),
            "derived_and_reserved_kinds_are_not_published",
        ),
        (
            instead_of("sharing_refused", ""),
            "a_refusal_closes_the_section",
        ),
        (
            instead_of("no_agreement", ""),
            "no_agreement_closes_the_section",
        ),
        (
            instead_of("legal_hold_keeps", ""),
            "a_legal_hold_keeps_content",
        ),
    ]
}

fn delegates_for_others() -> Case {
    let council = r#"context.relation == Relation::"council""#;
    (
        with("council_administrator", "delegate", council),
        "only_the_setting_itself_delegates",
    )
}

fn protects_for_others() -> Case {
    let caretaker = r#"context.relation == Relation::"caretaker""#;
    (
        with("dsl", "protect", caretaker),
        "only_the_setting_itself_protects",
    )
}

fn shows_families_too_much() -> Vec<Case> {
    let own = r#"[Relation::"self", Relation::"family"].contains(context.relation)"#;
    let friends = format!(r#"{own} && context.kind == Kind::"relationships""#);
    vec![
        (
            with(
                "dsl",
                "give_family_access",
                r#"context.relation == Relation::"caretaker""#,
            ),
            "only_the_setting_itself_gives_family_access",
        ),
        (
            with("person", "read", &friends),
            "the_own_record_names_nobody_else",
        ),
        (
            with("person", "status", own),
            "a_parent_sees_what_the_young_person_leaves",
        ),
    ]
}

fn agrees_for_others() -> Vec<Case> {
    let council = r#"context.relation == Relation::"council""#;
    let receiver = r#"context.relation == Relation::"named_destination""#;
    vec![
        (
            with("admissions_officer", "sign_agreement", council),
            "only_the_setting_or_its_council_signs",
        ),
        (
            with("receiver_lead", "sign_agreement", receiver),
            "only_the_setting_or_its_council_signs",
        ),
        (
            instead_of("vendor_never_agrees", ""),
            "only_the_setting_or_its_council_signs",
        ),
        (
            with("council_administrator", "send_without_agreement", council),
            "only_the_sending_head_sends_without_agreement",
        ),
        (
            with(
                "dsl",
                "send_without_agreement",
                r#"context.relation == Relation::"source""#,
            ),
            "only_the_sending_head_sends_without_agreement",
        ),
    ]
}

fn guards_too_many() -> Vec<Case> {
    let no_agreement = r#"context.relation == Relation::"dual" && !context.agreement_in_force"#;
    vec![
        (
            with("forbid", "read", no_agreement),
            "health_and_child_protection_need_no_agreement",
        ),
        (
            with("forbid", "read", r#"context.sharing == Sharing::"refused""#),
            "health_and_child_protection_survive_a_refusal",
        ),
    ]
}

#[test]
fn a_set_that_breaks_an_invariant_is_refused_by_its_name() {
    let mut broken: Vec<&str> = Vec::new();
    let cases = permits_too_many()
        .into_iter()
        .chain(permits_of_decisions())
        .chain(guards_lost())
        .chain(guards_too_many())
        .chain(agrees_for_others())
        .chain(shows_families_too_much())
        .chain([delegates_for_others(), protects_for_others()]);
    for (result, expected) in cases {
        match result {
            Err(PolicyError::Invariant { law, .. }) => assert_eq!(law, expected),
            other => panic!("{expected}: {other:?}"),
        }
        broken.push(expected);
    }
    // What has to be allowed is asked of a set that is to be put into force: access_examined.
    let denied = |it: &&Invariant| !matches!(it.law, Law::Allowed(_));
    for invariant in INVARIANTS.iter().filter(denied) {
        assert!(
            broken.contains(&invariant.name),
            "{} has no case",
            invariant.name
        );
    }
}

#[test]
fn a_council_may_close_more() {
    let closed = shipped_and(
        r#"@id("no_keys_for_high_kinds")
           forbid (principal, action == Action::"read", resource)
           when {
             context.class == Class::"high" &&
             context.channel.assurance == Assurance::"key" &&
             context.kind != Kind::"health"
           };"#,
    );
    assert!(closed.is_ok(), "{closed:?}");
}
