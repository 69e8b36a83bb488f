//! The one-time token of `baton init` becomes the council and its first officer.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_client::{Client, ClientError};
use baton_domain::ids::LaCode;
use baton_wire::{json, v1};
use clap::Args;
use serde_json::json;

use super::folder::{self, Folder};
use super::line;
use crate::commands::agreement::AtJoining;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};
use crate::pki;

/// Where a token may stand instead of a file.
const TOKEN_VARIABLE: &str = "BATON_TOKEN";
/// A token is some 120 characters; anything much longer is another file.
const TOKEN_BYTES_MAX: u64 = 4096;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton credentials redeem --url https://localhost:7443 \\
    --service-certificate data/tls/cert.pem \\
    --council 'Example Council' --code 351 --out officer < token
  BATON_TOKEN=baton_live_… baton credentials redeem …
  baton credentials redeem --folder data --url https://localhost:7443 …     without the network

The token comes from --token-file, from BATON_TOKEN, or from standard input, never from the
command line, where others could read it. It works once, within 7 days of `baton init`.
Then: `export BATON_CONNECTION=officer/connection.toml`.")]
pub(super) struct RedeemArgs {
    /// `https://host:port` of the service.
    #[arg(long)]
    url: String,
    /// Certificate of the service, PEM: `tls/cert.pem` in its folder.
    #[arg(long, value_name = "FILE")]
    service_certificate: PathBuf,
    /// Name of the council that runs this ledger.
    #[arg(long, value_name = "NAME")]
    council: String,
    /// Its three-digit code.
    #[arg(long, value_parser = la_code)]
    code: LaCode,
    /// Town of the council.
    #[arg(long, default_value = "", hide_default_value = true)]
    town: String,
    #[command(flatten)]
    joining: AtJoining,
    /// File with the token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Folder to make for the officer.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) async fn run(
    args: RedeemArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let certificate = std::fs::read_to_string(&args.service_certificate)
        .map_err(|error| Wrong::unreadable(&args.service_certificate, &error))?;
    let signed = args.joining.signed()?;
    let token = token(args.token_file.as_deref(), output)?;
    let connection = to
        .builder(&args.url, certificate.as_bytes())
        .api_key(token)
        .connect()
        .await?;
    let mut folder = Folder::make(&args.out, &certificate)?;
    let pair = pki::caller("first officer")?;
    folder.put_pair(&pair)?;
    let request = v1::BootstrapRequest {
        council: Some(v1::Setting {
            kind: v1::SettingKind::Council.into(),
            display_name: args.council,
            council: args.code.to_string(),
            // Councils are in none of the registers a code can be of.
            identifiers: vec![v1::SettingIdentifier {
                scheme: "baton-local".to_owned(),
                value: format!("council-{}", args.code),
            }],
            town: args.town,
            state: v1::SettingState::Open.into(),
            ..Default::default()
        }),
        certificate_spki_sha256: pair.spki_sha256.to_vec().into(),
        agreement: signed,
    };
    let made = match Client::new(connection).bootstrap(request).await {
        Ok(made) => made,
        Err(error @ (ClientError::OutcomeUnknown { .. } | ClientError::Deadline)) => {
            // The token may be spent on this very key.
            output.say(&format!(
                "{} is kept: its key may be the officer's.",
                args.out.display()
            ));
            return Err(error.into());
        }
        Err(error @ (ClientError::NotAuthenticated | ClientError::Denied)) => {
            folder.discard();
            return Err(anyhow::Error::from(error).context(
                "the token is not (or no longer) good: it works once, within 7 days of `baton init`",
            ));
        }
        Err(error) => {
            folder.discard();
            return Err(error.into());
        }
    };
    let credential = made.credential.unwrap_or_default();
    let council = made.council.context("the answer names no council")?;
    let connection = folder.connect_to(args.url, council.name)?;
    let json = json!({
        "credential": json::write(&credential).unwrap_or_default(),
        "connection": connection,
    });
    let text = || {
        let connection = connection.display();
        format!(
            "{}\nto use it: export BATON_CONNECTION={connection}",
            line(&credential)
        )
    };
    output.result_once(&json, text, folder::IF_LOST);
    Ok(Exit::Done)
}

fn token(file: Option<&Path>, output: Output) -> anyhow::Result<String> {
    let text = match (file, std::env::var(TOKEN_VARIABLE)) {
        (Some(path), _) => {
            std::fs::read_to_string(path).map_err(|error| Wrong::unreadable(path, &error))?
        }
        (None, Ok(token)) => token,
        (None, Err(_)) => {
            let mut text = String::new();
            let stdin = std::io::stdin();
            if stdin.is_terminal() {
                output.say("The one-time token:");
                stdin.read_line(&mut text)?;
            } else {
                stdin
                    .lock()
                    .take(TOKEN_BYTES_MAX)
                    .read_to_string(&mut text)?;
            }
            text
        }
    };
    match text.trim() {
        "" => {
            let say = "no token: give --token-file, set BATON_TOKEN, or write it to standard input";
            Err(Wrong(say.to_owned()).into())
        }
        token => Ok(token.to_owned()),
    }
}

/// Reads the code of a council.
pub(in crate::commands) fn la_code(text: &str) -> Result<LaCode, String> {
    LaCode::parse(text).map_err(|_| "three digits, e.g. 351".to_owned())
}
