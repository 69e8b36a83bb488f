//! Where backups of the ledger go: for who configures the service, not for who asks for one.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_store::Shelf;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ConfigError;

/// Backups.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupConfig {
    /// Folder of copies of the database, or empty.
    pub folder: PathBuf,
    /// How many are kept.
    pub keep: NonZeroU16,
    /// Folder of copies of the key ring, or empty.
    pub keys_folder: PathBuf,
    /// How many are kept.
    pub keep_keys: NonZeroU16,
}

/// The folders, and the turn of the one backup that may be made at a time.
#[derive(Debug, Clone)]
pub struct Backups {
    pub(crate) content: Option<Shelf>,
    pub(crate) keys: Option<Shelf>,
    turn: Arc<Semaphore>,
}

impl Default for Backups {
    /// None.
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Backups {
    /// Into these folders.
    pub fn new(content: Option<Shelf>, keys: Option<Shelf>) -> Self {
        Self {
            content,
            keys,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The turn, unless another backup has it.
    pub(crate) fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).try_acquire_owned().ok()
    }
}

impl BackupConfig {
    /// The folders as they are configured.
    pub fn backups(&self) -> Backups {
        Backups::new(
            shelf(&self.folder, self.keep),
            shelf(&self.keys_folder, self.keep_keys),
        )
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !self.folder.as_os_str().is_empty() && self.folder == self.keys_folder {
            return Err(ConfigError::Value(
                "backup.folder and backup.keys_folder are two folders: who has both has more than \
                 half of what opens a backup",
            ));
        }
        Ok(())
    }
}

fn shelf(folder: &Path, keep: NonZeroU16) -> Option<Shelf> {
    let keep = keep.get().into();
    let folder = folder.to_owned();
    (!folder.as_os_str().is_empty()).then_some(Shelf { folder, keep })
}
