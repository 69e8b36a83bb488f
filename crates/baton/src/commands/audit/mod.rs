//! `baton audit`: the ledger as outsiders see it.
//!
//! JSON of `entries`: `{"position": 0, "leaf_hash": "hex", "entry": {…}, "bytes": "base64"}` a line;
//! `bytes` is what is hashed and `entry` what it says, both null when the body was dropped at the
//! end of its retention. Of `verify`: `{"fault": {"kind": "leaf", "message": "…"}}` a line for
//! everything that is wrong (see [`verify`]), then `{"summary": {"ledger": "ldg_…", "origin": "…",
//! "key": "…", "size": 42, "root": "hex", "dropped": 0, "access_rows": 17, "faults": 0, "verified":
//! true}}`; `access_rows` is null without `--state`. Of `who-saw`: the contract's `Sighting` a line.

mod entries;
pub(crate) mod verify;
mod who_saw;

use clap::{Args, Subcommand};

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit verify --state
  baton audit entries --from 1000
  baton audit who-saw settings/stg_…/transitions/trn_…")]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

/// What can be asked of the ledger.
#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Show entries. Needs the auditor's role, as verify does.
    Entries(entries::EntriesArgs),
    /// Fetch the whole ledger and check it here, trusting nothing but its key.
    Verify(verify::VerifyArgs),
    /// Who was shown what of one learner, and who was refused.
    WhoSaw(who_saw::WhoSawArgs),
}

pub(crate) async fn run(
    args: AuditArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    match args.command {
        AuditCommand::Entries(args) => entries::run(args, &client, output).await,
        AuditCommand::Verify(args) => verify::run(args, &client, output).await,
        AuditCommand::WhoSaw(args) => who_saw::run(args, &client, output).await,
    }
}

/// A ledger time as people in London read it.
fn when(time_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us).unwrap_or_default();
    match time.in_tz("Europe/London") {
        Ok(time) => time.strftime("%-d %B %Y %H:%M:%S").to_string(),
        Err(_) => time.to_string(),
    }
}
