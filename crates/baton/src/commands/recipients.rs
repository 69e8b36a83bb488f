//! `baton recipients`: settings that receive beside the destination of a move.
//!
//! JSON of `add`, `end` and `plan-council`: the contract's `Transition`. Of `list`: the contract's
//! `Recipient` a line.

use baton_client::Client;
use baton_domain::ids::SettingIdentifier;
use baton_domain::recipient::RecipientPurpose;
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::settings::{by_code, code, line, wire_code};
use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `recipients`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton recipients list settings/stg_…/transitions/trn_…
  baton recipients add settings/stg_…/transitions/trn_… --setting baton-local:virtual-school \\
    --purpose looked-after --kinds identity,attainment,attendance
  baton recipients end settings/stg_…/transitions/trn_… --setting gias:100000

School nursing, the virtual school, adult services get the kinds you name. A school an EHC plan may
still name sees SEND sections. A second school, or one on trial, gets what a destination gets, from
the first day to the last. None of them learns of another. See docs/recipients.md.")]
pub(crate) struct RecipientsArgs {
    #[command(subcommand)]
    command: RecipientsCommand,
}

/// What can be done with recipients.
#[derive(Debug, Subcommand)]
enum RecipientsCommand {
    /// Name a setting, or change what it was named for.
    Add(AddArgs),
    /// A setting is to receive no more: it is closed at once.
    End(EndArgs),
    /// List those of a move, as far as you may know.
    List(ListArgs),
    /// Name the council that keeps the learner's EHC plan, whose caseworkers write it.
    PlanCouncil(PlanCouncilArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton recipients add settings/stg_…/transitions/trn_… --setting ods:RX1 \\
    --purpose health-care --kinds identity,contacts-and-responsibility,health
  baton recipients add settings/stg_…/transitions/trn_… --setting gias:100000 \\
    --purpose plan-consultation --last-day 2026-02-15
  baton recipients add settings/stg_…/transitions/trn_… --setting gias:100000 \\
    --purpose managed-move --first-day 2026-03-16 --last-day 2026-04-30

Purposes, and what they make of the setting:
  a further recipient, of the kinds you name: looked-after, health-care, early-years-advice,
    send-support, adult-services, participation, safeguarding
  provisional, on routes an EHC plan decides: plan-consultation
  a second registration, with first and last day: dual-registration, managed-move,
    alternative-provision
Roles: publisher of the sender; its DSL, alone for family-and-agencies and child-protection-note;
admissions officer of the council for the second and third.")]
struct AddArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the setting.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: SettingIdentifier,
    /// Why it receives; see below.
    #[arg(long, value_parser = purpose)]
    purpose: RecipientPurpose,
    /// What a further recipient gets.
    #[arg(long, value_parser = kind, value_delimiter = ',', value_name = "KIND,…")]
    kinds: Vec<SectionKind>,
    /// First day, CCYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    first_day: Option<jiff::civil::Date>,
    /// Last day, CCYY-MM-DD, included.
    #[arg(long, value_name = "DATE")]
    last_day: Option<jiff::civil::Date>,
    /// Only tell which setting is meant.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton recipients end settings/stg_…/transitions/trn_… --setting gias:100000 --dry-run
  baton recipients end settings/stg_…/transitions/trn_… --setting gias:100000

It is told, if it was ever told of the learner, and says what became of its copy. Roles: publisher
and DSL of the sender or its caretaker, admissions officer of the council.")]
struct EndArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the setting.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: SettingIdentifier,
    /// Only tell which setting is meant.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton recipients list settings/stg_…/transitions/trn_…
  baton recipients list settings/stg_…/transitions/trn_… --json | jq -r .setting

To publisher and DSL of the sender, and without kinds to the council's admissions and transition
officers; everybody else is shown none.")]
struct ListArgs {
    /// The move, as `baton status` lists it.
    transition: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton recipients plan-council settings/stg_…/transitions/trn_… --council baton-local:council-351
  baton recipients plan-council settings/stg_…/transitions/trn_… --none

Its SEND caseworkers publish the plan as a contribution of the council, and see that kind. Roles:
publisher of the sender, admissions officer of the council.")]
struct PlanCouncilArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the council.
    #[arg(
        long, value_parser = code, value_name = "SCHEME:VALUE",
        required_unless_present = "none", conflicts_with = "none"
    )]
    council: Option<SettingIdentifier>,
    /// No council.
    #[arg(long)]
    none: bool,
    /// Only tell which council is meant.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(
    args: RecipientsArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    match args.command {
        RecipientsCommand::Add(args) => add(args, &client, output).await,
        RecipientsCommand::End(args) => end(args, &client, output).await,
        RecipientsCommand::List(args) => list(args, &client, output).await,
        RecipientsCommand::PlanCouncil(args) => plan_council(args, &client, output).await,
    }
}

