//! What a subscriber remembers between runs: its place, and what the ledger last said of itself.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use baton_client::{TokenFile, Witness};
use rustix::fs::{FlockOperation, flock};

use crate::output::Wrong;

/// The folder, held by this process.
pub(super) struct State {
    pub(super) token: TokenFile,
    pub(super) witness: Witness,
    /// Released with the process.
    _lock: File,
}

impl State {
    /// Opens the folder, making it if need be, for one subscription.
    pub(super) fn open(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let is_name = (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_name {
            let say = "--name is 1 to 63 of a-z, 0-9 and hyphen";
            return Err(Wrong(say.to_owned()).into());
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let lock = folder.join(format!("{name}.lock"));
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(lock)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            Wrong(format!(
                "another `baton subscribe --name {name}` is running with {}; end it, or give \
                 another --name or --state",
                folder.display()
            ))
        })?;
        let witness = folder.join("witness.json");
        let witness = Witness::at(&witness)
            .with_context(|| format!("{} cannot be read", witness.display()))?
            .evidence_in(folder.join("evidence"));
        let token = TokenFile::at(folder.join(format!("{name}.token")));
        Ok(Self {
            token,
            witness,
            _lock: lock,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscription_is_read_by_one_process() {
        let place = tempfile::tempdir().unwrap();
        let held = State::open(place.path(), "default").unwrap();
        assert!(State::open(place.path(), "default").is_err());
        assert!(State::open(place.path(), "year-7").is_ok());
        drop(held);
        assert!(State::open(place.path(), "default").is_ok());
        assert!(State::open(place.path(), "../other").is_err());
    }
}
