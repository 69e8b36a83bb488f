//! Backups as the operator makes them, and a night on which one is needed: the page for it, line by
//! line as it stands there.

use std::fs;
use std::path::{Path, PathBuf};

use super::desk::Desk;
use super::readme::typed;
use super::told::Form;
use crate::harness::*;

const PAGE: &str = include_str!("../../../docs/backup.md");
const CONFIGURED: [(&str, &str); 2] = [
    ("BATON_BACKUP_FOLDER", "backups"),
    ("BATON_BACKUP_KEYS_FOLDER", "ring-backups"),
];

/// A desk with a profile on its way and a backup of it, in JSON, and the files of that.
fn backed_up() -> (Desk, PathBuf, PathBuf) {
    let mut desk = Desk::furnished_under(Form::Json, &CONFIGURED);
    let year = this_academic_year();
    let publish = format!(
        "publish leavers.ndjson --signatory Head --point primary-to-secondary --year {year}"
    );
    desk.does("sender", &publish);
    let told = desk.does("officer", "backup");
    let made = told.lines()[0]["backup"].clone();
    let file = |of: &str| PathBuf::from(made[of]["file"].as_str().unwrap());
    let (content, keys) = (file("content"), file("keys"));
    assert_eq!(made["content"]["epoch"], 1, "{made}");
    assert!(
        made["content"]["until"].as_str().unwrap() > "2026",
        "{made}"
    );
    assert_eq!(made["keys"]["epochs"], serde_json::json!([1]), "{made}");
    (desk, content, keys)
}

/// What is wrong and what is said about it. Nothing is there afterwards that was not before.
fn refused(desk: &mut Desk, line: &str, code: i32, said: &str) {
    let told = desk.types("", line);
    assert_eq!(told.code, code, "{line}: {told:?}");
    assert!(told.err.contains(said), "{line}: {told:?}");
    assert!(
        !desk.folder().join("data").exists(),
        "{line}: something was written"
    );
}

#[test]
fn a_lost_ledger_is_restored_and_nothing_is_written_without_the_right_keys() {
    run(async || {
        let (mut desk, content, keys) = backed_up();
        let denied = desk.types("sender", "backup");
        assert_eq!(denied.code, 3, "{denied:?}");
        desk.close();
        let folder = desk.folder().to_owned();
        fs::rename(folder.join("data"), folder.join("lost")).unwrap();
        let _ = fs::remove_file(folder.join("data.high-water"));
        let key = "baton-master-key-v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        let another = folder.join("another.key");
        fs::copy(folder.join("lost/keys/master.key"), &another).unwrap();
        fs::write(&another, key).unwrap();
        let (content, keys) = (content.display().to_string(), keys.display().to_string());
        let with = |rest: &str| format!("restore {content} --folder data {rest}");
        let right = format!("--keys {keys} --master-key lost/keys/master.key");
        for (rest, code, said) in [
            (format!("--keys {keys}"), 2, "--master-key"),
            (
                format!("--keys {keys} --master-key nowhere.key"),
                2,
                "nowhere.key",
            ),
            (
                format!("--keys {keys} --master-key another.key"),
                2,
                "does not open the key ring",
            ),
            ("--master-key lost/keys/master.key".to_owned(), 2, "--keys"),
            (String::new(), 2, "--keys"),
            (
                format!("--keys {content} --master-key another.key"),
                2,
                "no key backup",
            ),
            ("--keys nowhere.keys".to_owned(), 2, "nowhere.keys"),
        ] {
            refused(&mut desk, &with(&rest), code, said);
        }
        refused(
            &mut desk,
            &format!("restore {keys} --folder data {right}"),
            2,
            "no backup",
        );
        let dry = desk.does("", &with(&format!("{right} --dry-run")));
        assert_eq!(dry.lines()[0]["checked"]["closed"], 0, "{dry:?}");
        assert!(!folder.join("data").exists(), "a dry run writes nothing");

        let told = desk.does("", &with(&right));
        assert_eq!(told.lines()[1]["restored"]["term"], 2, "{told:?}");
        let again = desk.types("", &with(&right));
        assert_eq!(again.code, 2, "{again:?}");
        assert!(again.err.contains("holds a ledger already"), "{again:?}");
        fs::remove_dir_all(folder.join("data/tls")).unwrap();
        copy(&folder.join("lost/tls"), &folder.join("data/tls"));
        desk.serve_as_before();
        desk.does("officer", "audit verify --state");
        let arrived = desk.does("receiver", "subscribe --once --out arrived");
        assert!(arrived.out.contains("arrived"), "{arrived:?}");
        desk.close();
        // Nobody serves: the command opens the ledger itself.
        let mut alone = desk.command("officer", "backup --folder data");
        alone.envs(CONFIGURED);
        let told = super::told::Told::by(&mut alone, Form::Json);
        assert_eq!(told.code, 0, "{told:?}");
        let bare = desk.types("officer", "backup --folder data");
        assert_eq!(bare.code, 1, "{bare:?}");
        assert!(bare.err.contains("backup.folder"), "{bare:?}");
    });
}

