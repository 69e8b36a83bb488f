//! Backups, and how a ledger is put back from one.
//!
//! Content and keys are copied apart: a content backup holds every row of the database as it lies
//! there, sealed, in one form for both engines; a key backup holds the ring, sealed under the master
//! key, and what lies with it. Neither opens without the other and the master key. So how long
//! erased content can be brought back is bounded by how long ring and key backups are kept, and not
//! by how long content backups lie around (ADR 0016).

mod check;
mod content;
mod decided_by;
mod file;
mod key_file;
mod restore;
mod shelf;
mod tables;

use std::path::PathBuf;
use std::sync::Arc;

pub use check::Checked;
pub use content::ContentBackup;
#[cfg(test)]
pub(crate) use content::{OLDEST_CONTENT, OLDEST_LEARNER};
pub use key_file::KeyBackup;
pub use restore::{Restore, Restored};

use crate::error::StoreError;

/// Most faults of a backup that are told.
const FAULTS_TOLD: usize = 20;

/// Leave to make one backup: its entry is durable. Only the ledger gives it.
#[derive(Debug)]
pub struct Leave {
    content: bool,
    keys: bool,
}

impl Leave {
    pub(crate) const fn new(content: bool, keys: bool) -> Self {
        Self { content, keys }
    }
}

/// Where backups of one sort lie, and how many of a ledger are kept there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// The folder; made when it is not there.
    pub folder: PathBuf,
    /// The newest so many are kept. An older one goes once a newer one is verified and durable.
    pub keep: usize,
}

/// What a backup made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Of the database, where it was asked for.
    pub content: Option<ContentBackup>,
    /// Of the key ring, where it was asked for.
    pub keys: Option<KeyBackup>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are copied out.
    Copying,
    /// The copy is read again and checked in full.
    Verifying,
    /// Rows are put back.
    Restoring,
}

/// How far it is, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Of what.
    pub stage: Stage,
    /// Rows so far.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
}

/// Who is told how far it is. Called often; it must not wait.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// Why there is no backup, or none was put back. A restore that had begun to write leaves its folder
/// unfinished ([`is_unfinished`](crate::is_unfinished)); else nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Database, files or keys.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not as it was written. Every fault that was found, the first ones of many.
    #[error("{path} does not hold: {}", .faults.join("; "))]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong with it.
        faults: Vec<String>,
    },
    /// It is of another version, or no backup at all.
    #[error("{path}: {why}")]
    NotABackup {
        /// The file.
        path: PathBuf,
        /// What it is, as far as can be seen.
        why: String,
    },
    /// There is something in the place already.
    #[error("{0}")]
    NotEmpty(String),
    /// The ring lacks the epoch that was in force.
    #[error(
        "the key ring has no key of epoch {0}, which was in force when this backup was made: give a \
         key backup that has it. When none has it any more, this backup cannot be opened again"
    )]
    EpochGone(i64),
    /// A fault of this program.
    #[error("a fault of this program broke it off; where, it said on standard error")]
    Fault,
    /// The service stops.
    #[error("broken off: the service stops")]
    Stopped,
}

impl BackupError {
    fn io(path: &std::path::Path, error: std::io::Error) -> Self {
        Self::Store(StoreError::file(path, error))
    }
}
