//! The exchange that is measured: four primary schools that publish to four secondary schools.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use baton_client::{Client, Connection};
use baton_server::{ApiKey, Backups, Rates, Running, Serving, server_config, spki_sha256};
use baton_store::{Clock, DiskReserve, Ledger, Place, Rotation};
use baton_wire::v1;
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::content::YEAR;
use crate::job::{Job, Move, Sender, count};

/// Tuesday, 10 March 2026, noon: Year 7 offers are out, so every publish is for someone.
const STANDS_AT: &str = "2026-03-10T12:00:00Z";
/// Schools of either kind; a connection for each sender.
pub const SCHOOLS: usize = 4;
/// The number of a real council; nothing else about it is.
const COUNCIL: &str = "301";
const ENVIRONMENT: &str = "bench";
/// Moves planned in one call.
const PLAN_MAX: usize = 500;
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;
/// Above anything this machine does: limits are not what is measured.
const UNLIMITED: NonZeroU32 = NonZeroU32::new(10_000_000).expect("it is not zero");

/// A running exchange with its people.
#[derive(Debug)]
pub struct Exchange {
    place: Place,
    clock: Clock,
    /// Moves the clock, microseconds UTC.
    hand: watch::Sender<i64>,
    papers: Papers,
    running: Running,
    /// The operator's page: metrics.
    operator: SocketAddr,
    officer: Client,
    officer_papers: Papers,
    senders: Vec<Sender>,
    /// Receiving schools, `settings/{setting}`.
    receivers: Vec<String>,
}

impl Exchange {
    /// Starts one in a folder, with its first officer and its schools.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_on(folder, None).await
    }

    /// The same with its ledger in a PostgreSQL database, which is empty.
    pub async fn start_on(folder: &Path, postgres: Option<String>) -> anyhow::Result<Self> {
        let at: jiff::Timestamp = STANDS_AT.parse()?;
        let (clock, hand) = Clock::fixed(at.as_microsecond());
        let place = Place {
            folder: folder.to_owned(),
            postgres,
            master: None,
            rotation: Rotation::default(),
            reserve: DiskReserve::default(),
            bodies_kept: None,
        };
        let token = Ledger::create(&place, &clock).await?;
        let papers = Papers::new("localhost")?;
        let (running, operator) = serve(&place, &clock, &papers).await?;
        let token = ApiKey::print(ENVIRONMENT, &token.credential, &token.secret);
        let door = Door {
            url: url(&running),
            authority: papers.certificate.clone(),
        };
        let (officer, officer_papers) = door
            .first_officer(&token)
            .await
            .context("the first officer")?;
        let (senders, receivers) = import(&officer).await.context("the schools")?;
        Ok(Self {
            place,
            clock,
            hand,
            papers,
            running,
            operator,
            officer,
            officer_papers,
            senders,
            receivers,
        })
    }

    /// Another server on the same database.
    pub async fn second(&self) -> anyhow::Result<Running> {
        Ok(serve(&self.place, &self.clock, &self.papers).await?.0)
    }

    /// Moves the clock by a day.
    pub fn next_day(&self) {
        self.hand.send_modify(|now| *now += DAY_US);
    }

    /// The date the clock shows.
    pub fn today(&self) -> String {
        baton_store::london_date(*self.hand.borrow()).to_string()
    }

    /// A receiving school: its name, and the code it is known by.
    pub fn receiver(&self, number: usize) -> anyhow::Result<(&str, v1::SettingIdentifier)> {
        let name = self.receivers.get(number).context("no such school")?;
        Ok((name, secondary(number)))
    }

    /// Somebody new at a setting, with a connection of their own to one of the servers; the
    /// credential.
    pub async fn person(
        &self,
        setting: &str,
        role: v1::Role,
        at: &Running,
    ) -> anyhow::Result<(Client, String)> {
        let papers = Papers::new("school.example")?;
        let request = v1::IssueCredentialRequest {
            setting: setting.to_owned(),
            label: "benchmark".to_owned(),
            roles: vec![role.into()],
            certificate_spki_sha256: papers.spki.to_vec().into(),
            ..Default::default()
        };
        let issued = self.officer.issue_credential(request).await?;
        let connection = Connection::builder(url(at))
            .ca_pem(&self.papers.certificate)
            .identity_pem(&papers.certificate, &papers.key)
            .connect()
            .await?;
        let name = issued.credential.context("no credential")?.name;
        Ok((Client::new(connection).acting_for(setting), name))
    }

    /// The server it began with.
    pub const fn running(&self) -> &Running {
        &self.running
    }

    /// Plans a move for each number, spread evenly over the first so many schools.
    pub async fn plan(&self, numbers: Range<usize>, schools: usize) -> anyhow::Result<Vec<Move>> {
        let mut planned = Vec::with_capacity(numbers.len());
        let numbers: Vec<usize> = numbers.collect();
        for part in numbers.chunks(PLAN_MAX) {
            let request = v1::PlanTransitionsRequest {
                transitions: part.iter().map(|number| plan(*number, schools)).collect(),
                ..Default::default()
            };
            let outcomes = self.officer.plan_transitions(request).await?.transitions;
            for (number, outcome) in part.iter().zip(outcomes) {
                let transition = outcome.transition.context("a move was refused")?;
                let id = transition
                    .name
                    .rsplit('/')
                    .next()
                    .context("a name without an id")?;
                let sender = number % schools;
                planned.push(Move {
                    sender,
                    transition: format!("{}/transitions/{id}", self.senders[sender].setting),
                    seed: u64::try_from(*number)?,
                });
            }
        }
        anyhow::ensure!(
            planned.len() == numbers.len(),
            "{} were planned",
            planned.len()
        );
        Ok(planned)
    }

    /// What a client process is to publish.
    pub fn job(&self, moves: Vec<Move>, warm: usize, in_flight: usize) -> Job {
        Job {
            url: url(&self.running),
            authority: self.papers.certificate.clone(),
            senders: self.senders.clone(),
            moves,
            warm,
            in_flight,
        }
    }

    /// The officer.
    pub const fn officer(&self) -> &Client {
        &self.officer
    }

    /// A connection to one of the sending schools' own view.
    pub async fn sender(&self, number: usize) -> anyhow::Result<Client> {
        let sender = self.senders.get(number).context("no such school")?;
        let connection = Connection::builder(url(&self.running))
            .ca_pem(&self.papers.certificate)
            .identity_pem(&sender.certificate, &sender.key)
            .connect()
            .await?;
        Ok(Client::new(connection).acting_for(sender.setting.clone()))
    }

    /// Writes what the program needs to be the officer; answers the connection file.
    pub fn connection(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let papers = &self.officer_papers;
        for (name, text) in [
            ("service.pem", &self.papers.certificate),
            ("cert.pem", &papers.certificate),
            ("key.pem", &papers.key),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        let text = format!(
            "url = \"{}\"\nservice_certificate = \"service.pem\"\nsetting = \"{}\"\n\
             certificate = \"cert.pem\"\nkey = \"key.pem\"\n",
            url(&self.running),
            papers.of
        );
        let file = folder.join("connection.toml");
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// Where the ledger is, once the exchange was stopped.
    pub fn database(&self) -> PathBuf {
        self.place.folder.join("ledger.db")
    }

    /// Entries so far.
    pub fn size(&self) -> anyhow::Result<i64> {
        Ok(i64::try_from(*self.running.ledger().size().borrow())?)
    }

    /// Batches so far, from the operator's page.
    pub async fn batches(&self) -> anyhow::Result<Batches> {
        let mut page = TcpStream::connect(self.operator).await?;
        page.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut text = String::new();
        page.read_to_string(&mut text).await?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|value| value.trim().parse::<usize>().ok());
            value.with_context(|| format!("the operator's page shows no {name}"))
        };
        Ok(Batches {
            acts: value("baton_batch_acts_sum ")?,
            count: value("baton_batch_acts_count ")?,
        })
    }

    /// Stops it; the folder stays.
    pub async fn stop(self) {
        drop(self.officer);
        self.running.stop().await;
    }
}

