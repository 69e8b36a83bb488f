//! The high-water mark: how far this ledger is known to have come, kept with the keys.
//!
//! A database file copied back by hand is behind its mark and is not served. The mark is written
//! after each commit without waiting for the disk: after a crash it may be behind the ledger,
//! never ahead of it, so it raises no false alarm.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use baton_domain::log::Hash;

use crate::error::StoreError;

const NAME: &str = "high-water";
/// Term and size in hexadecimal, the leaf hash of the last entry, a newline: well under a sector,
/// so it is written whole or not at all.
const LENGTH: usize = 16 + 1 + 16 + 1 + 64 + 1;

/// The open mark file.
#[derive(Debug)]
pub(crate) struct HighWater {
    file: File,
}

/// How far a ledger had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) term: u64,
    pub(crate) size: u64,
    /// Leaf hash of the entry at `size - 1`.
    pub(crate) last_leaf: Hash,
}

impl HighWater {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| StoreError::file(&path, error))?;
        Ok(Self { file })
    }

    /// None before the first commit, or when a crash tore the file.
    pub(crate) fn read(&self) -> Option<Mark> {
        let mut bytes = [0; LENGTH];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
        let mut parts = text.split(' ');
        let mark = Mark {
            term: u64::from_str_radix(parts.next()?, 16).ok()?,
            size: u64::from_str_radix(parts.next()?, 16).ok()?,
            last_leaf: parse_hash(parts.next()?)?,
        };
        parts.next().is_none().then_some(mark)
    }

    /// Replaces the mark. Failing to is no reason to fail an act: the ledger is ahead then.
    pub(crate) fn write(&self, mark: &Mark) {
        use std::fmt::Write as _;
        let mut text = format!("{:016x} {:016x} ", mark.term, mark.size);
        for byte in mark.last_leaf.as_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        if let Err(error) = self.file.write_all_at(text.as_bytes(), 0) {
            tracing::warn!(kind = %error.kind(), "the high-water mark could not be written");
        }
    }
}

fn parse_hash(text: &str) -> Option<Hash> {
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| {
            text.get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<Vec<u8>>>()?;
    Hash::try_from(bytes.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_a_torn_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let high_water = HighWater::open(folder.path()).unwrap();
        assert_eq!(high_water.read(), None);
        let mark = Mark {
            term: 2,
            size: 70_001,
            last_leaf: Hash::new([9; 32]),
        };
        high_water.write(&mark);
        assert_eq!(HighWater::open(folder.path()).unwrap().read(), Some(mark));
        high_water.file.set_len(40).unwrap();
        assert_eq!(high_water.read(), None);
    }
}
