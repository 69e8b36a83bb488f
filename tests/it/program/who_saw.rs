//! Who saw, as an officer asks it: in full, as a draft for the family, and the release of a draft.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value;

use super::desk::Desk;
use super::told::{Form, Told};
use crate::harness::*;

/// A learner of the desk's cohort, and one like it.
const UPN: &str = "Q351394825001";
const TWIN: &str = "E351394825002";

impl Desk {
    /// Types a line and, when asked, this.
    fn types_in(&mut self, who: &str, line: &str, typed: &str) -> Told {
        let mut command = self.command(who, line);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        // One that was answered before it asked reads nothing.
        let _ = (&stdin).write_all(typed.as_bytes());
        drop(stdin);
        Told::of(&child.wait_with_output().unwrap(), self.form())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).unwrap()
    }

    fn record(&self, draft: &str) -> Value {
        serde_json::from_str(&self.read(&format!("{draft}.record.json"))).unwrap()
    }
}

/// Everything is published, with a child protection note, and both lead and safeguarding lead of
/// the receiver have read what came. The safeguarding lead reads one of the two children only.
fn busy() -> Desk {
    let mut desk = Desk::furnished(Form::Prose);
    let year = this_academic_year();
    let issue = "credentials issue --code gias:199902 --role dsl --label Mrs-Quillon --out lead";
    desk.does("officer", issue);
    let publish = format!(
        "publish leavers.ndjson --signatory Head --point primary-to-secondary --year {year}"
    );
    desk.does("sender", &publish);
    desk.does("receiver", "subscribe --once --out box");
    desk
}

/// The move of a learner by its number, as the officer names it.
fn move_of(desk: &mut Desk, upn: &str) -> String {
    let listed = desk.does("officer", "status");
    let line = listed.out.lines().find(|line| line.contains(upn)).unwrap();
    let told = Told {
        out: line.to_owned(),
        ..listed.clone()
    };
    told.name("settings/*/transitions/*")
}

/// The contribution the receiver got for a move.
fn profile_of(desk: &mut Desk, transition: &str) -> String {
    let (_, id) = transition.rsplit_once('/').unwrap();
    let files = fs::read_dir(desk.folder().join("box")).unwrap();
    for file in files {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        if text.contains(id) {
            let told = Told {
                code: 0,
                out: text,
                err: String::new(),
            };
            return told.name("settings/*/profiles/*");
        }
    }
    panic!("no file of {transition}");
}

