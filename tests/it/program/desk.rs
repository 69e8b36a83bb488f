//! A folder in which a person works, with a service of their own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use baton_client::{Client, Connection};
use baton_wire::v1;
use rustix::process::{Pid, Signal, kill_process};

use super::files;
use super::shown::Shown;
use super::told::{Form, Told, command};
use crate::harness::*;

/// Where somebody types.
pub(super) struct Desk {
    home: Home,
    form: Form,
    service: Option<Service>,
    /// Where it listened last.
    address: String,
    /// What the service finds in its environment.
    variables: &'static [(&'static str, &'static str)],
    pub(super) shown: Shown,
}

/// Settings come with the agreement they signed at joining.
pub(super) const JOIN: &str = "settings import --gias register.csv \
     --agreement-text framework.txt --agreement-version first";

impl Desk {
    pub(super) fn new(home: Home, form: Form) -> Self {
        let desk = Self {
            home,
            form,
            service: None,
            address: String::new(),
            variables: &[],
            shown: Shown::default(),
        };
        files::lay_out(desk.folder());
        desk
    }

    /// A desk at which a council, a sender, a receiver and a third school are set up: settings,
    /// credentials and moves are there, and nothing is published.
    pub(super) fn furnished(form: Form) -> Self {
        Self::furnished_under(form, &[])
    }

    /// The same, the service with these variables.
    pub(super) fn furnished_under(
        form: Form,
        variables: &'static [(&'static str, &'static str)],
    ) -> Self {
        let mut desk = Self::new(Home::sqlite(), form);
        desk.variables = variables;
        desk.open_council();
        desk.does("officer", JOIN);
        for (code, role, out) in [
            ("199901", "publisher", "sender"),
            ("199902", "receiver-lead", "receiver"),
            ("199903", "receiver-lead", "other"),
        ] {
            desk.does(
                "officer",
                &format!(
                    "credentials issue --code gias:{code} --role {role} --label MIS --out {out}"
                ),
            );
        }
        desk.does("officer", "cohort import cohort.csv");
        desk.shown.chapter();
        desk
    }

