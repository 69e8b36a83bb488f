//! Who may not, and what cannot be put into force: refused with every problem, as one entry, and
//! nothing changes.

use baton_domain::access::PolicyText;
use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use super::{asked, hash, with, without_send};
use crate::harness::*;

/// What is wrong with a text, and by which rules it is told.
fn wrong_sets() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let shipped = PolicyText::shipped();
    let broken: Vec<(&str, &str)> = shipped
        .files()
        .map(|(name, text)| match name {
            "guards.cedar" | "sending.cedar" => (name, "permit (principal"),
            _ => (name, text),
        })
        .collect();
    let large = "/".repeat(PolicyText::MAX_BYTES);
    vec![
        (
            "no set",
            "permit (principal, action, resource);".to_owned(),
            vec!["policy.file"],
        ),
        (
            "too large",
            format!("{}//{large}\n", shipped.canonical()),
            vec!["policy.bytes"],
        ),
        (
            "two files that are no Cedar",
            PolicyText::of(broken).unwrap().canonical(),
            vec!["policy.syntax", "policy.syntax"],
        ),
        (
            "a shape and a word",
            with(
                r#"@id("a") permit (principal, action == Action::"read", resource);
                @id("b") permit (principal in Role::"dsl", action == Action::"peek", resource);"#,
            ),
            vec!["policy.shape", "policy.schema"],
        ),
        (
            "two laws and a policy for nothing",
            with(
                r#"@id("a") permit (principal in Role::"operator", action == Action::"release", resource);
                @id("b") forbid (principal, action == Action::"replace_policies", resource);
                @id("c") forbid (principal, action == Action::"read", resource)
                when { context.relation == Relation::"source" && context.age == AgeStage::"from_16" };"#,
            ),
            vec!["policy.law", "policy.law", "policy.idle"],
        ),
    ]
}

on_both_engines! {
    async fn a_set_that_is_wrong_is_refused_with_every_problem_and_changes_nothing(exchange) {
        let officer = &exchange.officer;
        let expected = PolicyText::shipped().hash();
        for (what, text, rules) in wrong_sets() {
            let before = exchange.size();
            let told = refused(officer.replace(asked(officer, &text, &expected)).await);
            assert_eq!(told.reason, Reason::PolicySetRefused, "{what}");
            let found: Vec<&str> = told.violations.iter().map(|it| it.rule.as_str()).collect();
            let mut missing = rules.clone();
            missing.retain(|rule| !found.contains(rule));
            assert!(missing.is_empty() && found.len() >= rules.len(), "{what}: {:?}", told.violations);
            assert_eq!(exchange.size(), before + 1, "{what}: a refusal is an entry");
            let entry = exchange.lines(before).await.remove(0);
            assert_eq!((entry.said(), entry.text("reason")),
                (("policy_replaced", "failed"), "POLICY_SET_REFUSED"), "{what}");
        }
        assert_eq!(officer.in_force().await.hash, expected);
        let none = officer.policy_changes(0).await.unwrap();
        assert_eq!(none.changes, []);
    }

    async fn what_the_request_lacks_is_told_before_it_is_an_act(exchange) {
        let officer = &exchange.officer;
        let before = exchange.size();
        let told = refused(officer.replace(v1::ReplacePolicySetRequest {
            hash: "0".repeat(64),
            expected_hash: "shipped".to_owned(),
            reason: "two\nlines".to_owned(),
            request_id: String::new(),
            ..asked(officer, "//# file: a.cedar\n", "")
        }).await);
        assert_eq!(told.reason, Reason::InvalidRequest);
        let fields: Vec<&str> = told.violations.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["text", "expected_hash", "reason", "request_id"]);
        assert_eq!(exchange.size(), before);

        let unknown = officer.replace(v1::ReplacePolicySetRequest {
            hash: "0".repeat(64),
            ..asked(officer, "", &PolicyText::shipped().hash())
        });
        assert_eq!(refused(unknown.await).reason, Reason::PolicySetUnknown);
    }

    async fn nobody_else_changes_the_rules(exchange) {
        let (text, expected) = (without_send(), PolicyText::shipped().hash());
        let council = Setting { name: exchange.officer.setting.clone(), ..exchange.primary.clone() };
        for role in [
            Role::Publisher, Role::Contributor, Role::ReceiverLead, Role::Senco, Role::Dsl,
            Role::DataManager, Role::SubjectTeacher, Role::CareersAdviser, Role::HealthProfessional,
            Role::AdultServiceWorker, Role::AdmissionsOfficer, Role::TransitionOfficer,
            Role::EarlyYearsAdviser, Role::VirtualSchoolOfficer, Role::SendCaseworker, Role::Auditor,
            Role::Operator,
        ] {
            let who = exchange.person(&council, &[role]).await;
            let answer = who.replace(asked(&who, &text, &expected)).await;
            assert_eq!(refused(answer).reason, Reason::PermissionDenied, "{role:?}");
            let entry = exchange.lines(0).await.pop().unwrap();
            assert_eq!(entry.said(), ("policy_replaced", "denied"), "{role:?}");
            assert!(entry.get("detail").is_none(), "what was sent is nobody's business: {entry:?}");
            let changes = who.policy_changes(0).await;
            assert_eq!(changes.is_ok(), role == Role::Auditor, "{role:?}");
            // The rules that govern somebody are no secret.
            assert_eq!(who.in_force().await.hash, expected);
        }
        // The right role at a school; with a key that may have been copied; and a stranger in the
        // council's name.
        let school = exchange.person(&exchange.primary, &[Role::CouncilAdministrator]).await;
        assert_eq!(refused(school.policy_changes(0).await).reason, Reason::PermissionDenied);
        let (key, _) = exchange.key_holder(&council, &[Role::CouncilAdministrator]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let posing = stranger.clone().of(&council.name, "");
        for who in [school, key, posing] {
            let answer = who.replace(asked(&who, &text, &expected)).await;
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
        assert_eq!(exchange.officer.in_force().await.hash, expected);
        let administrator = exchange.person(&council, &[Role::CouncilAdministrator]).await;
        let done = administrator.replace(asked(&administrator, &text, &expected)).await.unwrap();
        assert_eq!(done.hash, hash(&text));
    }
}
