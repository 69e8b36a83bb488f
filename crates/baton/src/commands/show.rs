//! `baton show`: one profile, as far as the caller may see it.
//!
//! JSON: the contract's `Profile`, fields and sections in the order of the contract; on one line
//! with `--json`, on many for people. What is not the caller's to see is not there.

mod ordered;

use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

pub(super) use ordered::Ordered;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton show settings/stg_…/profiles/prf_…
  baton show settings/stg_…/profiles/prf_… --kind send --kind health
  baton show settings/stg_…/profiles/prf_… --json | jq .content.supportStrategies

Every look is an entry of the ledger; the sender can ask who saw.")]
pub(crate) struct ShowArgs {
    /// The profile, as `baton subscribe` or `baton publish --json` printed it.
    profile: String,
    /// Only this section; may be given again.
    #[arg(long = "kind", value_parser = kind, value_name = "KIND")]
    kinds: Vec<SectionKind>,
}

pub(crate) async fn run(
    args: ShowArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let request = v1::GetProfileRequest {
        name: args.profile,
        kinds: args
            .kinds
            .iter()
            .map(|kind| v1::SectionKind::from(*kind).into())
            .collect(),
        ..Default::default()
    };
    let profile = client.get_profile(request).await?;
    let json = json::write(&profile).unwrap_or_default();
    let ordered = Ordered::profile(&json);
    let text = if output.is_json() {
        serde_json::to_string(&ordered)?
    } else {
        serde_json::to_string_pretty(&ordered)?
    };
    output.text(&text);
    Ok(Exit::Done)
}

/// A section kind as it is written on the command line.
pub(super) fn kind(text: &str) -> Result<SectionKind, String> {
    SectionKind::parse(&text.replace('-', "_")).ok_or_else(|| {
        let names = SectionKind::ALL.map(SectionKind::name);
        format!("the sections are {}", names.join(", "))
    })
}
