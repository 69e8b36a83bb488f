//! `baton sharing`: what a learner, or somebody for the learner, decided about sharing a move.
//!
//! JSON of `record`: the contract's `RecordSharingDecisionResponse`. Of `list`: the contract's
//! `RecordedDecision` a line.

use baton_client::Client;
use baton_domain::ids::SettingIdentifier;
use baton_domain::section::SectionKind;
use baton_domain::sharing::{Basis, Giver, Said, Toward};
use baton_wire::{json, v1};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::settings::{by_code, code, line, wire_code};
use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `sharing`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton sharing list settings/stg_…/transitions/trn_…
  baton sharing record settings/stg_…/transitions/trn_… --by learner --basis own-decision \\
    --toward education --kinds pastoral-and-behaviour --said refused --on 2026-03-09
  baton sharing record settings/stg_…/transitions/trn_… --by parent --basis parental-responsibility \\
    --toward council --said refused --on 2026-03-09

What was refused is not there for those receivers from that entry on; what a refusal cannot stop is
told with the law. See docs/decisions.md.")]
pub(crate) struct SharingArgs {
    #[command(subcommand)]
    command: SharingCommand,
}

/// What can be done with decisions.
#[derive(Debug, Subcommand)]
enum SharingCommand {
    /// Record what was decided: it is in force at once.
    Record(RecordArgs),
    /// List what was decided about a move.
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton sharing record settings/stg_…/transitions/trn_… --by parent --basis parental-responsibility \\
    --toward health --kinds learning-and-development --said allowed --on 2026-03-09
  baton sharing record settings/stg_…/transitions/trn_… --by representative --basis best-interests \\
    --assessed-on 2026-03-02 --toward adult-social-care --said allowed --on 2026-03-09 --dry-run

Who, and by which basis:
  learner: own-decision from 16, competent-child before
  parent: parental-responsibility, until the 16th birthday; about SEND kinds until the last Friday in
    June of that school year
  representative, from 16: deputy-or-attorney, best-interests, with the day of the assessment
Said: allowed, refused, objection (it goes on), withdrawn (nothing is decided any more).
Roles: publisher, SENCO and DSL of the sender; publisher and DSL of its caretaker. No API key.")]
struct RecordArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Who said it.
    #[arg(long, value_parser = giver)]
    by: Giver,
    /// By which right.
    #[arg(long, value_parser = basis)]
    basis: Basis,
    /// Towards which class of receivers: education, health, adult-social-care, council, or
    /// family: parents who were given access.
    #[arg(long, value_parser = toward)]
    toward: Toward,
    /// One setting of that class; without it every one.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: Option<SettingIdentifier>,
    /// Section kinds it is about; without it everything.
    #[arg(long, value_parser = kind, value_delimiter = ',', value_name = "KIND,…")]
    kinds: Vec<SectionKind>,
    /// What was said.
    #[arg(long, value_parser = said)]
    said: Said,
    /// When it was said, CCYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    on: Date,
    /// When capacity for it was assessed, CCYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    assessed_on: Option<Date>,
    /// Only tell what would be recorded.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton sharing list settings/stg_…/transitions/trn_…
  baton sharing list settings/stg_…/transitions/trn_… --json | jq -r .said")]
struct ListArgs {
    /// The move, as `baton status` lists it.
    transition: String,
}

pub(crate) async fn run(
    args: SharingArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    match args.command {
        SharingCommand::Record(args) => record(args, &client, output).await,
        SharingCommand::List(args) => list(args, &client, output).await,
    }
}

async fn record(args: RecordArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let setting = match &args.setting {
        Some(code) => Some(by_code(client, code).await?),
        None => None,
    };
    let kinds = args.kinds.iter();
    let decision = v1::RecordedDecision {
        giver: v1::DecisionGiver::from(args.by).into(),
        basis: v1::DecisionBasis::from(args.basis).into(),
        toward: v1::DecisionToward::from(args.toward).into(),
        setting: setting.as_ref().map_or(String::new(), |it| it.name.clone()),
        kinds: kinds
            .map(|kind| v1::SectionKind::from(*kind).into())
            .collect(),
        said: v1::DecisionSaid::from(args.said).into(),
        said_on: args.on.to_string(),
        assessed_on: args
            .assessed_on
            .map_or(String::new(), |day| day.to_string()),
        position: 0,
    };
    let of = setting
        .as_ref()
        .map_or(String::new(), |it| format!("; {}", line(it)));
    if args.dry_run {
        output.result(&json::write(&decision).unwrap_or_default(), || {
            format!("would record: {}{of}", words(&decision))
        });
        return Ok(Exit::Done);
    }
    let request = v1::RecordSharingDecisionRequest {
        name: args.transition,
        giver: decision.giver,
        basis: decision.basis,
        toward: decision.toward,
        setting: args.setting.as_ref().map(wire_code),
        kinds: decision.kinds.clone(),
        said: decision.said,
        said_on: decision.said_on.clone(),
        assessed_on: decision.assessed_on.clone(),
        ..Default::default()
    };
    let answer = client.record_sharing_decision(request).await?;
    let position = answer
        .receipt
        .as_ref()
        .map_or(0, |receipt| receipt.position);
    output.result(&json::write(&answer).unwrap_or_default(), || {
        format!(
            "recorded: {}{of}; entry {position} of the ledger",
            words(&decision)
        )
    });
    for one in &answer.not_stopped {
        let kind = SectionKind::try_from(one.kind());
        let kind = kind.map_or_else(
            |_| "a section".to_owned(),
            |kind| kind.name().replace('_', " "),
        );
        let part = match one.fields.as_slice() {
            [] => String::new(),
            fields => format!(", of it {} alone", fields.join(", ").replace('_', " ")),
        };
        output.say(&format!("goes on all the same: {kind}{part} ({})", one.law));
    }
    Ok(Exit::Done)
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let request = v1::ListSharingDecisionsRequest {
        name: args.transition,
        ..Default::default()
    };
    let all = client.list_sharing_decisions(request).await?.decisions;
    for one in &all {
        output.result(&json::write(one).unwrap_or_default(), || words(one));
    }
    match all.len() {
        1 => output.say("1 decision"),
        n => output.say(&format!("{n} decisions")),
    }
    Ok(Exit::Done)
}

/// A decision on one line.
fn words(one: &v1::RecordedDecision) -> String {
    let plain = |name: &str, prefix: &str| {
        let name = name.trim_start_matches(prefix).to_ascii_lowercase();
        name.replace('_', " ")
    };
    let giver = plain(one.giver().as_str_name(), "DECISION_GIVER_");
    let basis = plain(one.basis().as_str_name(), "DECISION_BASIS_");
    let toward = plain(one.toward().as_str_name(), "DECISION_TOWARD_");
    let mut parts = vec![
        one.said_on.clone(),
        plain(one.said().as_str_name(), "DECISION_SAID_"),
        format!("towards {toward}"),
        format!("by {giver} ({basis})"),
    ];
    if !one.setting.is_empty() {
        parts.push(one.setting.clone());
    }
    if !one.assessed_on.is_empty() {
        parts.push(format!("capacity assessed {}", one.assessed_on));
    }
    let kinds = one
        .kinds()
        .filter_map(|kind| SectionKind::try_from(kind).ok());
    let kinds: Vec<_> = kinds.map(|kind| kind.name().replace('_', " ")).collect();
    parts.push(if kinds.is_empty() {
        "everything".to_owned()
    } else {
        kinds.join(", ")
    });
    parts.join("  ")
}

fn giver(text: &str) -> Result<Giver, String> {
    one_of(Giver::ALL, Giver::name, text).ok_or_else(|| listed(Giver::ALL, Giver::name))
}

fn basis(text: &str) -> Result<Basis, String> {
    one_of(Basis::ALL, Basis::name, text).ok_or_else(|| listed(Basis::ALL, Basis::name))
}

fn toward(text: &str) -> Result<Toward, String> {
    one_of(Toward::ALL, Toward::name, text).ok_or_else(|| listed(Toward::ALL, Toward::name))
}

fn said(text: &str) -> Result<Said, String> {
    one_of(Said::ALL, Said::name, text).ok_or_else(|| listed(Said::ALL, Said::name))
}

fn kind(text: &str) -> Result<SectionKind, String> {
    let all = &SectionKind::ALL;
    one_of(all, SectionKind::name, text).ok_or_else(|| listed(all, SectionKind::name))
}
