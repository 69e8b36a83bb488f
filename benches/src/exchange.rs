//! The exchange that is measured: four primary schools that publish to four secondary schools.

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
/// Above anything this machine does: limits are not what is measured.
const UNLIMITED: NonZeroU32 = NonZeroU32::new(10_000_000).expect("it is not zero");

/// A running exchange with its people.
#[derive(Debug)]
pub struct Exchange {
    folder: PathBuf,
    running: Running,
    /// The operator's page: metrics.
    operator: std::net::SocketAddr,
    authority: String,
    officer: Client,
    officer_papers: Papers,
    senders: Vec<Sender>,
}

impl Exchange {
    /// Starts one in a folder, with its first officer and its schools.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let at: jiff::Timestamp = STANDS_AT.parse()?;
        let (clock, _hand) = Clock::fixed(at.as_microsecond());
        let place = Place {
            folder: folder.to_owned(),
            postgres: None,
            master: None,
            rotation: Rotation::default(),
            reserve: DiskReserve::default(),
            bodies_kept: None,
        };
        let token = Ledger::create(&place, &clock).await?;
        let ledger = Ledger::open(&place, clock, false).await?;
        let papers = Papers::new("localhost")?;
        let operator = TcpListener::bind("127.0.0.1:0").await?;
        let operator_address = operator.local_addr()?;
        let serving = Serving {
            listener: Some(TcpListener::bind("127.0.0.1:0").await?),
            admin: None,
            tls: server_config(papers.certificate.as_bytes(), papers.key.as_bytes(), false)?,
            operator: Some(operator),
            rates: Rates {
                credential_per_second: UNLIMITED,
                setting_per_second: UNLIMITED,
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
        let running = serving.start(ledger)?;
        let token = ApiKey::print(ENVIRONMENT, &token.credential, &token.secret);
        let door = Door {
            url: url(&running),
            authority: papers.certificate,
        };
        let (officer, officer_papers) = door
            .first_officer(&token)
            .await
            .context("the first officer")?;
        let senders = import(&officer).await.context("the schools")?;
        Ok(Self {
            folder: folder.to_owned(),
            running,
            operator: operator_address,
            authority: door.authority,
            officer,
            officer_papers,
            senders,
        })
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
            authority: self.authority.clone(),
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
            .ca_pem(&self.authority)
            .identity_pem(&sender.certificate, &sender.key)
            .connect()
            .await?;
        Ok(Client::new(connection).acting_for(sender.setting.clone()))
    }

    /// Writes what the program needs to be the officer; answers the connection file.
    pub fn connection(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let papers = &self.officer_papers;
        for (name, text) in [
            ("service.pem", &self.authority),
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
        self.folder.join("ledger.db")
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

/// The code of a sending school.
fn primary(number: usize) -> v1::SettingIdentifier {
    code("gias", (100_000 + number).to_string())
}

/// The code of a receiving school.
fn secondary(number: usize) -> v1::SettingIdentifier {
    code("gias", (200_000 + number).to_string())
}

/// Imports the schools; each sender gets a certificate.
async fn import(officer: &Client) -> anyhow::Result<Vec<Sender>> {
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
        ..Default::default()
    };
    let imported = officer.import_settings(request).await?;
    let mut senders = Vec::with_capacity(SCHOOLS);
    for one in imported.settings.into_iter().take(SCHOOLS) {
        let setting = one.setting.context("a school was refused")?.name;
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
    Ok(senders)
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
