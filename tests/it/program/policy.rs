//! `baton policy`, as whoever is to answer for a council's rules uses it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::told::{Form, Told, command};

fn policy(at: &Path, args: &[&str]) -> Told {
    let mut command = command(Form::Json);
    let command = command.current_dir(at).arg("policy").args(args);
    Told::by(command, Form::Json)
}

/// The shipped files in a folder of their own, one of them changed.
fn changed(at: &Path, from: &str, to: &str) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    fs::create_dir_all(at.join("ours")).unwrap();
    let mut found = 0;
    for entry in fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        found += text.matches(from).count();
        let text = text.replace(from, to);
        fs::write(at.join("ours").join(path.file_name().unwrap()), text).unwrap();
    }
    assert!(found > 0, "{from:?} is in no file");
}

#[test]
fn another_set_is_checked_compared_and_asked_before_anybody_signs_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let strategies = r#"context.kind == Kind::"support_strategies""#;

    changed(at, strategies, strategies);
    let (shipped, same) = (
        policy(at, &["check", "shipped"]),
        policy(at, &["check", "ours"]),
    );
    assert_eq!(
        (shipped.code, same.code),
        (0, 0),
        "{} {}",
        shipped.err,
        same.err
    );
    assert_eq!(
        shipped.lines()[0]["hash"],
        same.lines()[0]["hash"],
        "the same files are the same set"
    );
    let none = policy(at, &["diff", "shipped", "ours"]);
    assert_eq!((none.code, none.lines().len()), (0, 1));

    // Less for the teachers: allowed, and told.
    let in_year = format!(r#"context.route == Route::"in_year" && {strategies}"#);
    changed(at, strategies, &in_year);
    assert_eq!(policy(at, &["check", "ours"]).code, 0);
    let less = policy(at, &["diff", "shipped", "ours"]);
    let lines = less.lines();
    let (summary, lines) = lines.split_last().unwrap();
    assert_eq!(summary["summary"]["differences"], 3);
    for line in lines {
        assert_eq!(line["role"], "subject_teacher");
        assert_eq!(
            (&line["kind"], &line["gained"]),
            (&"support_strategies".into(), &0.into())
        );
        assert!(line["lost"].as_u64().unwrap() > 0, "{line}");
    }

    // More than a law allows: refused by its name, with a question to show it.
    changed(
        at,
        strategies,
        r#"[Kind::"send", Kind::"support_strategies"].contains(context.kind)"#,
    );
    let refused = policy(at, &["check", "ours"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .err
            .contains("a_subject_teacher_sees_strategies_only"),
        "{}",
        refused.err
    );
    let witness = refused.err.split("for one: ").nth(1).unwrap();
    let end = witness.rfind('}').unwrap();
    let witness = witness[..=end].replace("\\\"", "\"");
    let witness: Value = serde_json::from_str(&witness).unwrap();

    // The same question as a case, kept for the next set.
    let case = json!({ "allowed": false, "tuple": witness });
    fs::write(at.join("cases.ndjson"), format!("{case}\n")).unwrap();
    let ours = policy(at, &["test", "ours", "cases.ndjson"]);
    assert_eq!(
        (ours.code, &ours.lines()[0]["allowed"]),
        (1, &json!(true)),
        "{ours:?}"
    );
    let shipped = policy(at, &["test", "shipped", "cases.ndjson"]);
    assert_eq!(
        (shipped.code, &shipped.lines()[0]["allowed"]),
        (0, &json!(false)),
        "{shipped:?}"
    );
}

#[test]
fn what_is_no_set_no_case_or_no_role_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("cases.ndjson"), "{\"allowed\": 1}\n\nnothing\n").unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    for (args, says) in [
        (vec!["check", "nowhere"], "there is no such file"),
        (vec!["check", "empty"], "has no .cedar file"),
        (
            vec!["check", "cases.ndjson"],
            "name the folder of the files",
        ),
        (
            vec!["test", "shipped", "cases.ndjson"],
            "line 1: invalid type",
        ),
        (vec!["test", "shipped", "cases.ndjson"], "line 3: expected"),
        (vec!["show", "--role", "boss"], "receiver_lead"),
    ] {
        let told = policy(at, &args);
        assert_eq!(told.code, 2, "{told:?}");
        assert!(told.err.contains(says), "{says}: {told:?}");
    }
    let teacher = policy(at, &["show", "--role", "subject_teacher"]).lines();
    let reads: Vec<_> = teacher
        .iter()
        .filter(|line| line["action"] == "read")
        .collect();
    assert_eq!(reads.len(), 3);
    assert!(
        reads
            .iter()
            .all(|line| line["kinds"] == json!(["support_strategies"])),
        "{reads:?}"
    );
}