/// Acts and the batches they were in.
#[derive(Debug, Clone)]
pub struct Batches {
    acts: usize,
    count: usize,
}

impl Batches {
    /// Those since another count.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            acts: self.acts - before.acts,
            count: self.count - before.count,
        }
    }

    /// Mean number of acts of a batch.
    pub fn mean(&self) -> f64 {
        count(self.acts) / count(self.count)
    }

    /// The same to the nearest whole number.
    pub fn size(&self) -> usize {
        ((self.acts + self.count / 2) / self.count.max(1)).max(1)
    }
}

/// A service in front of a ledger, and the address of its operator's page.
async fn serve(
    place: &Place,
    clock: &Clock,
    papers: &Papers,
) -> anyhow::Result<(Running, SocketAddr)> {
    let ledger = Ledger::open(place, clock.clone(), false).await?;
    let operator = TcpListener::bind("127.0.0.1:0").await?;
    let page = operator.local_addr()?;
    let serving = Serving {
        listener: Some(TcpListener::bind("127.0.0.1:0").await?),
        admin: None,
        tls: server_config(papers.certificate.as_bytes(), papers.key.as_bytes(), false)?,
        operator: Some(operator),
        rates: Rates {
            credential_per_second: UNLIMITED,
            setting_per_second: UNLIMITED,
            family_per_second: UNLIMITED,
            delegated_per_second: UNLIMITED,
            stranger_per_second: UNLIMITED,
            refusals_per_minute: UNLIMITED,
        },
        backups: Backups::default(),
        environment: ENVIRONMENT.to_owned(),
        deadline: Duration::from_secs(30),
        drain: Duration::from_secs(10),
        connection_age: Serving::CONNECTION_AGE,
        refused_every: Serving::REFUSED_EVERY,
    };
    Ok((serving.start(ledger)?, page))
}

