//! What of a key folder is backed up and put back together: the ring, sealed as it lies there, the
//! high-water mark, and the list of what was erased. Never the master key.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ring::{RING, Ring, RingLock};
use super::{HighWater, Key, Keys, Mark, MasterKey, file, high_water};
use crate::error::StoreError;

/// Ids of what was erased, one a line, only ever added to. Whoever opens the ledger erases them
/// again, so that a backup brings nothing back.
const ERASED: &str = "erased";
/// Largest such list that is read, in bytes: some ten million ids.
const ERASED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The files of a key folder that belong together; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parts {
    #[serde(with = "file::sealed")]
    ring: Vec<u8>,
    high_water: String,
    #[serde(with = "file::sealed")]
    erased: Vec<u8>,
}

impl Parts {
    /// Reads them while nobody changes the ring.
    pub(crate) fn read(folder: &Path) -> Result<Self, StoreError> {
        let _held = RingLock::share(folder)?;
        let high_water = some(folder, high_water::NAME, 4 * 1024)?;
        Ok(Self {
            ring: file::read_private(&folder.join(RING))?,
            high_water: String::from_utf8(high_water).unwrap_or_default(),
            erased: some(folder, ERASED, ERASED_BYTES_MAX)?,
        })
    }

    /// The same of a folder that may hold no ring.
    pub(crate) fn read_if_there(folder: &Path) -> Result<Option<Self>, StoreError> {
        if super::ring::is_there(folder) {
            return Self::read(folder).map(Some);
        }
        Ok(None)
    }
}

/// A file that may not be there.
fn some(folder: &Path, name: &str, bytes_max: u64) -> Result<Vec<u8>, StoreError> {
    match file::read_private_up_to(&folder.join(name), bytes_max) {
        Err(StoreError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(Vec::new())
        }
        read => read,
    }
}

/// Keys from elsewhere than the folder of a ledger.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) parts: Parts,
    /// The master key of their time; none: the one in force.
    pub(crate) master: Option<MasterKey>,
}

/// The keys a restored ledger will have: those that lie in its place, and those that were brought.
#[derive(Debug)]
pub(crate) struct Gathered {
    folder: PathBuf,
    master: Key,
    source: MasterKey,
    ring: Ring,
    /// The ring has to be written: there is none, or it lacks something.
    changed: bool,
    parts: [Option<Parts>; 2],
}

impl Gathered {
    /// Opens both. What lies in place counts first; of what was brought only the epochs are taken
    /// that the backup needs. Whatever the ring will be, it is sealed under the one master key.
    pub(crate) async fn open(
        folder: &Path,
        master: &MasterKey,
        brought: Option<Other>,
        needed: RangeInclusive<i64>,
    ) -> Result<Self, StoreError> {
        let here = Parts::read_if_there(folder)?;
        if here.is_none() && brought.is_none() {
            return Err(StoreError::Ring("there is none here and none was given"));
        }
        let source = master.clone();
        let master = master.read().await?;
        let of_its_time = match brought.as_ref().and_then(|other| other.master.as_ref()) {
            Some(other) => other.read().await?,
            None => master.clone(),
        };
        let brought = brought.map(|other| other.parts);
        let open = |parts: &Option<Parts>, key: &Key| {
            let parts = parts.as_ref();
            parts.map(|parts| Ring::parse(&parts.ring, key)).transpose()
        };
        let (ring, changed) = match (open(&here, &master)?, open(&brought, &of_its_time)?) {
            (Some(here), Some(brought)) => match here.with_epochs_of(&brought, needed)? {
                Some(joined) => (joined, true),
                None => (here, false),
            },
            (Some(here), None) => (here, false),
            (None, Some(brought)) => (brought, true),
            (None, None) => return Err(StoreError::Ring("there is none")),
        };
        Ok(Self {
            folder: folder.to_owned(),
            master,
            source,
            ring,
            changed,
            parts: [here, brought],
        })
    }

    /// The keys, open. They are not on disk yet.
    pub(crate) fn keys(&self) -> Keys {
        let master = (self.master.clone(), self.source.clone());
        Keys::of(&self.folder, master, self.ring.clone())
    }

    /// How far the ledger is known to have come, from wherever that is known.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let ledger = &self.ring.ledger;
        let parts = self.parts.iter().flatten();
        let told = parts.filter_map(|parts| Mark::parse(&parts.high_water, ledger));
        let marks = told.chain(HighWater::look(&self.folder, ledger));
        marks.max_by_key(|mark| (mark.term, mark.size))
    }

    /// Lays ring and list of the erased into the folder, durable when this returns. The list keeps
    /// every line that either of them has.
    pub(crate) fn write(&self) -> Result<(), StoreError> {
        file::make_private_folder(&self.folder)?;
        if self.changed {
            if super::ring::is_there(&self.folder) {
                let held = RingLock::take(&self.folder)?;
                self.ring.replace(&self.folder, &self.master, &held)?;
            } else {
                self.ring.create(&self.folder, &self.master)?;
            }
        }
        // The list may lie there without a ring.
        let here = some(&self.folder, ERASED, ERASED_BYTES_MAX)?;
        let [_, brought] = &self.parts;
        let brought = brought.as_ref().map(|parts| parts.erased.as_slice());
        let all = lines_of_both(&here, brought.unwrap_or_default());
        if all != here {
            file::replace(&self.folder.join(ERASED), &all)?;
        }
        Ok(())
    }

    /// Whether another master key lies where this one is to be laid.
    pub(crate) fn fits_master(&self, path: &Path) -> Result<(), StoreError> {
        if !path.exists() {
            return Ok(());
        }
        let there = file::decode_master(&file::read_private(path)?);
        if there.is_ok_and(|there| there.bytes() == self.master.bytes()) {
            return Ok(());
        }
        Err(StoreError::MasterSource(
            "another one lies in the key folder as master.key: move it aside",
        ))
    }

    /// Lays the master key beside the ring, where nothing says that it comes from elsewhere.
    pub(crate) fn write_master(&self, path: &Path) -> Result<(), StoreError> {
        if path.exists() {
            return Ok(());
        }
        file::write_new(path, &file::encode_master(&self.master))
    }
}

/// Every line of the first, then those of the second that the first lacks.
fn lines_of_both(first: &[u8], second: &[u8]) -> Vec<u8> {
    let lines = |bytes| <[u8]>::split(bytes, |byte| *byte == b'\n').filter(|line| !line.is_empty());
    let known: BTreeSet<&[u8]> = lines(first).collect();
    let mut all = first.to_vec();
    if all.last().is_some_and(|byte| *byte != b'\n') {
        all.push(b'\n');
    }
    for line in lines(second).filter(|line| !known.contains(line)) {
        all.extend_from_slice(line);
        all.push(b'\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::lines_of_both;

    #[test]
    fn a_list_of_the_erased_only_grows() {
        for (first, second, all) in [
            ("", "", ""),
            ("", "a\nb\n", "a\nb\n"),
            ("a\nb\n", "", "a\nb\n"),
            ("a\nb\nc\n", "a\n", "a\nb\nc\n"),
            ("a\n", "b\na\n", "a\nb\n"),
            // Torn by a crash: the line stays as it is, and the next one is one of its own.
            ("a\nb", "c\n", "a\nb\nc\n"),
        ] {
            let joined = lines_of_both(first.as_bytes(), second.as_bytes());
            assert_eq!(String::from_utf8(joined).unwrap(), all);
        }
    }
}
