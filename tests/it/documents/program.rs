//! Documents as the program sends and reads them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use baton_wire::v1::Role;
use serde_json::Value;

use super::{Cast, KIND, cast};
use crate::harness::*;

/// Exit code, what it printed as JSON, and what it said.
async fn typed(connection: &Path, line: &[&str]) -> (i32, Vec<Value>, String) {
    let mut command = Command::new(program());
    command.arg("--json").arg("--connection").arg(connection);
    command.arg("document").args(line);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), lines.collect(), said)
}

on_both_engines! {
    async fn a_file_goes_through_the_program_whole(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [ours, theirs] = [&sender, &receiver].map(|who| who.mine(&profile));
        let sender_file = sender.connection(&exchange.door, folders[0].path());
        let receiver_file = receiver.connection(&exchange.door, folders[1].path());
        let (path, out) = (folders[0].path().join("report.txt"), folders[1].path().join("got.txt"));
        let (path, out) = (path.to_str().unwrap(), out.to_str().unwrap());
        let file = plain("by the program", 2 * CHUNK + 11);
        fs::write(path, &file).unwrap();
        // Somebody broke off after one chunk.
        let half = sender.begin(sender.announce(&profile, (KIND, "A report"), &file)).await.unwrap();
        sender.send_chunk(&half.name, 1, &file[CHUNK..2 * CHUNK]).await.unwrap();

        let add = ["add", path, "--profile", &ours, "--kind", "health", "--title", "A report"];
        let (code, lines, said) = typed(&sender_file, &[&add[..], &["--dry-run"]].concat()).await;
        assert_eq!((code, &lines[0]["would_add"]["chunks"]), (0, &Value::from(3)), "{said}");
        let (code, lines, said) = typed(&sender_file, &add).await;
        assert_eq!(code, 0, "{said}");
        assert_eq!(lines[0]["document"], half.name, "it went on where it was");
        let (code, again, _) = typed(&sender_file, &add).await;
        assert_eq!((code, &again[0]["document"]), (0, &lines[0]["document"]), "added once");
        assert_eq!(sender.documents_of(&profile).await.unwrap().len(), 1);

        let (code, lines, said) = typed(&receiver_file, &["list", &theirs]).await;
        assert_eq!((code, &lines[0]["title"]), (0, &Value::from("A report")), "{said}");
        let name = lines[0]["name"].as_str().unwrap();
        let (code, lines, said) = typed(&receiver_file, &["get", name, "--out", out]).await;
        assert_eq!((code, &lines[0]["title"]), (0, &Value::from("A report")), "{said}");
        assert!(fs::read(out).unwrap() == file);
        assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
        let (code, _, said) = typed(&receiver_file, &["get", name, "--out", out]).await;
        assert_eq!(code, 2, "{said}");

        let stranger = exchange.person(&of.to, &[Role::Publisher]).await;
        let folder = tempfile::tempdir().unwrap();
        let connection = stranger.connection(&exchange.door, folder.path());
        let other = folder.path().join("other.txt");
        let other = other.to_str().unwrap();
        let (code, _, said) = typed(&connection, &["get", name, "--out", other]).await;
        assert_eq!(code, 3, "{said}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert!(left.iter().all(|file| !file.file_name().to_string_lossy().contains("other")));

        exchange.home.tamper("DELETE FROM chunk WHERE idx = 2").await;
        let (code, _, said) = typed(&receiver_file, &["get", name, "--out", out, "--force"]).await;
        assert_eq!(code, 1, "{said}");
        assert!(fs::read(out).unwrap() == file, "what was there is there");

        let ours = sender.mine(name);
        let (code, lines, said) = typed(&sender_file, &["remove", &ours, "--yes"]).await;
        assert_eq!((code, &lines[0]["kept"]), (0, &Value::from(false)), "{said}");
        let (code, lines, _) = typed(&receiver_file, &["list", &theirs]).await;
        assert_eq!((code, lines.len()), (0, 0));
    }

    async fn a_file_that_is_not_taken_is_told_before_anything_is_sent(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let folder = tempfile::tempdir().unwrap();
        let connection = sender.connection(&exchange.door, folder.path());
        let path = folder.path().join("plan.doc");
        let path = path.to_str().unwrap();
        fs::write(path, b"").unwrap();
        let name = sender.mine(&profile);
        let line = ["add", path, "--profile", &name, "--kind", "child_protection_note", "--title", "x"];
        let (code, _, said) = typed(&connection, &line).await;
        assert_eq!(code, 2, "{said}");
        for part in ["--media-type", "it has 0 bytes", "no documents go with child_protection_note"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        fs::write(path, b"not a PDF").unwrap();
        let line = [
            "add", path, "--profile", &name, "--kind", "health", "--title", "x",
            "--media-type", "application/pdf",
        ];
        let (code, _, said) = typed(&connection, &line).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("media_type.other"), "{said}");
    }
}
