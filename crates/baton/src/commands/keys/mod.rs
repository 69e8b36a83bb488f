//! `baton keys`: the epochs under which everything is sealed.
//!
//! JSON: rotate-log `{"key": "…", "previous": "…", "both_until": "2026-12-22T03:00:00Z", "position":
//! 42}`; rotate `{"epoch": 3, "position": 42}`, and with `--wait` a line an epoch as `list` has;
//! list, a line an epoch, `{"epoch": 2, "opened": "2026-11-22T03:00:00Z", "in_force": false,
//! "keys": 1204}`; of the one in force keys are not counted.

mod master;

use std::path::Path;
use std::time::Duration;

use baton_client::Client;
use baton_wire::v1;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use self::master::RotateMasterArgs;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// How often the service is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Open the next epoch now, and not when it is due.
    Rotate(RotateArgs),
    /// Have another key sign the checkpoints of the ledger.
    RotateLog(RotateLogArgs),
    /// Have the key ring sealed under another master key.
    RotateMaster(RotateMasterArgs),
    /// The epochs there are, and how much is still sealed under the earlier ones.
    List,
}

/// Arguments of `keys rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton keys rotate --folder data
  baton keys rotate --wait --json

What lives is wrapped anew under the new epoch while the service goes on. Epochs beyond the kept
ones (keys.keep_epochs) are destroyed when nothing is left under them: from then on no older copy of
the database can be opened. Role: operator.")]
struct RotateArgs {
    /// Go on until nothing is left under earlier epochs.
    #[arg(long)]
    wait: bool,
}

/// Arguments of `keys rotate-log`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton keys rotate-log --folder data
  baton keys rotate-log --json

Both keys sign for keys.log_key_overlap_days, then the old one is destroyed. Publish the new key as
you published the old one, and give it to witnesses. Who holds the old key gets to the new one by
the hand-over that the old key signed. It is no remedy for a key that was stolen. Role: operator.")]
struct RotateLogArgs {}

impl KeysArgs {
    /// The configuration that was named, if this needs one.
    pub(crate) fn config(&self) -> Option<&Path> {
        match &self.command {
            KeysCommand::RotateMaster(args) => args.config.as_deref(),
            _ => None,
        }
    }
}

pub(crate) async fn run(
    args: KeysArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        KeysCommand::Rotate(args) => rotate(&to.connect().await?, &args, output).await,
        KeysCommand::RotateLog(RotateLogArgs {}) => rotate_log(&to.connect().await?, output).await,
        // It reads the keys first.
        KeysCommand::RotateMaster(args) => master::run(&args, to, output).await,
        KeysCommand::List => {
            list(&epochs(&to.connect().await?).await?, output);
            Ok(Exit::Done)
        }
    }
}

async fn rotate(client: &Client, args: &RotateArgs, output: Output) -> anyhow::Result<Exit> {
    let done = client.rotate_keys(v1::RotateKeysRequest::default()).await?;
    let epoch = done.epoch;
    let position = done.receipt.unwrap_or_default().position;
    output.result(&json!({ "epoch": epoch, "position": position }), || {
        format!("epoch {epoch} is in force; entry {position} of the ledger")
    });
    if args.wait {
        let now = wait(client, epoch, output).await?;
        list(&now, output);
    }
    Ok(Exit::Done)
}

async fn rotate_log(client: &Client, output: Output) -> anyhow::Result<Exit> {
    let request = v1::RotateLogKeyRequest::default();
    let done = client.rotate_log_key(request).await?;
    let position = done.receipt.unwrap_or_default().position;
    let until = Timestamp::from_microsecond(done.overlap_end_time_us).unwrap_or_default();
    let (key, previous) = (&done.verifier_key, &done.previous_verifier_key);
    let json = json!({
        "key": key, "previous": previous, "both_until": until.to_string(), "position": position,
    });
    output.result(&json, || {
        format!(
            "{key} signs the checkpoints now; the key before it goes on until {until:.0}. Entry \
             {position} of the ledger"
        )
    });
    Ok(Exit::Done)
}

/// Until nothing is left under epochs before this one.
async fn wait(client: &Client, epoch: i64, output: Output) -> anyhow::Result<Vec<v1::Epoch>> {
    let mut most = 0;
    let mut bar = None;
    loop {
        let now = epochs(client).await?;
        let left: i64 = now
            .iter()
            .filter(|one| one.number < epoch)
            .map(|one| one.keys)
            .sum();
        let left = u64::try_from(left).unwrap_or_default();
        if left == 0 {
            return Ok(now);
        }
        most = left.max(most);
        let bar = bar.get_or_insert_with(|| output.bar(most, "keys wrapped anew"));
        bar.set_position(most - left);
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

async fn epochs(client: &Client) -> anyhow::Result<Vec<v1::Epoch>> {
    let request = v1::ListEpochsRequest::default();
    Ok(client.list_epochs(request).await?.epochs)
}

fn list(epochs: &[v1::Epoch], output: Output) {
    for epoch in epochs {
        let number = epoch.number;
        let keys = (!epoch.in_force).then_some(epoch.keys);
        let opened = Timestamp::from_microsecond(epoch.open_time_us).unwrap_or_default();
        let json = json!({
            "epoch": number, "opened": opened.to_string(), "in_force": epoch.in_force, "keys": keys,
        });
        output.result(&json, || {
            let left = keys.map_or("in force".to_owned(), |keys| {
                format!("{keys} keys still under it")
            });
            format!("epoch {number}, opened {opened:.0}: {left}")
        });
    }
}
