//! The data folder: one process owns it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
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

/// Lies in a folder while a ledger is put back into it.
pub(crate) fn unfinished(folder: &Path) -> PathBuf {
    folder.join("restore.unfinished")
}

/// Refuses a folder where a restore was broken off.
pub(crate) fn is_finished(folder: &Path) -> Result<(), StoreError> {
    if unfinished(folder).exists() {
        return Err(StoreError::Unfinished(folder.to_owned()));
    }
    Ok(())
}

/// Writes a small file, durable when this returns.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_parent(path)
    };
    write().map_err(|error| StoreError::file(path, error))
}

/// Takes a file away, durable when this returns.
pub(crate) fn remove_durably(path: &Path) -> Result<(), StoreError> {
    fs::remove_file(path)
        .and_then(|()| sync_parent(path))
        .map_err(|error| StoreError::file(path, error))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
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
    file: File,
}

impl Drop for FolderLock {
    /// Expressly: a process that is being started has our files open until it is another program,
    /// and would keep the lock for that long.
    fn drop(&mut self) {
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
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
        Ok(Self { file })
    }
}
