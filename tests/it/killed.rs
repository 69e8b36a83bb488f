//! The real program, killed without warning while settings publish and acknowledge.
//!
//! After every kill it is started again on what is on the disk. At the end every request ever made
//! is made once more: what was acknowledged answers with the position it was acknowledged under,
//! and the ledger is verified, access rows included.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_client::{Client, Connection, RetryPolicy};
use baton_wire::v1;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::harness::*;
use crate::program::program;

/// Kills of one engine in the test; the campaign has more.
const KILLS: u64 = 5;
const KILLS_OF_CAMPAIGN: u64 = 50;
const MOVES: u32 = 24;
const WORKERS: u32 = 4;

fn command(home: &Home) -> Command {
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

/// The program while it serves.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(home: &Home) -> Self {
        let mut serve = command(home);
        serve
            .arg("serve")
            .arg("--folder")
            .arg(home.place().folder)
            .args(["--listen", "127.0.0.1:0"]);
        // One busy caller is what this test is; the limits have their own.
        serve.env("BATON_LIMITS_CREDENTIAL_PER_SECOND", "100000");
        serve.env("BATON_LIMITS_SETTING_PER_SECOND", "100000");
        let mut child = serve.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self {
            url: format!("https://{}", said["listening"].as_str().unwrap()),
            child,
        }
    }

    async fn client(&self, home: &Home, papers: &Papers, acting: &str) -> Client {
        let builder = Connection::builder(&self.url)
            .ca_pem(std::fs::read(home.place().folder.join("tls/cert.pem")).unwrap())
            .identity_pem(&papers.certificate, &papers.key)
            .retry(RetryPolicy::once())
            .deadline(Duration::from_secs(20));
        Client::new(builder.connect().await.unwrap()).acting_for(acting)
    }

    fn kill(mut self) {
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
struct Person {
    papers: Papers,
    setting: String,
}

/// Who plays, and what moves.
struct Cast {
    officer: Person,
    publisher: Person,
    receiver: Person,
    moves: Vec<String>,
}

fn init(home: &Home) -> String {
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

async fn assemble(home: &Home, serving: &Serving, token: &str) -> Cast {
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

/// The program knows no other day than today's.
#[expect(
    clippy::disallowed_methods,
    reason = "the program serves by the machine's clock"
)]
pub(crate) fn this_academic_year() -> i32 {
    let today = jiff::Zoned::now().date();
    i32::from(today.year()) - i32::from(today.month() < 9)
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

/// What was asked, by request id, and the position it was acknowledged under.
type Asked = Arc<Mutex<BTreeMap<String, (v1::PublishProfileRequest, Option<i64>)>>>;

fn request(cast: &Cast, number: u32, text: String) -> v1::PublishProfileRequest {
    let id = &cast.moves[(number % MOVES) as usize];
    let what_works = v1::SupportStrategies {
        code_set_version: Some(text),
        nothing_to_add: None,
        ..Default::default()
    };
    v1::PublishProfileRequest {
        parent: cast.publisher.setting.clone(),
        request_id: fresh(),
        profile: Some(v1::ProfileSubmission {
            transition: format!("{}/transitions/{id}", cast.publisher.setting),
            content: Some(v1::Sections {
                support_strategies: Some(what_works),
                ..Default::default()
            }),
            signatory: "Head of school".to_owned(),
            ..Default::default()
        }),
    }
}

/// Publishes until the connection breaks; tells how many were acknowledged.
async fn publish(
    client: Client,
    cast: Arc<Cast>,
    worker: u32,
    round: u64,
    asked: Asked,
    count: watch::Sender<u64>,
) {
    for turn in 0.. {
        let request = request(
            &cast,
            worker + WORKERS * turn,
            format!("{round}.{worker}.{turn}"),
        );
        let id = request.request_id.clone();
        asked
            .lock()
            .unwrap()
            .insert(id.clone(), (request.clone(), None));
        let Ok(answer) = client.publish_profile(request).await else {
            return;
        };
        let position = answer.receipt.unwrap().position;
        asked.lock().unwrap().get_mut(&id).unwrap().1 = Some(position);
        count.send_modify(|count| *count += 1);
    }
}

/// Takes over what comes until the connection breaks.
async fn receive(client: Client) {
    let wanted = v1::Subscription {
        subscription_id: "killed".to_owned(),
        ..Default::default()
    };
    let request = v1::CreateSubscriptionRequest {
        subscription: Some(wanted),
        ..Default::default()
    };
    let Ok(made) = client.create_subscription(request).await else {
        return;
    };
    let mut token = String::new();
    loop {
        let request = v1::PullRequest {
            subscription: made.name.clone(),
            token: token.clone(),
            wait_ms: 1_000,
            ..Default::default()
        };
        let Ok(turn) = client.pull(request).await else {
            return;
        };
        token = turn.token;
        for profile in turn.items.into_iter().filter_map(|item| item.profile) {
            let request = v1::AcknowledgeRequest {
                profile: profile.name,
                version: profile.version,
                ..Default::default()
            };
            // A version that was replaced meanwhile is refused; that is no concern here.
            let _ = client.acknowledge(request).await;
        }
    }
}

async fn round(home: &Home, cast: &Arc<Cast>, asked: &Asked, (number, after): (u64, u64)) {
    let serving = Serving::start(home);
    let count = watch::Sender::new(0);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let client = serving
            .client(home, &cast.publisher.papers, &cast.publisher.setting)
            .await;
        let (cast, asked) = (Arc::clone(cast), Arc::clone(asked));
        workers.spawn(publish(client, cast, worker, number, asked, count.clone()));
    }
    let receiver = serving
        .client(home, &cast.receiver.papers, &cast.receiver.setting)
        .await;
    workers.spawn(receive(receiver));
    count
        .subscribe()
        .wait_for(|count| *count >= after)
        .await
        .unwrap();
    serving.kill();
    while workers.join_next().await.is_some() {}
}

async fn law(home: Home, kills: u64) {
    let token = init(&home);
    let serving = Serving::start(&home);
    let cast = Arc::new(assemble(&home, &serving, &token).await);
    serving.kill();
    let asked = Asked::default();
    let seed: u64 = std::env::var("BATON_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    for number in 0..kills {
        // After 1 to 40 acknowledged publishes: anywhere in a batch, a commit, a checkpoint.
        let after = 1 + (seed + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 40;
        round(&home, &cast, &asked, (number, after)).await;
    }
    let serving = Serving::start(&home);
    let publisher = serving
        .client(&home, &cast.publisher.papers, &cast.publisher.setting)
        .await;
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let (mut acknowledged, mut open) = (0, 0);
    for (request, position) in asked.into_values() {
        let again = publisher
            .publish_profile(request)
            .await
            .unwrap()
            .receipt
            .unwrap();
        match position {
            Some(position) => {
                assert!(again.replayed, "an acknowledged publish was lost");
                assert_eq!(
                    again.position, position,
                    "it stands under a second position"
                );
                acknowledged += 1;
            }
            None => open += 1,
        }
    }
    verify(&home, &serving, &cast);
    println!("figures: kills={kills} acknowledged={acknowledged} unanswered={open}");
}

/// The whole ledger, by the program itself, as its auditor.
fn verify(home: &Home, serving: &Serving, cast: &Cast) {
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

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed_on_sqlite() {
    run(async || law(Home::sqlite(), KILLS).await);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_program_is_killed_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            law(home, KILLS).await;
        }
    });
}

#[test]
fn campaign_kills_lose_nothing_on_sqlite() {
    if crate::campaign::wanted() {
        run(async || law(Home::sqlite(), KILLS_OF_CAMPAIGN).await);
    }
}

#[test]
fn campaign_kills_lose_nothing_on_postgres() {
    if crate::campaign::wanted() {
        run(async || {
            if let Some(home) = Home::postgres().await {
                law(home, KILLS_OF_CAMPAIGN).await;
            }
        });
    }
}
