//! The README's tour, line by line as it stands there, in a shell.

use std::process::{Command, Stdio};

use super::desk::Desk;
use super::files::file;
use super::told::{Form, Told};
use crate::harness::program;
use crate::harness::*;

const README: &str = include_str!("../../../README.md");

/// The commands under a heading.
fn commands(heading: &str) -> String {
    let (_, section) = README.split_once(heading).unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_tour_of_the_readme_works_as_it_stands() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        let folder = desk.folder().to_owned();
        std::fs::write(folder.join("edubasealldata.csv"), file("register.csv")).unwrap();
        std::fs::write(folder.join("framework.pdf"), "who does what").unwrap();

        let tour = commands("## Running one");
        let (before, rest) = tour.split_once("baton serve --folder data").unwrap();
        let (_, after) = rest.split_once('\n').unwrap();
        let init = typed(&desk, before, "");
        assert_eq!(init.code, 0, "{init:?}");
        desk.serve();
        assert!(after.contains("https://localhost:7443"), "{after}");
        let (_, port) = desk.url().rsplit_once(':').unwrap();
        let after = after.replace("localhost:7443", &format!("localhost:{port}"));
        let told = typed(&desk, &after, init.out.trim());
        assert_eq!(told.code, 0, "{told:?}");
        for expected in [
            "3 created",
            "9 new or changed",
            "2 published",
            "2 written",
            " holds: ",
        ] {
            assert!(told.out.contains(expected), "{expected:?} of {told:?}");
        }
        assert_eq!(
            std::fs::read_dir(folder.join("arrivals")).unwrap().count(),
            2
        );
        desk.end().await;
    });
}

/// Types these lines; the first that fails ends it. The token is given as its help says.
pub(super) fn typed(desk: &Desk, lines: &str, token: &str) -> Told {
    let program = program();
    let folders = [
        program.parent().unwrap(),
        "/usr/bin".as_ref(),
        "/bin".as_ref(),
    ];
    let shell = Command::new("/bin/sh")
        .args(["-e", "-c", lines])
        .env_clear()
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("BATON_TOKEN", token)
        .current_dir(desk.folder())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Told::of(&shell, Form::Prose)
}
