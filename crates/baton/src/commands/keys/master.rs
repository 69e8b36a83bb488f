//! `baton keys rotate-master`: the ring of keys sealed under another master key.
//!
//! JSON: `{"key": "5e0c9a71d2b3f486", "previous": "d04be1…", "position": 42, "dry_run": false}`:
//! fingerprints, which tell keys apart and nothing else about them.

use std::path::{Path, PathBuf};

use baton_client::ClientError;
use baton_server::Config;
use baton_store::{MasterKey, StoreError};
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `keys rotate-master`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton keys rotate-master --folder data --new-file new.key --dry-run
  baton keys rotate-master --folder data --new-file new.key
  baton keys rotate-master --folder data --new-descriptor 7 7< new.key
  baton keys rotate-master --folder data --config baton.toml --new-command kms-get baton/master/2

The key ring is sealed anew under the new key while the service goes on; nothing else is touched, and
killed at any moment one of the two keys opens it. The old key is read from where the service has
it: --config and BATON_KEYS_ variables as for `baton serve`, else master.key in the folder. It never
leaves this machine, and the new key only sealed under it. Afterwards, and before the service is next
started: say where the new key is (keys.master_…), on every node, or move its file over the old one.
Key backups made before open with the old key only. docs/keys.md has every step. Role: operator.")]
#[command(group = clap::ArgGroup::new("new").required(true))]
pub(super) struct RotateMasterArgs {
    /// File with the new key, its owner's only (0600). It is made when it is not there.
    #[arg(long, group = "new", value_name = "FILE")]
    new_file: Option<PathBuf>,
    /// Number of an open descriptor (3 or above) with the new key.
    #[arg(long, group = "new", value_name = "NUMBER")]
    new_descriptor: Option<u32>,
    /// A program and its arguments that print the new key within 30 seconds. No shell reads the
    /// words; it takes all words that follow.
    #[arg(long, group = "new", value_name = "WORD", num_args = 1.., allow_hyphen_values = true)]
    new_command: Option<Vec<String>>,
    /// Configuration file of the service: it says where the old key is.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Try everything, and change nothing but for an entry that it was tried.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: &RotateMasterArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let config = Config::load(args.config.as_deref())?;
    let folder = to.folder.as_ref().unwrap_or(&config.ledger.folder);
    let beside = folder.join("keys").join("master.key");
    let old = config.keys.master();
    let old = old.unwrap_or_else(|| MasterKey::File(beside.clone()));
    let handed = old.hand_over(&args.new_key(), args.dry_run).await;
    let handed = handed.map_err(explained)?;
    let client = to.connect().await?;
    let request = v1::RotateMasterKeyRequest {
        sealed_key: handed.sealed.into(),
        fingerprint: handed.new.clone(),
        validate_only: args.dry_run,
        ..Default::default()
    };
    let done = client.rotate_master_key(request).await;
    let done = done.map_err(|error| unsettled(error, (&handed.old, &handed.new)))?;
    let (key, previous) = (&done.fingerprint, &done.previous_fingerprint);
    let position = done.receipt.unwrap_or_default().position;
    let json = json!({
        "key": key, "previous": previous, "position": position, "dry_run": args.dry_run,
    });
    output.result(&json, || match args.dry_run {
        true => format!("{previous} can be replaced; nothing was changed but for entry {position}"),
        false if key == previous => format!("{key} was in force already"),
        false => format!("the key ring is sealed under {key} now; entry {position} of the ledger"),
    });
    if !args.dry_run {
        output.say(&next_steps(&old, &beside, &handed.old));
    }
    Ok(Exit::Done)
}

impl RotateMasterArgs {
    fn new_key(&self) -> MasterKey {
        match (&self.new_file, self.new_descriptor, &self.new_command) {
            (Some(file), ..) => MasterKey::File(file.clone()),
            (_, Some(number), _) => MasterKey::Descriptor(number),
            (.., words) => MasterKey::Command(words.clone().unwrap_or_default()),
        }
    }
}

/// What is left to do, and what the old key is still good for.
fn next_steps(old: &MasterKey, beside: &Path, fingerprint: &str) -> String {
    let place = match old {
        MasterKey::File(path) if path == beside => {
            format!(
                "move its file over {}, or name it in the configuration",
                path.display()
            )
        }
        MasterKey::File(path) => {
            format!(
                "move its file over {}, or change keys.master_file",
                path.display()
            )
        }
        MasterKey::Descriptor(_) => "have it handed down instead of the old one".to_owned(),
        MasterKey::Command(_) => "have keys.master_command print it".to_owned(),
    };
    format!(
        "Put a copy of the old key ({fingerprint}) in the safe. Then say where the new key is, before \
         the service is next started and on every node: {place}.\nKey backups made until now open with the old key and no other: \
         make one with the new key (`baton backup`), and keep the old key apart from them for as \
         long as you keep them."
    )
}

/// What to do about a key that could not be read.
fn explained(error: StoreError) -> anyhow::Error {
    let say = match &error {
        StoreError::File { path, source } => {
            return Wrong::unreadable(path, source).into();
        }
        StoreError::MasterKey => {
            "a master key is one line, `baton-master-key-v1` and the base64 of 32 bytes: the old or \
             the new one is not"
                .to_owned()
        }
        StoreError::MasterSource(why) => format!("the master key: {why}"),
        _ => return error.into(),
    };
    Wrong(format!("{say}. Nothing was changed")).into()
}

/// A call whose end nobody saw.
fn unsettled(error: ClientError, (old, new): (&str, &str)) -> anyhow::Error {
    match error {
        ClientError::Denied | ClientError::NotAuthenticated | ClientError::Failed { .. } => {
            error.into()
        }
        _ => anyhow::Error::new(error).context(format!(
            "the key ring is sealed under {old} or {new}: keep both keys, and run the same line \
             again"
        )),
    }
}
