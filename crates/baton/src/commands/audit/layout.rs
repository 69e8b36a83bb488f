//! What lies where in an exported ledger.
//!
//! `checkpoint` and `tile/` are C2SP tlog-tiles, for any verifier; what that standard has no place
//! for is below `baton/`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_domain::log::handover::HANDOVERS_MAX;
use baton_domain::log::note::VerifierKey;
use baton_domain::log::tile::{Kind, TilePath};
use serde::{Deserialize, Serialize};

use crate::output::{Broken, Wrong};

/// The newest checkpoint; written last.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// The ledger's keys, a C2SP vkey a line.
pub(super) const KEYS: &str = "baton/verifier-keys";
/// Which ledger it is; written first.
pub(super) const MARKER: &str = "baton/ledger.json";
/// Every checkpoint the folder once had, by size.
pub(super) const CHECKPOINTS: &str = "baton/checkpoints";
/// How each key handed over to the next, by number from 1.
pub(super) const HANDOVERS: &str = "baton/log-key-handovers";
/// The newest checkpoint that witnesses cosigned.
pub(super) const COSIGNED: &str = "baton/checkpoint.cosigned";
/// How to check it.
pub(super) const README: &str = "README.txt";

/// The access rows that were read with the checkpoint of a size.
pub(super) fn access_rows(size: u64) -> String {
    format!("baton/access-rows/{size}.jsonl")
}

/// The policies of a hash.
pub(super) fn policy_set(hash: &str) -> String {
    format!("baton/policy-sets/{hash}.cedar")
}

/// A checkpoint by its size.
pub(super) fn checkpoint_of(size: u64) -> String {
    format!("{CHECKPOINTS}/{size}")
}

/// Where a bundle lies of which some entries were dropped: in the form of a bundle, with the length
/// 0 for each of those. C2SP has no such thing, so to others that bundle is pruned.
pub(super) fn pruned(bundle: &TilePath) -> String {
    debug_assert!(bundle.kind == Kind::Entries, "only bundles are pruned");
    let path = bundle.to_string();
    let place = path.strip_prefix("tile/entries/").unwrap_or(&path);
    format!("baton/pruned/{place}")
}

/// The path of a bundle, full.
pub(super) const fn bundle(index: u64) -> TilePath {
    TilePath {
        kind: Kind::Entries,
        index,
        partial: None,
    }
}

/// What a folder says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    /// Version of the layout.
    pub(super) format: u32,
    /// The ledger, `ldg_…`.
    pub(super) ledger: String,
    /// Origin of its checkpoints: the ledger in one of its terms.
    pub(super) origin: String,
}

/// The layout described here.
const FORMAT: u32 = 1;

impl Marker {
    pub(super) fn of(ledger: &str, origin: &str) -> Self {
        Self {
            format: FORMAT,
            ledger: ledger.to_owned(),
            origin: origin.to_owned(),
        }
    }

    /// As it is written.
    pub(super) fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(self)?)
    }
}

/// A folder with an exported ledger.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file of at most so many bytes; none if there is none.
    pub(super) fn read(&self, name: &str, most: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path(name);
        let size = match fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(Wrong::unreadable(&path, &error).into()),
        };
        if size > most {
            return Err(Broken(format!("{name} is larger than such a file can be")).into());
        }
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(Wrong::unreadable(&path, &error).into()),
        }
    }

    /// What it says it is; none for a folder that is not there or empty.
    pub(super) fn marker(&self) -> anyhow::Result<Option<Marker>> {
        let Some(bytes) = self.read(MARKER, SMALL_MAX)? else {
            return Ok(None);
        };
        let marker: Marker =
            serde_json::from_slice(&bytes).map_err(|_| Broken(format!("{MARKER} is damaged")))?;
        if marker.format == FORMAT {
            Ok(Some(marker))
        } else {
            Err(Wrong("an export of another version of baton: use that one".to_owned()).into())
        }
    }

    /// The keys that lie beside the ledger.
    pub(super) fn keys(&self) -> anyhow::Result<Vec<VerifierKey>> {
        let bytes = self.read(KEYS, SMALL_MAX)?.unwrap_or_default();
        let damaged = || Broken(format!("{KEYS} is missing or damaged; give --key"));
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let keys: Result<Vec<_>, _> = text.lines().map(str::parse).collect();
        let keys = keys.ok().filter(|keys| !keys.is_empty());
        Ok(keys.ok_or_else(damaged)?)
    }

    /// How each of those keys handed over to the next.
    pub(super) fn handovers(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut notes = Vec::new();
        for number in 1..=HANDOVERS_MAX {
            match self.read(&format!("{HANDOVERS}/{number}"), SMALL_MAX)? {
                Some(note) => notes.push(note),
                None => break,
            }
        }
        Ok(notes)
    }

    /// Writes a file that is there whole or not at all, in place of an older one.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let beside = self.beside(name)?;
        let written = write(&beside, bytes).and_then(|()| self.put(&beside, name));
        written.with_context(|| format!("{name} cannot be written"))
    }

    /// Writes a file that never changes: one that lies there has to be the same.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        match self.read(name, u64::MAX)? {
            None => self.replace(name, bytes),
            Some(held) if held == bytes => Ok(()),
            Some(_) => Err(Broken(format!(
                "{name} of the folder is not what the ledger has there. Nothing was overwritten: \
                 check the folder with `baton audit verify`, and keep both"
            ))
            .into()),
        }
    }

    /// A new file beside the one of a name, for what is written bit by bit.
    pub(super) fn beside(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder);
            made.with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let mut beside = path.into_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        Ok(beside.into())
    }

    /// Gives a written file its name.
    pub(super) fn put(&self, beside: &Path, name: &str) -> io::Result<()> {
        let path = self.path(name);
        fs::rename(beside, &path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    /// Takes a file away that another one stands for now.
    pub(super) fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if absent(&error) => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("{name} cannot be removed")),
        }
        // The folder of partial tiles, if this was the last one.
        if let Some(folder) = path
            .parent()
            .filter(|it| it.extension() == Some("p".as_ref()))
        {
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }
}

/// Most bytes of the small files.
pub(super) const SMALL_MAX: u64 = 64 * 1024;

fn absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A new file, for its owner only: bundles are for auditors.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
