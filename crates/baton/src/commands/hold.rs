//! `baton hold`: nothing of a learner is erased until the hold is taken away.
//!
//! JSON: the contract's `Transition`.

use baton_domain::act::HoldReason;
use baton_wire::{json, v1};
use clap::Args;

use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `hold`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton hold settings/stg_…/transitions/trn_… --reason inquiry
  baton hold settings/stg_…/transitions/trn_… --release

A hold is on the learner: on all moves of your setting, those too that are planned later. Nobody sees
more or less for it. Roles: publisher and DSL of the source.")]
pub(crate) struct HoldArgs {
    /// Any move of the learner, as `baton status` lists it.
    transition: String,
    /// Why: inquiry, legal-claim, investigation or open-request.
    #[arg(long, value_parser = reason, required_unless_present = "release")]
    reason: Option<HoldReason>,
    /// Take the hold away.
    #[arg(long, conflicts_with = "reason")]
    release: bool,
}

pub(crate) async fn run(
    args: HoldArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let reason = args.reason.map(v1::HoldReason::from).unwrap_or_default();
    let request = v1::SetLegalHoldRequest {
        transition: args.transition,
        reason: reason.into(),
        ..Default::default()
    };
    let answer = client.set_legal_hold(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let transition = answer.transition.unwrap_or_default();
    output.result(&json::write(&transition).unwrap_or_default(), || {
        let what = if args.release {
            "the hold is taken away"
        } else {
            "held: nothing of this learner is erased"
        };
        format!("{what}; entry {position} of the ledger")
    });
    Ok(Exit::Done)
}

fn reason(text: &str) -> Result<HoldReason, String> {
    let all = HoldReason::ALL;
    one_of(all, HoldReason::name, text).ok_or_else(|| listed(all, HoldReason::name))
}
