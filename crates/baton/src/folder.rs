//! The way to a ledger through its data folder, when the network's is closed or nobody serves.
//!
//! One process owns the folder. If a service does, the command goes in by its socket; if nobody
//! does, the command owns the folder until it is done, and serves itself. Either way it is a caller
//! like any other: TLS, its credential, the limits, and every act an entry.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use baton_server::{ADMIN_SOCKET, AdminSocket, Config, Running, Serving, server_config};
use baton_store::{Clock, Ledger, Place, StoreError, holds_database, holds_ledger};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};

use crate::connection::Route;
use crate::output::{Output, Wrong};
use crate::pki;

/// Name in the certificate of a command that serves itself.
pub(crate) const OWN_NAME: &str = "localhost";
/// Socket of a command that serves itself. It ends with the command, so others must not come in by
/// it: they look for the service's.
const OWN_SOCKET: &str = "command.sock";
/// How long a command waits for another that has the folder, and how often it looks.
const WAIT_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Opens the way. The ledger that was opened for it, if one was, is to be stopped in the end.
pub(crate) async fn open(
    folder: &Path,
    config: Option<&Path>,
    output: Output,
) -> anyhow::Result<(Route, Option<Running>)> {
    let shown = folder.display();
    if !holds_ledger(folder) {
        let say = format!("{shown} holds no ledger: `baton init --folder {shown}` makes one");
        return Err(Wrong(say).into());
    }
    let config = Config::load(config)?;
    if !config.ledger.postgres.is_empty() || !holds_database(folder) {
        let say = "the database of this ledger is PostgreSQL, and several processes may serve it: \
                   leave --folder (and BATON_FOLDER) out and go by the network";
        return Err(Wrong(say.to_owned()).into());
    }
    let socket = folder.join(ADMIN_SOCKET);
    let until = Instant::now() + WAIT_MAX;
    let mut said = false;
    loop {
        match UnixStream::connect(&socket).await.map_err(|it| it.kind()) {
            Ok(_) => return Ok((Route::Served { socket }, None)),
            // Nobody is there, or nobody any more.
            Err(ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(kind) => return Err(no_socket(&socket, kind)),
        }
        match own(folder, &config).await {
            Err(error) if is_locked(&error) && Instant::now() < until => {}
            Err(error) if is_locked(&error) => {
                let say = "another command has the folder; wait until it is done, or run `baton \
                           serve`: through it several can work at once";
                return Err(error.context(say));
            }
            owned => return owned.map(|(route, running)| (route, Some(running))),
        }
        if !std::mem::replace(&mut said, true) {
            output.say("another command has the folder: waiting until it is done");
        }
        sleep(LOOK_EVERY).await;
    }
}

fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Locked(_)))
}

/// Why a socket cannot be used, as something to be done about it.
pub(crate) fn no_socket(path: &Path, kind: ErrorKind) -> anyhow::Error {
    let path = path.display();
    let say = match kind {
        ErrorKind::InvalidInput => format!(
            "{path} is longer than the name of a socket can be (107 bytes): name the folder by a \
             shorter path; one relative to where you are will do"
        ),
        ErrorKind::PermissionDenied => {
            format!("{path} is for the user the service runs as: run this as that user")
        }
        kind => format!("{path} cannot be used: {kind}"),
    };
    Wrong(say).into()
}

/// Takes the folder and serves the ledger in it to this process alone.
async fn own(folder: &Path, config: &Config) -> anyhow::Result<(Route, Running)> {
    let owner = std::fs::metadata(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .uid();
    if rustix::process::geteuid().as_raw() != owner {
        // What it writes would be its own, and the service could not read it.
        let say = format!(
            "{} belongs to another user, and no service runs there: run this as that user",
            folder.display()
        );
        return Err(Wrong(say).into());
    }
    let place = Place {
        folder: folder.to_owned(),
        postgres: None,
        master: config.keys.master(),
        rotation: config.keys.rotation(),
        reserve: config.ledger.reserve(),
        bodies_kept: config.ledger.bodies_kept(),
    };
    let ledger = Ledger::open(&place, Clock::System, false).await?;
    let socket = folder.join(OWN_SOCKET);
    let admin = match AdminSocket::bind(&socket) {
        Ok(admin) => admin,
        Err(error) => {
            ledger.close().await;
            return Err(no_socket(&socket, error.kind()));
        }
    };
    // Both ends are this process, so a certificate of the moment is the surest: the service's own
    // may lie elsewhere or be for another name.
    let pair = pki::service(&[OWN_NAME.to_owned()])?;
    let serving = Serving {
        listener: None,
        admin: Some(admin),
        tls: server_config(pair.certificate.as_bytes(), pair.key.as_bytes(), false)?,
        operator: None,
        rates: config.limits,
        backups: config.backup.backups(),
        environment: config.server.environment.clone(),
        deadline: Duration::from_secs(config.server.deadline_seconds),
        drain: Duration::from_secs(config.server.drain_seconds),
        connection_age: Serving::CONNECTION_AGE,
        refused_every: Serving::REFUSED_EVERY,
    };
    let route = Route::Own {
        socket,
        certificate: pair.certificate,
    };
    Ok((route, serving.start(ledger)?))
}
