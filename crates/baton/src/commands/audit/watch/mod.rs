//! The ledger as it grows, checked and told entry by entry: for people, or with `--json` for a SIEM.
//!
//! JSON: an event of OCSF 1.8.0 a line, as docs/siem.md lists them. Reading entries is an entry, so
//! the ledger is only read when it grew by more than the reading did (see [`follow`]).

mod follow;
mod ocsf;
mod place;
mod told;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use baton_client::{Client, ClientError, ConnectError, TokenFile};
use baton_domain::log::note::VerifierKey;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::verify::key;
use crate::output::{Exit, Output, Wrong};
use follow::{Follower, Round};
use place::Place;
use told::{Ended, Told};

/// Longest time between two readings when all that comes is what watchers read; and between two
/// tries of a service that does not answer.
const WAIT_MAX: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit watch                                   from now on, a line an entry
  baton audit watch --from 0 --once                   what there is, and end
  baton audit watch --json --state watch.state >> /var/log/baton/ocsf.ndjson
  baton audit watch --json --state watch.state --key 'baton.ledger/ldg_…/1+…' | vector

Needs the auditor's role. Checks every entry on the way: its hash, its place, its decisions, and
that each checkpoint goes on from the one before. A fault ends it with 1, and is a line of its own;
with --json a Detection Finding. A service that does not answer is asked again; a reader that is
slow is waited for. With --state it goes on where it stopped, and some lines may come twice: they
have the same metadata.uid. JSON is OCSF 1.8.0: docs/siem.md. There are no names in it, but who did
what and when: keep it as an auditor keeps such things.

With --folder and no service in it, the folder is this program's for as long as it runs: add --once.

Reading the ledger is an entry, too. It is read when it grew by more than that, and not more often
than --every says; when all that comes is what watchers read, once a minute.")]
pub(super) struct WatchArgs {
    /// First position; by default where the state stands, else the end of the ledger. Not used
    /// when there is a state.
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// File that remembers how far it came and what the ledger was then; for its owner only.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The ledger's key, as the council publishes it (C2SP vkey); else the state's, else the one
    /// the service names.
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: Option<VerifierKey>,
    /// Seconds between two looks at the size of the ledger, 1 to 3600.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Tell what there is, and end.
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(args: WatchArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let file = args.state.map(TokenFile::at);
    let place = match &file {
        Some(file) => Place::load(file).await?,
        None => None,
    };
    let mut told = Told::new(output);
    let mut follower = Follower::begin(client, args.key, place, args.from).await?;
    let every = Duration::from_secs(args.every);
    let (mut wait, mut missed) = (every, Duration::from_secs(1));
    if !args.once {
        output.say("watching the ledger; Ctrl-C ends it");
    }
    loop {
        let round = tokio::select! {
            round = follower.round(client, &mut told) => round,
            _ = terminate.recv() => return Ok(told.exit()),
            _ = interrupt.recv() => return Ok(told.exit()),
        };
        let pause = match round {
            Ok(round) => {
                if let (Some(file), Round::Told | Round::Readings) = (&file, round) {
                    follower.place().save(file).await?;
                }
                missed = Duration::from_secs(1);
                wait = match round {
                    Round::Readings => (wait * 2).min(WAIT_MAX.max(every)),
                    Round::Told => every,
                    Round::Quiet => wait,
                };
                wait
            }
            Err(error) if error.is::<Ended>() => return Ok(told.exit()),
            Err(error) if !args.once && may_come_back(&error) => {
                output.say(&format!("{error}; trying again in {} s", missed.as_secs()));
                missed = (missed * 2).min(WAIT_MAX);
                missed / 2
            }
            Err(error) => return Err(error),
        };
        if args.once {
            return Ok(told.exit());
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = terminate.recv() => return Ok(told.exit()),
            _ = interrupt.recv() => return Ok(told.exit()),
        }
    }
}

/// Whether the same can be asked again of a service that did not answer.
fn may_come_back(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<ClientError>(),
        Some(
            ClientError::Full { .. }
                | ClientError::RateLimited { .. }
                | ClientError::OutcomeUnknown { .. }
                | ClientError::Unavailable { .. }
                | ClientError::Deadline
                | ClientError::Lost
                | ClientError::Connect(ConnectError::Unreachable)
        )
    )
}

impl Place {
    async fn load(file: &TokenFile) -> anyhow::Result<Option<Self>> {
        let path = file.path().display();
        let text = file
            .load()
            .await
            .with_context(|| format!("{path} cannot be read"))?;
        if text.is_empty() {
            return Ok(None);
        }
        let place = serde_json::from_str(&text);
        Ok(Some(place.map_err(|_| {
            Wrong(format!("{path} is no state of a watch"))
        })?))
    }

    async fn save(&self, file: &TokenFile) -> anyhow::Result<()> {
        let path = file.path().display();
        let saved = file.save(&serde_json::to_string(self)?).await;
        saved.with_context(|| format!("{path} cannot be written"))
    }
}
