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
            let told = desk.types(
                "",
                "serve --folder data --config baton.toml --listen 127.0.0.1:0",
            );
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

/// The old key in a file, and a new one that is given in each of the ways in turn.
#[test]
fn the_master_key_is_changed_while_the_service_runs_and_also_by_the_folder_alone() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let folder = desk.folder().to_owned();
        let own = folder.join("data/keys/master.key");
        let entries = desk.entries().await;
        for line in [
            "keys rotate-master",
            "keys rotate-master --new-file a --new-descriptor 7",
            "keys rotate-master --folder data --new-file data/keys/master.key",
            "keys rotate-master --folder data --new-file nowhere/new.key",
            "keys rotate-master --folder data --new-descriptor 1",
            "keys rotate-master --folder data --new-command false",
        ] {
            assert_eq!(desk.types("officer", line).code, 2, "{line}");
        }
        assert_eq!(desk.entries().await, entries, "nothing was asked");

        let line = "keys rotate-master --folder data --new-file new.key";
        let tried = desk.does("officer", &format!("{line} --dry-run"));
        assert_eq!(tried.lines()[0]["dry_run"], true);
        assert!(!folder.join("new.key").exists(), "it was only tried");
        assert_eq!(desk.types("sender", line).code, 3);
        let told = desk.does("officer", line);
        assert!(
            told.err.contains("move its file over data/keys/master.key"),
            "{told:?}"
        );
        let mode = fs::metadata(folder.join("new.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let (first, before) = (&told.lines()[0]["key"], &told.lines()[0]["previous"]);
        assert_eq!(before, &tried.lines()[0]["previous"]);
        desk.does("officer", "keys rotate --wait");
        desk.close();
        let refused = desk.types("", "serve --folder data");
        for fingerprint in [first, before] {
            assert!(
                refused.err.contains(fingerprint.as_str().unwrap()),
                "{refused:?}"
            );
        }
        fs::rename(folder.join("new.key"), &own).unwrap();

        // Nobody serves: the command has the folder, and its new key from a command.
        fs::write(folder.join("kms"), ANOTHER).unwrap();
        let line = "keys rotate-master --folder data --new-command cat kms";
        let told = desk.does("officer", line);
        assert_eq!(&told.lines()[0]["previous"], first);
        fs::write(
            folder.join("baton.toml"),
            "[keys]\nmaster_command = [\"cat\", \"kms\"]\n",
        )
        .unwrap();

        // From the command to a descriptor, the configuration says where the old one is.
        fs::write(folder.join("last.key"), ANOTHER.replace("AAEC", "BAEC")).unwrap();
        let mut shell = Command::new("/bin/sh");
        let line = "exec \"$0\" keys rotate-master --folder data --config baton.toml \
                    --connection officer/connection.toml --new-descriptor 7 7<last.key";
        shell.args(["-c", line]).arg(program()).current_dir(&folder);
        let done = shell.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        fs::write(&own, fs::read(folder.join("last.key")).unwrap()).unwrap();
        desk.serve();
    });
}

#[test]
fn a_key_backup_opens_with_the_master_key_of_its_time() {
    run(async || {
        let mut desk = Desk::furnished_under(
            Form::Json,
            &[
                ("BATON_BACKUP_FOLDER", "backups"),
                ("BATON_BACKUP_KEYS_FOLDER", "key-backups"),
            ],
        );
        let folder = desk.folder().to_owned();
        let own = folder.join("data/keys/master.key");
        desk.does("officer", "backup");
        fs::copy(&own, folder.join("old.key")).unwrap();
        fs::set_permissions(folder.join("old.key"), fs::Permissions::from_mode(0o600)).unwrap();
        desk.does(
            "officer",
            "keys rotate-master --folder data --new-file new.key",
        );
        let only = |name: &str| {
            let mut found = fs::read_dir(folder.join(name)).unwrap();
            found.next().unwrap().unwrap().path().display().to_string()
        };
        let (content, keys) = (only("backups"), only("key-backups"));
        let mut restored = |master: &str| {
            let line = format!(
                "restore {content} --keys {keys} --master-key {master} --folder drill --dry-run"
            );
            desk.types("", &line)
        };
        let refused = restored("new.key");
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("of its time"), "{refused:?}");
        assert_eq!(restored("old.key").code, 0);
    });
}
