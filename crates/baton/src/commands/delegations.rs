//! `baton delegations`: vendors that act for a setting.
//!
//! JSON of `add` and `end`: the contract's `Delegation`. Of `list`: a `Delegation` a line.

use baton_client::Client;
use baton_domain::access::Role;
use baton_domain::delegation::{Mandate, Scope};
use baton_domain::ids::SettingIdentifier;
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::settings::{by_code, code, line};
use super::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `delegations`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton delegations add --vendor baton-local:example-mis --role publisher,data-manager \\
    --scope plan,publish,status --last-day 2027-03-31
  baton delegations end --vendor baton-local:example-mis
  baton delegations list

The vendor is imported as a setting of kind `vendor`, and has credentials of its own; its connection
file names the setting it acts for. It never sees class R. See docs/delegation.md.")]
pub(crate) struct DelegationsArgs {
    #[command(subcommand)]
    command: DelegationsCommand,
}

/// What can be done with delegations.
#[derive(Debug, Subcommand)]
enum DelegationsCommand {
    /// Let a vendor act for your setting, or change what it may do.
    Add(AddArgs),
    /// A vendor is to act no more: at once, on open streams too.
    End(EndArgs),
    /// List those there are, ended ones too.
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton delegations add --vendor baton-local:example-mis --role publisher,data-manager \\
    --scope plan,publish,status --last-day 2027-03-31
  baton delegations add --vendor baton-local:example-mis --role receiver-lead --scope read \\
    --kinds identity,attainment --first-day 2026-09-01 --last-day 2026-12-31

Roles: publisher, receiver-lead, data-manager; the vendor's credential has to have them too. Scopes:
  plan     plan moves, record that a learner enrolled
  publish  publish your contributions and take them back
  read     read what came and what you sent, acknowledge, reject
  status   how far moves are
What is given again stands in the place of what was given before. Role: publisher, by certificate.")]
struct AddArgs {
    /// Code of the vendor.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    vendor: SettingIdentifier,
    /// Roles the vendor has in your setting.
    #[arg(
        long = "role", value_parser = role, value_delimiter = ',', required = true,
        value_name = "ROLE,…"
    )]
    roles: Vec<Role>,
    /// What it may do in them.
    #[arg(
        long = "scope", value_parser = scope, value_delimiter = ',', required = true,
        value_name = "SCOPE,…"
    )]
    scopes: Vec<Scope>,
    /// Only these section kinds; without it all but class R.
    #[arg(long, value_parser = kind, value_delimiter = ',', value_name = "KIND,…")]
    kinds: Vec<SectionKind>,
    /// First day, CCYY-MM-DD; without it today.
    #[arg(long, value_name = "DATE")]
    first_day: Option<jiff::civil::Date>,
    /// Last day, CCYY-MM-DD, included; at most 396 days with the first.
    #[arg(long, value_name = "DATE")]
    last_day: jiff::civil::Date,
    /// Only tell which vendor is meant.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton delegations end --vendor baton-local:example-mis --dry-run
  baton delegations end --vendor baton-local:example-mis
  baton delegations end --vendor baton-local:example-mis --setting gias:100000    as the council

