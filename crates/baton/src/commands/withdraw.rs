//! `baton withdraw`: a contribution is taken back.
//!
//! JSON: `{"withdrawn": "settings/…/profiles/…", "position": 42}`.

use baton_wire::v1;
use clap::Args;
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `withdraw`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton withdraw settings/stg_…/profiles/prf_…
  baton withdraw settings/stg_…/profiles/prf_… --yes

Receivers lose it at once and are told to delete their copy. `baton audit who-saw` tells who has
seen it. Publishing again makes a new version.")]
pub(crate) struct WithdrawArgs {
    /// The profile, as `baton publish --json` printed it.
    profile: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(
    args: WithdrawArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if !args.yes {
        output.confirm("Receivers lose this profile at once. Take it back?")?;
    }
    let client = to.connect().await?;
    let request = v1::WithdrawProfileRequest {
        name: args.profile.clone(),
        ..Default::default()
    };
    let receipt = client
        .withdraw_profile(request)
        .await?
        .receipt
        .unwrap_or_default();
    let json = json!({ "withdrawn": args.profile, "position": receipt.position });
    output.result(&json, || {
        format!("withdrawn; entry {} of the ledger", receipt.position)
    });
    Ok(Exit::Done)
}
