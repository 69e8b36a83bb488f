//! `baton witness`: a witness of other ledgers (C2SP tlog-witness).
//!
//! JSON: init `{"witness": {"folder": "…", "key": "…"}}`; serve, once it listens, `{"listening":
//! "127.0.0.1:7480", "key": "…", "ledgers": 3}`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_domain::log::note::VerifierKey;
use baton_server::{LogConfig, Witness, WitnessFolder};
use baton_store::Clock;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::output::{Exit, Output, Wrong};

/// Arguments of `witness`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton witness init w1 --name witness.example.org/baton
  baton witness serve w1 --ledger 'baton.ledger/ldg_…/1+…'

A witness keeps the last checkpoint it signed of each ledger and signs the next one only if it is
proved to go on from there: then nobody can be shown another history without the witness seeing it.
Run it where those who run the ledger have no say. docs/witness.md.")]
pub(crate) struct WitnessArgs {
    #[command(subcommand)]
    command: WitnessCommand,
}

#[derive(Debug, Subcommand)]
enum WitnessCommand {
    /// Make a witness: a folder with a new key. Prints the public key, for who runs the ledger.
    Init(InitArgs),
    /// Be it, until told to stop.
    Serve(ServeArgs),
}

/// Arguments of `witness init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton witness init w1 --name witness.example.org/baton

Never put an older copy of the folder back: it has forgotten what it signed. Make a new witness
instead, with a new key, and give that to whoever relies on it.")]
struct InitArgs {
    /// The folder; made here.
    folder: PathBuf,
    /// Its name, best a URL without the scheme; no space and no plus sign.
    #[arg(long)]
    name: String,
}

/// Arguments of `witness serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton witness serve w1 --ledger 'baton.ledger/ldg_…/1+…'
  baton witness serve w1 --ledgers known.txt --listen 127.0.0.1:7480

Plain HTTP: put a web server with TLS before it that hands on POST /add-checkpoint. A ledger that
takes a new key, or opens a new term, is given with its new key besides the old one.")]
struct ServeArgs {
    /// The folder.
    folder: PathBuf,
    /// Address to listen on. Port 0: any free one, printed.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7480")]
    listen: SocketAddr,
    /// Key of a ledger (C2SP vkey); may be given again.
    #[arg(long = "ledger", value_name = "VKEY")]
    ledgers: Vec<String>,
    /// File of them, one a line; lines that begin with # are passed over.
    #[arg(long = "ledgers", value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) async fn run(args: WitnessArgs, output: Output) -> anyhow::Result<Exit> {
    match args.command {
        WitnessCommand::Init(args) => init(&args, output),
        WitnessCommand::Serve(args) => serve(&args, output).await,
    }
}

fn init(args: &InitArgs, output: Output) -> anyhow::Result<Exit> {
    let made = WitnessFolder::create(&args.folder, &args.name);
    let key = made.map_err(|error| Wrong(error.to_string()))?.to_string();
    let folder = args.folder.display().to_string();
    let json = json!({ "witness": { "folder": folder, "key": key } });
    output.result(&json, || key.clone());
    Ok(Exit::Done)
}

async fn serve(args: &ServeArgs, output: Output) -> anyhow::Result<Exit> {
    super::serve::log(&LogConfig {
        filter: "info".to_owned(),
        format: "text".to_owned(),
    })?;
    let ledgers = ledgers(args)?;
    let folder = WitnessFolder::open(&args.folder);
    let witness = folder.and_then(|folder| Witness::open(folder, ledgers, Clock::System));
    let witness = witness.map_err(|error| Wrong(error.to_string()))?;
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", args.listen))?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let address = listener.local_addr()?.to_string();
    let (key, ledgers) = (witness.key().to_string(), witness.ledgers());
    let json = json!({ "listening": address, "key": key, "ledgers": ledgers });
    output.result(&json, || {
        format!("listening on {address} as {key}, for {ledgers} ledgers")
    });
    let told = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    witness.serve(listener, told).await;
    Ok(Exit::Done)
}

/// The keys of every ledger that was named; all that are none are told at once.
fn ledgers(args: &ServeArgs) -> anyhow::Result<Vec<VerifierKey>> {
    let listed = args.file.as_deref().map(read).transpose()?;
    let listed = listed.as_deref().unwrap_or_default().lines();
    let listed = listed.filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let (mut keys, mut wrong) = (Vec::new(), Vec::new());
    for text in args.ledgers.iter().map(String::as_str).chain(listed) {
        match text.trim().parse::<VerifierKey>() {
            Ok(key) => keys.push(key),
            Err(error) => wrong.push(format!("{text}: {error}")),
        }
    }
    if !wrong.is_empty() {
        return Err(Wrong(format!("no keys of ledgers:\n{}", wrong.join("\n"))).into());
    }
    if keys.is_empty() {
        return Err(Wrong("name the ledgers with --ledger or --ledgers".to_owned()).into());
    }
    Ok(keys)
}

fn read(file: &Path) -> anyhow::Result<String> {
    let read = std::fs::read_to_string(file);
    read.map_err(|error| Wrong::unreadable(file, &error).into())
}
