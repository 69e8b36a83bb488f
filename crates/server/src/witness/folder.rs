//! The folder of a witness: its key, and what it cosigned last of each ledger.
//!
//! Key and memory belong together. A copy that is put back has forgotten what it cosigned and
//! could sign a second history: a witness whose folder is lost or older than it was gets a new key.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use baton_domain::log::note::{CosignerKey, WitnessKey, with_lines};
use baton_domain::log::{Checkpoint, Submission};
use rustix::fs::{FlockOperation, flock};
use zeroize::Zeroizing;

const KEY: &str = "witness.key";
const VKEY: &str = "witness.vkey";
const LOCK: &str = "lock";
const LOGS: &str = "logs";
const EVIDENCE: &str = "evidence";
/// First word of a key file; name and seed follow.
const KEY_HEADER: &str = "baton-witness-key-v1";
/// Largest file read, in bytes.
const FILE_MAX: u64 = 512 * 1024;
/// What group and others may do with a file.
const OTHERS: u32 = 0o077;
/// Refused submissions that are kept.
const EVIDENCE_MAX: usize = 256;

/// Why a witness cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessFolderError {
    /// The file system.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, io::ErrorKind),
    /// There is something in it already.
    #[error("{} is there already: name a new folder", .0.display())]
    Exists(PathBuf),
    /// No witness, or only a part of one.
    #[error(
        "{} is no witness's folder: `baton witness init` makes one. If parts of it were lost it \
         has forgotten what it cosigned: make a new one, with a new key", .0.display()
    )]
    NotOne(PathBuf),
    /// Others may read the key.
    #[error("{} may be read by others: chmod 600", .0.display())]
    Mode(PathBuf),
    /// Another process serves it.
    #[error("another process serves this folder")]
    Busy,
    /// Not a key, or it cannot sign.
    #[error("the key of the witness cannot be used")]
    Key,
    /// What was cosigned last is not what this witness cosigned.
    #[error(
        "{} is damaged, or not what this witness cosigned. It must not sign on: make a new \
         witness, with a new key", .0.display()
    )]
    Damaged(PathBuf),
    /// More ledgers than a witness may have.
    #[error("more than 4,096 ledgers")]
    TooMany,
}

/// A folder, held by one process.
#[derive(Debug)]
pub struct WitnessFolder {
    path: PathBuf,
    key: WitnessKey,
    _lock: File,
}

