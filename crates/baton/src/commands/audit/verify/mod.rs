//! The whole ledger, checked here: every byte hashed again, every position, the tree, the
//! signature of the checkpoint, and on request the access rows against a fold of the entries.
//!
//! Kinds of fault: those of the tree (`missing`, `out_of_order`, `leaf`, `empty`, `not_covered`,
//! `root`), `checkpoint` (its signature), `said` (an entry contradicts its place), `row_changed`,
//! `row_unknown` and `row_missing` (access rows).

mod fold;
mod walk;

use anyhow::Context as _;
use baton_client::Client;
use baton_domain::log::Checkpoint;
use baton_domain::log::note::VerifierKey;
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use super::entries::hex;
use crate::output::{Broken, Exit, Output};
use fold::Rows;
use walk::Walk;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit verify
  baton audit verify --state
  baton audit verify --key 'baton.ledger/ldg_…/1+…' --json | tail -1

Without --key the key is the one the service names: then this shows that the ledger agrees with
itself, not that it is the one you saw before. Ends with 1 if anything is wrong.")]
pub(super) struct VerifyArgs {
    /// Also compare the access rows (settings, credentials, moves, contributions) with what the
    /// entries made of them.
    #[arg(long)]
    state: bool,
    /// The ledger's key, as the council publishes it (C2SP vkey).
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: Option<VerifierKey>,
}

/// Something that is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ledger: String,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) key: VerifierKey,
    /// Entries whose bodies were dropped; their leaf hashes were checked.
    pub(crate) dropped: u64,
    /// Access rows that were compared.
    pub(crate) rows: Option<u64>,
    /// Number of faults; each was told when it was found.
    pub(crate) faults: u64,
}

pub(super) async fn run(args: VerifyArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let report = verify(client, args.key, args.state, output).await?;
    let whole = report.faults == 0;
    let Report {
        ledger,
        checkpoint,
        key,
        dropped,
        rows,
        faults,
    } = &report;
    let json = json!({
        "ledger": ledger, "origin": checkpoint.origin, "key": key.to_string(),
        "size": checkpoint.size, "root": hex(checkpoint.root.as_bytes()), "dropped": dropped,
        "access_rows": rows, "faults": faults, "verified": whole,
    });
    output.result(&json!({ "summary": json }), || {
        let rows = match rows {
            Some(rows) => format!("; {rows} access rows are what the entries made of them"),
            None => String::new(),
        };
        let dropped = match dropped {
            0 => String::new(),
            n => format!(", {n} of them by their leaf hash alone"),
        };
        if whole {
            format!(
                "{} holds: {} entries{dropped} hashed again, positions without a gap, root and \
                 signature of the checkpoint{rows}",
                checkpoint.origin, checkpoint.size
            )
        } else {
            format!(
                "{} DOES NOT HOLD: {faults} faults in {} entries",
                checkpoint.origin, checkpoint.size
            )
        }
    });
    Ok(if whole { Exit::Done } else { Exit::SomeRefused })
}

/// Checks the ledger a client speaks to, telling every fault as it is found.
pub(crate) async fn verify(
    client: &Client,
    held: Option<VerifierKey>,
    state: bool,
    output: Output,
) -> anyhow::Result<Report> {
    let newest = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let key = match held {
        Some(key) => key,
        None => newest
            .verifier_key
            .parse()
            .context("the service's key is none")?,
    };
    let checkpoint = open(&newest, &key)?;
    let mut rows = state.then(Rows::default);
    let mut walk = Walk::new(client, newest.ledger_id.clone(), output);
    let outcome = walk.whole(&checkpoint, rows.as_mut()).await?;
    let compared = match (&mut rows, outcome.frontier) {
        (Some(rows), Some(frontier)) => Some(walk.state(rows, frontier, &key).await?),
        // A fold of a ledger with holes says nothing; the holes were told.
        _ => None,
    };
    Ok(Report {
        ledger: newest.ledger_id,
        checkpoint,
        key,
        dropped: outcome.dropped,
        rows: compared,
        faults: walk.faults(),
    })
}

/// A checkpoint whose signature holds.
fn open(newest: &v1::GetCheckpointResponse, key: &VerifierKey) -> anyhow::Result<Checkpoint> {
    let signed = newest.checkpoint.as_bytes();
    Checkpoint::open(signed, std::slice::from_ref(key)).map_err(|error| {
        let held = key.name();
        let names = newest.verifier_key.split('+').next().unwrap_or_default();
        let advice = if names == held {
            "Keep what you have of this ledger and tell the council".to_owned()
        } else {
            format!(
                "The service signs as {names} now: if the council says that this is right, as \
                 after a restore, take its new key"
            )
        };
        let say = format!("the newest checkpoint does not hold under the key of {held}: {error}.");
        Broken(format!("{say} {advice}")).into()
    })
}

fn key(text: &str) -> Result<VerifierKey, String> {
    text.parse()
        .map_err(|_| "a C2SP verifier key, name+id+key".to_owned())
}
