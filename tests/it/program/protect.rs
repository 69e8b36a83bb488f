//! `baton erase --identity` and `baton protect`, as a head types them: the old number leads nowhere, what
//! would lead back is not published, and no phrase or number is repeated.

use super::desk::Desk;
use super::files::file;
use super::told::{Form, Told};
use crate::harness::*;

/// What the child was called.
const OLD: &str = "Example";
const NUMBER: &str = "Q351394825001";

/// Files of somebody who protects a child.
fn lay_out(desk: &Desk) {
    let now = upn(7).value;
    let cohort = file("cohort.csv");
    let planned: Vec<&str> = cohort.lines().take(2).collect();
    let record = file("leavers.ndjson").lines().next().unwrap().to_owned();
    for (name, text) in [
        ("old.csv", planned.join("\n")),
        ("new.csv", planned.join("\n").replace(NUMBER, &now)),
        ("back.ndjson", record.replace(NUMBER, &now)),
        (
            "new.ndjson",
            record.replace(NUMBER, &now).replace(OLD, "Reed"),
        ),
        ("phrases.txt", format!("{OLD}\n\nMarigold Lane\n")),
        ("short.txt", "x\nMarigold Lane\n?!\n".to_owned()),
        ("empty.txt", "\n \n".to_owned()),
        ("numbers.txt", format!("{NUMBER}\n")),
        ("slip.txt", format!("{NUMBER}\nB000000000000\n")),
    ] {
        std::fs::write(desk.folder().join(name), text).unwrap();
    }
}

fn publish(name: &str) -> String {
    let year = this_academic_year();
    format!("publish {name} --signatory Head --point primary-to-secondary --year {year}")
}

/// Whatever is told repeats neither.
fn repeats_nothing(told: &Told) {
    let said = format!("{}{}", told.out, told.err);
    for text in [OLD, "Marigold", NUMBER, "B000000000000"] {
        assert!(!said.contains(text), "{text} is repeated: {said}");
    }
}

/// The old identity goes, and its number with it.
fn put_away(desk: &mut Desk) {
    let told = desk.does("sender", &publish("leavers.ndjson"));
    desk.does("receiver", "subscribe --once");
    let of = desk.move_of("sender", &told.name("settings/*/profiles/*"));
    let erase = format!("erase {of} --identity --reason legal-obligation");
    for (who, line, code) in [
        ("sender", erase.clone(), 2),
        ("sender", erase.replace(" --reason legal-obligation", ""), 2),
        ("sender", format!("{erase} --learner"), 2),
        ("officer", format!("{erase} --yes"), 3),
    ] {
        assert_eq!(desk.types(who, &line).code, code, "{who}: {line}");
    }
    desk.does("sender", &format!("{erase} --dry-run"));
    desk.does("officer", "cohort import old.csv");
    desk.does("sender", &format!("{erase} --yes"));
    desk.does("receiver", "subscribe --once");
    let again = desk.types("sender", &format!("{erase} --yes"));
    assert_eq!(again.code, 1, "{again:?}");
    for (who, line) in [
        ("officer", "cohort import old.csv".to_owned()),
        ("sender", publish("leavers.ndjson")),
    ] {
        let told = desk.types(who, &line);
        assert_eq!(told.code, 1, "{line}: {told:?}");
        repeats_nothing(&told);
    }
}

/// The new one is guarded.
fn guard(desk: &mut Desk) {
    desk.does("officer", "cohort import new.csv");
    let told = desk.does("sender", &publish("new.ndjson"));
    let of = desk.move_of("sender", &told.name("settings/*/profiles/*"));
    let guard = format!("protect guard {of}");
    for (who, from, code) in [
        ("sender", "empty.txt", 2),
        ("sender", "short.txt", 1),
        ("officer", "phrases.txt", 3),
        ("receiver", "phrases.txt", 3),
    ] {
        let told = desk.feeds(who, &guard, from);
        assert_eq!(told.code, code, "{who}: {told:?}");
        repeats_nothing(&told);
    }
    let guarded = desk.feeds("sender", &guard, "phrases.txt");
    assert_eq!(guarded.code, 0, "{guarded:?}");
    repeats_nothing(&guarded);
    let back = desk.types("sender", &publish("back.ndjson"));
    assert_eq!(back.code, 1, "{back:?}");
    repeats_nothing(&back);
    desk.does("sender", &publish("new.ndjson"));
    desk.does("sender", &format!("{guard} --none"));
    desk.does("sender", &publish("back.ndjson"));
}

/// A number that was retired by mistake is used again.
fn readmit(desk: &mut Desk) {
    for (who, from, code) in [
        ("sender", "slip.txt", 2),
        ("sender", "empty.txt", 1),
        ("officer", "numbers.txt", 3),
        ("receiver", "numbers.txt", 3),
        ("sender", "numbers.txt", 0),
        ("sender", "numbers.txt", 0),
    ] {
        let told = desk.feeds(who, "protect readmit", from);
        assert_eq!(told.code, code, "{who}: {told:?}");
        repeats_nothing(&told);
    }
    desk.does("officer", "cohort import old.csv");
}

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    lay_out(&desk);
    put_away(&mut desk);
    insta::assert_snapshot!(desk.named("put_away"), desk.shown.chapter());
    guard(&mut desk);
    insta::assert_snapshot!(desk.named("guarded"), desk.shown.chapter());
    readmit(&mut desk);
    insta::assert_snapshot!(desk.named("readmitted"), desk.shown.chapter());
    desk.does("officer", "audit verify --state");
    desk.end().await;
}

#[test]
fn an_identity_is_put_away_guarded_and_readmitted_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn an_identity_is_put_away_guarded_and_readmitted_for_machines() {
    run(async || walk(Form::Json).await);
}
