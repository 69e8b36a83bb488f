//! `baton agreement`: who has signed the framework agreement, and what is sent without it.
//!
//! JSON of `sign`, `end` and `show`: the contract's `Agreement`. Of `list`: an `Agreement` a line. Of
//! `send-without` and `end-sending`: the contract's `Transition`.

mod sending;
mod text;

use std::path::PathBuf;

use baton_client::Client;
use baton_domain::ids::{LaCode, SettingIdentifier};
use baton_wire::{json, v1};
use clap::{Args, Subcommand};
use jiff::civil::Date;

pub(crate) use self::sending::{advise, told};
pub(crate) use self::text::AtJoining;
use self::text::{label, sha256_of};
use super::credentials::la_code;
use super::settings::{by_code, code, line};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

const PAGE: i32 = 500;

/// Arguments of `agreement`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement sign --text framework.pdf --version 2026.1
  baton agreement sign --text framework.pdf --version 2026.1 --record gias:100000   as the council
  baton agreement list --without
  baton agreement send-without settings/stg_…/transitions/trn_… --to gias:100000 --reason urgent-need

Until sender and receiver have both signed, nothing but health and child protection reaches the
receiver. See docs/agreement.md.")]
pub(crate) struct AgreementArgs {
    #[command(subcommand)]
    command: AgreementCommand,
}

