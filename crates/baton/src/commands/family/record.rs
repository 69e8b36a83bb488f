//! The record, as the learner or the family is shown it.

use baton_client::{Client, ClientError};
use baton_wire::{json, v1};
use clap::Args;
use serde_json::json;

use crate::commands::show::Ordered;
use crate::output::{Exit, Output};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton family record --connection parent/connection.toml
  baton family record --json | jq '.profiles[].content'

What the setting that gave you the folder wrote, and how far each move is. Every look is an entry of the
ledger. What is not shown to you, or was never written, is not there: ask the setting.")]
pub(super) struct RecordArgs {}

pub(super) async fn run(_: RecordArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let mut page_token = String::new();
    let mut moves = 0;
    loop {
        let request = v1::ListTransitionsRequest {
            page_token,
            ..Default::default()
        };
        let page = client.list_transitions(request).await?;
        for one in &page.transitions {
            moves += 1;
            show(one, client, output).await?;
        }
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    match moves {
        0 => output.say("nothing is shown to you; ask the setting that gave you access"),
        1 => output.say("1 move"),
        n => output.say(&format!("{n} moves")),
    }
    Ok(Exit::Done)
}

/// A move, and what was written for it.
async fn show(of: &v1::Transition, client: &Client, output: Output) -> anyhow::Result<()> {
    let mut profiles = Vec::new();
    for name in &of.profiles {
        let request = v1::GetProfileRequest {
            name: name.clone(),
            ..Default::default()
        };
        match client.get_profile(request).await {
            Ok(profile) => profiles.push(json::write(&profile).unwrap_or_default()),
            // All of it is withheld, or it went away since.
            Err(ClientError::Denied) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let ordered: Vec<Ordered<'_>> = profiles.iter().map(Ordered::profile).collect();
    if output.is_json() {
        let line = json!({"transition": json::write(of).unwrap_or_default(), "profiles": profiles});
        output.text(&serde_json::to_string(&line)?);
        return Ok(());
    }
    output.text(&line(of));
    for profile in &ordered {
        output.text(&serde_json::to_string_pretty(profile)?);
    }
    Ok(())
}

/// "primary-secondary  2026  published  kept until 2027-12-31".
fn line(of: &v1::Transition) -> String {
    let state = of.state().as_str_name();
    let state = state.trim_start_matches("TRANSITION_STATE_").to_lowercase();
    let mut parts = vec![of.route.clone(), of.academic_year.to_string(), state];
    if !of.kept_until.is_empty() {
        parts.push(format!("kept until {}", of.kept_until));
    }
    parts.join("  ")
}
