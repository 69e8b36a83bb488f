//! `baton restore`: a ledger put back into an empty place.
//!
//! JSON: `{"checked": {"ledger": "ldg_…", "term": 1, "size": 1042, "rows": 90210, "made": "…",
//! "last_entry": "…", "epoch": 3, "closed": 0, "sha256": "hex", "checkpoint": "…"}}`, and unless it
//! was a dry run `{"restored": {"ledger": "ldg_…", "term": 2, "key": "…", "folder": "…",
//! "certificate": null}}`; `certificate` names the file when a new one was made.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use baton_server::Config;
use baton_store::{
    BackupError, BackupProgress, BackupStage, Checked, Clock, MasterKey, Place, Restore, Restored,
    StoreError, Watcher, is_unfinished,
};
use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;

use super::audit::{hex, when};
use crate::connection::ConnectionArgs;
use crate::output::{Broken, Exit, Output, Wrong};
use crate::pki;

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton restore ledger.backup --keys ring.keys --master-key master.key --folder data --dry-run
  baton restore ledger.backup --keys ring.keys --master-key master.key --folder data
  baton restore ledger.backup --config baton.toml      the ring still lies in the folder
  baton restore ledger.backup --keys old-data/keys --config baton.toml
  baton restore ledger.backup --keys old.keys --keys-master-key old-master.key \\
    --master-key master.key --folder data      the master key was changed since old.keys was made

The place must be empty: a folder without a database, or a PostgreSQL database without a ledger
(ledger.postgres in the configuration). A key ring that lies in the folder already is kept, and
--keys only adds the epochs it lacks. Everything is verified first, and nothing is written when
anything is wrong. Then a new term of the ledger begins: subscribers are told and start afresh, and
auditors take the new key. Broken off, it is run again. --folder overrides the configuration.
docs/backup.md has every step.")]
pub(crate) struct RestoreArgs {
    /// The content backup: baton-ldg_….backup.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// A key backup (baton-ldg_….keys), or the key folder of a ledger.
    #[arg(long, value_name = "FILE|DIR")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    of_its_time: KeysMaster,
    /// File with the master key the ledger goes on under. It is laid into the folder, unless the
    /// configuration says where the key comes from.
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check everything, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Host name or address in the service's certificate, when the folder has none.
    #[arg(long = "name", value_name = "HOST", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    names: Vec<String>,
}

/// The master key `--keys` was made under, where it was changed since.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("of_its_time").requires("keys"))]
struct KeysMaster {
    /// File with the master key that --keys was made under, its owner's only (0600), when the master
    /// key was changed since. The ledger goes on under the one of today.
    #[arg(long, group = "of_its_time", value_name = "FILE")]
    keys_master_key: Option<PathBuf>,
    /// The same by the number of an open descriptor (3 or above).
    #[arg(long, group = "of_its_time", value_name = "NUMBER")]
    keys_master_descriptor: Option<u32>,
    /// The same by a program and its arguments that print it within 30 seconds. No shell reads the
    /// words; it takes all words that follow.
    #[arg(long, group = "of_its_time", value_name = "WORD", num_args = 1.., allow_hyphen_values = true)]
    keys_master_command: Option<Vec<String>>,
}

impl KeysMaster {
    fn key(self) -> Option<MasterKey> {
        let file = self.keys_master_key.map(MasterKey::File);
        let descriptor = self.keys_master_descriptor.map(MasterKey::Descriptor);
        let command = self.keys_master_command.map(MasterKey::Command);
        file.or(descriptor).or(command)
    }
}

pub(crate) async fn run(
    args: RestoreArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let config = Config::load(args.config.as_deref())?;
    let folder = to
        .folder
        .clone()
        .unwrap_or_else(|| config.ledger.folder.clone());
    let configured = config.keys.master();
    let given = args.master_key.map(MasterKey::File);
    let place = Place {
        folder: folder.clone(),
        postgres: Some(config.ledger.postgres.clone()).filter(|url| !url.is_empty()),
        master: given.clone().or_else(|| configured.clone()),
        rotation: config.keys.rotation(),
        reserve: config.ledger.reserve(),
        bodies_kept: config.ledger.bodies_kept(),
    };
    let restore = Restore {
        content: args.backup,
        keys: args.keys,
        keys_master: args.of_its_time.key(),
        lay_master: given.is_some() && configured.is_none(),
    };
    let (bars, watcher) = Bars::new(output);
    if args.dry_run {
        let checked = restore.check(&place, &watcher).await;
        bars.end();
        tell_checked(&checked.map_err(|error| explained(error, &folder))?, output);
        output.say("Nothing was written.");
        return Ok(Exit::Done);
    }
    let restored = restore.run(&place, &Clock::System, &watcher).await;
    bars.end();
    let restored = restored.map_err(|error| explained(error, &folder))?;
    let certificate = certificate(&folder, &args.names)?;
    tell_checked(&restored.from, output);
    tell(&restored, (&folder, certificate.as_deref()), output);
    Ok(Exit::Done)
}