Roles: publisher of the setting, by certificate; council administrator; operator.")]
struct EndArgs {
    /// Code of the vendor.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    vendor: SettingIdentifier,
    /// Code of the setting it acts for; without it your own.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: Option<SettingIdentifier>,
    /// Only tell which vendor is meant.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton delegations list
  baton delegations list --setting gias:100000 --json | jq -r .vendor

Roles: publisher of the setting, by certificate; council administrator; operator.")]
struct ListArgs {
    /// Code of the setting they act for; without it your own.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    setting: Option<SettingIdentifier>,
}

pub(crate) async fn run(
    args: DelegationsArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    match args.command {
        DelegationsCommand::Add(args) => add(args, &client, output).await,
        DelegationsCommand::End(args) => end(args, &client, output).await,
        DelegationsCommand::List(args) => list(args, &client, output).await,
    }
}

async fn add(args: AddArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let vendor = by_code(client, &args.vendor).await?;
    let roles = args.roles.iter().map(|role| v1::Role::from(*role).into());
    let scopes = args.scopes.iter();
    let kinds = args.kinds.iter();
    let request = v1::AddDelegationRequest {
        vendor: vendor.name.clone(),
        roles: roles.collect(),
        scopes: scopes
            .map(|scope| v1::DelegationScope::from(*scope).into())
            .collect(),
        kinds: kinds
            .map(|kind| v1::SectionKind::from(*kind).into())
            .collect(),
        first_day: args.first_day.map_or(String::new(), |day| day.to_string()),
        last_day: args.last_day.to_string(),
        ..Default::default()
    };
    if args.dry_run {
        let would = v1::Delegation {
            vendor: vendor.name.clone(),
            roles: request.roles,
            scopes: request.scopes,
            kinds: request.kinds,
            first_day: request.first_day,
            last_day: request.last_day,
            ..Default::default()
        };
        return Ok(shown(
            &would,
            &format!("would act: {}", line(&vendor)),
            output,
        ));
    }
    let answer = client.add_delegation(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let told = format!("acts: {}; entry {position} of the ledger", line(&vendor));
    Ok(shown(&answer.delegation.unwrap_or_default(), &told, output))
}

async fn end(args: EndArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let vendor = by_code(client, &args.vendor).await?;
    let setting = named(client, args.setting).await?;
    if args.dry_run {
        let would = v1::Delegation {
            setting,
            vendor: vendor.name.clone(),
            ended: true,
            ..Default::default()
        };
        let told = format!("would act no more: {}", line(&vendor));
        return Ok(shown(&would, &told, output));
    }
    let request = v1::EndDelegationRequest {
        setting,
        vendor: vendor.name.clone(),
        ..Default::default()
    };
    let answer = client.end_delegation(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let told = format!(
        "acts no more: {}; entry {position} of the ledger",
        line(&vendor)
    );
    Ok(shown(&answer.delegation.unwrap_or_default(), &told, output))
}

/// The name of a setting by its code; empty where none is given: the own one.
async fn named(client: &Client, code: Option<SettingIdentifier>) -> anyhow::Result<String> {
    match code {
        Some(code) => Ok(by_code(client, &code).await?.name),
        None => Ok(String::new()),
    }
}

fn shown(delegation: &v1::Delegation, told: &str, output: Output) -> Exit {
    output.result(&json::write(delegation).unwrap_or_default(), || {
        told.to_owned()
    });
    Exit::Done
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let request = v1::ListDelegationsRequest {
        setting: named(client, args.setting).await?,
        ..Default::default()
    };
    let all = client.list_delegations(request).await?.delegations;
    for one in &all {
        output.result(&json::write(one).unwrap_or_default(), || words(one));
    }
    match all.len() {
        1 => output.say("1 delegation"),
        n => output.say(&format!("{n} delegations")),
    }
    Ok(Exit::Done)
}

/// A delegation on one line.
fn words(one: &v1::Delegation) -> String {
    let plain = |name: &str, prefix: &str| {
        let name = name.trim_start_matches(prefix).to_ascii_lowercase();
        name.replace('_', "-")
    };
    let roles = one.roles().map(|role| plain(role.as_str_name(), "ROLE_"));
    let scopes = one
        .scopes()
        .map(|scope| plain(scope.as_str_name(), "DELEGATION_SCOPE_"));
    let kinds = one
        .kinds()
        .filter_map(|kind| SectionKind::try_from(kind).ok());
    let kinds: Vec<SectionKind> = kinds.collect();
    let gets = if kinds.len() == Mandate::all_kinds().iter().count() {
        "all kinds but class R".to_owned()
    } else {
        let names = kinds.iter().map(|kind| kind.name().replace('_', "-"));
        names.collect::<Vec<_>>().join(",")
    };
    let mut parts = vec![
        one.vendor.clone(),
        roles.collect::<Vec<_>>().join(","),
        scopes.collect::<Vec<_>>().join(","),
        gets,
        format!("{} to {}", one.first_day, one.last_day),
    ];
    if one.ended {
        parts.push("ended".to_owned());
    }
    parts.join("  ")
}

fn role(text: &str) -> Result<Role, String> {
    let all = &Mandate::ROLES;
    one_of(all, Role::name, text).ok_or_else(|| listed(all, Role::name))
}

fn scope(text: &str) -> Result<Scope, String> {
    let all = &Scope::ALL;
    one_of(all, Scope::name, text).ok_or_else(|| listed(all, Scope::name))
}

fn kind(text: &str) -> Result<SectionKind, String> {
    let all = &SectionKind::ALL;
    one_of(all, SectionKind::name, text).ok_or_else(|| listed(all, SectionKind::name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_no_vendor_has_cannot_be_typed() {
        assert_eq!(role("receiver-lead"), Ok(Role::ReceiverLead));
        assert!(role("dsl").unwrap_err().contains("data-manager"));
        assert_eq!(scope("publish"), Ok(Scope::Publish));
        assert!(scope("erase").unwrap_err().contains("status"));
    }
}
