//! Groups as they are given to a credential: with whom, and everything that is wrong at once.

use baton_wire::v1::{self, Role};

use crate::harness::*;

on_both_engines! {
    async fn groups_are_listed_with_the_credential(exchange) {
        let of = exchange.primary.clone();
        let teacher = exchange.teacher(&of, &["oak", "6B", "OAK"]).await;
        let request = v1::ListCredentialsRequest {
            parent: exchange.officer.setting.clone(),
            setting: of.name.clone(),
        };
        let listed = exchange.officer.settings().list_credentials(request).await.unwrap();
        let listed = listed.into_inner().credentials;
        let one = listed.iter().find(|one| one.name == teacher.credential).unwrap();
        assert_eq!(one.groups, ["6B", "OAK"]);
    }

    async fn everything_wrong_with_groups_is_told_at_once(exchange) {
        let of = exchange.primary.clone();
        let papers = Papers::new();
        let ask = async |roles: &[Role], groups: &[&str]| {
            let answer = exchange.officer.issues_for(&of, roles, (groups, &papers.spki)).await;
            let told = refused(answer);
            told.rules().iter().map(|(field, rule)| format!("{field} {rule}")).collect::<Vec<_>>()
        };
        let long = format!("{MARKER} is long");
        let wrong = ["6B", "", "6,C", "=cmd()", long.as_str()];
        assert_eq!(
            ask(&[Role::Contributor], &wrong).await,
            ["groups[1] required", "groups[2] group.form", "groups[3] group.form", "groups[4] group.form"]
        );
        let many: Vec<String> = (0..21).map(|number| format!("G{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(ask(&[Role::Contributor], &many).await, ["groups groups.count"]);
        for roles in [&[Role::Publisher][..], &[Role::Contributor, Role::Senco]] {
            assert_eq!(ask(roles, &["6B"]).await, ["groups groups.role"], "{roles:?}");
        }
        let plan = v1::PlannedTransition {
            group: format!("{MARKER},"),
            ..exchange.plan_of(v1::Point::PrimaryToSecondary)
        };
        let outcome = exchange.officer.plan(vec![plan]).await.unwrap().remove(0);
        let error = outcome.error.unwrap();
        let rules: Vec<_> = error.violations.iter().map(|it| (it.field.as_str(), it.rule.as_str())).collect();
        assert_eq!(rules, [("transitions[0].group", "group.form")]);
    }
}