/// What can be done about the agreement.
#[derive(Debug, Subcommand)]
enum AgreementCommand {
    /// Sign for your setting, or record what a setting signed on paper.
    Sign(SignArgs),
    /// End an agreement: at once, on open streams too.
    End(EndArgs),
    /// Show how your setting stands to it.
    Show(ShowArgs),
    /// List a council's settings: who has signed, who has not.
    List(ListArgs),
    /// Send a move to a receiver though one of the two has not signed, and say why.
    SendWithout(sending::SendWithoutArgs),
    /// Take that back: at once, on open streams too.
    EndSending(sending::EndSendingArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement sign --text framework.pdf --version 2026.1 --dry-run
  baton agreement sign --text framework.pdf --version 2026.1
  baton agreement sign --text framework.pdf --version 2026.1 --first-day 2026-09-01 \\
    --last-day 2029-08-31
  baton agreement sign --text framework.pdf --version 2026.1 --record gias:100000   as the council

The text stays here: its SHA-256 is sent. What is signed again stands in the place of what stood.
Roles, by certificate: publisher of the setting; to record, council administrator or operator.")]
struct SignArgs {
    /// The text that was signed.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// Which text that is, e.g. 2026.1.
    #[arg(long, value_name = "LABEL", value_parser = label)]
    version: String,
    /// First day, CCYY-MM-DD; without it today.
    #[arg(long, value_name = "DATE")]
    first_day: Option<Date>,
    /// Last day, CCYY-MM-DD, included; without it until it is ended.
    #[arg(long, value_name = "DATE")]
    last_day: Option<Date>,
    /// Record that the setting with this code signed it on paper.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    record: Option<SettingIdentifier>,
    /// Only tell what would be signed.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement end --dry-run
  baton agreement end
  baton agreement end --setting gias:100000    as the council

Roles, by certificate: publisher of the setting; council administrator; operator.")]
struct EndArgs {
    /// Code of the setting; without it your own.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: Option<SettingIdentifier>,
    /// Only tell whose would be ended.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement show
  baton agreement show --setting gias:100000    as the council

Roles: anybody in the setting; council administrator; operator.")]
struct ShowArgs {
    /// Code of the setting; without it your own.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: Option<SettingIdentifier>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton agreement list --without
  baton agreement list --council 351 --json | jq -r 'select(.inForce | not) | .setting'

Roles: council administrator; operator.")]
struct ListArgs {
    /// Only settings without an agreement that is in force.
    #[arg(long)]
    without: bool,
    /// Three digits of the council; without it that of your setting.
    #[arg(long, value_name = "CODE", value_parser = la_code)]
    council: Option<LaCode>,
}

pub(crate) async fn run(
    args: AgreementArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    match args.command {
        AgreementCommand::Sign(args) => sign(args, &client, output).await,
        AgreementCommand::End(args) => end(args, &client, output).await,
        AgreementCommand::Show(args) => show(args, &client, output).await,
        AgreementCommand::List(args) => list(args, &client, output).await,
        AgreementCommand::SendWithout(args) => sending::send(args, &client, output).await,
        AgreementCommand::EndSending(args) => sending::end(args, &client, output).await,
    }
}

/// The setting with a code and how it is told; without one the own one, by its name alone.
async fn whose(
    client: &Client,
    code: Option<SettingIdentifier>,
) -> anyhow::Result<(String, String)> {
    match code {
        Some(code) => {
            let setting = by_code(client, &code).await?;
            Ok((setting.name.clone(), line(&setting)))
        }
        None => {
            let own = client.parent().unwrap_or_default().to_owned();
            Ok((own.clone(), own))
        }
    }
}

async fn sign(args: SignArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let day = |day: Option<Date>| day.map_or(String::new(), |day| day.to_string());
    let signed = v1::SignedAgreement {
        version: args.version,
        text_sha256: sha256_of(&args.text)?.to_vec().into(),
        first_day: day(args.first_day),
        last_day: day(args.last_day),
    };
    let recorded = args.record.is_some();
    let (setting, told) = whose(client, args.record).await?;
    let verb = if recorded { "record" } else { "sign" };
    if args.dry_run {
        let would = v1::Agreement {
            setting,
            version: signed.version.clone(),
            text_sha256: signed.text_sha256.clone(),
            first_day: signed.first_day,
            last_day: signed.last_day,
            recorded,
            ..Default::default()
        };
        let version = signed.version;
        let told = format!("would {verb} text {version}: {told}");
        return Ok(shown(&would, &told, output));
    }
    let request = v1::SignAgreementRequest {
        setting,
        agreement: Some(signed),
        ..Default::default()
    };
    let answer = client.sign_agreement(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let agreement = answer.agreement.unwrap_or_default();
    let words = words(&agreement);
    let told = format!("{told}  {words}; entry {position} of the ledger");
    Ok(shown(&agreement, &told, output))
}

async fn end(args: EndArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let (setting, told) = whose(client, args.setting).await?;
    if args.dry_run {
        let would = v1::Agreement {
            setting,
            ended: true,
            ..Default::default()
        };
        return Ok(shown(&would, &format!("would end: {told}"), output));
    }
    let request = v1::EndAgreementRequest {
        setting,
        ..Default::default()
    };
    let answer = client.end_agreement(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let told = format!("ended: {told}; entry {position} of the ledger");
    Ok(shown(&answer.agreement.unwrap_or_default(), &told, output))
}

fn shown(agreement: &v1::Agreement, told: &str, output: Output) -> Exit {
    output.result(&json::write(agreement).unwrap_or_default(), || {
        told.to_owned()
    });
    Exit::Done
}

async fn show(args: ShowArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let (setting, told) = whose(client, args.setting).await?;
    let request = v1::ListAgreementsRequest {
        setting,
        ..Default::default()
    };
    for one in &client.list_agreements(request).await?.agreements {
        shown(one, &format!("{told}  {}", words(one)), output);
    }
    Ok(Exit::Done)
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let (mut count, mut page_token) = (0, String::new());
    loop {
        let request = v1::ListAgreementsRequest {
            council: args
                .council
                .as_ref()
                .map_or(String::new(), ToString::to_string),
            without_agreement_only: args.without,
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_agreements(request).await?;
        count += page.agreements.len();
        for one in &page.agreements {
            shown(one, &format!("{}  {}", one.setting, words(one)), output);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let of = if args.without {
        " without an agreement in force"
    } else {
        ""
    };
    match count {
        1 => output.say(&format!("1 setting{of}")),
        n => output.say(&format!("{n} settings{of}")),
    }
    Ok(Exit::Done)
}

/// How a setting stands, on one line.
fn words(one: &v1::Agreement) -> String {
    if one.version.is_empty() {
        return "has not signed".to_owned();
    }
    let mut parts = vec![format!("text {}", one.version)];
    parts.push(match one.last_day.as_str() {
        "" => format!("from {}", one.first_day),
        last => format!("{} to {last}", one.first_day),
    });
    if one.recorded {
        parts.push("on paper".to_owned());
    }
    parts.push(match (one.ended, one.in_force) {
        (true, _) => "ended".to_owned(),
        (false, true) => "in force".to_owned(),
        (false, false) => "not in force today".to_owned(),
    });
    parts.join(", ")
}
