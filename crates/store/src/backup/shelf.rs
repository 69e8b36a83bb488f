//! Folders where backups lie: names, files that are not finished, and which of them go.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};

use super::{BackupError, Shelf};
use crate::error::StoreError;
use crate::head::Head;

/// End of the name of a content backup, and of a key backup.
pub(super) const CONTENT: &str = ".backup";
pub(super) const KEYS: &str = ".keys";
/// Added to it until the file is whole.
const UNFINISHED: &str = ".unfinished";

/// A file on its way onto a shelf. Dropped before it is kept, it is taken away again.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    unfinished: PathBuf,
    kept: bool,
}

impl Shelf {
    /// Begins a file. Its name sorts by term and size of the ledger.
    pub(super) fn begin(
        &self,
        head: &Head,
        (made_us, end): (i64, &str),
    ) -> Result<(Unfinished, File), BackupError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| BackupError::io(&self.folder, error))?;
        self.sweep(head)?;
        // Whole, so that it means the same to whoever asked from elsewhere.
        let folder = std::path::absolute(&self.folder);
        let folder = folder.map_err(|error| BackupError::io(&self.folder, error))?;
        let made = Timestamp::from_microsecond(made_us).unwrap_or_default();
        let path = folder.join(format!(
            "{}{:06}-{:012}-{}{end}",
            prefix(head),
            head.term,
            head.size(),
            made.strftime("%Y%m%dT%H%M%SZ"),
        ));
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        let begin = || -> io::Result<File> {
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)?;
            // Held as long as it is written: what nobody holds was left by a process that died.
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            Ok(file)
        };
        let file = begin().map_err(|error| BackupError::io(&unfinished, error))?;
        let unfinished = Unfinished {
            path,
            unfinished,
            kept: false,
        };
        Ok((unfinished, file))
    }

    /// Takes away what processes left that died.
    fn sweep(&self, head: &Head) -> Result<(), BackupError> {
        for path in self.files(head, UNFINISHED)? {
            let free = OpenOptions::new()
                .write(true)
                .open(&path)
                .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
            if free {
                fs::remove_file(&path).map_err(|error| BackupError::io(&path, error))?;
            }
        }
        Ok(())
    }

    /// Takes the oldest away beyond those that are kept; answers how many.
    pub(super) fn prune(&self, head: &Head, end: &str) -> Result<usize, BackupError> {
        let files = self.files(head, end)?;
        let beyond = files.len().saturating_sub(self.keep.max(1));
        for path in &files[..beyond] {
            fs::remove_file(path).map_err(|error| BackupError::io(path, error))?;
        }
        Ok(beyond)
    }

    /// Files of this ledger, oldest first.
    fn files(&self, head: &Head, end: &str) -> Result<Vec<PathBuf>, BackupError> {
        let at = |error| BackupError::io(&self.folder, error);
        let mut files = Vec::new();
        for file in fs::read_dir(&self.folder).map_err(at)? {
            let file = file.map_err(at)?;
            let name = file.file_name();
            let name = name.to_str().unwrap_or_default();
            if name.starts_with(&prefix(head)) && name.ends_with(end) {
                files.push(file.path());
            }
        }
        files.sort();
        Ok(files)
    }
}

/// Begin of the names of a ledger's files.
fn prefix(head: &Head) -> String {
    format!("baton-{}-t", head.ledger)
}

impl Unfinished {
    /// Where it is now.
    pub(super) fn now(&self) -> &Path {
        &self.unfinished
    }

    /// Gives it its name, durable when this returns. What it holds is durable already.
    pub(super) fn keep(mut self) -> Result<PathBuf, BackupError> {
        let rename = || -> io::Result<()> {
            fs::rename(&self.unfinished, &self.path)?;
            let folder = self.path.parent().map(File::open);
            folder.map_or(Ok(()), |folder| folder?.sync_all())
        };
        rename().map_err(|error| StoreError::file(&self.path, error))?;
        self.kept = true;
        Ok(self.path.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            // One that stays is swept away by the next backup.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}