    /// init, serve, redeem.
    pub(super) fn open_council(&mut self) {
        let made = self.types("", "init --folder data");
        let token = match self.form {
            Form::Prose => made.out.clone(),
            Form::Json => made.lines()[0]["token"].as_str().unwrap().to_owned(),
        };
        std::fs::write(self.folder().join("token"), token).unwrap();
        self.serve();
        let redeem = format!(
            "credentials redeem --url {} --service-certificate data/tls/cert.pem \
             --council Exampleshire --code 351 --token-file token --out officer",
            self.url()
        );
        self.does("", &redeem);
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn folder(&self) -> &Path {
        self.home.base()
    }

    pub(super) fn url(&self) -> &str {
        &self.service.as_ref().unwrap().url
    }

    /// Starts the service on what is in the folder.
    pub(super) fn serve(&mut self) {
        let mut serve = self.command("", "serve --folder data --listen 127.0.0.1:0");
        serve.envs(self.variables.iter().copied());
        let service = Service::start(&mut serve, self.form);
        service
            .url
            .replace("https://", "")
            .clone_into(&mut self.address);
        self.service = Some(service);
    }

    /// The same at the address it had: connection files name that.
    pub(super) fn serve_as_before(&mut self) {
        let line = format!("serve --folder data --listen {}", self.address);
        let mut serve = self.command("", &line);
        serve.envs(self.variables.iter().copied());
        self.service = Some(Service::start(&mut serve, self.form));
    }

    /// Stops it as Ctrl-C would; everything it said.
    pub(super) fn close(&mut self) -> Told {
        let told = self.service.take().unwrap().stop(Signal::INT);
        assert_eq!(told.code, 0, "{told:?}");
        told
    }

    /// A line as it would be typed, by whoever has that connection folder.
    pub(super) fn command(&self, who: &str, line: &str) -> Command {
        let mut command = command(self.form);
        command.current_dir(self.folder()).args(words(line));
        if let Some(url) = self.home.place().postgres {
            command.env("BATON_LEDGER_POSTGRES", url);
        }
        if !who.is_empty() {
            command.env("BATON_CONNECTION", format!("{who}/connection.toml"));
        }
        command
    }

    /// Types a line, and shows what came.
    pub(super) fn types(&mut self, who: &str, line: &str) -> Told {
        let told = Told::by(&mut self.command(who, line), self.form);
        self.shows(who, line, &told);
        told
    }

    /// The same of a line that reads a file of the folder from standard input.
    pub(super) fn feeds(&mut self, who: &str, line: &str, file: &str) -> Told {
        let mut command = self.command(who, line);
        command.stdin(File::open(self.folder().join(file)).unwrap());
        let told = Told::by(&mut command, self.form);
        self.shows(who, &format!("{line} < {file}"), &told);
        told
    }

    fn shows(&mut self, who: &str, line: &str, told: &Told) {
        let who = if who.is_empty() {
            String::new()
        } else {
            format!("{who}: ")
        };
        self.shown.step(&format!("{who}baton {line}"), told);
    }

    /// The move of a contribution, as that person names it. It is not shown.
    pub(super) fn move_of(&self, who: &str, profile: &str) -> String {
        let mut show = self.command(who, &format!("show {profile}"));
        Told::by(&mut show, self.form).name("settings/*/transitions/*")
    }

    /// The name of a snapshot: each form has its own.
    pub(super) fn named(&self, name: &str) -> String {
        match self.form {
            Form::Prose => name.to_owned(),
            Form::Json => format!("{name}_json"),
        }
    }

    /// Types a line that must work.
    pub(super) fn does(&mut self, who: &str, line: &str) -> Told {
        let told = self.types(who, line);
        assert_eq!(told.code, 0, "{line}: {told:?}");
        told
    }

    /// Types a line that goes on until Ctrl-C, which comes when it has told of something.
    pub(super) fn awaits(&mut self, who: &str, line: &str) -> Told {
        let mut command = self.command(who, line);
        let waiting = Waiting::start(&mut command);
        let told = waiting.stop(Signal::INT);
        assert_eq!(told.code, 0, "{line}: {told:?}");
        self.shown.step(&format!("{who}: baton {line}  ^C"), &told);
        told
    }

    /// Entries of the ledger. Asking for the checkpoint adds none.
    pub(super) async fn entries(&self) -> u64 {
        let read = |name: &str| std::fs::read(self.folder().join("officer").join(name)).unwrap();
        let connection = Connection::builder(self.url())
            .ca_pem(read("service.pem"))
            .identity_pem(read("cert.pem"), read("key.pem"))
            .connect()
            .await
            .unwrap();
        let asked = v1::GetCheckpointRequest::default();
        let newest = Client::new(connection).get_checkpoint(asked).await.unwrap();
        let size = newest.checkpoint.lines().nth(1).unwrap();
        size.parse().unwrap()
    }

    /// Takes the database away, where there is one.
    pub(super) async fn end(mut self) {
        self.close();
        self.home.forget().await;
    }
}

/// Splits a line as a shell would, as far as quotes go.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The program while it goes on, after its first line.
struct Waiting {
    child: Child,
    first: String,
    rest: BufReader<ChildStdout>,
    /// Reads what it says to people, so that it never waits for a reader.
    log: Option<JoinHandle<String>>,
}

impl Waiting {
    fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        rest.read_line(&mut first).unwrap();
        if first.is_empty() {
            child.wait().unwrap();
            panic!("it did not go on: {}", log.join().unwrap());
        }
        Self {
            child,
            first,
            rest,
            log: Some(log),
        }
    }

    /// Sends a signal, waits for the end, and tells everything it said.
    fn stop(mut self, signal: Signal) -> Told {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut out = std::mem::take(&mut self.first);
        self.rest.read_to_string(&mut out).unwrap();
        let code = self
            .child
            .wait()
            .unwrap()
            .code()
            .expect("it ends by itself");
        let err = self.log.take().unwrap().join().unwrap();
        Told { code, out, err }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program while it serves.
pub(super) struct Service {
    waiting: Waiting,
    pub(super) url: String,
}

impl Service {
    pub(super) fn start(serve: &mut Command, form: Form) -> Self {
        let waiting = Waiting::start(serve);
        let first = waiting.first.trim();
        let address = match form {
            Form::Prose => first.strip_prefix("listening on ").unwrap().to_owned(),
            Form::Json => {
                let said: serde_json::Value = serde_json::from_str(first).unwrap();
                said["listening"].as_str().unwrap().to_owned()
            }
        };
        Self {
            url: format!("https://{address}"),
            waiting,
        }
    }

    pub(super) fn stop(self, signal: Signal) -> Told {
        self.waiting.stop(signal)
    }
}
