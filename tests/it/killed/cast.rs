//! The real program and the people who call it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use baton_client::{Client, Connection, RetryPolicy};
use baton_wire::v1;

use crate::harness::*;

/// Moves of the play: publishers write them again and again.
pub(crate) const MOVES: u32 = 24;

pub(crate) fn command(home: &Home) -> Command {
    let mut command = Command::new(program());
    if let Some(url) = home.place().postgres {
        command.env("BATON_LEDGER_POSTGRES", url);
    }
    command
        .arg("--json")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn serve(home: &Home) -> Child {
    let mut serve = command(home);
    serve
        .arg("serve")
        .arg("--folder")
        .arg(home.place().folder)
        .args(["--listen", "127.0.0.1:0"]);
    // One busy caller is what this test is; the limits have their own.
    serve.env("BATON_LIMITS_CREDENTIAL_PER_SECOND", "100000");
    serve.env("BATON_LIMITS_SETTING_PER_SECOND", "100000");
    serve.spawn().unwrap()
}

/// The program while it serves.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn start(home: &Home) -> Self {
        let mut child = serve(home);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self {
            url: match said["listening"].as_str() {
                Some(address) => format!("https://{address}"),
                None => panic!("{said}"),
            },
            child,
        }
    }

    /// Killed while it starts, after that time.
    pub(crate) async fn stillborn(home: &Home, after: Duration) {
        let mut child = serve(home);
        tokio::time::sleep(after).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) async fn client(&self, home: &Home, papers: &Papers, acting: &str) -> Client {
        let builder = Connection::builder(&self.url)
            .ca_pem(std::fs::read(home.place().folder.join("tls/cert.pem")).unwrap())
            .identity_pem(&papers.certificate, &papers.key)
            .retry(RetryPolicy::once())
            .deadline(Duration::from_secs(20));
        Client::new(builder.connect().await.unwrap()).acting_for(acting)
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the people, as the registry knows them.
pub(crate) struct Person {
    pub(crate) papers: Papers,
    pub(crate) setting: String,
}

/// Who plays, and what moves.
pub(crate) struct Cast {
    pub(crate) officer: Person,
    pub(crate) publisher: Person,
    pub(crate) receiver: Person,
    pub(crate) moves: Vec<String>,
}

pub(crate) fn init(home: &Home) -> String {
    let folder = home.place().folder;
    let made = command(home)
        .arg("init")
        .arg("--folder")
        .arg(folder)
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    said["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn assemble(home: &Home, serving: &Serving, token: &str) -> Cast {
    let papers = Papers::new();
    let newcomer = Connection::builder(&serving.url)
        .ca_pem(std::fs::read(home.place().folder.join("tls/cert.pem")).unwrap())
        .api_key(token)
        .connect()
        .await
        .unwrap();
    let council = v1::Setting {
        kind: v1::SettingKind::Council.into(),
        display_name: "Example Council".to_owned(),
        council: "351".to_owned(),
        identifiers: vec![code("baton-local", "council-351")],
        ..Default::default()
    };
    let made = Client::new(newcomer)
        .bootstrap(v1::BootstrapRequest {
            council: Some(council),
            certificate_spki_sha256: papers.spki.to_vec().into(),
            agreement: Some(framework()),
        })
        .await
        .unwrap();
    let officer = Person {
        papers,
        setting: made.council.unwrap().name,
    };
    let client = serving
        .client(home, &officer.papers, &officer.setting)
        .await;
    let school = |urn: &str| v1::Setting {
        kind: v1::SettingKind::School.into(),
        display_name: format!("School {urn}"),
        council: "351".to_owned(),
        identifiers: vec![code("gias", urn)],
        state: v1::SettingState::Open.into(),
        ..Default::default()
    };
    let settings = vec![school("199901"), school("199902")];
    let request = v1::ImportSettingsRequest {
        settings,
        agreement: Some(framework()),
        ..Default::default()
    };
    let made = client.import_settings(request).await.unwrap().settings;
    let name = |index: usize| made[index].setting.clone().unwrap().name;
    let publisher = person(&client, name(0), &[v1::Role::Publisher]).await;
    let receiver = person(&client, name(1), &[v1::Role::ReceiverLead]).await;
    let moves = plan(&client).await;
    Cast {
        officer,
        publisher,
        receiver,
        moves,
    }
}

fn code(scheme: &str, value: &str) -> v1::SettingIdentifier {
    v1::SettingIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    }
}

async fn person(officer: &Client, setting: String, roles: &[v1::Role]) -> Person {
    let papers = Papers::new();
    let request = v1::IssueCredentialRequest {
        setting: setting.clone(),
        label: "killed".to_owned(),
        roles: roles.iter().map(|role| i32::from(*role)).collect(),
        certificate_spki_sha256: papers.spki.to_vec().into(),
        ..Default::default()
    };
    officer.issue_credential(request).await.unwrap();
    Person { papers, setting }
}

/// Moves that are open on whatever day this runs: both heads agreed a start.
async fn plan(officer: &Client) -> Vec<String> {
    let year = this_academic_year();
    let transitions = (0..MOVES).map(|number| v1::PlannedTransition {
        from: Some(code("gias", "199901")),
        learner: vec![upn(number)],
        to: Some(code("gias", "199902")),
        route: "in-year".to_owned(),
        academic_year: year,
        start_date: format!("{}-01-08", year + 1),
        ..Default::default()
    });
    let request = v1::PlanTransitionsRequest {
        transitions: transitions.collect(),
        ..Default::default()
    };
    let planned = officer.plan_transitions(request).await.unwrap().transitions;
    let id = |row: v1::PlannedTransitionOutcome| {
        let name = row
            .transition
            .unwrap_or_else(|| panic!("{:?}", row.error))
            .name;
        name.rsplit('/').next().unwrap().to_owned()
    };
    planned.into_iter().map(id).collect()
}

/// The whole ledger, by the program itself, as its auditor.
pub(crate) fn verify(home: &Home, serving: &Serving, cast: &Cast) {
    let folder = home.place().folder.join("auditor");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("cert.pem"), &cast.officer.papers.certificate).unwrap();
    std::fs::write(folder.join("key.pem"), &cast.officer.papers.key).unwrap();
    let connection = format!(
        "url = \"{}\"\nservice_certificate = \"../tls/cert.pem\"\nsetting = \"{}\"\n\
         certificate = \"cert.pem\"\nkey = \"key.pem\"\n",
        serving.url, cast.officer.setting
    );
    std::fs::write(folder.join("connection.toml"), connection).unwrap();
    let verified = command(home)
        .arg("--connection")
        .arg(folder.join("connection.toml"))
        .args(["audit", "verify", "--state"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{said}");
}
