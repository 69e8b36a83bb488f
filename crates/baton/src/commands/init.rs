//! `baton init`: a ledger in a folder.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use baton_server::{ApiKey, Config};
use baton_store::{Clock, DiskReserve, Ledger, Place, holds_ledger};
use clap::Args;
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};
use crate::pki;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton init --folder data
  baton init --config baton.toml --name baton.council.example

--folder overrides the configuration.
Then: `baton serve`, and with the token `baton credentials redeem`; or the other way round, with
`--folder`.")]
pub(crate) struct InitArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Names and addresses clients will use; they stand in the service's certificate.
    #[arg(long = "name", value_name = "HOST", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    names: Vec<String>,
}

/// Nobody can come in without the token, and nothing is in the ledger yet.
const IF_LOST: &str = "the token is lost, since it is shown once: take the folder away, with \
    PostgreSQL the tables too, and make the ledger anew";

pub(crate) async fn run(
    args: InitArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let config = Config::load(args.config.as_deref())?;
    let bodies_kept = config.ledger.bodies_kept();
    let folder = to.folder.clone().unwrap_or(config.ledger.folder);
    let postgres = Some(config.ledger.postgres).filter(|url| !url.is_empty());
    let place = Place {
        folder: folder.clone(),
        postgres,
        master: config.keys.master(),
        rotation: config.keys.rotation(),
        reserve: DiskReserve::default(),
        bodies_kept,
    };
    // Whatever can fail comes before the ledger: its token is shown once, and a ledger without it
    // is of no use to anybody.
    let pair = pki::service(&args.names).map_err(|_| {
        let names = args.names.join(", ");
        let say = "cannot stand in a certificate: give host names in ASCII (xn--…) or addresses";
        Wrong(format!("--name {names} {say}"))
    })?;
    let tls = folder.join("tls");
    if tls.exists() && !holds_ledger(&folder) {
        let say = "exists already: give another folder, or take it away";
        return Err(Wrong(format!("{} {say}", tls.display())).into());
    }
    let token = Ledger::create(&place, &Clock::System).await?;
    DirBuilder::new()
        .mode(0o700)
        .create(&tls)
        .with_context(|| format!("{} cannot be made", tls.display()))?;
    pki::write_private(&tls.join("cert.pem"), &pair.certificate)?;
    pki::write_private(&tls.join("key.pem"), &pair.key)?;
    let token = ApiKey::print(&config.server.environment, &token.credential, &token.secret);
    output.say(&format!(
        "A ledger was made in {}. The one-time token makes its first officer, within 7 days:\n\n  \
         baton serve --folder {0}\n  baton credentials redeem --url https://localhost:7443 \\\n    \
         --service-certificate {0}/tls/cert.pem --council 'Name of the council' --code 351 \\\n    \
         --out officer\n\nIt is shown this once:",
        folder.display()
    ));
    let json = json!({ "folder": folder, "token": token });
    output.result_once(&json, || token.clone(), IF_LOST);
    Ok(Exit::Done)
}
