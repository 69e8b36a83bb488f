//! The whole ledger as files, for verifiers that share nothing with this program.
//!
//! What comes in is hashed on the way and compared with the signed checkpoint before that is
//! written, so a folder with a checkpoint holds. See [`super::layout`] and docs/ledger-export.md.

mod agree;
mod rows;
mod tree;

use std::path::{Path, PathBuf};

use baton_client::Client;
use baton_domain::log::Checkpoint;
use baton_domain::log::note::VerifierKey;
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use super::layout::{self, Folder, Marker, SMALL_MAX};
use super::trust;
use super::verify::{key, open};
use crate::output::{Broken, Exit, Output, Wrong};
use tree::Tree;
pub(super) use tree::{BUNDLE_MAX, TILE_MAX};

/// How to check an export with nothing of ours.
const README: &str = include_str!("README.txt");

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit export ledger-2026
  baton audit export ledger-2026                      the same folder again: goes on from there
  baton audit export ledger-2026 --key 'baton.ledger/ldg_…/1+…'
  baton audit verify ledger-2026 --state              checks it, without a service

Needs the auditor's role. The folder is laid out as C2SP tlog-tiles says (checkpoint, tile/…); what
else is in it says its README.txt. An export that was broken off goes on where it stopped, an older
one is extended; a folder that contradicts the ledger is left as it is, and that ends with 1. It
holds no names and no content, but who did what and when: keep it as an auditor keeps such things.")]
pub(crate) struct ExportArgs {
    /// Where to; made if need be.
    #[arg(value_name = "FOLDER")]
    into: PathBuf,
    /// The ledger's key, as the council publishes it (C2SP vkey); else the one the service names.
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: Option<VerifierKey>,
}

pub(super) async fn run(args: ExportArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let (newest, keys, checkpoint) = newest(client, args.key.clone()).await?;
    let folder = enter(&args.into, &newest.ledger_id, &checkpoint.origin)?;
    let held = held(&folder, &keys)?;
    if let Some(held) = &held {
        agree::continues(client, (held.size, held.root), &checkpoint).await?;
    }
    let mut tree = Tree::new(folder.clone(), held.clone(), output);
    let reused = tree.reread(checkpoint.size)?;
    agree::continues(client, (reused, tree.root()), &checkpoint).await?;
    tree.fetch(client, &checkpoint).await?;
    tree.policies(client).await?;
    let (beside, rows) = rows::read(client, &folder, output).await?;
    // The pages of rows are entries themselves, and rows are compared with the entries before them.
    let root = args.key.or_else(|| keys.first().cloned());
    let (newest, keys, checkpoint) = self::newest(client, root).await?;
    tree.fetch(client, &checkpoint).await?;
    tree.policies(client).await?;
    tree.finish()?;
    folder.put(&beside, &layout::access_rows(checkpoint.size))?;
    cosigned(client, &folder, &newest, (&keys, &checkpoint)).await?;
    seal(&folder, &newest, &checkpoint, &keys)?;
    if let Some(held) = held.filter(|held| held.size < checkpoint.size) {
        tidy(&folder, &held, &checkpoint)?;
    }
    tell(
        &Exported {
            folder: args.into.display().to_string(),
            ledger: newest.ledger_id,
            checkpoint,
            reused,
            dropped: tree.dropped(),
            rows,
            sets: tree.policy_sets(),
        },
        output,
    );
    Ok(Exit::Done)
}

/// What is in the folder now.
struct Exported {
    folder: String,
    ledger: String,
    checkpoint: Checkpoint,
    /// Entries that lay there.
    reused: u64,
    dropped: u64,
    rows: u64,
    sets: usize,
}

fn tell(exported: &Exported, output: Output) {
    let Exported {
        folder,
        ledger,
        checkpoint,
        reused,
        dropped,
        rows,
        sets,
    } = exported;
    let json = json!({ "exported": {
        "folder": folder, "ledger": ledger, "origin": checkpoint.origin, "size": checkpoint.size,
        "root": checkpoint.root.to_string(), "reused": reused, "dropped": dropped,
        "access_rows": rows, "policy_sets": sets,
    }});
    output.result(&json, || {
        let dropped = match dropped {
            0 => String::new(),
            n => format!(", {n} left by their leaf hash alone"),
        };
        let sets = match sets {
            1 => "1 policy set".to_owned(),
            n => format!("{n} policy sets"),
        };
        format!(
            "{} in {folder}: {} entries ({reused} lay there{dropped}), {rows} access rows, {sets}",
            checkpoint.origin, checkpoint.size
        )
    });
}

