//! The data folder: one process owns it.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::StoreError;

/// Keys of the ledger.
pub(crate) fn keys(folder: &Path) -> PathBuf {
    folder.join("keys")
}

/// The SQLite file.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("ledger.db")
}

/// Makes the folder, for its owner only.
pub(crate) fn make(folder: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| StoreError::file(folder, error))
}

/// Makes the file of a new database, for its owner only. What the engine lays beside it takes its
/// mode from it.
pub(crate) fn make_database(folder: &Path) -> Result<(), StoreError> {
    let path = database(folder);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map(drop)
        .map_err(|error| StoreError::file(&path, error))
}

/// The lock of a data folder, held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| StoreError::file(&path, error))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| StoreError::Locked(folder.to_owned()))?;
        Ok(Self { _file: file })
    }
}
