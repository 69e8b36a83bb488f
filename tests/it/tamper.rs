//! Whoever changes the database shows: `baton audit verify --state` says what and where.

use std::path::{Path, PathBuf};
use std::process::Command;

use baton_wire::v1::Role;

use crate::decisions::with_decisions;
use crate::harness::*;
use crate::ledger::{a_day, with_a_document, with_a_vendor};

/// A change, the table it is made in, and the kind of fault that has to be told.
struct Change {
    table: &'static str,
    sql: String,
    fault: &'static str,
}

/// An entry that is neither the first nor about anybody of the test.
const ENTRY: &str = "WHERE position = 5";
const OTHER: &str = "FROM entry o WHERE o.position = 6";

fn of_entries() -> Vec<Change> {
    let change = |sql: String, fault| Change {
        table: "entry",
        sql,
        fault,
    };
    let body = format!("body = (SELECT o.body {OTHER})");
    let leaf = format!("leaf = (SELECT o.leaf {OTHER})");
    vec![
        change(format!("UPDATE entry SET {body} {ENTRY}"), "leaf"),
        change(format!("UPDATE entry SET {leaf} {ENTRY}"), "leaf"),
        change(format!("UPDATE entry SET {body}, {leaf} {ENTRY}"), "root"),
        change(format!("DELETE FROM entry {ENTRY}"), "missing"),
        change(format!("UPDATE entry SET body = NULL {ENTRY}"), "emptied"),
    ]
}

/// Every table of access rows: one row changed, one taken away.
fn of_rows(credential: &str) -> Vec<Change> {
    let credential = format!("id = '{credential}'");
    let one = |table: &str, key: &str| format!("{key} = (SELECT min({key}) FROM {table})");
    let rows = [
        ("credential", "roles = 524287", credential),
        (
            "agreement",
            "ended = 1 - ended",
            one("agreement", "setting_id"),
        ),
        (
            "sent_without",
            "reason = reason + 1",
            one("sent_without", "transition_id"),
        ),
        (
            "delegation",
            "scopes = scopes + 64",
            one("delegation", "setting_id"),
        ),
        ("profile", "version = version - 1", one("profile", "id")),
        ("document", "kind = kind - 1", one("document", "id")),
        (
            "recipient",
            "relation = 2",
            one("recipient", "transition_id"),
        ),
        ("setting", "name = 'Another'", one("setting", "id")),
        (
            "sharing",
            "decisions = (SELECT max(s.decisions) FROM sharing s)",
            "decisions = (SELECT min(d.decisions) FROM sharing d)".to_owned(),
        ),
        (
            "setting_code",
            "setting_id = (SELECT max(s.id) FROM setting s)",
            "code = (SELECT min(c.code) FROM setting_code c \
             WHERE c.setting_id <> (SELECT max(s.id) FROM setting s))"
                .to_owned(),
        ),
        (
            "transition",
            "accepted = 1 - accepted",
            one("transition", "id"),
        ),
    ];
    let mut changes = Vec::new();
    for (table, set, row) in rows {
        changes.push(Change {
            table,
            sql: format!("UPDATE {table} SET {set} WHERE {row}"),
            fault: "row_changed",
        });
        // Without its own row no auditor is known.
        if table != "setting" {
            changes.push(Change {
                table,
                sql: format!("DELETE FROM {table} WHERE {row}"),
                fault: "row_missing",
            });
        }
    }
    changes.push(Change {
        table: "recipient",
        sql: "INSERT INTO recipient SELECT transition_id, \
              (SELECT max(id) FROM setting \
              WHERE id NOT IN (SELECT setting_id FROM recipient)), 2, kinds, \
              first_day, last_day, purpose, note_released, apart FROM recipient"
            .to_owned(),
        fault: "row_unknown",
    });
    changes
}

/// Puts a table back as it was kept. Entries only ever come on top.
pub(crate) fn undo(table: &str, kept: &str) -> String {
    let back = if table == "entry" {
        format!(
            "INSERT INTO entry SELECT * FROM {kept} WHERE true ON CONFLICT (position) \
             DO UPDATE SET body = excluded.body, leaf = excluded.leaf"
        )
    } else {
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {kept}")
    };
    format!("{back}; DROP TABLE {kept}")
}

/// Whether the program finds the ledger whole, and all it says.
pub(crate) async fn verified(connection: &Path) -> (bool, String) {
    let connection: PathBuf = connection.to_owned();
    let verify = move || {
        Command::new(program())
            .arg("--json")
            .arg("--connection")
            .arg(connection)
            .args(["audit", "verify", "--state"])
            .output()
    };
    let output = tokio::task::spawn_blocking(verify).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    (output.status.success(), said)
}

on_both_engines! {
    async fn every_change_of_an_entry_or_an_access_row_is_told(exchange) {
        a_day(exchange).await;
        with_a_document(exchange).await;
        with_a_vendor(exchange).await;
        with_decisions(exchange).await;
        crate::agreements::with_agreements(exchange).await;
        let person = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let credential = person.credential.rsplit('/').next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        let (whole, said) = verified(&connection).await;
        assert!(whole, "{said}");
        for Change { table, sql, fault } in of_entries().into_iter().chain(of_rows(credential)) {
            let home = &exchange.home;
            home.tamper(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
            home.tamper(&sql).await;
            let (whole, said) = verified(&connection).await;
            assert!(!whole, "not found: {sql}");
            assert!(said.contains(&format!("\"kind\":\"{fault}\"")), "{sql}: {said}");
            home.tamper(&undo(table, "kept")).await;
        }
        let (whole, said) = verified(&connection).await;
        assert!(whole, "as it was: {said}");
    }

    async fn a_changed_checkpoint_does_not_hold(exchange) {
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        for change in [
            // Another size under the same signature, and a signature of nobody.
            "replace(checkpoint, '\n', '\n1')",
            "replace(checkpoint, '\u{2014} ', '\u{2014} x')",
        ] {
            exchange.home.tamper(&format!("UPDATE head SET checkpoint = {change}")).await;
            let (whole, said) = verified(&connection).await;
            assert!(!whole);
            assert!(said.contains("does not hold"), "{said}");
        }
        // The next entry is signed over what is there.
        exchange.open_move().await;
        let (whole, said) = verified(&connection).await;
        assert!(whole, "{said}");
    }
}