fn url(running: &Running) -> String {
    let port = running.address().map_or(0, |address| address.port());
    format!("https://localhost:{port}")
}

/// A certificate and its key.
#[derive(Debug)]
struct Papers {
    /// The setting it acts for.
    of: String,
    certificate: String,
    key: String,
    /// What a registry knows it by.
    spki: [u8; 32],
}

impl Papers {
    fn new(name: &str) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([name.to_owned()])?.self_signed(&key)?;
        let spki = spki_sha256(certificate.der()).context("a certificate without a key")?;
        Ok(Self {
            of: String::new(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            spki,
        })
    }
}

/// Where the service is, and the certificate it is known by.
struct Door {
    url: String,
    authority: String,
}

impl Door {
    async fn first_officer(&self, token: &str) -> anyhow::Result<(Client, Papers)> {
        let mut papers = Papers::new("officer.example")?;
        let newcomer = Connection::builder(&self.url)
            .ca_pem(&self.authority)
            .api_key(token);
        let request = v1::BootstrapRequest {
            council: Some(v1::Setting {
                kind: v1::SettingKind::Council.into(),
                display_name: "Council of the benchmark".to_owned(),
                council: COUNCIL.to_owned(),
                identifiers: vec![code("baton-local", "council".to_owned())],
                ..Default::default()
            }),
            certificate_spki_sha256: papers.spki.to_vec().into(),
            agreement: Some(signed()),
        };
        let made = Client::new(newcomer.connect().await?)
            .bootstrap(request)
            .await?;
        let council = made.council.context("no council")?;
        let connection = Connection::builder(&self.url)
            .ca_pem(&self.authority)
            .identity_pem(&papers.certificate, &papers.key)
            .connect()
            .await?;
        papers.of.clone_from(&council.name);
        Ok((Client::new(connection).acting_for(council.name), papers))
    }
}

fn code(scheme: &str, value: String) -> v1::SettingIdentifier {
    v1::SettingIdentifier {
        scheme: scheme.to_owned(),
        value,
    }
}

/// What everybody signs at joining.
fn signed() -> v1::SignedAgreement {
    v1::SignedAgreement {
        version: "1".to_owned(),
        text_sha256: vec![7; 32].into(),
        first_day: "2025-09-01".to_owned(),
        ..Default::default()
    }
}

/// The code of a sending school.
fn primary(number: usize) -> v1::SettingIdentifier {
    code("gias", (100_000 + number).to_string())
}

/// The code of a receiving school.
fn secondary(number: usize) -> v1::SettingIdentifier {
    code("gias", (200_000 + number).to_string())
}

/// Imports the schools; each sender gets a certificate. Senders, and the names of receivers.
async fn import(officer: &Client) -> anyhow::Result<(Vec<Sender>, Vec<String>)> {
    let school = |identifier: v1::SettingIdentifier| v1::Setting {
        kind: v1::SettingKind::School.into(),
        display_name: format!("School {}", identifier.value),
        council: COUNCIL.to_owned(),
        identifiers: vec![identifier],
        ..Default::default()
    };
    let codes = (0..SCHOOLS).map(primary).chain((0..SCHOOLS).map(secondary));
    let request = v1::ImportSettingsRequest {
        settings: codes.map(school).collect(),
        agreement: Some(signed()),
        ..Default::default()
    };
    let imported = officer.import_settings(request).await?;
    let mut senders = Vec::with_capacity(SCHOOLS);
    let mut receivers = Vec::with_capacity(SCHOOLS);
    for (number, one) in imported.settings.into_iter().enumerate() {
        let setting = one.setting.context("a school was refused")?.name;
        if number >= SCHOOLS {
            receivers.push(setting);
            continue;
        }
        let papers = Papers::new("school.example")?;
        let request = v1::IssueCredentialRequest {
            setting: setting.clone(),
            label: "benchmark".to_owned(),
            roles: vec![v1::Role::Publisher.into()],
            certificate_spki_sha256: papers.spki.to_vec().into(),
            ..Default::default()
        };
        officer.issue_credential(request).await?;
        senders.push(Sender {
            setting,
            certificate: papers.certificate,
            key: papers.key,
        });
    }
    Ok((senders, receivers))
}

/// The council's plan for a learner: offered and accepted.
fn plan(number: usize, schools: usize) -> v1::PlannedTransition {
    v1::PlannedTransition {
        from: Some(primary(number % schools)),
        learner: vec![v1::LearnerIdentifier {
            scheme: "local".to_owned(),
            value: format!("child-{number}"),
        }],
        to: Some(secondary(number / schools % SCHOOLS)),
        point: v1::Point::PrimaryToSecondary.into(),
        academic_year: i32::from(YEAR),
        offer_date: "2026-03-02".to_owned(),
        acceptance: v1::AcceptanceState::Accepted.into(),
        ..Default::default()
    }
}
