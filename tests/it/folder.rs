//! The real program and a data folder: who owns it, and how commands come in.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Home, Papers, program, run};

/// Nobody listens there: what is answered came by the folder.
const NOWHERE: &str = "https://localhost:1";

/// A ledger in a folder, and the program run beside it.
struct Ground {
    home: Home,
}

/// What a command ended with.
#[derive(Debug)]
struct Said {
    exit: i32,
    lines: Vec<Value>,
    prose: String,
}

impl Ground {
    /// A ledger whose first officer came in through the folder, with nobody serving.
    fn founded(home: Home) -> Self {
        let ground = Self { home };
        let said = ground.say(&["init", "--folder", "data"]);
        let token = said.lines[0]["token"].as_str().unwrap().to_owned();
        let mut redeem = ground.command(&["credentials", "redeem", "--folder", "data"]);
        redeem.args(["--url", NOWHERE, "--service-certificate"]);
        redeem.args(["data/tls/cert.pem", "--council", "Example Council"]);
        redeem.args(["--code", "351", "--out", "officer"]);
        redeem.env("BATON_TOKEN", token);
        Said::of(redeem).done();
        ground
    }

    /// The place the program is run in; the folder is `data` in it.
    fn place(&self) -> PathBuf {
        self.home.place().folder.parent().unwrap().to_owned()
    }