async fn add(args: AddArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let setting = by_code(client, &args.setting).await?;
    let day = |day: Option<jiff::civil::Date>| day.map_or(String::new(), |day| day.to_string());
    if args.dry_run {
        return planned(client, args.transition, "would receive", &setting, output).await;
    }
    let request = v1::AddRecipientRequest {
        name: args.transition,
        setting: Some(wire_code(&args.setting)),
        relation: v1::RecipientRelation::from(args.purpose.relation()).into(),
        kinds: args
            .kinds
            .iter()
            .map(|kind| v1::SectionKind::from(*kind).into())
            .collect(),
        first_day: day(args.first_day),
        last_day: day(args.last_day),
        purpose: v1::RecipientPurpose::from(args.purpose).into(),
        ..Default::default()
    };
    let answer = client.add_recipient(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let told = format!(
        "receives: {}; entry {position} of the ledger",
        line(&setting)
    );
    Ok(shown(&answer.transition.unwrap_or_default(), &told, output))
}

async fn end(args: EndArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let setting = by_code(client, &args.setting).await?;
    if args.dry_run {
        let what = "would receive no more";
        return planned(client, args.transition, what, &setting, output).await;
    }
    let request = v1::EndRecipientRequest {
        name: args.transition,
        setting: Some(wire_code(&args.setting)),
        ..Default::default()
    };
    let answer = client.end_recipient(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let told = format!(
        "receives no more: {}; entry {position} of the ledger",
        line(&setting)
    );
    Ok(shown(&answer.transition.unwrap_or_default(), &told, output))
}

async fn plan_council(
    args: PlanCouncilArgs,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    let council = match &args.council {
        Some(code) => by_code(client, code).await?,
        None => v1::Setting::default(),
    };
    if args.dry_run {
        let what = "would keep the plan";
        return planned(client, args.transition, what, &council, output).await;
    }
    let request = v1::SetPlanCouncilRequest {
        name: args.transition,
        council: args.council.as_ref().map(wire_code),
        ..Default::default()
    };
    let answer = client.set_plan_council(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let who = if args.none {
        "nobody".to_owned()
    } else {
        line(&council)
    };
    let told = format!("keeps the plan: {who}; entry {position} of the ledger");
    Ok(shown(&answer.transition.unwrap_or_default(), &told, output))
}

/// What a dry run tells: whom it would be about, and the move as it stands.
async fn planned(
    client: &Client,
    name: String,
    what: &str,
    setting: &v1::Setting,
    output: Output,
) -> anyhow::Result<Exit> {
    let name = v1::GetTransitionRequest {
        name,
        ..Default::default()
    };
    let transition = client.get_transition(name).await?;
    Ok(shown(
        &transition,
        &format!("{what}: {}", line(setting)),
        output,
    ))
}

fn shown(transition: &v1::Transition, told: &str, output: Output) -> Exit {
    output.result(&json::write(transition).unwrap_or_default(), || {
        told.to_owned()
    });
    Exit::Done
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let name = v1::GetTransitionRequest {
        name: args.transition,
        ..Default::default()
    };
    let transition = client.get_transition(name).await?;
    for one in &transition.recipients {
        output.result(&json::write(one).unwrap_or_default(), || words(one));
    }
    match transition.recipients.len() {
        1 => output.say("1 recipient beside the destination"),
        n => output.say(&format!("{n} recipients beside the destination")),
    }
    Ok(Exit::Done)
}

/// A recipient on one line.
fn words(one: &v1::Recipient) -> String {
    let plain = |name: &str, prefix: &str| {
        let name = name.trim_start_matches(prefix).to_ascii_lowercase();
        name.replace('_', " ")
    };
    let mut parts = vec![
        one.setting.clone(),
        plain(one.relation().as_str_name(), "RECIPIENT_RELATION_"),
        plain(one.window().as_str_name(), "WINDOW_STATE_"),
    ];
    if one.purpose() != v1::RecipientPurpose::Unspecified {
        parts.push(plain(one.purpose().as_str_name(), "RECIPIENT_PURPOSE_"));
    }
    for (before, day) in [("from", &one.first_day), ("until", &one.last_day)] {
        if !day.is_empty() {
            parts.push(format!("{before} {day}"));
        }
    }
    let kinds = one
        .kinds()
        .filter_map(|kind| SectionKind::try_from(kind).ok());
    let kinds: Vec<_> = kinds.map(|kind| kind.name().replace('_', " ")).collect();
    if !kinds.is_empty() {
        parts.push(kinds.join(", "));
    }
    parts.join("  ")
}

fn purpose(text: &str) -> Result<RecipientPurpose, String> {
    let all = RecipientPurpose::ALL;
    one_of(all, RecipientPurpose::name, text).ok_or_else(|| listed(all, RecipientPurpose::name))
}

fn kind(text: &str) -> Result<SectionKind, String> {
    let all = &SectionKind::ALL;
    one_of(all, SectionKind::name, text).ok_or_else(|| listed(all, SectionKind::name))
}

#[cfg(test)]
mod tests {
    use baton_domain::recipient::RecipientRelation;

    use super::*;

    #[test]
    fn purposes_and_kinds_are_typed_with_dashes() {
        let managed = purpose("managed-move").unwrap();
        assert_eq!(managed.relation(), RecipientRelation::Dual);
        assert_eq!(kind("ehc-plan"), Ok(SectionKind::EhcPlan));
        assert!(purpose("curiosity").unwrap_err().contains("looked-after"));
    }
}
