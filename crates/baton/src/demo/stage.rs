//! The place: a folder, a service on a free port with TLS, at a fixed date.

use std::path::{Path, PathBuf};
use std::time::Duration;

use baton_client::{Client, Connection};
use baton_server::{ApiKey, Backups, Config, Running, Serving, server_config};
use baton_store::{Clock, DiskReserve, Ledger, Place, Rotation};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::output::{Output, Wrong};
use crate::pki::{self, Pair};

/// 13 July 2026, nine in the morning in London: offers are out, nobody has started yet.
const STANDS_AT: &str = "2026-07-13T08:00:00Z";

/// A running service and where it lives.
pub(super) struct Stage {
    folder: PathBuf,
    /// Removes the folder when dropped.
    throw_away: Option<tempfile::TempDir>,
    running: Running,
    service: Pair,
    pub(super) token: String,
}

impl Stage {
    pub(super) async fn set(keep: Option<&Path>) -> anyhow::Result<Self> {
        let (folder, throw_away) = match keep {
            Some(folder) if folder.exists() => {
                return Err(Wrong(format!("{} exists already", folder.display())).into());
            }
            // Whole, so that what is printed of it holds in another terminal too.
            Some(folder) => (std::path::absolute(folder)?, None),
            None => {
                let made = tempfile::Builder::new().prefix("baton-demo-").tempdir()?;
                (made.path().to_owned(), Some(made))
            }
        };
        let at: jiff::Timestamp = STANDS_AT.parse()?;
        let (clock, _hand) = Clock::fixed(at.as_microsecond());
        let place = Place {
            folder: folder.join("ledger"),
            postgres: None,
            master: None,
            rotation: Rotation::default(),
            reserve: DiskReserve::default(),
            bodies_kept: None,
        };
        let token = Ledger::create(&place, &clock).await?;
        let ledger = Ledger::open(&place, clock, false).await?;
        let service = pki::service(&["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        let mut rates = Config::load(None)?.limits;
        // Thousands of children in seconds, all from one machine: not what the limits are for.
        rates.credential_per_second = rates
            .credential_per_second
            .saturating_mul(rates.credential_per_second);
        rates.setting_per_second = rates.credential_per_second;
        let serving = Serving {
            listener: Some(TcpListener::bind("127.0.0.1:0").await?),
            admin: None,
            tls: server_config(
                service.certificate.as_bytes(),
                service.key.as_bytes(),
                false,
            )?,
            operator: None,
            rates,
            backups: Backups::default(),
            environment: "demo".to_owned(),
            deadline: Duration::from_secs(30),
            drain: Duration::from_secs(5),
            connection_age: Serving::CONNECTION_AGE,
            refused_every: Serving::REFUSED_EVERY,
        };
        let running = serving.start(ledger)?;
        let token = ApiKey::print("demo", &token.credential, &token.secret);
        Ok(Self {
            folder,
            throw_away,
            running,
            service,
            token,
        })
    }

    pub(super) fn url(&self) -> String {
        let port = self.running.address().map_or(0, |address| address.port());
        format!("https://127.0.0.1:{port}")
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn service_certificate(&self) -> &str {
        &self.service.certificate
    }

    /// A client that proves itself with a certificate.
    pub(super) async fn client(&self, pair: &Pair, acting: &str) -> anyhow::Result<Client> {
        let connection = Connection::builder(self.url())
            .ca_pem(&self.service.certificate)
            .identity_pem(&pair.certificate, &pair.key)
            .connect()
            .await?;
        Ok(Client::new(connection).acting_for(acting))
    }

    /// A client that holds the one-time token.
    pub(super) async fn newcomer(&self) -> anyhow::Result<Client> {
        let connection = Connection::builder(self.url())
            .ca_pem(&self.service.certificate)
            .api_key(&self.token)
            .connect()
            .await?;
        Ok(Client::new(connection))
    }

    /// Stops the service and removes the folder.
    pub(super) async fn strike(self) {
        self.running.stop().await;
        drop(self.throw_away);
    }

    /// Leaves everything until the user has seen enough.
    pub(super) async fn wait(self, output: Output) -> anyhow::Result<()> {
        // Before anybody is told that Ctrl-C ends it.
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let to = self.folder.join("connections");
        output.say(&format!(
            "\nThe service goes on running on {}. In another terminal, try:\n\n  \
             export BATON_CONNECTION={to}/secondary-1/connection.toml\n  \
             baton subscribe --once                   # what came for this school\n  \
             baton status                             # its moves\n  \
             BATON_CONNECTION={to}/auditor/connection.toml baton audit verify --state\n\n\
             Ctrl-C stops it; {} stays.",
            self.url(),
            self.folder.display(),
            to = to.display(),
        ));
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        self.running.stop().await;
        Ok(())
    }
}