    fn data(&self, name: &str) -> PathBuf {
        self.home.place().folder.join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        if let Some(url) = self.home.place().postgres {
            command.env("BATON_LEDGER_POSTGRES", url);
        }
        command
            .current_dir(self.place())
            .arg("--json")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn say(&self, args: &[&str]) -> Said {
        Said::of(self.command(args))
    }

    /// A command of somebody, through the folder.
    fn through(&self, who: &str, args: &[&str]) -> Said {
        Said::of(self.going_through(who, args))
    }

    fn going_through(&self, who: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        let file = self.place().join(who).join("connection.toml");
        command
            .env("BATON_CONNECTION", file)
            .env("BATON_FOLDER", "data");
        command
    }

    /// A school, and somebody of it; the name of their credential.
    fn school(&self, code: &str, role: &str) -> String {
        let add = ["settings", "add", "--kind", "school", "--name", "A School"];
        self.through("officer", &[&add[..], &["--code", code]].concat())
            .done();
        let issue = ["credentials", "issue", "--code", code, "--role", role];
        let rest = ["--label", "of a test", "--out", "school"];
        let said = self.through("officer", &[&issue[..], &rest].concat());
        let credential = &said.done()[0]["credential"]["name"];
        credential.as_str().unwrap().to_owned()
    }

    /// Somebody with the officer's words and a certificate nobody registered.
    fn stranger(&self) {
        let (folder, papers) = (self.place().join("stranger"), Papers::new());
        std::fs::create_dir(&folder).unwrap();
        let officer = self.place().join("officer");
        for name in ["connection.toml", "service.pem"] {
            std::fs::copy(officer.join(name), folder.join(name)).unwrap();
        }
        std::fs::write(folder.join("cert.pem"), &papers.certificate).unwrap();
        std::fs::write(folder.join("key.pem"), &papers.key).unwrap();
    }

    /// The service, once it listens. What it may be asked by the network it may not be asked here.
    fn serve(&self) -> Served {
        // A umask that would open the socket to everybody.
        let mut serve = Command::new("sh");
        let line = "umask 000; exec \"$0\" --json serve --folder data --listen 127.0.0.1:0";
        serve
            .args(["-c", line])
            .arg(program())
            .current_dir(self.place())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(url) = self.home.place().postgres {
            serve.env("BATON_LEDGER_POSTGRES", url);
        }
        let mut served = Served(serve.spawn().unwrap());
        let (line, _) = first_line(served.0.stdout.take().unwrap());
        assert!(line.contains("listening"), "{line}");
        served
    }
}

/// The first line, and what comes after it. The program is not to write to nobody.
fn first_line<R: std::io::Read>(of: R) -> (String, BufReader<R>) {
    let (mut line, mut of) = (String::new(), BufReader::new(of));
    of.read_line(&mut line).unwrap();
    (line, of)
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// A process that is not left behind.
struct Served(Child);

impl Served {
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Ends it as an operator would.
    fn stop(mut self) {
        self.signal("TERM");
        assert!(self.0.wait().unwrap().success());
    }

    /// Ends it as a power cut would.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Said {
    fn of(mut command: Command) -> Self {
        Self::from(command.output().unwrap())
    }

    fn from(output: std::process::Output) -> Self {
        let lines = String::from_utf8(output.stdout).unwrap();
        Self {
            exit: output.status.code().unwrap(),
            lines: lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            prose: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn done(self) -> Vec<Value> {
        assert_eq!(self.exit, 0, "{self:?}");
        self.lines
    }

    #[track_caller]
    fn refused(&self, exit: i32, saying: &str) {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.prose.contains(saying), "{self:?}");
    }
}

#[test]
fn with_nobody_serving_commands_own_the_folder_one_after_the_other() {
    let ground = Ground::founded(Home::sqlite());
    let credential = ground.school("gias:100001", "receiver-lead");
    ground
        .through("officer", &["credentials", "revoke", &credential])
        .done();
    ground.through("officer", &["status"]).done();
    let mut replaced = ground
        .through(
            "officer",
            &["policy", "replace", "shipped", "--reason", "as it is"],
        )
        .done();
    assert_eq!(replaced.pop().unwrap()["summary"]["replaced"], false);
    let verified = ground.through("officer", &["audit", "verify", "--state"]);
    let verified = verified.done();
    assert!(!verified.is_empty());
    let entries = ground.through("officer", &["audit", "entries"]).done();
    let kinds: Vec<&str> = entries
        .iter()
        .filter_map(|it| it["entry"]["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"credential_revoked"), "{kinds:?}");
    // What they opened they closed: nothing is left to be recovered.
    for left in ["admin.sock", "command.sock", "ledger.db-wal"] {
        assert!(!ground.data(left).exists(), "{left} was left");
    }
    let revoked = ground.through("school", &["status"]);
    assert_eq!(revoked.exit, 3, "{revoked:?}");
}

#[test]
fn a_running_service_is_reached_by_its_folder_whatever_the_address_says() {
    let ground = Ground::founded(Home::sqlite());
    let served = ground.serve();
    let socket = ground.data("admin.sock");
    assert!(is_socket(&socket));
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(
        mode & 0o777,
        0o600,
        "for its owner only, whatever the umask"
    );
    ground.school("gias:100001", "receiver-lead");
    ground
        .through("officer", &["audit", "verify", "--state"])
        .done();
    let mut by_network = ground.going_through("officer", &["status"]);
    by_network.env_remove("BATON_FOLDER");
    Said::of(by_network).refused(3, "cannot be reached");
    served.stop();
    assert!(
        !socket.exists(),
        "a service that ends takes its socket away"
    );
    ground.through("officer", &["status"]).done();
}

#[test]
fn reading_the_entries_of_a_small_ledger_is_one_entry() {
    let ground = Ground::founded(Home::sqlite());
    let read = || {
        let entries = ground.through("officer", &["audit", "entries"]);
        entries.done().len()
    };
    assert_eq!(read(), 2, "the ledger was made, and its first officer");
    assert_eq!(read(), 3, "and the entries were read");
}

#[test]
fn who_is_not_known_or_not_allowed_is_refused_through_the_folder_too() {
    let ground = Ground::founded(Home::sqlite());
    ground.school("gias:100001", "receiver-lead");
    ground.stranger();
    let forbidden = ["settings", "add", "--kind", "school", "--name", "Mine"];
    let forbidden = [&forbidden[..], &["--code", "gias:100009"]].concat();
    let refuse = |how: &str| {
        let unknown = ground.through("stranger", &["status"]);
        unknown.refused(3, "no valid credential");
        let denied = ground.through("school", &forbidden);
        assert_ne!(denied.exit, 0, "{how}: {denied:?}");
        let entries = ground.through("officer", &["audit", "entries"]).done();
        let denied = entries
            .iter()
            .filter(|it| it["entry"]["verdict"] == "denied");
        denied.count()
    };
    assert_eq!(refuse("nobody serves"), 1, "a refusal is an entry");
    let served = ground.serve();
    assert_eq!(refuse("a service runs"), 2);
    served.stop();
}

#[test]
fn the_socket_of_a_killed_service_is_in_nobodys_way() {
    let ground = Ground::founded(Home::sqlite());
    ground.serve().kill();
    let socket = ground.data("admin.sock");
    assert!(is_socket(&socket), "nobody was there to take it away");
    ground.through("officer", &["status"]).done();
    let served = ground.serve();
    ground.through("officer", &["status"]).done();
    served.stop();
}

#[test]
fn commands_that_come_at_once_wait_for_one_another() {
    let ground = Ground::founded(Home::sqlite());
    let at_once: Vec<Child> = (0..6)
        .map(|_| ground.going_through("officer", &["settings", "list"]))
        .map(|mut command| command.spawn().unwrap())
        .collect();
    for command in at_once {
        Said::from(command.wait_with_output().unwrap()).done();
    }
}

#[test]
fn a_command_says_that_it_waits_for_one_that_takes_long() {
    let ground = Ground::founded(Home::sqlite());
    ground.school("gias:100001", "receiver-lead");
    let mut subscribe = ground.going_through("school", &["subscribe"]);
    let mut subscribed = Served(subscribe.spawn().unwrap());
    let (waiting, _prose) = first_line(subscribed.0.stderr.take().unwrap());
    assert!(waiting.contains("waiting for what comes"), "{waiting}");

    let mut second = ground.going_through("officer", &["settings", "list"]);
    let mut second = Served(second.spawn().unwrap());
    let (said, mut rest) = first_line(second.0.stderr.take().unwrap());
    assert!(said.contains("another command has the folder"), "{said}");
    let serve = ["serve", "--folder", "data", "--listen", "127.0.0.1:0"];
    ground.say(&serve).refused(3, "another process is using");
    subscribed.stop();
    let mut prose = String::new();
    rest.read_to_string(&mut prose).unwrap();
    assert!(second.0.wait().unwrap().success(), "{prose}");
}

#[test]
fn a_folder_that_is_none_or_not_ones_own_is_refused_with_what_to_do() {
    let ground = Ground::founded(Home::sqlite());
    let mut nowhere = ground.going_through("officer", &["status"]);
    nowhere.env("BATON_FOLDER", "nowhere");
    Said::of(nowhere).refused(2, "baton init --folder nowhere");
    let without = ground.say(&["status", "--folder", "data"]);
    without.refused(2, "which service?");
    let folder = ground.home.place().folder;
    if std::os::unix::fs::chown(&folder, Some(12_345), None).is_ok() {
        let other = ground.through("officer", &["status"]);
        other.refused(2, "belongs to another user");
    } else {
        println!("left out: only root can give a folder to somebody else");
    }
}

#[test]
fn a_folder_whose_path_is_too_long_for_a_socket_is_told_what_to_do() {
    let ground = Ground::founded(Home::sqlite());
    let long = "long".repeat(25);
    let deep = ground.place().join(&long);
    std::fs::rename(ground.data(""), &deep).unwrap();
    let deep = deep.to_str().unwrap();
    let serve = ["serve", "--folder", deep, "--listen", "127.0.0.1:0"];
    ground.say(&serve).refused(2, "by a shorter path");
    let mut status = ground.going_through("officer", &["status"]);
    status.env("BATON_FOLDER", deep);
    Said::of(status).refused(2, "by a shorter path");
    let mut near = ground.going_through("officer", &["status"]);
    near.current_dir(deep).env("BATON_FOLDER", ".");
    Said::of(near).done();
}

#[test]
fn a_ledger_on_postgres_is_asked_by_the_network() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let ground = Ground { home };
        ground.say(&["init", "--folder", "data"]).done();
        let served = ground.serve();
        assert!(
            !ground.data("admin.sock").exists(),
            "nobody owns the folder"
        );
        let mut told = ground.command(&["status", "--folder", "data"]);
        Said::from(told.output().unwrap()).refused(2, "go by the network");
        // It shows in the folder too, whatever the environment says.
        told.env_remove("BATON_LEDGER_POSTGRES");
        Said::of(told).refused(2, "go by the network");
        assert!(!ground.data("ledger.db").exists());
        served.stop();
        ground.home.forget().await;
    });
}