impl WitnessFolder {
    /// Makes a witness of a name, with a new key.
    pub fn create(path: &Path, name: &str) -> Result<WitnessKey, WitnessFolderError> {
        let mut seed = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut *seed).map_err(|_| WitnessFolderError::Key)?;
        let key = CosignerKey::from_seed(name, &seed).map_err(|_| WitnessFolderError::Key)?;
        if path
            .read_dir()
            .is_ok_and(|mut there| there.next().is_some())
        {
            return Err(WitnessFolderError::Exists(path.to_owned()));
        }
        let logs = path.join(LOGS);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&logs);
        made.map_err(|error| WitnessFolderError::File(logs, error.kind()))?;
        let seed = Zeroizing::new(BASE64_STANDARD.encode(*seed));
        let text = Zeroizing::new(format!("{KEY_HEADER} {name} {}\n", *seed));
        let public = format!("{}\n", key.verifier());
        write(&path.join(VKEY), public.as_bytes())?;
        write(&path.join(KEY), text.as_bytes())?;
        Ok(key.verifier().clone())
    }

    /// Opens a folder, alone.
    pub fn open(path: &Path) -> Result<Self, WitnessFolderError> {
        let not_one = || WitnessFolderError::NotOne(path.to_owned());
        if !path.join(LOGS).is_dir() || !path.join(KEY).is_file() {
            return Err(not_one());
        }
        let key = read_key(path)?.verifier().clone();
        let lock = path.join(LOCK);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(|error| WitnessFolderError::File(lock, error.kind()))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| WitnessFolderError::Busy)?;
        Ok(Self {
            key,
            path: path.to_owned(),
            _lock: file,
        })
    }

    /// The private key.
    pub(super) fn key(&self) -> Result<CosignerKey, WitnessFolderError> {
        read_key(&self.path)
    }

    /// What was cosigned last of a ledger. It bears the cosignature of this witness, so that
    /// nothing else passes for it.
    pub(super) fn held(&self, origin: &str) -> Result<Option<Checkpoint>, WitnessFolderError> {
        let path = self.of(origin);
        let damaged = || WitnessFolderError::Damaged(path.clone());
        let mut bytes = Vec::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WitnessFolderError::File(path, error.kind())),
            Ok(file) => file
                .take(FILE_MAX)
                .read_to_end(&mut bytes)
                .map_err(|_| damaged())?,
        };
        let held = Checkpoint::open_cosigned(&bytes, std::slice::from_ref(&self.key));
        let held = held.ok().filter(|held| held.origin == origin);
        held.map(Some).ok_or_else(damaged)
    }

    /// Puts a checkpoint in the place of the last one, durable when this returns.
    pub(super) fn keep(
        &self,
        origin: &str,
        signed: &str,
        line: &str,
    ) -> Result<(), WitnessFolderError> {
        let note = with_lines(signed, line).map_err(|_| WitnessFolderError::Key)?;
        write(&self.of(origin), note.as_bytes())
    }

    /// Keeps a submission that contradicts what was cosigned, for people; whether there was room.
    /// The same checkpoint is kept once, whatever else comes with it.
    pub(super) fn evidence(&self, origin: &str, asked: &Submission) -> bool {
        let folder = self.path.join(EVIDENCE);
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder);
        let full = || folder.read_dir().is_ok_and(|it| it.count() >= EVIDENCE_MAX);
        if made.is_err() || full() {
            return false;
        }
        let held = fs::read(self.of(origin)).unwrap_or_default();
        let signed = asked.checkpoint.split("\n\n").next().unwrap_or(origin);
        let asked = asked.to_string();
        let text = [
            b"# cosigned last\n",
            &held[..],
            b"\n# submitted\n",
            asked.as_bytes(),
        ]
        .concat();
        write(&folder.join(name(signed.as_bytes())), &text).is_ok()
    }

    fn of(&self, origin: &str) -> PathBuf {
        self.path.join(LOGS).join(name(origin.as_bytes()))
    }
}

/// A name that any text can have: origins have slashes.
fn name(of: &[u8]) -> String {
    use std::fmt::Write as _;
    let hash = digest(&SHA256, of);
    hash.as_ref()[..16]
        .iter()
        .fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
}

fn read_key(folder: &Path) -> Result<CosignerKey, WitnessFolderError> {
    let path = folder.join(KEY);
    let mut text = Zeroizing::new(String::new());
    let read = File::open(&path).and_then(|file| {
        let mode = file.metadata()?.mode();
        file.take(FILE_MAX).read_to_string(&mut text).map(|_| mode)
    });
    let mode = read.map_err(|error| WitnessFolderError::File(path.clone(), error.kind()))?;
    if mode & OTHERS != 0 {
        return Err(WitnessFolderError::Mode(path));
    }
    let mut words = text.trim_end().split(' ');
    let (Some(KEY_HEADER), Some(name), Some(seed), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(WitnessFolderError::Key);
    };
    let seed = Zeroizing::new(BASE64_STANDARD.decode(seed).unwrap_or_default());
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(
        (&seed[..])
            .try_into()
            .map_err(|_| WitnessFolderError::Key)?,
    );
    CosignerKey::from_seed(name, &seed).map_err(|_| WitnessFolderError::Key)
}

/// Writes a file whole or not at all, for its owner only, durable when this returns.
fn write(path: &Path, bytes: &[u8]) -> Result<(), WitnessFolderError> {
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|error| WitnessFolderError::File(path.to_owned(), error.kind()))
}
