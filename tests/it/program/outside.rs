//! What the program writes to: readers that went away, a disk that is full, a terminal that obeys.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, PipeWriter};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::desk::Desk;
use super::told::{Form, Told};
use crate::harness::program;
use crate::harness::*;

/// A pipe nobody reads from any more.
fn nobody() -> PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

fn publish() -> String {
    format!(
        "publish leavers.ndjson --signatory 'Head teacher' --point primary-to-secondary --year {}",
        this_academic_year()
    )
}

#[test]
fn a_reader_that_went_away_ends_nothing() {
    run(async || {
        for form in [Form::Prose, Form::Json] {
            let mut desk = Desk::furnished(form);
            let mut publish_unheard = desk.command("sender", &publish());
            let status = publish_unheard.stdout(nobody()).stderr(nobody()).status();
            assert_eq!(status.unwrap().code(), Some(0), "{form:?}");
            let again = desk.does("sender", &publish());
            assert!(
                !again.out.contains("version 1"),
                "it was published: {again:?}"
            );
            let mut refused = desk.command("receiver", "settings list --code gias:1");
            let status = refused.stdout(nobody()).stderr(nobody()).status();
            assert_eq!(status.unwrap().code(), Some(2), "{form:?}");
            let mut denied = desk.command("receiver", "audit entries");
            let status = denied.stdout(nobody()).stderr(nobody()).status();
            assert_eq!(status.unwrap().code(), Some(3), "{form:?}");
            desk.end().await;
        }
    });
}

#[test]
fn a_service_whose_log_nobody_reads_serves_on() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        desk.open_council();
        desk.close();
        let mut serve = desk.command("", "serve --folder data --listen 127.0.0.1:0");
        serve.env("BATON_LOG_FILTER", "trace");
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(nobody())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        assert!(first.starts_with("listening on "), "{first}");
        let listed = desk.types("officer", "settings list --folder data");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(listed.code, 0, "{listed:?}");
    });
}

#[test]
fn results_that_no_disk_takes_are_not_done() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let desk = Desk::new(Home::sqlite(), Form::Prose);
    let mut template = desk.command("", "cohort template");
    let told = template.stdout(full()).stderr(Stdio::piped()).output();
    let told = Told::of(&told.unwrap(), Form::Prose);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("could not be written"), "{told:?}");
    assert!(told.err.contains("run it again"), "{told:?}");
}

/// To run these again would make another one, or none.
#[test]
fn results_of_what_is_done_once_are_not_asked_for_again() {
    run(async || {
        let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut desk = Desk::furnished(Form::Prose);
        let unheard = |desk: &Desk, who: &str, line: &str| {
            let mut typed = desk.command(who, line);
            let told = typed.stdout(full()).stderr(Stdio::piped()).output();
            let told = Told::of(&told.unwrap(), Form::Prose);
            assert_eq!(told.code, 1, "{told:?}");
            assert!(told.err.contains("could not be written"), "{told:?}");
            assert!(!told.err.contains("run it again"), "{told:?}");
            told
        };
        let issue = "credentials issue --code gias:199901 --role publisher --label unheard \
            --out unheard";
        let told = unheard(&desk, "officer", issue);
        assert!(told.err.contains("the folder is complete"), "{told:?}");
        desk.does("unheard", &publish());
        let told = unheard(&desk, "", "init --folder another");
        assert!(told.err.contains("the token is lost"), "{told:?}");
        desk.end().await;
    });
}

#[test]
fn names_out_of_files_give_no_orders_to_a_terminal() {
    let mut desk = Desk::new(Home::sqlite(), Form::Prose);
    let folder = desk.folder().to_owned();
    let order = "\u{1b}]0;Quixotica\u{7}\u{9b}2J";
    let cohort = fs::read_to_string(folder.join("cohort.csv")).unwrap();
    let (head, rows) = cohort.split_once('\n').unwrap();
    let rows = rows.replace('\n', ",\n");
    fs::write(folder.join("cohort.csv"), format!("{head},{order}\n{rows}")).unwrap();
    let named = format!("{order}.csv");
    fs::write(folder.join(&named), "nothing,of,use\n").unwrap();
    for file in ["cohort.csv", &named] {
        let told = desk.types("", &format!("cohort import --dry-run {file}"));
        let said = format!("{}{}", told.out, told.err);
        assert!(said.contains("]0;Quixotica"), "{said}");
        let obeyed = |c: char| c.is_control() && c != '\n';
        assert!(!said.contains(obeyed), "{said:?}");
    }
}

#[test]
fn what_cannot_be_made_leaves_no_ledger_behind() {
    let mut desk = Desk::new(Home::sqlite(), Form::Prose);
    let wrong = desk.types("", "init --folder data --name bücher.example");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("bücher.example"), "{wrong:?}");
    assert!(!desk.folder().join("data").exists());
    fs::create_dir_all(desk.folder().join("data/tls")).unwrap();
    fs::write(desk.folder().join("data/tls/cert.pem"), "another").unwrap();
    let taken = desk.types("", "init --folder data");
    assert_eq!(taken.code, 2, "{taken:?}");
    let left = fs::read_dir(desk.folder().join("data")).unwrap();
    assert_eq!(left.count(), 1, "nothing was made beside it");
    fs::remove_dir_all(desk.folder().join("data")).unwrap();
    desk.does("", "init --folder data");
}

/// Whatever the mask of whoever types.
#[test]
fn what_is_written_is_for_its_owner_only() {
    run(async || {
        let mut desk = Desk::furnished(Form::Prose);
        desk.does("sender", &publish());
        let line = "umask 0; exec \"$0\" subscribe --once --out in/box --state st/ate";
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", line])
            .arg(program())
            .current_dir(desk.folder());
        shell.env("BATON_CONNECTION", "receiver/connection.toml");
        let told = Told::by(&mut shell, Form::Prose);
        assert_eq!(told.code, 0, "{told:?}");
        let mut left = vec![desk.folder().join("in"), desk.folder().join("st")];
        let mut seen = 0;
        while let Some(path) = left.pop() {
            seen += 1;
            let about = fs::metadata(&path).unwrap();
            assert_eq!(about.permissions().mode() & 0o077, 0, "{}", path.display());
            if about.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
            }
        }
        assert!(seen >= 8, "{seen}");
        desk.end().await;
    });
}