/// The newest checkpoint, under the keys that the one given vouches for, or the one the service
/// names.
pub(super) async fn newest(
    client: &Client,
    key: Option<VerifierKey>,
) -> anyhow::Result<(v1::GetCheckpointResponse, Vec<VerifierKey>, Checkpoint)> {
    let newest = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let keys = trust::keys(&newest, key)?;
    let checkpoint = open(&newest, &keys)?;
    Ok((newest, keys, checkpoint))
}

/// A folder that is new, empty, or of this ledger and term.
fn enter(path: &Path, ledger: &str, origin: &str) -> anyhow::Result<Folder> {
    let folder = Folder::at(path);
    let marker = Marker::of(ledger, origin);
    match folder.marker()? {
        Some(held) if held == marker => {}
        Some(held) => {
            let say = format!(
                "{} holds {}, and the service has {origin}: a ledger or a term of its own goes \
                 into a folder of its own",
                path.display(),
                held.origin
            );
            return Err(Broken(say).into());
        }
        None => {
            let other = path
                .read_dir()
                .is_ok_and(|mut there| there.next().is_some());
            if other || path.is_file() {
                let say = format!("{} holds something else: name a new folder", path.display());
                return Err(Wrong(say).into());
            }
            folder.replace(layout::MARKER, &marker.to_bytes()?)?;
        }
    }
    folder.replace(layout::README, README.as_bytes())?;
    Ok(folder)
}

/// The checkpoint the folder has, under one of the keys.
fn held(folder: &Folder, keys: &[VerifierKey]) -> anyhow::Result<Option<Checkpoint>> {
    let Some(bytes) = folder.read(layout::CHECKPOINT, SMALL_MAX)? else {
        return Ok(None);
    };
    let opened = Checkpoint::open(&bytes, keys);
    let opened = opened.map_err(|error| {
        Broken(format!(
            "the folder's checkpoint does not hold under this key: {error}. Nothing was overwritten"
        ))
    })?;
    Ok(Some(opened))
}

/// What witnesses cosigned: in the place of the checkpoint if it is the same one, beside it in any
/// case.
async fn cosigned(
    client: &Client,
    folder: &Folder,
    newest: &v1::GetCheckpointResponse,
    (keys, now): (&[VerifierKey], &Checkpoint),
) -> anyhow::Result<()> {
    let signed = &newest.cosigned_checkpoint;
    if signed.is_empty() {
        return Ok(());
    }
    // One of the term before is none of this folder's.
    let Ok(cosigned) = Checkpoint::open(signed.as_bytes(), keys) else {
        return Ok(());
    };
    agree::continues(client, (cosigned.size, cosigned.root), now).await?;
    folder.replace(layout::COSIGNED, signed.as_bytes())
}

/// Keys and checkpoint: from now on the folder says of itself that it is whole.
fn seal(
    folder: &Folder,
    newest: &v1::GetCheckpointResponse,
    checkpoint: &Checkpoint,
    keys: &[VerifierKey],
) -> anyhow::Result<()> {
    for (number, note) in (1..).zip(&newest.handovers) {
        folder.keep(&format!("{}/{number}", layout::HANDOVERS), note.as_bytes())?;
    }
    let mut listed = String::new();
    for key in keys {
        listed.extend([&key.to_string(), "\n"]);
    }
    let held = folder.read(layout::KEYS, SMALL_MAX)?.unwrap_or_default();
    if !listed.as_bytes().starts_with(&held) {
        let say = "the folder has other keys than the ledger. Nothing was overwritten".to_owned();
        return Err(Broken(say).into());
    }
    folder.replace(layout::KEYS, listed.as_bytes())?;
    // The same text: with the signatures of witnesses, where they have signed this one.
    let same = |note: &&String| note.starts_with(&format!("{}\n", checkpoint.text()));
    let signed = Some(&newest.cosigned_checkpoint).filter(same);
    let signed = signed.unwrap_or(&newest.checkpoint);
    folder.replace(&layout::checkpoint_of(checkpoint.size), signed.as_bytes())?;
    folder.replace(layout::CHECKPOINT, signed.as_bytes())
}

/// Takes away what the older checkpoint needed and the newer one does not: tiles that are full now
/// and rows as they stood then.
fn tidy(folder: &Folder, held: &Checkpoint, now: &Checkpoint) -> anyhow::Result<()> {
    for path in tree::partial_paths(held.size) {
        let still = tree::partial_paths(now.size).any(|it| it == path);
        if still {
            continue;
        }
        folder.remove(&path.to_string())?;
        if path.kind == baton_domain::log::tile::Kind::Entries {
            folder.remove(&layout::pruned(&path))?;
        }
    }
    folder.remove(&layout::access_rows(held.size))
}
