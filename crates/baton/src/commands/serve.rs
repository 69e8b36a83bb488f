//! `baton serve`: the service, until it is told to stop.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use baton_server::{
    ADMIN_SOCKET, AdminSocket, Config, DEFAULT_CONFIG, LogConfig, Serving, server_config,
};
use baton_store::{Clock, Ledger, Place};
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::connection::ConnectionArgs;
use crate::folder::no_socket;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton serve --folder data
  baton serve --config baton.toml --listen 0.0.0.0:7443
  baton serve --print-config > baton.toml      every option, explained

--folder overrides the configuration. With SQLite the service also listens on admin.sock in the
folder, for the folder's owner only: commands with --folder come in there.")]
pub(crate) struct ServeArgs {
    /// Configuration file; only what differs from the default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; overrides the configuration. Port 0: any free one, printed.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Go on from an older copy of the database, in a new term of the ledger.
    #[arg(long)]
    accept_rollback: bool,
    /// Print the default configuration with every option explained, and end.
    #[arg(long)]
    print_config: bool,
}

pub(crate) async fn run(
    args: ServeArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if args.print_config {
        output.result(&json!({ "config": DEFAULT_CONFIG }), || {
            DEFAULT_CONFIG.to_owned()
        });
        return Ok(Exit::Done);
    }
    let mut config = Config::load(args.config.as_deref())?;
    config.ledger.folder = to.folder.clone().unwrap_or(config.ledger.folder);
    config.server.listen = args.listen.unwrap_or(config.server.listen);
    let listen = config.server.listen;
    let witnesses = config.witnessing.witnesses(&config.witness);
    let witnesses = witnesses.map_err(|error| Wrong(error.to_string()))?;
    log(&config.log)?;
    let mut serving = serving(&config).await?;
    let (reserve, bodies_kept) = (config.ledger.reserve(), config.ledger.bodies_kept());
    let postgres = Some(config.ledger.postgres).filter(|url| !url.is_empty());
    let place = Place {
        folder: config.ledger.folder,
        postgres,
        master: config.keys.master(),
        rotation: config.keys.rotation(),
        reserve,
        bodies_kept,
    };
    let ledger = Ledger::open(&place, Clock::System, args.accept_rollback).await?;
    if place.postgres.is_none() {
        // The lock is ours from here on, so the socket is too.
        let socket = place.folder.join(ADMIN_SOCKET);
        let bound = AdminSocket::bind(&socket);
        serving.admin = Some(bound.map_err(|error| no_socket(&socket, error.kind()))?);
    }
    // Before anybody is told that it serves: whoever was told may stop it at once.
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let running = serving.start(ledger)?;
    if !config.proofs.folder.as_os_str().is_empty()
        && let Err(error) = running.publish_proofs(config.proofs.folder).await
    {
        running.stop().await;
        return Err(Wrong(error.to_string()).into());
    }
    if let Some(witnesses) = witnesses {
        running.ask_witnesses(witnesses);
    }
    let address = running.address().unwrap_or(listen).to_string();
    output.result(&json!({ "listening": address }), || {
        format!("listening on {address}")
    });
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    output.say("stopping: open calls are finished first");
    running.stop().await;
    Ok(Exit::Done)
}

async fn serving(config: &Config) -> anyhow::Result<Serving> {
    let folder = &config.ledger.folder;
    if !folder.exists() {
        let folder = folder.display();
        let say = format!("there is no folder {folder}: `baton init --folder {folder}` makes it");
        return Err(Wrong(say).into());
    }
    let tls = folder.join("tls");
    let own = |file: &PathBuf, name: &str| {
        if file.as_os_str().is_empty() {
            tls.join(name)
        } else {
            file.clone()
        }
    };
    let read =
        |path: PathBuf| std::fs::read(&path).map_err(|error| Wrong::unreadable(&path, &error));
    let certificate = read(own(&config.server.certificate, "cert.pem"))?;
    let key = read(own(&config.server.key, "key.pem"))?;
    let listen = config.server.listen;
    let operator = match config.operator.listen.as_str() {
        "" => None,
        text => {
            let address: SocketAddr = text
                .parse()
                .map_err(|_| Wrong("operator.listen is no address".to_owned()))?;
            Some(
                TcpListener::bind(address)
                    .await
                    .context("the operator's page")?,
            )
        }
    };
    Ok(Serving {
        listener: Some(
            TcpListener::bind(listen)
                .await
                .with_context(|| format!("listening on {listen}"))?,
        ),
        admin: None,
        tls: server_config(&certificate, &key, config.server.tls12)?,
        operator,
        rates: config.limits,
        backups: config.backup.backups(),
        environment: config.server.environment.clone(),
        deadline: Duration::from_secs(config.server.deadline_seconds),
        drain: Duration::from_secs(config.server.drain_seconds),
        connection_age: Serving::CONNECTION_AGE,
        refused_every: Serving::REFUSED_EVERY,
    })
}

/// Logs go to standard error; they hold ids and counts, never what a profile says.
pub(super) fn log(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|_| Wrong("log.filter is no level or filter".to_owned()))?;
    let to = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // A reader of the log that went away ends no call; it would be told on standard error.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    if config.format == "json" {
        to.json().init();
    } else {
        to.init();
    }
    Ok(())
}
