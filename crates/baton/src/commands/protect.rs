//! `baton protect`: pupils whose identity was changed to protect them.
//!
//! JSON of `guard`: the contract's `GuardIdentityResponse`; of `readmit`: its
//! `ReadmitIdentifiersResponse`.

use baton_client::Client;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::unseen::{identifier, lines};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `protect`.
#[derive(Debug, Args)]
#[command(after_help = "\
A child was adopted, or is at risk, and goes on under another name and number:
  1. baton erase settings/stg_…/transitions/trn_… --identity --reason legal-obligation
     The old record is gone, and its numbers lead to nobody.
  2. baton cohort import …
     Plan the move with the new number.
  3. baton protect guard settings/stg_…/transitions/trn_… < phrases.txt
     Former names, the former school and street: nothing that has one of them is published.
  4. baton publish …

Which learner it is about stands in no entry of the ledger. See docs/protected-pupils.md.")]
pub(crate) struct ProtectArgs {
    #[command(subcommand)]
    command: ProtectCommand,
}

/// What can be done for them.
#[derive(Debug, Subcommand)]
enum ProtectCommand {
    /// Say what must not be written of a learner. Read from standard input, a phrase a line.
    Guard(GuardArgs),
    /// Have numbers that were retired by mistake be used again. Read from standard input.
    Readmit,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton protect guard settings/stg_…/transitions/trn_… < phrases.txt
  baton protect guard settings/stg_…/transitions/trn_…          # asks
  baton protect guard settings/stg_…/transitions/trn_… --none

At most 32 phrases of 2 letters at least: names, places, a street. They are found as whole words,
whatever the case, accents, hyphens and apostrophes; publishing what has one is refused, and says in
which field. They stand in the place of those of before, and are shown to nobody, so keep your list.
Roles: publisher and DSL of the sender, with a certificate.")]
struct GuardArgs {
    /// Any move of the learner as it is known now, as `baton status` lists it.
    transition: String,
    /// Take the guard away.
    #[arg(long)]
    none: bool,
}

pub(crate) async fn run(
    args: ProtectArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        ProtectCommand::Guard(args) => guard(args, to, output).await,
        ProtectCommand::Readmit => readmit(to, output).await,
    }
}

async fn guard(args: GuardArgs, to: &ConnectionArgs, output: Output) -> anyhow::Result<Exit> {
    let phrases = if args.none {
        Vec::new()
    } else {
        let ask = "What must not be written, a phrase a line; an empty line ends:";
        let phrases = lines(ask, output)?;
        if phrases.is_empty() {
            let say = "no phrase was given; --none takes the guard away";
            return Err(Wrong(say.to_owned()).into());
        }
        phrases
    };
    let client: Client = to.connect().await?;
    let request = v1::GuardIdentityRequest {
        name: args.transition,
        phrases,
        ..Default::default()
    };
    let answer = client.guard_identity(request).await?;
    output.result(&json::write(&answer).unwrap_or_default(), || {
        let position = answer.receipt.clone().unwrap_or_default().position;
        match answer.phrases {
            0 => format!("the guard is taken away; entry {position} of the ledger"),
            n => format!("guarded by {n} phrases; entry {position} of the ledger"),
        }
    });
    if answer.published_before && answer.phrases > 0 {
        output.say("what was published before was not looked through: publish it again");
    }
    Ok(Exit::Done)
}

async fn readmit(to: &ConnectionArgs, output: Output) -> anyhow::Result<Exit> {
    let ask = "The numbers (a UPN, or uln:…, nhs:…), one a line; an empty line ends:";
    let numbers = lines(ask, output)?;
    let identifiers: Vec<_> = numbers
        .iter()
        .map(|text| identifier(text))
        .collect::<Result<_, _>>()?;
    let client = to.connect().await?;
    let request = v1::ReadmitIdentifiersRequest {
        identifiers,
        ..Default::default()
    };
    let answer = client.readmit_identifiers(request).await?;
    output.result(&json::write(&answer).unwrap_or_default(), || {
        let position = answer.receipt.clone().unwrap_or_default().position;
        let count = answer.readmitted;
        format!("{count} may be used again; entry {position} of the ledger")
    });
    Ok(Exit::Done)
}
