//! What `baton publish` tells of the other children a profile names: nothing of those it found, a line of
//! each that leads to nobody, and of each a refusal where a profile names its own learner.

use super::desk::Desk;
use super::files::file;
use super::told::Form;
use crate::harness::*;

const SAM: &str = "E351394825002";

/// The leavers, the first of whom names these.
fn naming(rows: &[String]) -> String {
    let content = "\"supportStrategies\"";
    let peers = rows.join(", ");
    let with = format!("\"relationships\": {{\"peers\": [{peers}]}}, {content}");
    file("leavers.ndjson").replacen(content, &with, 1)
}

fn row(name: &str, by: &str) -> String {
    format!(
        r#"{{"name": "{name}", "relation": "PEER_RELATION_FRIEND", "wish": "PEER_WISH_WITH"{by}}}"#
    )
}

fn lay_out(desk: &Desk) {
    let unknown = upn(27).value;
    let rows = [
        row("Sam", &format!(r#", "upn": "{SAM}""#)),
        row("Quixotica", ""),
        row("Quixotica", &format!(r#", "upn": "{unknown}""#)),
        row(
            "Quixotica",
            &format!(r#", "upn": "{SAM}", "localId": "room-4""#),
        ),
        row("Quixotica", r#", "localId": "room-5""#),
    ];
    let herself = row("Quixotica", r#", "upn": "Q351394825001""#);
    let cohort = file("cohort.csv");
    let mut lines = cohort.lines();
    let (columns, first) = (lines.next().unwrap(), lines.next().unwrap());
    let columns = columns.replace("upn", "local_id");
    for (name, text) in [
        ("friends.ndjson", naming(&rows)),
        (
            "herself.ndjson",
            naming(&[rows[0].clone(), herself.clone(), herself]),
        ),
        (
            "list.csv",
            format!("{columns}\n{}", first.replace("Q351394825001", "room-4")),
        ),
        (
            "later.csv",
            format!("{columns}\n{}", first.replace("Q351394825001", "room-5")),
        ),
    ] {
        std::fs::write(desk.folder().join(name), text).unwrap();
    }
}

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    lay_out(&desk);
    desk.does("officer", "cohort import list.csv");
    desk.shown.chapter();
    let year = this_academic_year();
    let publish = |name: &str| {
        format!("publish {name} --signatory Head --point primary-to-secondary --year {year}")
    };
    let said = publish("friends.ndjson");
    let mut all = vec![
        desk.does("sender", &format!("{said} --dry-run")),
        desk.does("sender", &said),
        desk.does("sender", &said),
    ];
    desk.does("officer", "cohort import later.csv");
    all.push(desk.does("sender", &said));
    let refused = desk.types("sender", &publish("herself.ndjson"));
    assert_eq!(refused.code, 1, "{refused:?}");
    all.push(refused);
    for told in all {
        let text = format!("{}{}", told.out, told.err);
        for value in ["Quixotica", SAM, "room-", &upn(27).value] {
            assert!(!text.contains(value), "{value} is repeated: {text}");
        }
    }
    insta::assert_snapshot!(desk.named("friends"), desk.shown.chapter());
    desk.end().await;
}

#[test]
fn a_sender_is_told_of_children_who_lead_nowhere_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn a_sender_is_told_of_children_who_lead_nowhere_for_machines() {
    run(async || walk(Form::Json).await);
}
