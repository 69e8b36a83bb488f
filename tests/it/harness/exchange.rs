//! A ledger, the server in front of it, and a small world: one council and settings of several
//! kinds.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use baton_server::{ApiKey, Backups, Config, Rates, Running, Serving};
use baton_store::{Clock, Ledger, OneTimeToken, Place, StoreError};
use baton_wire::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::caller::{Caller, Door};
use super::home::Home;
use super::papers::Papers;
use super::world::{Setting, at, first_officer, settings};

/// Tuesday, 10 March 2026, noon: Year 7 offers are out, those of reception classes are not.
const NOON_10_MARCH: &str = "2026-03-10T12:00:00Z";
/// A running exchange.
pub(crate) struct Exchange {
    pub(crate) home: Home,
    /// Moves the clock, microseconds UTC.
    pub(crate) hand: watch::Sender<i64>,
    pub(crate) clock: Clock,
    server_papers: Papers,
    running: Option<Running>,
    /// Address of the operator's page.
    pub(crate) operator: SocketAddr,
    pub(crate) door: Door,
    /// The one-time token the ledger was made with. It is used up.
    pub(crate) token: String,
    /// First officer of the council: officer, operator and auditor.
    pub(crate) officer: Caller,
    pub(crate) nursery: Setting,
    pub(crate) primary: Setting,
    pub(crate) secondary: Setting,
    pub(crate) academy: Setting,
    pub(crate) college: Setting,
    pub(crate) adult_care: Setting,
    /// A school that has nothing to do with any move of a test.
    pub(crate) elsewhere: Setting,
    next: AtomicU32,
}

/// Limits that no ordinary test comes near.
pub(crate) fn generous() -> Rates {
    let much = NonZeroU32::new(100_000).unwrap();
    Rates {
        credential_per_second: much,
        setting_per_second: much,
        family_per_second: much,
        delegated_per_second: much,
        stranger_per_second: much,
        refusals_per_minute: much,
    }
}

/// Longest a call may take, and a connection may last.
const TIMES: Times = Times {
    deadline: Duration::from_secs(30),
    age: Serving::CONNECTION_AGE,
};

/// What ends by itself.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) deadline: Duration,
    pub(crate) age: Duration,
}

impl From<Duration> for Times {
    fn from(deadline: Duration) -> Self {
        Self { deadline, ..TIMES }
    }
}

/// The service, and the address of its operator's page.
async fn serve(
    ledger: Ledger,
    papers: &Papers,
    (rates, times, backups): (Rates, Times, Backups),
) -> (Running, SocketAddr) {
    let tls =
        baton_server::server_config(papers.certificate.as_bytes(), papers.key.as_bytes(), false);
    let operator = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = operator.local_addr().unwrap();
    let serving = Serving {
        listener: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
        admin: None,
        tls: tls.unwrap(),
        operator: Some(operator),
        rates,
        backups,
        environment: "test".to_owned(),
        deadline: times.deadline,
        drain: Duration::from_secs(20),
        connection_age: times.age,
        // Most of what tests ask is refused. `benches/existence` has it as it is.
        refused_every: Duration::from_millis(1),
    };
    (serving.start(ledger).unwrap(), page)
}

impl Exchange {
    pub(crate) async fn new(home: Home) -> Self {
        Self::limited(home, generous(), TIMES).await
    }

    /// An exchange with limits as shipped.
    pub(crate) async fn as_shipped(home: Home) -> Self {
        let shipped = Config::load(None).unwrap();
        Self::limited(home, shipped.limits, TIMES).await
    }

