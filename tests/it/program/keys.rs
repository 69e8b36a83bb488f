//! Keys as the operator handles them: rotated while the service runs, the master key from where it
//! is kept, and nothing without it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::desk::{Desk, Service};
use super::told::Form;
use crate::harness::program;
use crate::harness::*;

/// A master key as anybody might make one.
const ANOTHER: &str = "baton-master-key-v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

/// Every file of a folder. Locks hold nothing.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            } else if !entry.file_name().to_string_lossy().ends_with("lock") {
                let name = entry.path().display().to_string();
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

#[test]
fn keys_are_rotated_while_the_service_runs_and_also_by_the_folder_alone() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let year = this_academic_year();
        desk.does(
            "sender",
            &format!(
                "publish leavers.ndjson --signatory Head --point primary-to-secondary --year {year}"
            ),
        );
        let denied = desk.types("sender", "keys rotate");
        assert_eq!(denied.code, 3, "{denied:?}");
        for epoch in 2..=4 {
            let told = desk.does("officer", "keys rotate --wait");
            assert_eq!(told.lines()[0]["epoch"], epoch, "{told:?}");
            let lines = told.lines();
            let (now, before) = lines[1..]
                .iter()
                .partition::<Vec<_>, _>(|line| line["in_force"] == true);
            assert_eq!(now.len(), 1, "{told:?}");
            assert!(
                !before.is_empty() && before.iter().all(|line| line["keys"] == 0),
                "{told:?}"
            );
        }
        desk.does("receiver", "subscribe --once --out arrived");
        desk.close();
        desk.does("officer", "keys rotate --wait --folder data");
        let listed = desk.does("officer", "keys list --folder data");
        let in_force = |line: &serde_json::Value| line["in_force"] == true;
        assert_eq!(
            listed.lines().iter().filter(|line| in_force(line)).count(),
            1
        );
        assert_eq!(listed.lines().last().unwrap()["epoch"], 5, "{listed:?}");
    });
}

#[test]
fn without_the_right_master_key_nothing_is_served_and_nothing_written() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        desk.open_council();
        desk.close();
        let folder = desk.folder().to_owned();
        let (data, own) = (folder.join("data"), folder.join("data/keys/master.key"));
        let right = fs::read_to_string(&own).unwrap();
        fs::write(folder.join("another.key"), ANOTHER).unwrap();
        fs::write(folder.join("open.key"), &right).unwrap();
        fs::write(folder.join("no.key"), "baton-master-key-v1 short\n").unwrap();
        for (name, mode) in [
            ("another.key", 0o600),
            ("open.key", 0o640),
            ("no.key", 0o600),
        ] {
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let before = files(&data);
        for (given, said) in [
            (
                "master_file = \"another.key\"",
                "does not open the key ring",
            ),
            ("master_file = \"no.key\"", "does not open the key ring"),
            ("master_file = \"open.key\"", "chmod 600"),
            ("master_file = \"nowhere.key\"", "nowhere.key"),
            ("master_descriptor = 9", "/dev/fd/9"),
            ("master_descriptor = 1", "3 or above"),
            ("master_command = [\"false\"]", "the command failed"),
            (
                "master_command = [\"cat\", \"another.key\"]",
                "does not open the key ring",
            ),
            (
                "master_command = [\"x\"]\nmaster_descriptor = 9",
                "give one of them",
            ),
        ] {
            fs::write(folder.join("baton.toml"), format!("[keys]\n{given}\n")).unwrap();
            let told = desk.types("", "serve --folder data --config baton.toml");
            assert_ne!(told.code, 0, "{given}: {told:?}");
            assert!(told.err.contains(said), "{given}: {told:?}");
            assert_eq!(files(&data), before, "{given}: something was written");
        }
    });
}

#[test]
fn a_master_key_may_come_from_a_command_or_a_descriptor() {
    run(async || {
        let mut desk = Desk::new(Home::sqlite(), Form::Prose);
        let folder = desk.folder().to_owned();
        fs::write(folder.join("kms"), ANOTHER).unwrap();
        let line = "[keys]\nmaster_command = [\"cat\", \"kms\"]\n";
        fs::write(folder.join("baton.toml"), line).unwrap();
        desk.does("", "init --folder data --config baton.toml");
        assert!(!folder.join("data/keys/master.key").exists());
        let mut serve = desk.command(
            "",
            "serve --folder data --config baton.toml --listen 127.0.0.1:0",
        );
        let service = Service::start(&mut serve, Form::Prose);
        assert_eq!(service.stop(Signal::TERM).code, 0);

        fs::write(folder.join("baton.toml"), "[keys]\nmaster_descriptor = 7\n").unwrap();
        let mut shell = Command::new("/bin/sh");
        let line = "exec \"$0\" serve --folder data --config baton.toml --listen 127.0.0.1:0 7<kms";
        shell.args(["-c", line]).arg(program()).current_dir(&folder);
        let service = Service::start(&mut shell, Form::Prose);
        assert_eq!(service.stop(Signal::TERM).code, 0);
    });
}
