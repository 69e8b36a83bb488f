//! `baton restrict`: processing of a learner's data is restricted, or that is lifted.
//!
//! JSON: the contract's `Transition`.

use baton_domain::act::RestrictionReason;
use baton_wire::{json, v1};
use clap::Args;

use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `restrict`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton restrict settings/stg_…/transitions/trn_… --reason accuracy-contested
  baton restrict settings/stg_…/transitions/trn_… --lift

UK GDPR Article 18: receivers see nothing of the learner until it is lifted, nothing is published, and
nothing is erased. Your own setting still sees its contribution. Receivers may have copies: tell them.
Roles: publisher and DSL of the source.")]
pub(crate) struct RestrictArgs {
    /// Any move of the learner, as `baton status` lists it.
    transition: String,
    /// Why: accuracy-contested, unlawful-but-kept, legal-claim or objection-pending.
    #[arg(long, value_parser = reason, required_unless_present = "lift")]
    reason: Option<RestrictionReason>,
    /// Lift the restriction.
    #[arg(long, conflicts_with = "reason")]
    lift: bool,
}

pub(crate) async fn run(
    args: RestrictArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let (transition, receipt, what) = match args.reason {
        Some(reason) => {
            let request = v1::RestrictProcessingRequest {
                transition: args.transition,
                reason: v1::RestrictionReason::from(reason).into(),
                ..Default::default()
            };
            let answer = client.restrict_processing(request).await?;
            let what = "restricted: receivers see nothing of this learner";
            (answer.transition, answer.receipt, what)
        }
        None => {
            let request = v1::LiftRestrictionRequest {
                transition: args.transition,
                ..Default::default()
            };
            let answer = client.lift_restriction(request).await?;
            let what = "lifted: receivers get again what they may see";
            (answer.transition, answer.receipt, what)
        }
    };
    let position = receipt.unwrap_or_default().position;
    let json = json::write(&transition.unwrap_or_default()).unwrap_or_default();
    output.result(&json, || format!("{what}; entry {position} of the ledger"));
    Ok(Exit::Done)
}

fn reason(text: &str) -> Result<RestrictionReason, String> {
    let all = RestrictionReason::ALL;
    one_of(all, RestrictionReason::name, text).ok_or_else(|| listed(all, RestrictionReason::name))
}