#[test]
fn a_key_backup_from_before_another_master_key_is_restored_with_both_keys() {
    run(async || {
        let (mut desk, content, keys) = backed_up();
        let folder = desk.folder().to_owned();
        let own = folder.join("data/keys/master.key");
        desk.does(
            "officer",
            "keys rotate-master --folder data --new-file new.key",
        );
        desk.close();
        fs::rename(own, folder.join("old.key")).unwrap();
        fs::rename(folder.join("data"), folder.join("lost")).unwrap();
        let _ = fs::remove_file(folder.join("data.high-water"));
        let (content, keys) = (content.display(), keys.display());
        let with =
            |rest: &str| format!("restore {content} --folder data --master-key new.key {rest}");
        for (rest, said) in [
            (String::new(), "--keys-master-key"),
            ("--keys-master-key new.key".to_owned(), "--keys-master-key"),
            ("--keys-master-key nowhere.key".to_owned(), "nowhere.key"),
            (
                "--keys-master-command false".to_owned(),
                "the command failed",
            ),
            ("--keys-master-descriptor 2".to_owned(), "3 or above"),
        ] {
            refused(&mut desk, &with(&format!("--keys {keys} {rest}")), 2, said);
        }
        refused(&mut desk, &with("--keys-master-key old.key"), 2, "--keys");
        let by_command = format!("--keys {keys} --dry-run --keys-master-command cat old.key");
        desk.does("", &with(&by_command));
        assert!(!folder.join("data").exists(), "a dry run writes nothing");

        desk.does(
            "",
            &with(&format!("--keys {keys} --keys-master-key old.key")),
        );
        // It goes on under the key of today, which lies beside the ring.
        let laid = fs::read(folder.join("data/keys/master.key")).unwrap();
        assert_eq!(laid, fs::read(folder.join("new.key")).unwrap());
        fs::remove_dir_all(folder.join("data/tls")).unwrap();
        copy(&folder.join("lost/tls"), &folder.join("data/tls"));
        desk.serve_as_before();
        desk.does("officer", "audit verify --state");
        desk.does("receiver", "subscribe --once --out arrived");
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn the_page_for_the_night_works_as_it_stands() {
    run(async || {
        let (mut desk, content, keys) = backed_up();
        desk.close();
        let folder = desk.folder().to_owned();
        // What the page says to have at hand.
        fs::rename(content, folder.join("ledger.backup")).unwrap();
        fs::rename(keys, folder.join("ring.keys")).unwrap();
        fs::rename(
            folder.join("data/keys/master.key"),
            folder.join("master.key"),
        )
        .unwrap();
        copy(&folder.join("data/tls"), &folder.join("tls"));

        let (_, night) = PAGE.split_once("## Restoring, step by step").unwrap();
        let (night, _) = night.split_once("\n## ").unwrap();
        let mut blocks = night.split("```sh\n").skip(1);
        let mut next = || {
            blocks
                .next()
                .unwrap()
                .split_once("```")
                .unwrap()
                .0
                .to_owned()
        };
        for _ in 0..3 {
            let lines = next();
            let told = typed(&desk, &lines, "");
            assert_eq!(told.code, 0, "{lines}: {told:?}");
        }
        desk.serve_as_before();
        let verify = next();
        let officer = "export BATON_CONNECTION=officer/connection.toml\n";
        let told = typed(&desk, &format!("{officer}{verify}"), "");
        assert_eq!(told.code, 0, "{verify}: {told:?}");
        desk.does("receiver", "subscribe --once --out arrived");
    });
}
