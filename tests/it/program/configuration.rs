//! What an operator can get wrong before anything runs: exit 2, said once, with what to do.

use std::fs;

use rustix::process::Signal;

use super::desk::{Desk, Service};
use super::told::{Form, Told};
use crate::harness::*;

#[test]
fn a_wrong_configuration_is_wrong_usage_and_told_once() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        let init = desk.types("", "init --folder data");
        assert_eq!(init.code, 0, "{init:?}");
        desk.shown.chapter();
        fs::create_dir(desk.folder().join("bare")).unwrap();
        for (file, text) in [
            ("value.toml", "[server]\ndeadline_seconds = \"soon\"\n"),
            ("range.toml", "[server]\ndeadline_seconds = 1\n"),
            ("key.toml", "[server]\nlistne = \"127.0.0.1:7443\"\n"),
            ("section.toml", "[sevrer]\nlisten = \"127.0.0.1:7443\"\n"),
            ("broken.toml", "[server\n"),
            ("half.toml", "[server]\ncertificate = \"cert.pem\"\n"),
            (
                "absent.toml",
                "[server]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n",
            ),
            (
                "no-pem.toml",
                "[server]\ncertificate = \"half.toml\"\nkey = \"half.toml\"\n",
            ),
            ("filter.toml", "[log]\nfilter = \"=loud\"\n"),
        ] {
            fs::write(desk.folder().join(file), text).unwrap();
            wrong(
                &mut desk,
                &[],
                &format!("serve --folder data --config {file}"),
            );
        }
        wrong(&mut desk, &[], "serve --folder data --config nowhere.toml");
        wrong(&mut desk, &[], "serve --folder nowhere");
        wrong(&mut desk, &[], "serve --folder bare");
        wrong(&mut desk, &[], "init --folder data");
        wrong(
            &mut desk,
            &[("BATON_SERVER_LISTNE", "127.0.0.1:1")],
            "serve --folder data",
        );
        wrong(
            &mut desk,
            &[("BATON_LOG_VERBOSITY", "debug")],
            "init --folder other",
        );
        wrong(
            &mut desk,
            &[("BATON_SERVER_LISTEN", "everywhere")],
            "serve --folder data",
        );
        insta::assert_snapshot!(desk.shown.chapter());
    });
}

fn wrong(desk: &mut Desk, variables: &[(&str, &str)], line: &str) {
    let mut command = desk.command("", line);
    command.envs(variables.iter().copied());
    let told = Told::by(&mut command, Form::Prose);
    let set: Vec<String> = variables
        .iter()
        .map(|(name, value)| format!("{name}={value} "))
        .collect();
    let set = set.concat();
    desk.shown.step(&format!("{set}baton {line}"), &told);
    assert_eq!(told.code, 2, "{line}: {told:?}");
    assert!(told.out.is_empty(), "{line}: {told:?}");
}

/// Where it listens with these variables and flags over a file.
fn listens(desk: &Desk, variables: &[(&str, &str)], line: &str) -> String {
    let mut serve = desk.command("", line);
    serve.envs(variables.iter().copied());
    let service = Service::start(&mut serve, Form::Prose);
    let url = service.url.clone();
    assert_eq!(service.stop(Signal::TERM).code, 0);
    let (host, _) = url
        .strip_prefix("https://")
        .unwrap()
        .rsplit_once(':')
        .unwrap();
    host.to_owned()
}

#[test]
fn a_flag_goes_over_a_variable_and_a_variable_over_the_file() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        desk.does("", "init --folder data");
        let file = "[server]\nlisten = \"127.0.0.2:0\"\n[ledger]\nfolder = \"data\"\n";
        fs::write(desk.folder().join("baton.toml"), file).unwrap();
        let serve = "serve --config baton.toml";
        let variable = [("BATON_SERVER_LISTEN", "127.0.0.3:0")];
        assert_eq!(listens(&desk, &[], serve), "127.0.0.2");
        assert_eq!(listens(&desk, &variable, serve), "127.0.0.3");
        let flag = format!("{serve} --listen 127.0.0.4:0");
        assert_eq!(listens(&desk, &variable, &flag), "127.0.0.4");
        let folder = [("BATON_LEDGER_FOLDER", "nowhere"), variable[0]];
        let flag = format!("{serve} --folder data");
        assert_eq!(
            listens(&desk, &folder, &flag),
            "127.0.0.3",
            "the folder's flag, too"
        );
    });
}
