//! A council changes its rules by the program, and anybody can check afterwards what decided what.

use std::fs;

use baton_domain::access::PolicyText;
use serde_json::Value;

use super::{hash, without_send};
use crate::export::{Auditor, Ran, verified};
use crate::harness::*;

const STRICT: &str = r#"@id("no_send_for_now") forbid (principal, action == Action::"read", resource)
when { context.relation == Relation::"named_destination" && context.kind == Kind::"send" };
"#;

fn summary(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.said);
    ran.value("summary")
}

on_both_engines! {
    async fn rules_are_fetched_changed_compared_replaced_and_put_back(exchange) {
        let officer = Auditor::of(exchange, &exchange.officer);
        let shipped = PolicyText::shipped().hash();
        let policy = async |line: &[&str]| officer.runs("policy", line).await;

        // What is in force, as files.
        let shown = policy(&["show", "--in-force", "--out", "ours"]).await;
        assert_eq!(shown.code, 0, "{}", shown.said);
        assert!(shown.said.contains(&shipped), "{}", shown.said);
        let again = policy(&["show", "--in-force", "--out", "ours"]).await;
        assert_eq!(again.code, 2, "nothing is written over: {}", again.said);
        assert_eq!(summary(&policy(&["diff", "in-force", "ours"]).await)["differences"], 0);
        fs::write(officer.path("ours/local.cedar"), STRICT).unwrap();
        let strict = summary(&policy(&["diff", "in-force", "ours"]).await);
        assert!(strict["differences"].as_u64().unwrap() > 0);
        let strict = strict["after"].as_str().unwrap().to_owned();

        let why = ["--reason", "Agreed by the board"];
        let replace = async |set: &str, more: &[&str]| {
            policy(&[&["replace", set], &why[..], more].concat()).await
        };
        let tried = summary(&replace("ours", &["--dry-run"]).await);
        assert_eq!((&tried["replaced"], &tried["dry_run"]), (&false.into(), &true.into()));
        assert!(tried["differences"].as_u64().unwrap() > 0);
        let late = replace("ours", &["--expect", &"0".repeat(64)]).await;
        assert_eq!(late.code, 1, "{}", late.said);
        assert!(late.said.contains("another policy set is in force"), "{}", late.said);
        let done = summary(&replace("ours", &["--expect", &shipped]).await);
        assert_eq!((&done["replaced"], &done["hash"]), (&true.into(), &strict.clone().into()));
        assert_eq!(done["previous"], shipped);

        // Too much is refused, with what is wrong.
        let wrong = r#"@id("x") permit (principal in Role::"operator", action == Action::"release", resource);"#;
        fs::write(officer.path("ours/local.cedar"), wrong).unwrap();
        let refused = replace("ours", &[]).await;
        assert_eq!(refused.code, 1, "{}", refused.said);
        assert!(refused.said.contains("only_the_sweeper_releases"), "{}", refused.said);
        let checked = policy(&["check", "ours"]).await;
        assert_eq!(checked.code, 1, "before it is sent, too");

        let back = summary(&replace(&shipped, &[]).await);
        assert_eq!((&back["previous"], &back["hash"]), (&strict.into(), &shipped.clone().into()));
        let history = policy(&["history"]).await;
        assert_eq!(summary(&history)["changes"], 2);
        assert!(history.said.contains("Agreed by the board"));

        // Anybody can check it, here and where nobody can be asked.
        let live = officer.audit(&["verify", "--state"]).await;
        assert_eq!(live.code, 0, "{}", live.said);
        assert_eq!(officer.exported().await["policy_sets"], 2);
        let folder = verified(&officer.path("ledger")).await;
        assert_eq!(folder.code, 0, "{}", folder.said);
    }

    async fn policies_that_no_entry_put_into_force_are_found(exchange) {
        let officer = Auditor::of(exchange, &exchange.officer);
        let (text, shipped) = (without_send(), PolicyText::shipped().hash());
        let strict = hash(&text);
        let (name, body) = (strict.as_str(), text.replace('\'', "''"));
        let put = format!("INSERT INTO policy_set (hash, body) VALUES ('{name}', '{body}')");
        exchange.home.tamper(&put).await;
        exchange.home.tamper(&format!("UPDATE head SET policy = '{name}'")).await;
        exchange.officer.policy_changes(0).await.unwrap();
        exchange.home.tamper(&format!("UPDATE head SET policy = '{shipped}'")).await;
        exchange.officer.policy_changes(0).await.unwrap();
        let told = officer.audit(&["verify"]).await;
        assert_eq!(told.code, 1, "{}", told.said);
        assert_eq!(told.faults(), ["policy_set", "policy_set"], "there and back: {}", told.said);
    }
}
