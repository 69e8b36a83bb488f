//! `baton audit`: the ledger as outsiders see it.
//!
//! JSON of `entries`: `{"position": 0, "leaf_hash": "hex", "entry": {…}, "bytes": "base64"}` a line;
//! `bytes` is what is hashed and `entry` what it says, both null when the body was dropped at the
//! end of its retention. Of `verify`: `{"fault": {"kind": "leaf", "position": 7, "message": "…"}}` a
//! line for everything that is wrong (see [`verify`]), then `{"summary": {"ledger": "ldg_…",
//! "origin": "…", "key": "…", "size": 42, "root": "hex", "dropped": 0, "access_rows": 17,
//! "unproved_rows": 0, "cosigned": {"witnesses": 2, "size": 40}, "faults": 0, "verified": true}}`;
//! `access_rows` is null without `--state`, `cosigned` without `--witness`. Of
//! `export`: `{"exported": {…}}` with folder, ledger, origin, size, root, and the numbers of entries
//! `reused` and `dropped`, of `access_rows` and `policy_sets`. Of `prove`: `{"proof": {"file": "…",
//! "position": 7, "leaf_hash": "hex", "ledger": "ldg_…", "key": "…"}}`; of `verify-proof`:
//! `{"proved": {"origin": "…", "position": 7, "size": 42, "root": "hex", "leaf_hash": "hex",
//! "entry": {…}, "unvouched": {…}}}`, `entry` null without `--entry`, `unvouched` what whoever made
//! the file wrote into it. Of `who-saw`: the contract's `Sighting` a line; with `--out`
//! `{"report": {"file": "…", "entries": 42}}`, with `--draft` `{"draft": {"file": "…", "record": "…",
//! "lines": 12, "left_out": 2, "names": […]}}`, with `--release` `{"released": {"file": "…",
//! "ledger": "ldg_…", "position": 77, "leaf_hash": "hex", "commitment": "hex", "audience": "parent",
//! "lines": 12, "withheld": {"child_abuse": 2}, "dry_run": false}}`. Of `watch`: events of
//! OCSF 1.8.0, see docs/siem.md.

mod entries;
mod export;
mod layout;
mod prove;
mod said;
mod seen;
mod trust;
pub(crate) mod verify;
mod watch;
mod who_saw;
mod words;

use clap::{Args, Subcommand};

pub(crate) use self::entries::hex;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit verify --state
  baton audit export ledger-2026
  baton audit verify ledger-2026
  baton audit prove 1042 --out act.tlog-proof
  baton audit entries --from 1000
  baton audit who-saw settings/stg_…/transitions/trn_…
  baton audit watch --json --state watch.state")]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

/// What can be asked of the ledger.
#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Show entries. Needs the auditor's role, as verify does.
    Entries(entries::EntriesArgs),
    /// Write the whole ledger into a folder, for any verifier. Needs the auditor's role.
    Export(export::ExportArgs),
    /// Check the whole ledger here, the service's or an export, trusting nothing but its key.
    Verify(verify::VerifyArgs),
    /// Write a file that proves one entry: a publish, a delivery, an acknowledgement.
    Prove(prove::ProveArgs),
    /// Check such a file, without any service.
    VerifyProof(prove::VerifyProofArgs),
    /// Who was shown what of one learner, and who was refused.
    WhoSaw(who_saw::WhoSawArgs),
    /// Follow the ledger as it grows, and check it. Needs the auditor's role.
    Watch(watch::WatchArgs),
}

pub(crate) async fn run(
    args: AuditArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let command = match args.command {
        AuditCommand::Verify(mut args) => match args.export.take() {
            Some(export) => return verify::run_offline(args, export, output).await,
            None => AuditCommand::Verify(args),
        },
        AuditCommand::VerifyProof(args) => return prove::verify(&args, output),
        asks => asks,
    };
    let client = to.connect().await?;
    match command {
        AuditCommand::Export(args) => export::run(args, &client, output).await,
        AuditCommand::Entries(args) => entries::run(args, &client, output).await,
        AuditCommand::Prove(args) => prove::run(args, &client, output).await,
        AuditCommand::Verify(args) => verify::run(args, &client, output).await,
        AuditCommand::VerifyProof(args) => prove::verify(&args, output),
        AuditCommand::WhoSaw(args) => Box::pin(who_saw::run(args, &client, output)).await,
        AuditCommand::Watch(args) => Box::pin(watch::run(args, &client, output)).await,
    }
}

/// A ledger time as people in London read it.
pub(crate) fn when(time_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us).unwrap_or_default();
    match time.in_tz("Europe/London") {
        Ok(time) => time.strftime("%-d %B %Y %H:%M:%S").to_string(),
        Err(_) => time.to_string(),
    }
}
