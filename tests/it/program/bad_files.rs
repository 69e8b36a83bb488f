//! Files that nobody should send, through the whole program: each has its exit code and a clear
//! text, and leaves the ledger as it was.

use super::desk::Desk;
use super::files::file;
use super::told::Form;
use crate::harness::*;

/// As large as a text field is tried with.
const LARGE_BYTES: usize = 5 * 1024 * 1024;
/// Stands in every value that may not be repeated.
const PRIVATE: &str = "Quixotica";

/// One record with this surname.
fn record(surname: &[u8]) -> Vec<u8> {
    let text = file("leavers.ndjson");
    let line = text.lines().next().unwrap();
    replaced(
        line,
        "\"legalSurname\": \"Example\"",
        &[b"\"legalSurname\": \"", surname, b"\""],
    )
}

/// A transfer file whose pupils have this surname.
fn pupils(surname: &[u8]) -> Vec<u8> {
    let text = file("leavers.xml");
    replaced(
        &text,
        "<Surname>Example</Surname>",
        &[b"<Surname>", surname, b"</Surname>"],
    )
}

fn replaced(text: &str, from: &str, to: &[&[u8]]) -> Vec<u8> {
    assert!(text.contains(from), "{text}");
    let parts: Vec<&[u8]> = text.split(from).map(str::as_bytes).collect();
    parts.join(to.concat().as_slice())
}

fn large() -> Vec<u8> {
    PRIVATE.bytes().cycle().take(LARGE_BYTES).collect()
}

fn with(bytes: &[u8]) -> Vec<u8> {
    [PRIVATE.as_bytes(), bytes].concat()
}

const BOMB: &str = "<?xml version=\"1.0\"?>\n<!DOCTYPE CTfile [<!ENTITY a \"Quixotica\">\
    <!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n";

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let xml = file("leavers.xml");
    let ndjson = file("leavers.ndjson");
    let (_, body) = xml.split_once("?>").unwrap();
    vec![
        (
            "malformed.xml",
            xml.replace("</Surname>", "</Forename>").into(),
        ),
        ("cut-off.xml", xml.split("</DOB>").next().unwrap().into()),
        (
            "entity-bomb.xml",
            [BOMB, &body.replace("Example</S", "&c;</S")]
                .concat()
                .into(),
        ),
        ("wrong-root.xml", xml.replace("CTfile>", "Leavers>").into()),
        ("admissions.xml", xml.replace("CTfile>", "ATfile>").into()),
        (
            "wrong-letter.xml",
            xml.replace("<UPN>H", "<UPN>A")
                .replace("<UPN>X", "<UPN>A")
                .into(),
        ),
        ("future.xml", xml.replace("2014-11-02", "2999-11-02").into()),
        ("not-utf8.xml", pupils(&with(b"\xff\xfe"))),
        ("nul.xml", pupils(&with(b"\0"))),
        ("nul-entity.xml", pupils(&with(b"&#0;"))),
        ("large.xml", pupils(&large())),
        (
            "malformed.ndjson",
            ndjson.replace("\"learner\":", "\"learner\"").into(),
        ),
        (
            "wrong-letter.ndjson",
            ndjson
                .replace("Q3513948", "A3513948")
                .replace("E3513948", "A3513948")
                .into(),
        ),
        (
            "future.ndjson",
            ndjson.replace("2014-11-02", "2999-11-02").into(),
        ),
        ("not-utf8.ndjson", record(&with(b"\xff\xfe"))),
        ("nul.ndjson", record(&with(b"\0"))),
        ("nul-escaped.ndjson", record(&with(b"\\u0000"))),
        ("large.ndjson", record(&large())),
        (
            "deep.ndjson",
            [b"{\"content\":".repeat(10_000), b"{}".to_vec()].concat(),
        ),
        (
            "newer.ndjson",
            ndjson.replace("\"sex\":", "\"colourOfEyes\":").into(),
        ),
        (
            "another-learner.ndjson",
            ndjson
                .replace("\"upn\": \"", "\"upn\": \"P351394825008\", \"x\": \"")
                .replace(", \"x\": \"Q351394825001\"", "")
                .replace(", \"x\": \"E351394825002\"", "")
                .into(),
        ),
        ("empty.ndjson", Vec::new()),
        ("leavers.zip", b"PK\x03\x04 and so on".to_vec()),
        (
            "leavers.txt",
            b"Dear colleague, attached are our leavers.\n".to_vec(),
        ),
        ("cohort.ndjson", file("cohort.csv").into()),
        ("register.ndjson", file("register.csv").into()),
    ]
}

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    let year = crate::harness::this_academic_year();
    let before = desk.entries().await;
    for (name, bytes) in bad() {
        std::fs::write(desk.folder().join(name), bytes).unwrap();
        let line = format!(
            "publish {name} --signatory 'Head teacher' --point primary-to-secondary --year {year}"
        );
        let told = desk.types("sender", &line);
        assert_eq!(told.code, 1, "{name}: {told:?}");
        assert!(!told.out.is_empty(), "{name} is refused in silence");
        let said = format!("{}{}", told.out, told.err);
        assert!(
            !said.contains(PRIVATE),
            "{name}: a value was repeated: {said}"
        );
        assert_eq!(desk.entries().await, before, "{name}: something was stored");
    }
    let name = if form == Form::Json {
        "bad_files_json"
    } else {
        "bad_files"
    };
    insta::assert_snapshot!(name, desk.shown.chapter());
    desk.end().await;
}

#[test]
fn bad_files_are_told_to_people_and_leave_nothing() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn bad_files_are_told_to_machines_and_leave_nothing() {
    run(async || walk(Form::Json).await);
}
