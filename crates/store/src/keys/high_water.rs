//! The high-water mark: how far this ledger is known to have come.
//!
//! A database copied back by hand is behind its mark and is not served. The mark is kept twice:
//! with the keys, and beside the data folder, so that it also stands when the folder is copied
//! back as a whole. It is written after each commit without waiting for the disk: after a crash it
//! may be behind the ledger, never ahead of it, so it raises no false alarm.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use baton_domain::ids::LedgerId;
use baton_domain::log::Hash;

use crate::error::StoreError;

pub(super) const NAME: &str = "high-water";
/// More than a mark has: ledger id, term and size in hexadecimal, leaf hash of the last entry, a
/// newline. Well under a sector, so it is written whole or not at all.
const LENGTH_MAX: u64 = 256;

/// The open mark files of one ledger.
#[derive(Debug)]
pub(crate) struct HighWater {
    ledger: LedgerId,
    files: Vec<File>,
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
    /// `keys` is the folder of the keys, inside the data folder.
    pub(super) fn open(keys: &Path, ledger: &LedgerId) -> Result<Self, StoreError> {
        let within = keys.join(NAME);
        let file = open(&within).map_err(|error| StoreError::file(&within, error))?;
        let mut files = vec![file];
        match beside(keys).map(|path| open(&path)) {
            Some(Ok(file)) => files.push(file),
            Some(Err(error)) => tracing::warn!(kind = %error.kind(),
                "no high-water mark can be kept beside the data folder: copying the whole folder \
                 back would not be noticed"),
            None => {}
        }
        Ok(Self {
            ledger: ledger.clone(),
            files,
        })
    }

    /// What the marks say, the highest first: all of them must be true of a ledger. None before
    /// the first commit, or when a crash tore the files.
    pub(crate) fn read(&self) -> Vec<Mark> {
        let marks = self.files.iter().filter_map(|file| self.parse(file));
        let mut marks: Vec<Mark> = marks.collect();
        marks.sort_by_key(|mark| std::cmp::Reverse((mark.term, mark.size)));
        marks
    }

    /// What one file says of this ledger. Another ledger may have been in a folder of this name.
    fn parse(&self, mut file: &File) -> Option<Mark> {
        use std::io::{Seek as _, SeekFrom};
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).ok()?;
        file.take(LENGTH_MAX).read_to_string(&mut text).ok()?;
        Mark::parse(&text, &self.ledger)
    }

    /// What the marks say where files are only looked at, and none is made.
    pub(crate) fn look(keys: &Path, ledger: &LedgerId) -> Vec<Mark> {
        let files = [Some(keys.join(NAME)), beside(keys)];
        let texts = files
            .into_iter()
            .flatten()
            .filter_map(|path| std::fs::read_to_string(path).ok());
        texts
            .filter_map(|text| Mark::parse(&text, ledger))
            .collect()
    }

    /// Replaces the mark. Failing to is no reason to fail an act: the ledger is ahead then.
    pub(crate) fn write(&self, mark: &Mark) {
        use std::fmt::Write as _;
        let mut text = format!("{} {:016x} {:016x} ", self.ledger, mark.term, mark.size);
        for byte in mark.last_leaf.as_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        for file in &self.files {
            if let Err(error) = file.write_all_at(text.as_bytes(), 0) {
                tracing::warn!(kind = %error.kind(), "the high-water mark could not be written");
            }
        }
    }
}

impl Mark {
    /// What a mark file says of a ledger.
    pub(crate) fn parse(text: &str, ledger: &LedgerId) -> Option<Self> {
        let (line, _) = text.split_once('\n')?;
        let mut parts = line.split(' ');
        if parts.next()? != ledger.as_str() {
            return None;
        }
        let mark = Self {
            term: u64::from_str_radix(parts.next()?, 16).ok()?,
            size: u64::from_str_radix(parts.next()?, 16).ok()?,
            last_leaf: parse_hash(parts.next()?)?,
        };
        parts.next().is_none().then_some(mark)
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// `data.high-water` for the keys in `data/keys`.
fn beside(keys: &Path) -> Option<PathBuf> {
    let folder = keys.parent()?.canonicalize().ok()?;
    let mut name = folder.file_name()?.to_owned();
    name.push(".");
    name.push(NAME);
    Some(folder.with_file_name(name))
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

    fn mark(size: u64) -> Mark {
        Mark {
            term: 2,
            size,
            last_leaf: Hash::new([9; 32]),
        }
    }

    #[test]
    fn both_marks_of_this_ledger_count_and_a_torn_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("data/keys");
        std::fs::create_dir_all(&keys).unwrap();
        let ledger = LedgerId::from_bytes([7; 16]);
        let open = || HighWater::open(&keys, &ledger).unwrap();
        assert_eq!(open().read(), []);
        open().write(&mark(70_001));
        assert_eq!(open().read(), [mark(70_001), mark(70_001)]);

        let older = std::fs::read(keys.join(NAME)).unwrap();
        open().write(&mark(70_002));
        std::fs::write(keys.join(NAME), older).unwrap();
        assert_eq!(open().read(), [mark(70_002), mark(70_001)]);

        let other = HighWater::open(&keys, &LedgerId::from_bytes([8; 16])).unwrap();
        assert_eq!(other.read(), [], "another ledger's");
        for file in &open().files {
            file.set_len(40).unwrap();
        }
        assert_eq!(open().read(), []);
    }
}
