//! `baton settings`: who takes part.
//!
//! JSON of `list`, `add` and `caretaker`: the contract's `Setting` a line. Of `import`: for every refused row
//! `{"file": "…", "line": 12, "record": "URN 100000", "refused": {…}}` (see
//! [`Refused`]), then `{"summary": {"created": 1, "updated": 0,
//! "unchanged": 0, "refused": 0, "passed_over": 0, "dry_run": false}}`.

mod caretaker;
mod import;

use baton_client::Client;
use baton_domain::ids::SettingIdentifier;
use baton_domain::route::SettingKind;
use baton_wire::{json, v1};
use clap::{Args, Subcommand};

use super::agreement::AtJoining;
use super::batch;
use super::refused::Refused;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Most settings of one page.
const PAGE: i32 = 500;

/// Arguments of `settings`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton settings import --gias edubasealldata.csv
  baton settings add --kind childminder --name 'Childminder, Mill Lane' --code ofsted-ey:EY123456
  baton settings caretaker --code ofsted-ey:EY123456 --to baton-local:council-351
  baton settings list --code gias:100000")]
pub(crate) struct SettingsArgs {
    #[command(subcommand)]
    command: SettingsCommand,
}

/// What can be done with settings.
#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// Add and update schools and colleges from the public register (GIAS).
    Import(import::ImportArgs),
    /// Add one setting, or change what is known of it: childminders, adult services, anything
    /// that is in no register.
    Add(AddArgs),
    /// Close a setting, and have another one look after what it left.
    Caretaker(caretaker::CaretakerArgs),
    /// List the settings of this ledger.
    List(ListArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton settings add --kind childminder --name 'Childminder, Mill Lane' \\
    --code ofsted-ey:EY123456 --council 351 --town Exampleton
  baton settings add --kind adult-social-care --name 'Adult Social Care' \\
    --code baton-local:adult-services --council 351 \
    --agreement-text framework.pdf --agreement-version 2026.1

A setting is known again by any of its codes: the same command with another name renames it. What it
signed at joining is recorded if it has signed nothing before (docs/agreement.md).")]
struct AddArgs {
    /// What it is.
    #[arg(long, value_parser = kind, value_name = "KIND", long_help = "\
What it is: nursery, childminder, school, college, training-provider, council, \
adult-social-care, health-service or vendor.")]
    kind: SettingKind,
    /// Display name.
    #[arg(long)]
    name: String,
    /// A code it is known by, with its register; may be given again.
    #[arg(long = "code", value_parser = code, value_name = "SCHEME:VALUE", required = true)]
    codes: Vec<SettingIdentifier>,
    /// Three digits of the council it belongs to; by default none.
    #[arg(long, default_value = "", hide_default_value = true)]
    council: String,
    /// Town, to tell settings of the same name apart.
    #[arg(long, default_value = "", hide_default_value = true)]
    town: String,
    /// It has closed.
    #[arg(long)]
    closed: bool,
    #[command(flatten)]
    joining: AtJoining,
    /// Only tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton settings list
  baton settings list --code gias:100000
  baton settings list --json | jq -r .displayName")]
struct ListArgs {
    /// Only the setting with this code.
    #[arg(long, value_parser = code, value_name = "SCHEME:VALUE")]
    code: Option<SettingIdentifier>,
}

pub(crate) async fn run(
    args: SettingsArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        SettingsCommand::Import(args) => import::run(args, to, output).await,
        SettingsCommand::Add(args) => add(args, &to.connect().await?, output).await,
        SettingsCommand::Caretaker(args) => {
            caretaker::run(args, &to.connect().await?, output).await
        }
        SettingsCommand::List(args) => list(args, &to.connect().await?, output).await,
    }
}

async fn add(args: AddArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let state = if args.closed {
        v1::SettingState::Closed
    } else {
        v1::SettingState::Open
    };
    let setting = v1::Setting {
        name: String::new(),
        kind: v1::SettingKind::from(args.kind).into(),
        display_name: args.name,
        council: args.council,
        identifiers: args.codes.iter().map(wire_code).collect(),
        town: args.town,
        state: state.into(),
        ..Default::default()
    };
    let signed = args.joining.signed()?;
    let with = (signed.as_ref(), args.dry_run);
    let answer = send(client, &[setting], with).await?.pop();
    match answer {
        Some(Ok(imported)) => {
            let setting = imported.setting.clone().unwrap_or_default();
            let json = json::write(&setting).unwrap_or_default();
            output.result(&json, || {
                format!("{} ({})", line(&setting), outcome(&imported))
            });
            Ok(Exit::Done)
        }
        Some(Err(error)) => {
            let refused = Refused::by_service(&error, "settings[].");
            let json = serde_json::json!({ "refused": refused });
            output.result(&json, || refused.told("the setting"));
            Ok(Exit::SomeRefused)
        }
        None => Err(baton_client::ClientError::Protocol(baton_client::ProtocolError::Count).into()),
    }
}

async fn list(args: ListArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let identifier = args.code.as_ref().map(wire_code);
    let mut count = 0;
    let mut page_token = String::new();
    loop {
        let request = v1::ListSettingsRequest {
            page_size: PAGE,
            page_token,
            identifier: identifier.clone(),
            ..Default::default()
        };
        let page = client.list_settings(request).await?;
        count += page.settings.len();
        for setting in &page.settings {
            output.result(&json::write(setting).unwrap_or_default(), || line(setting));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    match (count, args.code) {
        (0, Some(code)) => output.say(&format!(
            "No setting has the code {}. Import the register, or `baton settings add` it.",
            shown_code(&code)
        )),
        (1, _) => output.say("1 setting"),
        (n, _) => output.say(&format!("{n} settings")),
    }
    Ok(Exit::Done)
}

/// The one setting with a code.
pub(super) async fn by_code(
    client: &Client,
    code: &SettingIdentifier,
) -> anyhow::Result<v1::Setting> {
    let identifier = Some(wire_code(code));
    let request = v1::ListSettingsRequest {
        identifier,
        ..Default::default()
    };
    let found = client.list_settings(request).await?.settings;
    found.into_iter().next().ok_or_else(|| {
        let code = shown_code(code);
        Wrong(format!(
            "no setting has the code {code}: check it, import the register or `baton settings add` \
             the setting"
        ))
        .into()
    })
}

/// Imports up to [`batch::ITEMS_MAX`] settings.
async fn send(
    client: &Client,
    settings: &[v1::Setting],
    (signed, validate_only): (Option<&v1::SignedAgreement>, bool),
) -> Result<Vec<batch::Answer<v1::ImportedSetting>>, baton_client::ClientError> {
    batch::settle(settings, async |settings| {
        let request = v1::ImportSettingsRequest {
            settings,
            validate_only,
            agreement: signed.cloned(),
            ..Default::default()
        };
        let told = client.import_settings(request).await?.settings;
        let answers = told.into_iter().map(|mut item| {
            let error = item.error.take();
            batch::answer(Some(item), error)
        });
        Ok(answers.collect())
    })
    .await
}

fn outcome(imported: &v1::ImportedSetting) -> &'static str {
    match imported.outcome() {
        v1::ImportOutcome::Created => "created",
        v1::ImportOutcome::Updated => "updated",
        v1::ImportOutcome::Unchanged => "unchanged",
        v1::ImportOutcome::Unspecified => "refused",
    }
}

/// A setting on one line for people: what tells it from others of the same name.
pub(super) fn line(setting: &v1::Setting) -> String {
    let kind = setting
        .kind()
        .as_str_name()
        .trim_start_matches("SETTING_KIND_");
    let kind = kind.to_ascii_lowercase().replace('_', " ");
    let codes: Vec<String> = setting
        .identifiers
        .iter()
        .map(|it| format!("{}:{}", it.scheme, it.value))
        .collect();
    let town = match setting.town.as_str() {
        "" => String::new(),
        town => format!(", {town}"),
    };
    let closed = match setting.state() {
        v1::SettingState::Closed if !setting.caretaker.is_empty() => ", closed, has a caretaker",
        v1::SettingState::Closed => ", closed",
        _ => "",
    };
    let name = &setting.display_name;
    format!(
        "{}  {name}{town} ({kind}{closed})  {}",
        setting.name,
        codes.join(" ")
    )
}

/// Reads `scheme:value`.
pub(super) fn code(text: &str) -> Result<SettingIdentifier, String> {
    let say = "give a register and a code, e.g. gias:100000 or ofsted-ey:EY123456";
    let (scheme, value) = text.split_once(':').ok_or(say)?;
    SettingIdentifier::parse(scheme, value).map_err(|error| {
        let schemes = "gias, ofsted-ey, la-ey, laestab, ukprn, ods, baton-local";
        match error {
            baton_domain::ids::IdError::UnknownScheme => format!("the registers are {schemes}"),
            error => format!("as a code of {scheme} it {error}"),
        }
    })
}

fn kind(text: &str) -> Result<SettingKind, String> {
    SettingKind::parse(&text.replace('-', "_")).ok_or_else(|| {
        let names = SettingKind::ALL.map(|kind| kind.name().replace('_', "-"));
        format!("one of {}", names.join(", "))
    })
}

/// A code as the contract carries it.
pub(super) fn wire_code(code: &SettingIdentifier) -> v1::SettingIdentifier {
    v1::SettingIdentifier {
        scheme: code.scheme().name().to_owned(),
        value: code.value().to_owned(),
    }
}

/// A code as people type it.
pub(super) fn shown_code(code: &SettingIdentifier) -> String {
    format!("{}:{}", code.scheme().name(), code.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_with_its_register() {
        assert_eq!(shown_code(&code("gias:100000").unwrap()), "gias:100000");
        assert!(code("100000").unwrap_err().contains("gias:100000"));
        assert!(code("dfe:100000").unwrap_err().contains("laestab"));
        assert!(code("gias:1").is_err());
    }

    #[test]
    fn a_kind_is_typed_as_people_write_it() {
        assert_eq!(kind("adult-social-care"), Ok(SettingKind::AdultSocialCare));
        assert!(kind("playgroup").unwrap_err().contains("nursery"));
    }
}
