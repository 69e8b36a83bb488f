//! `baton family`: the learner, or who has parental responsibility, sees the own record.
//!
//! JSON of `add`: `{"access": {…}, "connection": "DIR/connection.toml"}` with the contract's
//! `FamilyAccess`; never a key. Of `end`: the `FamilyAccess`, ended; of `list`: a `FamilyAccess` a line.
//! Of `record`: for each move `{"transition": {…}, "profiles": [{…}]}`, a line each.

mod add;
mod record;

use baton_client::Client;
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::credentials::until;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `family`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton family add settings/stg_…/transitions/trn_… --who parent \\
    --basis parental-responsibility --out parent
  baton family list settings/stg_…/transitions/trn_…
  baton family end settings/stg_…/transitions/trn_… settings/stg_…/credentials/crd_…
  baton family record --connection parent/connection.toml          as the family

They see what your setting wrote of this learner, and how far the moves are; never class R, never other
children, never what you withhold. See docs/family-access.md.")]
pub(crate) struct FamilyArgs {
    #[command(subcommand)]
    command: FamilyCommand,
}

/// What can be done with accesses of families.
#[derive(Debug, Subcommand)]
enum FamilyCommand {
    /// Let the learner, or somebody for the learner, see the record; writes a folder to connect with.
    Add(add::AddArgs),
    /// End an access at once.
    End(EndArgs),
    /// List the accesses to a learner's record, ended ones too.
    List(ListArgs),
    /// As the learner or the family: the whole record, as far as it is shown.
    Record(record::RecordArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton family end settings/stg_…/transitions/trn_… settings/stg_…/credentials/crd_…

Roles: publisher, DSL of the sender, by certificate. It works for no further call from then on.")]
struct EndArgs {
    /// Any move of the learner, as `baton status` lists it.
    transition: String,
    /// The access, as `baton family list` names it.
    credential: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton family list settings/stg_…/transitions/trn_…
  baton family list settings/stg_…/transitions/trn_… --json | jq -r .credential.name

Roles: publisher, DSL of the sender, by certificate.")]
struct ListArgs {
    /// Any move of the learner, as `baton status` lists it.
    transition: String,
}

pub(crate) async fn run(
    args: FamilyArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        FamilyCommand::Add(args) => add::run(args, to, output).await,
        FamilyCommand::End(args) => end(args, &to.connect().await?, output).await,
        FamilyCommand::List(args) => list(args, &to.connect().await?, output).await,
        FamilyCommand::Record(args) => record::run(args, &to.connect().await?, output).await,
    }
}

async fn end(args: EndArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let request = v1::EndFamilyAccessRequest {
        name: args.transition,
        credential: args.credential,
        ..Default::default()
    };
    let answer = client.end_family_access(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let access = answer.access.unwrap_or_default();
    output.result(&json::write(&access).unwrap_or_default(), || {
        format!("ended: {}; entry {position} of the ledger", words(&access))
    });
    Ok(Exit::Done)
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let request = v1::ListFamilyAccessRequest {
        name: args.transition,
        ..Default::default()
    };
    let all = client.list_family_access(request).await?.accesses;
    for one in &all {
        output.result(&json::write(one).unwrap_or_default(), || words(one));
    }
    match all.len() {
        1 => output.say("1 access"),
        n => output.say(&format!("{n} accesses")),
    }
    Ok(Exit::Done)
}

/// An access on one line.
fn words(access: &v1::FamilyAccess) -> String {
    let credential = access.credential.clone().unwrap_or_default();
    let who = access.who().as_str_name();
    let who = who.trim_start_matches("DECISION_GIVER_").to_lowercase();
    let withheld = access.withheld.iter().map(|one| {
        let kind = SectionKind::try_from(one.kind());
        let kind = kind.map_or("unknown".to_owned(), |kind| kind.name().replace('_', "-"));
        format!("{kind}={}", one.exemption.replace('_', "-"))
    });
    let withheld: Vec<String> = withheld.collect();
    let mut parts = vec![credential.name.clone(), who, credential.label.clone()];
    if !withheld.is_empty() {
        parts.push(format!("without {}", withheld.join(",")));
    }
    parts.push(until(&credential));
    parts.join("  ")
}
