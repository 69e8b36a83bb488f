//! The ring of epochs: a small file beside the database, backed up apart from it. Whoever destroys
//! an epoch makes every copy of what was wrapped under it unreadable, wherever it lies.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use baton_domain::ids::LedgerId;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::{Key, file};
use crate::error::StoreError;

pub(super) const RING: &str = "ring.json";
const NEW: &str = "ring.json.new";
const OLD: &str = "ring.json.old";
const LOCK: &str = "ring.lock";
/// The key that signs the first checkpoint.
pub(super) const FIRST_LOG_KEY: i64 = 1;

/// The ring as it lies on disk: every key in it sealed under the master key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    version: u32,
    ledger_id: String,
    /// Tells the master key it is sealed under from any other.
    master: String,
    /// Epochs below this one were destroyed, or never were.
    oldest: i64,
    epochs: BTreeMap<i64, EpochFile>,
    #[serde(with = "file::sealed")]
    blind: Vec<u8>,
    /// Keys that sign checkpoints, by number: the one in force, and the one before or after it.
    log: BTreeMap<i64, SealedFile>,
}

/// One key as it lies there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct SealedFile(#[serde(with = "file::sealed")] Vec<u8>);

/// One epoch of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochFile {
    opened_us: i64,
    #[serde(with = "file::sealed")]
    key: Vec<u8>,
}

/// An epoch, open.
#[derive(Debug, Clone)]
pub(super) struct Epoch {
    pub(super) opened_us: i64,
    pub(super) key: Key,
}

/// The ring, open.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    pub(super) ledger: LedgerId,
    pub(super) epochs: BTreeMap<i64, Epoch>,
    pub(super) blind: Key,
    pub(super) log: BTreeMap<i64, Key>,
}

/// Held while the file is changed: nodes of one ledger may share the folder.
#[derive(Debug)]
pub(super) struct RingLock {
    _file: File,
}

impl Ring {
    /// A ring of one epoch, not yet on disk.
    pub(super) fn new(ledger: LedgerId, now_us: i64) -> Result<Self, StoreError> {
        let first = Epoch {
            opened_us: now_us,
            key: Key::random()?,
        };
        Ok(Self {
            ledger,
            epochs: BTreeMap::from([(1, first)]),
            blind: Key::random()?,
            log: BTreeMap::from([(FIRST_LOG_KEY, Key::random()?)]),
        })
    }

    /// Opens the ring of a folder, while nobody changes it.
    pub(super) fn read(folder: &Path, master: &Key) -> Result<Self, StoreError> {
        let held = RingLock::share(folder)?;
        Self::read_held(folder, master, &held)
    }

    /// Takes away what a process left that was killed while it replaced the ring: an older ring,
    /// or one under an older master key.
    pub(super) fn tidy(folder: &Path) -> Result<(), StoreError> {
        let left = [folder.join(NEW), folder.join(OLD)];
        if left.iter().all(|path| !path.exists()) {
            return Ok(());
        }
        let _held = RingLock::take(folder)?;
        left.iter()
            .try_for_each(|path| wipe(path).map_err(at(path)))
    }

    /// The same under a lock that is held already.
    pub(super) fn read_held(
        folder: &Path,
        master: &Key,
        _held: &RingLock,
    ) -> Result<Self, StoreError> {
        Self::parse(&file::read_private(&folder.join(RING))?, master)
    }

    /// Opens a ring from its bytes.
    pub(super) fn parse(bytes: &[u8], master: &Key) -> Result<Self, StoreError> {
        let ring: RingFile =
            serde_json::from_slice(bytes).map_err(|_| StoreError::Ring("not a key ring"))?;
        if ring.version != 1 {
            return Err(StoreError::Ring("made by a newer version"));
        }
        let ledger =
            LedgerId::parse(&ring.ledger_id).map_err(|_| StoreError::Ring("names no ledger"))?;
        let given = master.fingerprint();
        if ring.master != given {
            return Err(StoreError::OtherMasterKey {
                needed: ring.master.chars().take(given.len()).collect(),
                given,
            });
        }
        let open = |what: &str, sealed: &[u8]| {
            master
                .unwrap(&aad(&ledger, what), sealed)
                .map_err(|_| StoreError::MasterKey)
        };
        let epochs = ring
            .epochs
            .iter()
            .map(|(id, epoch)| {
                let key = open(&format!("epoch/{id}"), &epoch.key)?;
                let opened_us = epoch.opened_us;
                Ok((*id, Epoch { opened_us, key }))
            })
            .collect::<Result<_, StoreError>>()?;
        let log = ring.log.iter().map(|(number, key)| {
            let key = open(&format!("log/{number}"), &key.0)?;
            Ok((*number, key))
        });
        Ok(Self {
            log: log.collect::<Result<_, StoreError>>()?,
            blind: open("blind", &ring.blind)?,
            epochs,
            ledger,
        })
    }