/// What to do about what went wrong.
fn explained(error: BackupError, folder: &Path) -> anyhow::Error {
    if is_unfinished(folder) {
        return anyhow::Error::new(error).context(
            "broken off while it wrote: put right what is said here, and run the same line again",
        );
    }
    let say = match &error {
        BackupError::Damaged { .. } => {
            "Take the backup before it, and keep this one for whoever looks into it"
        }
        BackupError::EpochGone(_) => "",
        BackupError::Store(StoreError::MasterKey) => {
            return wrong(
                "the master key does not open the key ring: it is the one of another ledger, or \
                 damaged. Give the right one with --master-key FILE",
            );
        }
        BackupError::Store(error @ StoreError::OtherMasterKey { .. }) => {
            return wrong(&format!(
                "{error}. A key backup opens with the master key of its time: give that one with \
                 --keys-master-key FILE, when it was changed since. A key ring that lies in the \
                 folder opens with --master-key FILE"
            ));
        }
        BackupError::Store(StoreError::Ring(why)) => {
            return wrong(&format!(
                "key ring: {why}. Give the ring of this ledger with --keys"
            ));
        }
        BackupError::Store(StoreError::File { path, source }) => {
            let why = match source.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                kind => kind.to_string(),
            };
            let path = path.display();
            return wrong(&format!(
                "{path}: {why}. If it is the master key, say with --master-key FILE where it is"
            ));
        }
        BackupError::Store(StoreError::MasterSource(_))
        | BackupError::NotEmpty(_)
        | BackupError::NotABackup { .. } => {
            return wrong(&error.to_string());
        }
        _ => return error.into(),
    };
    Broken(
        format!("{error}. Nothing was written. {say}")
            .trim_end()
            .to_owned(),
    )
    .into()
}

fn wrong(say: &str) -> anyhow::Error {
    Wrong(format!("{say}. Nothing was written")).into()
}

/// A certificate for a service that has none. Answers its path.
fn certificate(folder: &Path, names: &[String]) -> anyhow::Result<Option<PathBuf>> {
    let tls = folder.join("tls");
    if tls.exists() {
        return Ok(None);
    }
    let pair = pki::service(names).context("--name is no host name or address")?;
    DirBuilder::new()
        .mode(0o700)
        .create(&tls)
        .with_context(|| format!("{} cannot be made", tls.display()))?;
    let certificate = tls.join("cert.pem");
    pki::write_private(&certificate, &pair.certificate)?;
    pki::write_private(&tls.join("key.pem"), &pair.key)?;
    Ok(Some(certificate))
}

fn time(us: i64) -> String {
    Timestamp::from_microsecond(us)
        .unwrap_or_default()
        .to_string()
}

fn tell_checked(checked: &Checked, output: Output) {
    let json = json!({ "checked": {
        "ledger": checked.ledger, "term": checked.term, "size": checked.size, "rows": checked.rows,
        "made": time(checked.made_us), "last_entry": time(checked.time_us), "epoch": checked.epoch,
        "closed": checked.closed, "sha256": hex(&checked.sha256), "checkpoint": checked.checkpoint,
    }});
    output.result(&json, || {
        let closed = match checked.closed {
            0 => String::new(),
            n => format!(
                "\n  {n} keys in it are of epochs the ring has no more: what they open stays closed"
            ),
        };
        format!(
            "the backup holds: {} of {}, {} entries of term {}, {} rows, its last entry of {}{closed}",
            checked.ledger,
            when(checked.made_us),
            checked.size,
            checked.term,
            checked.rows,
            when(checked.time_us),
        )
    });
}

fn tell(restored: &Restored, (folder, certificate): (&Path, Option<&Path>), output: Output) {
    let json = json!({ "restored": {
        "ledger": restored.from.ledger, "term": restored.term, "key": restored.verifier_key,
        "folder": folder, "certificate": certificate,
    }});
    let folder = folder.display();
    output.result(&json, || {
        format!(
            "restored into {folder} as term {}; its key is {}",
            restored.term, restored.verifier_key
        )
    });
    if let Some(certificate) = certificate {
        output.say(&format!(
            "The folder had no certificate of the service, so one was made: put the service's own \
             back into {folder}/tls, or give {} to every caller.",
            certificate.display()
        ));
    }
    output.say(&format!(
        "What was done after {} is not in it. Next: `baton serve --folder {folder}`, then `baton \
         audit verify --state`; tell the settings and the auditors (docs/backup.md).",
        when(restored.from.time_us)
    ));
}

/// A bar for each stage.
struct Bars(Arc<Mutex<Option<(BackupStage, ProgressBar)>>>);

impl Bars {
    fn new(output: Output) -> (Self, Watcher) {
        let bars = Arc::new(Mutex::new(None));
        let shown = Arc::clone(&bars);
        let watcher: Watcher = Arc::new(move |progress: BackupProgress| {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let known = shown.take().filter(|(stage, _)| *stage == progress.stage);
            let (_, bar) = shown.insert(known.unwrap_or_else(|| {
                let what = match progress.stage {
                    BackupStage::Copying => "copying",
                    BackupStage::Verifying => "verifying",
                    BackupStage::Restoring => "restoring",
                };
                (progress.stage, output.bar(progress.total, what))
            }));
            bar.set_position(progress.done);
        });
        (Self(bars), watcher)
    }

    fn end(&self) {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bar)) = shown.as_ref() {
            bar.finish_and_clear();
        }
    }
}
