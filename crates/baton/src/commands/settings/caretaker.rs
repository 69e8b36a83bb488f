//! `baton settings caretaker`: a setting closes, and another one looks after what it left.

use baton_client::Client;
use baton_domain::ids::SettingIdentifier;
use baton_wire::{json, v1};
use clap::Args;

use super::{by_code, code, line};
use crate::output::{Exit, Output};

/// Arguments of `settings caretaker`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton settings caretaker --code ofsted-ey:EY123456 --to gias:100000 --dry-run
  baton settings caretaker --code ofsted-ey:EY123456 --to gias:100000
  baton settings caretaker --code ofsted-ey:EY123456 --to baton-local:council-351 --still-open

For a nursery that went out of business, a childminder who retired, a school that became another one.
From the moment it is entered every credential of the closed setting is over, and the caretaker sees
its moves, redirects, withdraws, holds, erases and answers families; it writes nothing in its name.
The register has to have it as closed (settings import, settings add --closed). Where that is late,
--still-open says that it has closed all the same, and stands in the entry.
The same command with another setting replaces the caretaker. A closed setting is not opened again:
one that starts anew is a new setting with a code of its own. Where a council is the caretaker, its
officers see no content: give publisher or dsl to a credential of its own. Roles: operator, council
officer.")]
pub(super) struct CaretakerArgs {
    /// A code of the setting that has closed.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    code: SettingIdentifier,
    /// A code of the setting that looks after what it left.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    to: SettingIdentifier,
    /// It has closed although the register still has it as open.
    #[arg(long)]
    still_open: bool,
    /// Only tell which two settings are meant.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: CaretakerArgs,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    let closed = by_code(client, &args.code).await?;
    let caretaker = by_code(client, &args.to).await?;
    let setting = if args.dry_run {
        if closed.state() == v1::SettingState::Open && !args.still_open {
            output.say("the register has it as open: it would be refused without --still-open");
        }
        output.say(&format!("would look after it: {}", line(&caretaker)));
        closed
    } else {
        let request = v1::SetCaretakerRequest {
            setting: closed.name,
            caretaker: caretaker.name.clone(),
            still_open: args.still_open,
            ..Default::default()
        };
        let done = client.set_caretaker(request).await?;
        output.say(&format!("looks after it now: {}", line(&caretaker)));
        done.setting.unwrap_or_default()
    };
    let json = json::write(&setting).unwrap_or_default();
    output.result(&json, || line(&setting));
    Ok(Exit::Done)
}