#[test]
fn a_number_is_read_where_nobody_sees_it_and_the_report_has_every_line() {
    run(async || {
        let mut desk = busy();
        let typed = desk.types("officer", &format!("audit who-saw {UPN}"));
        assert_eq!(typed.code, 2, "{typed:?}");
        assert!(!typed.err.contains(UPN), "it is not said again: {typed:?}");
        let slip = desk.types_in("officer", "audit who-saw -", "Z351394825001\n");
        assert_eq!(slip.code, 2, "{slip:?}");
        assert!(!slip.err.contains("Z351394825001"), "{slip:?}");

        let told = desk.types_in("officer", "audit who-saw -", &format!("{UPN}\n"));
        assert_eq!(told.code, 0, "{told:?}");
        for said in [
            "the publisher credential 'MIS' (crd_",
            "of Example Brook School",
            "was handed the sections identity",
            "of version 1, sent by Example Brook School",
            "## May have seen",
            "Somebody with root",
            "baton audit prove N",
        ] {
            assert!(told.out.contains(said), "{said} is not in {}", told.out);
        }
        assert!(!told.out.contains(UPN), "{told:?}");
        let lines = told
            .out
            .lines()
            .filter(|line| line.starts_with("- At "))
            .count();
        let proofs = told
            .out
            .lines()
            .filter(|line| line.starts_with("  entry "))
            .count();
        assert!(lines >= 3 && lines == proofs, "{told:?}");

        let file = desk.types_in("officer", "audit who-saw - --out all.md --by setting", UPN);
        assert_eq!(file.code, 0, "{file:?}");
        let mode = fs::metadata(desk.folder().join("all.md"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            desk.read("all.md").contains("## Example Brook School"),
            "{}",
            desk.read("all.md")
        );
        let again = desk.types_in("officer", "audit who-saw - --out all.md", UPN);
        assert_ne!(again.code, 0, "never overwritten: {again:?}");
        let stranger = desk.types_in("other", "audit who-saw -", UPN);
        assert_eq!(stranger.code, 3, "{stranger:?}");
        desk.end().await;
    });
}

#[test]
fn what_a_safeguarding_lead_did_leaves_no_trace_in_a_draft() {
    run(async || {
        let mut desk = busy();
        let transition = move_of(&mut desk, UPN);
        let profile = profile_of(&mut desk, &transition);
        desk.does("lead", &format!("show {profile}"));
        desk.does("lead", &format!("show {profile} --kind identity"));
        for (upn, draft) in [(UPN, "answer.md"), (TWIN, "twin.md")] {
            let line = format!("audit who-saw - --draft {draft} --for parent");
            let told = desk.types_in("officer", &line, upn);
            assert_eq!(told.code, 0, "{told:?}");
        }
        // The other child's safeguarding lead read nothing; the two texts are the same.
        let (answer, twin) = (desk.read("answer.md"), desk.read("twin.md"));
        assert_eq!(answer, twin);
        for hidden in [
            "safeguarding",
            "crd_",
            "entry ",
            "Quillon",
            "MIS",
            "version",
            UPN,
            "als_",
        ] {
            assert!(!answer.contains(hidden), "{hidden} stands in {answer}");
        }
        assert!(answer.contains("was handed the sections"), "{answer}");
        let times = regex::Regex::new(r"\d\d:\d\d").unwrap();
        assert!(!times.is_match(&answer), "{answer}");
        let of = |draft: &str| desk.record(draft)["left_out"].as_array().unwrap().clone();
        assert_eq!(of("twin.md"), Vec::<Value>::new());
        let left_out = of("answer.md");
        assert_eq!(left_out.len(), 2, "{left_out:?}");
        for line in &left_out {
            assert_eq!(line["exemption"], "child_abuse");
            assert_eq!(line["provision"], "DPA 2018 Sch 3 para 21");
            assert!(
                line["text"].as_str().unwrap().contains("safeguarding lead"),
                "{line}"
            );
        }
        for file in ["answer.md", "answer.md.record.json"] {
            let mode = fs::metadata(desk.folder().join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        // Not against the young person, to whom it is a matter of harm alone.
        let line = "audit who-saw - --draft own.md --for young-person";
        let wrong = desk.types_in(
            "officer",
            &format!("{line} --child-protection child_abuse"),
            UPN,
        );
        assert_eq!(wrong.code, 2, "{wrong:?}");
        desk.types_in("officer", line, UPN);
        let record = desk.record("own.md");
        assert_eq!(record["left_out"][0]["exemption"], "serious_harm_education");
        desk.end().await;
    });
}

#[test]
fn a_name_that_may_harm_and_a_protected_pupil_are_nowhere_in_a_draft() {
    run(async || {
        let mut desk = busy();
        let line = "audit who-saw - --draft a.md --for parent";
        let hide = "--hide-setting 'Example Park School:rights_of_others'";
        let told = desk.types_in("officer", &format!("{line} {hide}"), UPN);
        assert_eq!(told.code, 0, "{told:?}");
        assert!(
            !desk.read("a.md").contains("Example Park"),
            "{}",
            desk.read("a.md")
        );
        assert!(
            desk.read("a.md").contains("Example Brook School"),
            "{}",
            desk.read("a.md")
        );
        let names = desk.record("a.md")["names"].to_string();
        assert!(!names.contains("Example Park"), "{names}");
        let slip = "--hide-setting 'Example Pork School:rights_of_others'";
        let told = desk.types_in(
            "officer",
            &format!("{line} {slip}").replace("a.md", "b.md"),
            UPN,
        );
        assert_eq!(told.code, 2, "a slip hides nothing: {told:?}");
        assert!(!desk.folder().join("b.md").exists());

        let line = "audit who-saw - --draft c.md --for parent --protected serious_harm_education";
        let told = desk.types_in("officer", line, UPN);
        assert_eq!(told.code, 0, "{told:?}");
        let text = desk.read("c.md");
        assert!(text.contains("Example Brook School"), "{text}");
        assert!(
            !text.contains("Example Park") && !text.contains("Exampleshire"),
            "{text}"
        );
        desk.end().await;
    });
}

#[test]
fn a_draft_is_released_once_it_was_read_and_each_line_gone_has_its_reason() {
    run(async || {
        let mut desk = busy();
        let transition = move_of(&mut desk, UPN);
        desk.does(
            "officer",
            &format!("audit who-saw {transition} --draft a.md --for parent"),
        );
        let unread = desk.types("officer", "audit who-saw --release a.md");
        assert_eq!(unread.code, 2, "{unread:?}");
        assert!(
            unread.err.contains("still says that it is a draft"),
            "{unread:?}"
        );

        // Read over: the first paragraph goes, a line goes, a line is put in other words.
        let record = desk.record("a.md");
        let lines = record["lines"].as_array().unwrap();
        let text = |at: usize| lines[at]["text"].as_str().unwrap();
        let entry = |at: usize| lines[at]["entries"][0]["position"].as_u64().unwrap();
        let draft = desk.read("a.md");
        let (_, draft) = draft.split_once("\n\n").unwrap();
        let draft = draft.replace(&format!("- {}\n", text(0)), "");
        let draft = draft.replace(text(1), "In other words.");
        fs::write(desk.folder().join("a.md"), &draft).unwrap();
        let unsaid = desk.types("officer", "audit who-saw --release a.md");
        assert_eq!(unsaid.code, 2, "{unsaid:?}");
        assert_eq!(
            unsaid.err.matches("is not in it as it was").count(),
            2,
            "{unsaid:?}"
        );

        let said = format!(
            "audit who-saw --release a.md --withhold {}:rights_of_others --reworded {}",
            entry(0),
            entry(1)
        );
        let before = desk.entries().await;
        let dry = desk.does("officer", &format!("{said} --dry-run"));
        assert!(
            dry.out.contains("left out: 1 by rights_of_others"),
            "{dry:?}"
        );
        assert_eq!(desk.entries().await, before, "nothing was recorded");
        let done = desk.does("officer", &said);
        assert!(done.out.contains("recorded as entry"), "{done:?}");
        assert_eq!(desk.entries().await, before + 1);
        desk.does("officer", &said);
        assert_eq!(desk.entries().await, before + 1, "once");

        // The entry holds whoever gave it out to these very bytes.
        let record = desk.record("a.md");
        let releasing = &record["releasing"];
        let position = record["released"]["position"].as_u64().unwrap();
        let shown = desk.does(
            "officer",
            &format!("audit entries --from {position} --limit 1 --json"),
        );
        let shown: Value = serde_json::from_str(shown.out.trim()).unwrap();
        let detail = &shown["entry"]["detail"];
        assert_eq!(detail["commitment"], releasing["commitment"]);
        assert_eq!(detail["withheld"]["rights_of_others"], 1);
        assert_eq!(record["released"]["leaf_hash"], shown["leaf_hash"]);
        let salt = unhex(releasing["salt"].as_str().unwrap());
        let bytes = [salt.as_slice(), draft.as_bytes()].concat();
        let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        assert_eq!(
            unhex(releasing["commitment"].as_str().unwrap()),
            sha256.as_ref()
        );

        fs::write(desk.folder().join("a.md"), format!("{draft}\nMore.\n")).unwrap();
        let other = desk.types("officer", &said);
        assert_eq!(other.code, 2, "another text is another draft: {other:?}");
        let report = desk.does("officer", &format!("audit who-saw {transition}"));
        let told = "recorded that an account of who saw was given to a parent";
        assert!(report.out.contains(told), "{report:?}");
        desk.end().await;
    });
}

#[test]
fn a_draft_by_a_number_is_released_for_that_child_only() {
    run(async || {
        let mut desk = busy();
        desk.types_in(
            "officer",
            "audit who-saw - --draft a.md --for young-person",
            UPN,
        );
        let draft = desk.read("a.md");
        let (_, draft) = draft.split_once("\n\n").unwrap();
        fs::write(desk.folder().join("a.md"), draft).unwrap();
        assert!(!desk.read("a.md.record.json").contains(UPN));
        let other = desk.types_in("officer", "audit who-saw --release a.md", TWIN);
        assert_eq!(other.code, 1, "{other:?}");
        assert!(other.err.contains("not the learner"), "{other:?}");
        let right = desk.types_in("officer", "audit who-saw --release a.md", UPN);
        assert_eq!(right.code, 0, "{right:?}");
        desk.end().await;
    });
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}