    /// This ring with the epochs of that range which it lacks and another has. None when nothing is
    /// missing. Epochs beyond the range stay gone: they were destroyed for a reason.
    pub(super) fn with_epochs_of(
        &self,
        other: &Self,
        needed: RangeInclusive<i64>,
    ) -> Result<Option<Self>, StoreError> {
        let same = |a: &Key, b: &Key| a.bytes() == b.bytes();
        let mut log = self.log.iter();
        if self.ledger != other.ledger
            || !same(&self.blind, &other.blind)
            || log.any(|(number, key)| other.log.get(number).is_some_and(|it| !same(key, it)))
        {
            return Err(StoreError::Ring("the two are of different ledgers"));
        }
        let mut joined = self.clone();
        for (id, epoch) in other.epochs.range(needed) {
            match self.epochs.get(id) {
                None => drop(joined.epochs.insert(*id, epoch.clone())),
                Some(known) if same(&known.key, &epoch.key) => {}
                Some(_) => return Err(StoreError::Ring("the two hold other keys of one epoch")),
            }
        }
        Ok((joined.epochs.len() > self.epochs.len()).then_some(joined))
    }

    fn to_bytes(&self, master: &Key) -> Result<Vec<u8>, StoreError> {
        let wrap = |what: &str, key: &Key| master.wrap(&aad(&self.ledger, what), key);
        let epochs = self.epochs.iter().map(|(id, epoch)| {
            let key = wrap(&format!("epoch/{id}"), &epoch.key)?;
            let opened_us = epoch.opened_us;
            Ok((*id, EpochFile { opened_us, key }))
        });
        let log = self.log.iter().map(|(number, key)| {
            let sealed = wrap(&format!("log/{number}"), key)?;
            Ok((*number, SealedFile(sealed)))
        });
        let ring = RingFile {
            version: 1,
            ledger_id: self.ledger.as_str().to_owned(),
            master: master.fingerprint(),
            oldest: self.epochs.keys().next().copied().unwrap_or_default(),
            epochs: epochs.collect::<Result<_, StoreError>>()?,
            blind: wrap("blind", &self.blind)?,
            log: log.collect::<Result<_, StoreError>>()?,
        };
        serde_json::to_vec_pretty(&ring).map_err(|_| StoreError::Ring("encoding"))
    }

    /// Writes a ring where there is none.
    pub(super) fn create(&self, folder: &Path, master: &Key) -> Result<(), StoreError> {
        file::write_new(&folder.join(RING), &self.to_bytes(master)?)
    }

    /// Puts this ring in the place of the one on disk: whole, or not at all. What lay there before
    /// is overwritten, as far as the file system does so in place.
    pub(super) fn replace(
        &self,
        folder: &Path,
        master: &Key,
        _held: &RingLock,
    ) -> Result<(), StoreError> {
        let (path, new) = (folder.join(RING), folder.join(NEW));
        let old = folder.join(OLD);
        let bytes = self.to_bytes(master)?;
        let replace = || -> Result<(), StoreError> {
            // Left by a process that was killed in here.
            wipe(&new).and_then(|()| wipe(&old)).map_err(at(&old))?;
            file::create(&new, &bytes).map_err(at(&new))?;
            fs::hard_link(&path, &old).map_err(at(&old))?;
            fs::rename(&new, &path).map_err(at(&path))?;
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(at(folder))?;
            wipe(&old).map_err(at(&old))
        };
        replace()
    }
}

impl RingLock {
    /// To change the file. Others are done within milliseconds.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        Self::lock(folder, FlockOperation::LockExclusive)
    }

    /// To read it: what is replaced is overwritten, and must not be read meanwhile.
    pub(super) fn share(folder: &Path) -> Result<Self, StoreError> {
        Self::lock(folder, FlockOperation::LockShared)
    }

    fn lock(folder: &Path, how: FlockOperation) -> Result<Self, StoreError> {
        let path = folder.join(LOCK);
        let take = || -> io::Result<File> {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)?;
            flock(&file, how)?;
            Ok(file)
        };
        let file = take().map_err(|error| StoreError::file(&path, error))?;
        Ok(Self { _file: file })
    }
}

/// Whether a folder holds a ring.
pub(super) fn is_there(folder: &Path) -> bool {
    folder.join(RING).is_file()
}

fn aad(ledger: &LedgerId, what: &str) -> String {
    format!("baton/ring/v1\n{ledger}\n{what}")
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::file(&path, error)
}

/// Overwrites a file and removes it, where there is one. One that also has another name is the ring
/// itself, of a process that was killed before it put the new one in its place: it only loses this
/// name.
fn wipe(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if metadata.nlink() > 1 {
        return fs::remove_file(path);
    }
    let length = usize::try_from(metadata.len()).unwrap_or_default();
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    fs::remove_file(path)
}
