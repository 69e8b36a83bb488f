//! `baton backup`: the ledger and its key ring, copied while the service goes on.
//!
//! JSON: `{"backup": {"content": {"file": "…", "bytes": 104857600, "sha256": "hex", "term": 1,
//! "size": 1042, "epoch": 3, "oldest_epoch": 3, "until": "2026-12-13T03:00:00Z", "removed": 1},
//! "keys": {"file": "…", "epochs": [1, 2, 3], "removed": 1}, "position": 1042}}`; `content` or
//! `keys` null when it was not copied, `until` null when no rotation is due by itself.

use baton_client::ClientError;
use baton_wire::v1;
use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::audit::{hex, when};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton backup                                every night, by cron or a systemd timer
  baton backup --folder data --json           on the service's own machine
  baton backup --keys-only

The service writes the copies on its own machine, into the folders its configuration names
(backup.folder, backup.keys_folder), verifies them in full, and only then takes away those beyond
backup.keep and backup.keep_keys. Calls go on meanwhile. A copy of the database opens with the key
ring and the master key only; the master key is in no backup. docs/backup.md says how to restore.
Role: operator.")]
pub(crate) struct BackupArgs {
    /// Copy the key ring only.
    #[arg(long)]
    keys_only: bool,
}

pub(crate) async fn run(
    args: BackupArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let request = v1::BackUpRequest {
        keys_only: args.keys_only,
        ..Default::default()
    };
    let mut turns = client.back_up(request).await?;
    let mut bars = Bars::new(output);
    loop {
        let turn = turns.message().await.map_err(ClientError::from)?;
        let Some(turn) = turn else {
            // The stream ended before the last turn: its connection did.
            return Err(ClientError::Lost.into());
        };
        match &turn.progress {
            Some(progress) => bars.at(progress),
            None => {
                bars.end();
                tell(&turn, output);
                return Ok(Exit::Done);
            }
        }
    }
}

/// A bar for each stage.
struct Bars {
    output: Output,
    stage: i32,
    bar: ProgressBar,
}

impl Bars {
    fn new(output: Output) -> Self {
        Self {
            output,
            stage: 0,
            bar: ProgressBar::hidden(),
        }
    }

    fn at(&mut self, progress: &v1::BackupProgress) {
        if progress.stage != self.stage {
            self.end();
            self.stage = progress.stage;
            let what = match progress.stage() {
                v1::BackupStage::Copying => "copying",
                _ => "verifying",
            };
            self.bar = self.output.bar(progress.total.unsigned_abs(), what);
        }
        self.bar.set_position(progress.done.unsigned_abs());
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn tell(made: &v1::BackUpResponse, output: Output) {
    let position = made.receipt.as_ref().map(|receipt| receipt.position);
    let json = json!({ "backup": {
        "content": made.content.as_ref().map(content), "keys": made.keys.as_ref().map(keys),
        "position": position,
    }});
    output.result(&json, || {
        let content = made.content.as_ref().map(content_for_people);
        let keys = made.keys.as_ref().map(keys_for_people);
        let lines: Vec<String> = content.into_iter().chain(keys).collect();
        lines.join("\n")
    });
}

fn content(made: &v1::ContentBackup) -> Value {
    let until = Timestamp::from_microsecond(made.until_us).unwrap_or_default();
    json!({
        "file": made.file, "bytes": made.size_bytes, "sha256": hex(&made.sha256),
        "term": made.term, "size": made.tree_size, "epoch": made.epoch,
        "oldest_epoch": made.oldest_epoch,
        "until": (made.until_us != 0).then(|| until.to_string()), "removed": made.removed,
    })
}

fn keys(made: &v1::KeyBackup) -> Value {
    json!({ "file": made.file, "epochs": made.epochs, "removed": made.removed })
}

fn content_for_people(made: &v1::ContentBackup) -> String {
    let needed = match (made.oldest_epoch, made.epoch) {
        (oldest, epoch) if oldest == epoch => format!("key epoch {epoch}"),
        (oldest, epoch) => format!("key epochs {oldest} to {epoch}"),
    };
    let until = match made.until_us {
        0 => "no rotation is due by itself, so it can be restored until somebody rotates the keys \
              often enough"
            .to_owned(),
        until => format!(
            "the key ring keeps that until {}: until then it can be restored, and less long if \
             somebody rotates the keys by hand",
            when(until)
        ),
    };
    format!(
        "content: {} entries of term {}, verified, in {} ({} bytes){}\n  It needs {needed}; {until}. \
         With a key backup that has it, as long as that is kept.",
        made.tree_size,
        made.term,
        made.file,
        made.size_bytes,
        removed(made.removed),
    )
}

fn keys_for_people(made: &v1::KeyBackup) -> String {
    let epochs: Vec<String> = made.epochs.iter().map(ToString::to_string).collect();
    format!(
        "keys: epochs {}, verified, in {}{}\n  What was erased can be brought back as long as a key \
         backup has its epoch: keep few, and apart from the content.",
        epochs.join(", "),
        made.file,
        removed(made.removed),
    )
}

fn removed(files: i32) -> String {
    match files {
        0 => String::new(),
        1 => "; 1 older one was taken away".to_owned(),
        n => format!("; {n} older ones were taken away"),
    }
}
