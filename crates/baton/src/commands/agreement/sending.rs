//! A move sent to a receiver though one of the two has not signed, and how a sender is told of that.

use std::collections::BTreeSet;

use baton_client::Client;
use baton_domain::agreement::SendingReason;
use baton_domain::ids::SettingIdentifier;
use baton_wire::{json, v1};
use clap::Args;

use crate::commands::settings::{by_code, code, line, wire_code};
use crate::commands::words::{listed, one_of};
use crate::output::{Exit, Output};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement send-without settings/stg_…/transitions/trn_… --to gias:100000 \\
    --reason urgent-need --dry-run
  baton agreement send-without settings/stg_…/transitions/trn_… --to gias:100000 \\
    --reason urgent-need

Reasons:
  joining-under-way  whoever has not signed is about to
  outside-area       the receiver is of an area whose settings sign another agreement
  urgent-need        the child needs it before anybody could sign
  other              another one, which you keep in writing elsewhere
It opens this move to this receiver and nothing else. Roles, by certificate: publisher of the sender or
of its caretaker.")]
pub(super) struct SendWithoutArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the receiver: the destination, or a recipient beside it.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    to: SettingIdentifier,
    /// Why.
    #[arg(long, value_parser = reason)]
    reason: SendingReason,
    /// Only tell which receiver is meant.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement end-sending settings/stg_…/transitions/trn_… --to gias:100000 --dry-run
  baton agreement end-sending settings/stg_…/transitions/trn_… --to gias:100000

Roles, by certificate: publisher of the sender or of its caretaker.")]
pub(super) struct EndSendingArgs {
    /// The move, as `baton status` lists it.
    transition: String,
    /// Code of the receiver.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    to: SettingIdentifier,
    /// Only tell which receiver is meant.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn send(
    args: SendWithoutArgs,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    let to = by_code(client, &args.to).await?;
    let why = args.reason.words();
    if args.dry_run {
        let would = would(args.transition, &to, args.reason);
        output.result(&json::write(&would).unwrap_or_default(), || {
            format!("would send without agreement, {why}: {}", line(&to))
        });
        return Ok(Exit::Done);
    }
    let request = v1::SendWithoutAgreementRequest {
        name: args.transition,
        setting: Some(wire_code(&args.to)),
        reason: v1::SendingReason::from(args.reason).into(),
        ..Default::default()
    };
    let answer = client.send_without_agreement(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let transition = answer.transition.unwrap_or_default();
    output.result(&json::write(&transition).unwrap_or_default(), || {
        let to = line(&to);
        format!("sent without agreement, {why}: {to}; entry {position} of the ledger")
    });
    Ok(Exit::Done)
}

pub(super) async fn end(
    args: EndSendingArgs,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    let to = by_code(client, &args.to).await?;
    if args.dry_run {
        let would = v1::Transition {
            name: args.transition,
            ..Default::default()
        };
        output.result(&json::write(&would).unwrap_or_default(), || {
            format!(
                "would not be sent without agreement any more: {}",
                line(&to)
            )
        });
        return Ok(Exit::Done);
    }
    let request = v1::EndSendingWithoutAgreementRequest {
        name: args.transition,
        setting: Some(wire_code(&args.to)),
        ..Default::default()
    };
    let answer = client.end_sending_without_agreement(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let transition = answer.transition.unwrap_or_default();
    output.result(&json::write(&transition).unwrap_or_default(), || {
        let to = line(&to);
        format!("not sent without agreement any more: {to}; entry {position} of the ledger")
    });
    Ok(Exit::Done)
}

fn would(name: String, to: &v1::Setting, reason: SendingReason) -> v1::Transition {
    let missing = v1::MissingAgreement {
        setting: to.name.clone(),
        reason: v1::SendingReason::from(reason).into(),
        ..Default::default()
    };
    v1::Transition {
        name,
        missing_agreements: vec![missing],
        ..Default::default()
    }
}

/// What a sender is told of a receiver without an agreement.
pub(crate) fn told(one: &v1::MissingAgreement) -> String {
    let to = &one.setting;
    match SendingReason::try_from(one.reason()) {
        Ok(reason) => format!("sent to {to} without agreement: {}", reason.words()),
        Err(_) => format!("{NOTHING} {to}: {} the framework agreement", unsigned(one)),
    }
}

fn unsigned(one: &v1::MissingAgreement) -> &'static str {
    match (one.sender_unsigned, one.receiver_unsigned) {
        (true, true) => "neither the sender nor it has signed",
        (true, false) => "the sender has not signed",
        (false, _) => "it has not signed",
    }
}

/// Tells people what does not reach whom, a line each, and what to do about it.
pub(crate) fn advise(told: &BTreeSet<String>, output: Output) {
    for line in told {
        output.say(line);
    }
    if told.iter().any(|line| line.starts_with(NOTHING)) {
        output.say(NEXT_STEP);
    }
}

const NOTHING: &str = "nothing but health and child protection reaches";
const NEXT_STEP: &str = "To sign: `baton agreement sign`; the receiver and its council sign for theirs. To send one move all \
     the same: `baton agreement send-without`.";

fn reason(text: &str) -> Result<SendingReason, String> {
    let all = SendingReason::ALL;
    one_of(all, SendingReason::name, text).ok_or_else(|| listed(all, SendingReason::name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_told_who_has_not_signed_or_why_it_goes_all_the_same() {
        let mut one = v1::MissingAgreement {
            setting: "settings/stg_1".to_owned(),
            receiver_unsigned: true,
            ..Default::default()
        };
        assert!(told(&one).ends_with("it has not signed the framework agreement"));
        one.sender_unsigned = true;
        assert!(told(&one).contains("neither the sender nor it"));
        one.reason = v1::SendingReason::UrgentNeed.into();
        assert_eq!(
            told(&one),
            "sent to settings/stg_1 without agreement: urgent need"
        );
    }

    #[test]
    fn a_reason_is_typed_with_hyphens() {
        assert_eq!(reason("urgent-need"), Ok(SendingReason::UrgentNeed));
        assert!(reason("because").unwrap_err().contains("outside-area"));
    }
}
