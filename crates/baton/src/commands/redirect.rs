//! `baton redirect`: a learner goes somewhere else.
//!
//! JSON: the contract's `Transition` with its new destination.

use baton_domain::ids::SettingIdentifier;
use baton_wire::{json, v1};
use clap::Args;

use super::settings::{by_code, code, line, wire_code};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `redirect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton redirect settings/stg_…/transitions/trn_… --to gias:100000 --offer-date 2026-07-10
  baton redirect settings/stg_…/transitions/trn_… --to laestab:3514000 --accepted
  baton redirect settings/stg_…/transitions/trn_… --none

The old receiver is closed at once. You are asked first, by name, town and codes of the new one.")]
pub(crate) struct RedirectArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the new receiving setting.
    #[arg(
        long, value_parser = code, value_name = "SCHEME:VALUE",
        required_unless_present = "none", conflicts_with = "none"
    )]
    to: Option<SettingIdentifier>,
    /// No destination is known any more.
    #[arg(long, conflicts_with_all = ["offer_date", "accepted"])]
    none: bool,
    /// Date of the new offer, CCYY-MM-DD; without one the new receiver sees nothing yet. Offers
    /// are the council's to record.
    #[arg(long, value_name = "DATE")]
    offer_date: Option<jiff::civil::Date>,
    /// The new place was accepted; the council's to record, too.
    #[arg(long)]
    accepted: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(
    args: RedirectArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let new = match &args.to {
        Some(code) => Some(by_code(&client, code).await?),
        None => None,
    };
    let whereto = new
        .as_ref()
        .map_or_else(|| "no destination".to_owned(), line);
    if !args.yes {
        output.say(&format!("The new destination:\n  {whereto}"));
        output.confirm("The old receiver loses the profile at once. Redirect?")?;
    }
    let acceptance = if args.accepted {
        v1::AcceptanceState::Accepted
    } else {
        v1::AcceptanceState::Unspecified
    };
    let request = v1::RedirectTransitionRequest {
        name: args.transition,
        to: args.to.as_ref().map(wire_code),
        offer_date: args
            .offer_date
            .map_or_else(String::new, |date| date.to_string()),
        acceptance: acceptance.into(),
        ..Default::default()
    };
    let answer = client.redirect_transition(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let transition = answer.transition.unwrap_or_default();
    let json = json::write(&transition).unwrap_or_default();
    output.result(&json, || {
        format!("redirected to {whereto}; entry {position} of the ledger")
    });
    if !transition.recipients.is_empty() {
        output.say(
            "Others receive beside the destination, and still do: look at them with `baton recipients \
             list`, and end who is not concerned any more.",
        );
    }
    if new.is_some() && transition.window() == v1::WindowState::NotOpen {
        output.say(
            "It sees nothing yet: the offer, or in an in-year move the start date, is recorded by \
             the council with `baton cohort import`.",
        );
    }
    Ok(Exit::Done)
}
