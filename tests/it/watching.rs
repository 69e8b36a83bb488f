//! The ledger watched by the program: every entry once, nothing of the watch's own making without
//! end, and whatever was done to the ledger behind its back is told.

use std::path::PathBuf;
use std::process::{Command, Output};

use baton_wire::v1::Role;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::*;

/// An auditor at a machine with the program on it.
struct Guard {
    folder: TempDir,
    connection: PathBuf,
}

/// What a run of it said.
#[derive(Debug)]
struct Said {
    code: i32,
    events: Vec<Value>,
    err: String,
}

impl Guard {
    async fn new(exchange: &Exchange) -> (Self, Caller) {
        let council = Setting {
            name: exchange.officer.setting.clone(),
            ..exchange.primary.clone()
        };
        let auditor = exchange.person(&council, &[Role::Auditor]).await;
        let folder = TempDir::new().unwrap();
        let connection = auditor.connection(&exchange.door, folder.path());
        (Self { folder, connection }, auditor)
    }

    /// `baton audit watch --once --json …`.
    async fn looks(&self, line: &str) -> Said {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .arg("--connection")
            .arg(&self.connection)
            .args(["--json", "audit", "watch", "--once"])
            .args(line.split_whitespace());
        let ran = tokio::task::spawn_blocking(move || command.output());
        let Output {
            status,
            stdout,
            stderr,
        } = ran.await.unwrap().unwrap();
        let text = String::from_utf8(stdout).unwrap();
        let event = |line: &str| serde_json::from_str(line).unwrap();
        Said {
            code: status.code().unwrap(),
            events: text.lines().map(event).collect(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Said {
    fn positions(&self) -> Vec<u64> {
        let sequence = |event: &Value| event["metadata"]["sequence"].as_u64().unwrap();
        self.events.iter().map(sequence).collect()
    }

    fn acts(&self) -> Vec<&str> {
        self.events
            .iter()
            .map(|event| event["api"]["operation"].as_str().unwrap())
            .collect()
    }
}

on_both_engines! {
    async fn every_entry_is_told_once_and_names_nobody(exchange) {
        let (guard, _) = Guard::new(exchange).await;
        crate::ledger::a_day(exchange).await;
        let size = exchange.size();
        let first = guard.looks("--from 0 --state place").await;
        assert_eq!(first.code, 0, "{}", first.err);
        assert_eq!(first.positions(), (0..size).collect::<Vec<_>>());
        let acts = first.acts();
        for act in ["ledger_created", "planned", "published", "pulled", "fetched", "withdrawn"] {
            assert!(acts.contains(&act), "{act}");
        }
        let failed = first.events.iter().filter(|it| it["status"] == "Failure");
        assert!(failed.clone().count() >= 1);
        assert!(failed.clone().all(|it| it["severity"] == "Medium"));
        let text = first.events.iter().map(Value::to_string).collect::<String>();
        for personal in [MARKER, "of a test", "Sample Primary", "Council of the tests"] {
            assert!(!text.contains(personal), "{personal}");
        }

        // Reading was an entry; but for that nothing came, so nothing is read, run after run.
        let size = exchange.size();
        for _ in 0..3 {
            let again = guard.looks("--state place").await;
            assert_eq!((again.code, again.events.len()), (0, 0), "{}", again.err);
        }
        assert_eq!(exchange.size(), size, "a watch does not follow itself");
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        sender.list_transitions().await.unwrap();
        let then = guard.looks("--state place").await;
        let acts = then.acts();
        assert_eq!(acts.last(), Some(&"transitions_listed"), "{acts:?}");
        let next = *first.positions().last().unwrap() + 1;
        let last = next + then.events.len() as u64;
        assert_eq!(then.positions(), (next..last).collect::<Vec<_>>(), "none twice, none left out");
        // From any place without a state, too.
        let middle = guard.looks(&format!("--from {}", next - 7)).await;
        assert_eq!(middle.code, 0, "{}", middle.err);
        assert_eq!(middle.positions()[0], next - 7);
    }

    async fn a_changed_entry_ends_the_watch_with_a_finding(exchange) {
        let (guard, _) = Guard::new(exchange).await;
        crate::ledger::a_day(exchange).await;
        let half = exchange.size() / 2;
        exchange.home.tamper(&format!(
            "UPDATE entry SET body = (SELECT body FROM entry WHERE position = {}) \
             WHERE position = {half}",
            half + 1
        )).await;
        let said = guard.looks("--from 0 --state place").await;
        assert_eq!(said.code, 1, "{}", said.err);
        let (finding, before) = said.events.split_last().unwrap();
        assert_eq!(before.len() as u64, half, "up to it everything held");
        assert_eq!(finding["class_uid"], 2004);
        assert_eq!(finding["severity"], "Critical");
        assert_eq!(finding["metadata"]["event_code"], "leaf");
        assert!(!guard.folder.path().join("place").exists(), "nothing to go on from");
    }

    async fn an_entry_and_its_hash_changed_together_are_found_by_the_root(exchange) {
        let (guard, _) = Guard::new(exchange).await;
        crate::ledger::a_day(exchange).await;
        let half = exchange.size() / 2;
        exchange.home.tamper(&format!(
            "UPDATE entry SET body = (SELECT body FROM entry WHERE position = {0}), \
             leaf = (SELECT leaf FROM entry WHERE position = {0}) WHERE position = {half}",
            half + 1
        )).await;
        let said = guard.looks("--from 0").await;
        assert_eq!(said.code, 1, "{}", said.err);
        let kinds: Vec<_> = said.events.iter()
            .filter(|it| it["class_uid"] == 2004)
            .map(|it| it["metadata"]["event_code"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["said", "root"]);
    }

    async fn a_ledger_that_was_set_back_is_not_the_one_the_state_speaks_of(exchange) {
        let (guard, auditor) = Guard::new(exchange).await;
        crate::ledger::a_day(exchange).await;
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        auditor.connection(&exchange.door, guard.folder.path());
        exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let kept = guard.looks("--from 0 --state place").await;
        assert_eq!(kept.code, 0, "{}", kept.err);
        exchange.stop().await;
        exchange.home.put_back().await;
        exchange.start(true).await.unwrap();
        auditor.connection(&exchange.door, guard.folder.path());
        let said = guard.looks("--state place").await;
        assert_eq!(said.code, 1, "{}", said.err);
        let [finding] = &said.events[..] else { panic!("{said:?}") };
        assert_eq!(finding["metadata"]["event_code"], "checkpoint", "a new term signs anew");
    }

    async fn only_an_auditor_watches_and_a_state_is_of_one_ledger(exchange) {
        let (guard, _) = Guard::new(exchange).await;
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        sender.connection(&exchange.door, guard.folder.path());
        let denied = guard.looks("--from 0").await;
        assert_eq!(denied.code, 3, "{}", denied.err);
        std::fs::write(guard.folder.path().join("place"), "{}").unwrap();
        let wrong = guard.looks("--state place").await;
        assert_eq!(wrong.code, 2, "{}", wrong.err);
        let far = guard.looks("--from 100000").await;
        assert_eq!(far.code, 2, "{}", far.err);
    }
}
