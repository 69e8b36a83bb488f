//! The ring, copied apart from content: one small file, every key in it sealed under the master key
//! as it is in the key folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{BackupError, Shelf, shelf};
use crate::error::StoreError;
use crate::head::Head;
use crate::keys::{Keys, Parts};
use crate::learner::hex;
use crate::ledger::Inner;

/// Longest that is read, in bytes: most of it the list of what was erased.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// What the keyed digest at its end is for.
const PURPOSE: &str = "key-backup";

/// A backup of the key ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBackup {
    /// Where it lies.
    pub path: PathBuf,
    /// The epochs in it, oldest first.
    pub epochs: Vec<i64>,
    /// Older ones that were taken away.
    pub removed: usize,
}

/// The first line; the second is its SHA-256 and what vouches for that, both in hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    baton_key_backup: u32,
    ledger: String,
    made_us: i64,
    epochs: Vec<i64>,
    parts: Parts,
}

/// Key files that were brought along.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) parts: Parts,
    path: PathBuf,
    /// Digest of the file and what vouches for it; a key folder has neither.
    sealed: Option<([u8; 32], String)>,
}

pub(super) async fn write(inner: &Arc<Inner>, shelf: &Shelf) -> Result<KeyBackup, BackupError> {
    let head = Head::read(&mut inner.db.once().await?).await?;
    let head = head.ok_or(StoreError::NoLedger("no head row"))?;
    let (inner, shelf) = (Arc::clone(inner), shelf.clone());
    let written =
        tokio::task::spawn_blocking(move || lay(&inner.keys, &head, &shelf, inner.clock.now_us()));
    written.await.map_err(|_| BackupError::Fault)?
}

fn lay(keys: &Keys, head: &Head, shelf: &Shelf, made_us: i64) -> Result<KeyBackup, BackupError> {
    let epochs: Vec<i64> = keys.epochs()?.iter().map(|epoch| epoch.id).collect();
    let line = Line {
        baton_key_backup: 1,
        ledger: head.ledger.as_str().to_owned(),
        made_us,
        epochs: epochs.clone(),
        parts: keys.parts()?,
    };
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    let sha256 = digest(&SHA256, text.as_bytes());
    let vouched = keys.vouch(PURPOSE, sha256.as_ref());
    let text = format!("{text}{} {}\n", hex(sha256.as_ref()), hex(&vouched));
    let (unfinished, mut file) = shelf.begin(head, (made_us, shelf::KEYS))?;
    let write = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    write.map_err(|error| BackupError::io(unfinished.now(), error))?;
    let brought = Brought::read(unfinished.now())?;
    brought.is_vouched_for(keys)?;
    if brought.parts != line.parts {
        return Err(brought.damaged("it does not read as it was written"));
    }
    let path = unfinished.keep()?;
    let removed = shelf.prune(head, shelf::KEYS)?;
    Ok(KeyBackup {
        path,
        epochs,
        removed,
    })
}

impl Brought {
    /// Reads a key backup, or the key folder of a ledger.
    pub(super) fn read(path: &Path) -> Result<Self, BackupError> {
        if path.is_dir() {
            let parts = Parts::read_if_there(path)?;
            let none = || BackupError::NotABackup {
                path: path.to_owned(),
                why: "no key ring lies in this folder".to_owned(),
            };
            return Ok(Self {
                parts: parts.ok_or_else(none)?,
                path: path.to_owned(),
                sealed: None,
            });
        }
        let at = |error| BackupError::io(path, error);
        if std::fs::metadata(path).map_err(at)?.len() > BYTES_MAX {
            return Err(not_one(path, "no key backup"));
        }
        let text = std::fs::read(path).map_err(at)?;
        let end = text.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let (line, rest) = text.split_at(end.unwrap_or(text.len()));
        if !line.starts_with(b"{\"baton_key_backup\":") {
            return Err(not_one(path, "no key backup"));
        }
        let sha256 = digest(&SHA256, line);
        let mut told = [0; 32];
        told.copy_from_slice(sha256.as_ref());
        let rest = std::str::from_utf8(rest).unwrap_or_default();
        let sealed = rest
            .strip_suffix('\n')
            .and_then(|rest| rest.split_once(' '));
        let Some((_, vouched)) = sealed.filter(|(written, _)| *written == hex(&told)) else {
            let damaged = "its SHA-256 is not the one it was written with";
            return Err(self::damaged(path, damaged));
        };
        let line: Line = serde_json::from_slice(line)
            .map_err(|_| not_one(path, "made by another version of this program"))?;
        if line.baton_key_backup != 1 {
            return Err(not_one(path, "made by a newer version of this program"));
        }
        Ok(Self {
            parts: line.parts,
            path: path.to_owned(),
            sealed: Some((told, vouched.to_owned())),
        })
    }

    /// Whether whoever had the ring made it.
    pub(super) fn is_vouched_for(&self, keys: &Keys) -> Result<(), BackupError> {
        let holds = self
            .sealed
            .as_ref()
            .is_none_or(|(digest, vouched)| hex(&keys.vouch(PURPOSE, digest)) == *vouched);
        if holds {
            Ok(())
        } else {
            Err(self.damaged("it was changed by somebody who lacks the ring"))
        }
    }

    fn damaged(&self, what: &str) -> BackupError {
        damaged(&self.path, what)
    }
}

fn damaged(path: &Path, what: &str) -> BackupError {
    BackupError::Damaged {
        path: path.to_owned(),
        faults: vec![what.to_owned()],
    }
}

fn not_one(path: &Path, why: &str) -> BackupError {
    BackupError::NotABackup {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}
