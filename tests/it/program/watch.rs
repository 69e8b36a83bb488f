//! The ledger watched while it grows, by whoever types: a service that goes away is waited for, and a
//! reader that goes away ends it.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

/// A watch under way, by its lines.
struct Watching {
    child: Child,
    /// None when nobody reads any more.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    /// What it says to people.
    prose: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let prose = BufReader::new(child.stderr.take().unwrap()).lines();
        Self {
            child,
            lines: Some(lines),
            prose,
        }
    }

    /// Reads on until a line says so.
    fn until(&mut self, said: &str) -> String {
        let lines = self.lines.as_mut().unwrap();
        let found = lines.find(|line| line.as_ref().unwrap().contains(said));
        found
            .unwrap_or_else(|| panic!("it ended without {said}"))
            .unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watch_tells_what_comes_waits_for_the_service_and_goes_on() {
    run(async || {
        let mut desk = Desk::furnished(Form::Prose);
        let line = "audit watch --from 0 --every 1 --state place --folder data";
        let mut watching = Watching::start(desk.command("officer", line));
        watching.until("created the ledger");
        let year = this_academic_year();
        let publish = "publish leavers.ndjson --signatory Head --point primary-to-secondary";
        desk.does("sender", &format!("{publish} --year {year}"));
        let line = watching.until("published version 1");
        assert!(
            line.contains("about als_") && line.contains("the publisher credential crd_"),
            "{line}"
        );
        desk.close();
        let mut prose = watching.prose.by_ref().map(Result::unwrap);
        assert!(prose.any(|line| line.contains("trying again")));
        desk.serve();
        desk.does("receiver", "subscribe --once --folder data");
        watching.until("was handed the sections");
        kill_process(Pid::from_child(&watching.child), Signal::INT).unwrap();
        assert_eq!(watching.child.wait().unwrap().code(), Some(0));

        // What was told is not told again.
        let told = desk.does("officer", "audit watch --once --state place --folder data");
        assert!(!told.out.contains("published version 1"), "{told:?}");
        desk.end().await;
    });
}

#[test]
fn a_reader_that_went_away_ends_the_watch_and_what_it_did_not_get_comes_again() {
    run(async || {
        let mut desk = Desk::furnished(Form::Prose);
        let line = "audit watch --from 0 --every 1 --state place";
        let mut watching = Watching::start(desk.command("officer", line));
        watching.until("planned the move");
        drop(watching.lines.take());
        desk.does("sender", "status");
        assert_eq!(watching.child.wait().unwrap().code(), Some(0));
        let told = desk.does("officer", "audit watch --once --from 0 --state place");
        assert!(told.out.contains("listed how far moves are"), "{told:?}");
        desk.end().await;
    });
}
