//! `baton credentials`: how callers prove themselves.
//!
//! JSON of `issue` and `redeem`: `{"credential": {…}, "connection": "DIR/connection.toml"}` with
//! the contract's `Credential`; never a key. Of `list`: a `Credential` a line. Of `revoke`: the
//! `Credential`, revoked.

pub(in crate::commands) mod folder;
mod issue;
mod redeem;

pub(super) use redeem::la_code;

use baton_client::Client;
use baton_domain::ids::SettingIdentifier;
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::settings::{by_code, code};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `credentials`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton credentials issue --code gias:100000 --role publisher --label 'Head teacher' --out head
  baton credentials list --code gias:100000
  baton credentials revoke settings/stg_…/credentials/crd_…")]
pub(crate) struct CredentialsArgs {
    #[command(subcommand)]
    command: CredentialsCommand,
}

/// What can be done with credentials.
#[derive(Debug, Subcommand)]
enum CredentialsCommand {
    /// Issue a credential to a setting, and write a folder its people can connect with.
    Issue(issue::IssueArgs),
    /// List the credentials of a setting, revoked and expired ones too.
    List(ListArgs),
    /// Revoke a credential at once, on open streams too.
    Revoke(RevokeArgs),
    /// Turn the one-time token of `baton init` into the council and its first officer.
    Redeem(redeem::RedeemArgs),
}

/// A setting, by its name or by a code.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhichSetting {
    /// The setting, `settings/stg_…`.
    #[arg(long)]
    setting: Option<String>,
    /// A code of the setting.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    code: Option<SettingIdentifier>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton credentials list --code gias:100000
  baton credentials list --setting settings/stg_… --json")]
struct ListArgs {
    #[command(flatten)]
    of: WhichSetting,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton credentials revoke settings/stg_…/credentials/crd_…
  baton credentials revoke settings/stg_…/credentials/crd_… --folder data     network down")]
struct RevokeArgs {
    /// The credential, as `baton credentials list` names it.
    name: String,
}

pub(crate) async fn run(
    args: CredentialsArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        CredentialsCommand::Issue(args) => issue::run(args, to, output).await,
        CredentialsCommand::Redeem(args) => redeem::run(args, to, output).await,
        CredentialsCommand::List(args) => {
            let client = to.connect().await?;
            let setting = args.of.name(&client).await?;
            let request = v1::ListCredentialsRequest {
                setting,
                ..Default::default()
            };
            for credential in client.list_credentials(request).await?.credentials {
                let json = json::write(&credential).unwrap_or_default();
                output.result(&json, || line(&credential));
            }
            Ok(Exit::Done)
        }
        CredentialsCommand::Revoke(args) => {
            let client = to.connect().await?;
            let request = v1::RevokeCredentialRequest {
                name: args.name,
                ..Default::default()
            };
            let credential = client.revoke_credential(request).await?.credential;
            let credential = credential.unwrap_or_default();
            output.result(&json::write(&credential).unwrap_or_default(), || {
                line(&credential)
            });
            Ok(Exit::Done)
        }
    }
}

impl WhichSetting {
    /// Its resource name.
    async fn name(self, client: &Client) -> anyhow::Result<String> {
        match (self.setting, self.code) {
            (Some(name), _) => Ok(name),
            (None, Some(code)) => Ok(by_code(client, &code).await?.name),
            // The parser asks for one of the two.
            (None, None) => Ok(String::new()),
        }
    }
}

/// A credential on one line for people.
fn line(credential: &v1::Credential) -> String {
    let roles: Vec<String> = credential.roles().map(role_name).collect();
    let kinds: Vec<String> = credential.kinds().map(kind_name).collect();
    let fills = match kinds.as_slice() {
        [] => String::new(),
        kinds => format!("  fills {}", kinds.join(",")),
    };
    let of = match credential.groups.as_slice() {
        [] => String::new(),
        groups => format!(" of {}", groups.join(",")),
    };
    let how = match credential.assurance() {
        v1::Assurance::Certificate => "certificate",
        v1::Assurance::Key => "API key",
        v1::Assurance::Unspecified => "unknown proof",
    };
    let until = until(credential);
    let (name, label) = (&credential.name, &credential.label);
    format!(
        "{name}  {label}  {}{fills}{of}  {how}  {until}",
        roles.join(",")
    )
}

/// From when until when it works.
pub(super) fn until(credential: &v1::Credential) -> String {
    // The last day it works.
    let until = day(credential.expire_time_us - 1);
    let from = day(credential.start_time_us).map_or(String::new(), |day| format!("from {day} "));
    match (credential.revoked, until) {
        (true, _) => "revoked".to_owned(),
        (false, Some(day)) => format!("{from}until {day}"),
        (false, None) => String::new(),
    }
}

fn kind_name(kind: v1::SectionKind) -> String {
    SectionKind::try_from(kind).map_or_else(|_| "unknown".to_owned(), |kind| kind.to_string())
}

fn role_name(role: v1::Role) -> String {
    role.as_str_name()
        .trim_start_matches("ROLE_")
        .to_ascii_lowercase()
        .replace('_', "-")
}

fn day(time_us: i64) -> Option<jiff::civil::Date> {
    (time_us > 0).then(|| baton_store::london_date(time_us))
}
