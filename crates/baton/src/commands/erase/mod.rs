//! `baton erase`: content is forgotten before its time, or what is due at once.
//!
//! JSON: the contract's `EraseResponse`; with `--due-before` a line each, then
//! `{"due": 3, "erased": 3}`.

mod due;

use std::fmt::Write as _;

use baton_client::Client;
use baton_domain::act::ErasureReason;
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::Args;
use jiff::civil::Date;

use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `erase`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton erase settings/stg_…/transitions/trn_… --learner --reason objection --dry-run
  baton erase settings/stg_…/transitions/trn_… --learner --reason objection
  baton erase settings/stg_…/transitions/trn_… --kind health --reason sent-in-error
  baton erase settings/stg_…/transitions/trn_… --identity --reason legal-obligation
  baton erase --due-before 2027-01-01 --dry-run

It cannot be undone: keys and content are gone when it answers, what leads from the ledger to the
learner too. So ask `baton audit who-saw` first if you will have to say who saw it. Copies that
receivers made are theirs: the answer names them, so that you can tell them. Every proof taken before
still holds. Roles: publisher and DSL of the source.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is typed"
)]
pub(crate) struct EraseArgs {
    /// A move, as `baton status` lists it.
    #[arg(required_unless_present = "due_before", conflicts_with = "due_before")]
    transition: Option<String>,
    /// Everything of the learner, in all moves of your setting.
    #[arg(long, conflicts_with_all = ["kind", "due_before"])]
    learner: bool,
    /// Everything of the learner, who goes on under another identity: its numbers lead to nobody from
    /// now on. See `baton protect`.
    #[arg(long, conflicts_with_all = ["learner", "kind", "due_before"])]
    identity: bool,
    /// One section kind of your contribution to the move, in all versions, e.g. health.
    #[arg(long, value_parser = kind, conflicts_with = "due_before")]
    kind: Option<SectionKind>,
    /// Why: no-longer-needed, consent-withdrawn, objection, unlawful, legal-obligation or
    /// sent-in-error (UK GDPR Article 17).
    #[arg(
        long, value_parser = reason,
        required_unless_present = "due_before", conflicts_with = "due_before"
    )]
    reason: Option<ErasureReason>,
    /// Every move of your setting that is kept until before this day, CCYY-MM-DD, and that no hold
    /// keeps. The service erases by itself, each night, what is past its time; with --dry-run this
    /// tells what will go.
    #[arg(long, value_name = "DATE")]
    due_before: Option<Date>,
    /// Only tell what would go.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(
    args: EraseArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if let Some(before) = args.due_before {
        let client = to.connect().await?;
        return due::run(&client, before, &args, output).await;
    }
    if !args.dry_run && !args.yes {
        output.confirm("It cannot be undone. Erase?")?;
    }
    let client = to.connect().await?;
    loop {
        let answer = client.erase(request(&args)).await?;
        tell(&answer, args.dry_run, output);
        if !answer.more || args.dry_run {
            return Ok(Exit::Done);
        }
    }
}

fn request(args: &EraseArgs) -> v1::EraseRequest {
    let extent = match args.kind {
        _ if args.identity => v1::ErasureExtent::Identity,
        _ if args.learner => v1::ErasureExtent::Learner,
        Some(_) => v1::ErasureExtent::SectionKind,
        None => v1::ErasureExtent::Transition,
    };
    let kind = args.kind.map(v1::SectionKind::from);
    let reason = args.reason.map(v1::ErasureReason::from);
    v1::EraseRequest {
        transition: args.transition.clone().unwrap_or_default(),
        extent: extent.into(),
        section_kind: kind.unwrap_or_default().into(),
        reason: reason.unwrap_or_default().into(),
        validate_only: args.dry_run,
        ..Default::default()
    }
}

fn tell(answer: &v1::EraseResponse, dry_run: bool, output: Output) {
    let json = json::write(answer).unwrap_or_default();
    output.result(&json, || text(answer, dry_run));
}

fn text(answer: &v1::EraseResponse, dry_run: bool) -> String {
    let mut text = String::new();
    let went = if dry_run { "would go" } else { "is gone" };
    for name in &answer.transitions {
        let _ = writeln!(text, "{name} {went}");
    }
    for profile in &answer.profiles {
        let kinds = profile.kinds().filter_map(|kind| {
            let kind = SectionKind::try_from(kind).ok()?;
            Some(kind.name().replace('_', " "))
        });
        let kinds: Vec<String> = kinds.collect();
        let kinds = if kinds.is_empty() {
            "nothing you may see".to_owned()
        } else {
            kinds.join(", ")
        };
        let (name, version) = (&profile.name, profile.version);
        let _ = writeln!(text, "{name}, version {version}: {kinds} {went}");
    }
    if !answer.receivers.is_empty() {
        let receivers = answer.receivers.join(", ");
        let _ = writeln!(text, "tell these to erase their copies too: {receivers}");
    }
    if answer.more {
        text += "more is left of this learner\n";
    }
    let position = answer
        .receipt
        .as_ref()
        .map_or(0, |receipt| receipt.position);
    if dry_run {
        text + "nothing was erased"
    } else {
        text + &format!("erased; entry {position} of the ledger")
    }
}

/// Erases one move that is due.
async fn erase_move(client: &Client, name: String) -> anyhow::Result<v1::EraseResponse> {
    let request = v1::EraseRequest {
        transition: name,
        extent: v1::ErasureExtent::Transition.into(),
        reason: v1::ErasureReason::NoLongerNeeded.into(),
        ..Default::default()
    };
    Ok(client.erase(request).await?)
}

fn reason(text: &str) -> Result<ErasureReason, String> {
    let all = ErasureReason::ALL;
    one_of(all, ErasureReason::name, text).ok_or_else(|| listed(all, ErasureReason::name))
}

fn kind(text: &str) -> Result<SectionKind, String> {
    let all = &SectionKind::ALL;
    one_of(all, SectionKind::name, text).ok_or_else(|| listed(all, SectionKind::name))
}