    /// An exchange with limits of its own.
    pub(crate) async fn limited(home: Home, rates: Rates, times: impl Into<Times>) -> Self {
        let (clock, hand) = Clock::fixed(at(NOON_10_MARCH));
        let token = Ledger::create(&home.place(), &clock).await.unwrap();
        let ledger = Ledger::open(&home.place(), clock.clone(), false)
            .await
            .unwrap();
        let server_papers = Papers::of_server();
        let (running, operator) = serve(
            ledger,
            &server_papers,
            (rates, times.into(), home.backups()),
        )
        .await;
        let port = running.address().unwrap().port();
        let door = Door {
            port,
            authority: server_papers.certificate.clone(),
        };
        let OneTimeToken { credential, secret } = token;
        let token = ApiKey::print("test", &credential, &secret);
        let officer = first_officer(&door, &token).await;
        let [
            nursery,
            primary,
            secondary,
            academy,
            college,
            adult_care,
            elsewhere,
        ] = settings(&officer).await;
        Self {
            home,
            hand,
            clock,
            server_papers,
            running: Some(running),
            operator,
            door,
            token,
            officer,
            nursery,
            primary,
            secondary,
            academy,
            college,
            adult_care,
            elsewhere,
            next: AtomicU32::new(1),
        }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running
            .as_ref()
            .expect("the service was stopped by the test")
    }

    /// Entries so far.
    pub(crate) fn size(&self) -> u64 {
        *self.running().ledger().size().borrow()
    }

    /// What the operator's page answers for a path.
    pub(crate) async fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.operator).await.unwrap();
        let asked = format!("GET {path} HTTP/1.1\r\nhost: operator\r\nconnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Waits until the ledger has grown to a size.
    pub(crate) async fn grown_to(&self, size: u64) {
        let mut known = self.running().ledger().size();
        let grown = known.wait_for(|known| *known >= size);
        let waited = tokio::time::timeout(Duration::from_secs(30), grown).await;
        waited
            .expect("the ledger did not grow that far in 30 s")
            .unwrap();
    }

    /// Stops the service in the orderly way.
    pub(crate) async fn stop(&mut self) {
        self.running
            .take()
            .expect("the service was stopped already")
            .stop()
            .await;
    }

    /// Opens the ledger again and serves it. Callers have to go to the new door.
    pub(crate) async fn start(&mut self, accept_rollback: bool) -> Result<(), StoreError> {
        let ledger = Ledger::open(&self.home.place(), self.clock.clone(), accept_rollback).await?;
        let (running, operator) = {
            let with = (generous(), TIMES, self.home.backups());
            serve(ledger, &self.server_papers, with).await
        };
        self.operator = operator;
        self.door.port = running.address().unwrap().port();
        self.running = Some(running);
        self.officer = self.officer.at(&self.door);
        Ok(())
    }

    /// A second server on the same PostgreSQL database.
    pub(crate) async fn second(&self) -> (Running, Door) {
        self.second_at(&self.home.place()).await
    }

    /// A second server, by its way to the same database.
    pub(crate) async fn second_at(&self, place: &Place) -> (Running, Door) {
        let ledger = Ledger::open(place, self.clock.clone(), false)
            .await
            .unwrap();
        let (running, _) = {
            let with = (generous(), TIMES, self.home.backups());
            serve(ledger, &self.server_papers, with).await
        };
        let port = running.address().unwrap().port();
        (
            running,
            Door {
                port,
                ..self.door.clone()
            },
        )
    }

    /// The end of a test: everything is stopped, and whoever still holds something shows.
    pub(crate) async fn end(mut self) {
        if self.running.is_some() {
            self.stop().await;
        }
        self.home.forget().await;
    }

    pub(crate) fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Somebody with a certificate and these roles.
    pub(crate) async fn person(&self, of: &Setting, roles: &[v1::Role]) -> Caller {
        let papers = Papers::new();
        let issued = self
            .officer
            .issue(&of.name, roles, &papers.spki, 0)
            .await
            .unwrap();
        let credential = issued.credential.unwrap().name;
        Caller::with_papers(&self.door, &papers).of(&of.name, &credential)
    }

    /// Somebody with an API key and these roles, and the key.
    pub(crate) async fn key_holder(&self, of: &Setting, roles: &[v1::Role]) -> (Caller, String) {
        let issued = self.officer.issue(&of.name, roles, &[], 0).await.unwrap();
        assert!(
            issued.api_key.starts_with("baton_test_"),
            "a key that is seen to be a test's"
        );
        let caller = Caller::with_key(&self.door, &issued.api_key);
        (
            caller.of(&of.name, &issued.credential.unwrap().name),
            issued.api_key,
        )
    }
}
