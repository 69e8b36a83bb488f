//! Checkpoint and hash tiles as static files, for any web server (C2SP tlog-tiles).
//!
//! `checkpoint` has the cosignatures of witnesses as soon as they are there; the newest checkpoint
//! that has some, which may be an earlier one, is `checkpoint.cosigned`.
//!
//! Written after commits, the checkpoint last, so that whoever reads it finds every tile it needs.
//! A tile never changes and is never written again; entry bundles are for auditors and never
//! written here. What is missing at the start is caught up with.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use baton_domain::log::note::VerifierKey;
use baton_domain::log::tile::{Kind, MAX_LEVEL, TilePath, WIDTH, node_count, write_hashes};
use baton_domain::log::{Checkpoint, verify_consistency};
use baton_store::{Ledger, StoreError};
use tokio_util::sync::CancellationToken;

/// Least time between two checkpoints.
const DEBOUNCE: Duration = Duration::from_secs(1);
/// How long it waits after a write that failed.
const RETRY: Duration = Duration::from_secs(10);
/// Most bytes of a checkpoint that is read back.
const CHECKPOINT_MAX: u64 = 64 * 1024;

/// Why public proofs cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaticProofsError {
    /// The file system.
    #[error("the folder of public proofs: {0}")]
    Folder(#[from] io::Error),
    /// The folder's checkpoint is not of this ledger and term, or of another history of it.
    #[error(
        "the folder of public proofs holds another ledger, another term, or more than this ledger \
         has: name a new folder, and keep that one"
    )]
    OtherLedger,
    /// The ledger itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger has no checkpoint or no tile where it must have one.
    #[error("the ledger's own checkpoint or tiles do not hold")]
    Ledger,
}

/// A folder that follows a ledger.
#[derive(Debug)]
pub(crate) struct StaticProofs {
    ledger: Arc<Ledger>,
    /// Every key of this term.
    keys: Vec<VerifierKey>,
    folder: PathBuf,
    /// Size of the checkpoint in the folder.
    written: u64,
    /// The checkpoint with cosignatures in the folder.
    cosigned: Option<String>,
}

impl StaticProofs {
    /// A folder that is new, or holds the beginning of this ledger.
    pub(crate) async fn open(
        ledger: Arc<Ledger>,
        folder: PathBuf,
    ) -> Result<Self, StaticProofsError> {
        fs::create_dir_all(&folder)?;
        let keys = ledger.newest().await?.keys();
        let mut proofs = Self {
            ledger,
            keys,
            folder,
            written: 0,
            cosigned: None,
        };
        let path = proofs.folder.join("checkpoint");
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(proofs),
            Err(error) => return Err(error.into()),
            Ok(found) if found.len() > CHECKPOINT_MAX => {
                return Err(StaticProofsError::OtherLedger);
            }
            Ok(_) => {}
        }
        let held = proofs.opened(&fs::read(&path)?);
        let held = held.ok_or(StaticProofsError::OtherLedger)?;
        if !proofs.goes_on_from(&held).await? {
            return Err(StaticProofsError::OtherLedger);
        }
        proofs.written = held.size;
        Ok(proofs)
    }

    fn opened(&self, signed: &[u8]) -> Option<Checkpoint> {
        Checkpoint::open(signed, &self.keys).ok()
    }

    async fn goes_on_from(&self, held: &Checkpoint) -> Result<bool, StaticProofsError> {
        let Some(proof) = self.ledger.consistency(held.size, None).await? else {
            return Ok(false);
        };
        let now = self.opened(proof.checkpoint.as_bytes());
        let now = now.ok_or(StaticProofsError::Ledger)?;
        let (then, now) = ((held.size, &held.root), (now.size, &now.root));
        Ok(verify_consistency(then.0, then.1, now.0, now.1, &proof.hashes).is_ok())
    }

    /// Writes whenever the ledger has grown, and once more when the service stops.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut size = self.ledger.size();
        let mut cosigned = self.ledger.cosigned_changes();
        loop {
            size.mark_unchanged();
            cosigned.mark_unchanged();
            let wait = match self.catch_up().await {
                Ok(()) => DEBOUNCE,
                Err(error) => {
                    tracing::error!(%error, "public proofs were not written");
                    RETRY
                }
            };
            let stopped = stop
                .run_until_cancelled(async {
                    tokio::time::sleep(wait).await;
                    // A failed write is tried again whether the ledger grows or not.
                    if wait == DEBOUNCE {
                        tokio::select! {
                            grown = size.changed() => grown.is_err(),
                            kept = cosigned.changed() => kept.is_err(),
                        }
                    } else {
                        false
                    }
                })
                .await;
            match stopped {
                Some(false) => {}
                Some(true) => return,
                None => {
                    let _ = self.catch_up().await;
                    return;
                }
            }
        }
    }

    /// Brings the folder to the newest checkpoint.
    pub(crate) async fn catch_up(&mut self) -> Result<(), StaticProofsError> {
        let newest = self.ledger.newest().await?;
        self.keys = newest.keys();
        let signed = newest.checkpoint;
        let now = self.opened(signed.as_bytes());
        let now = now.ok_or(StaticProofsError::Ledger)?;
        if now.size <= self.written {
            return self.cosigned(&now).await;
        }
        let mut full = Vec::new();
        for level in 0..=MAX_LEVEL {
            for index in self.new_tiles(level, now.size) {
                let path = TilePath::in_tree(Kind::Hashes(level), index, now.size);
                let path = path.ok_or(StaticProofsError::Ledger)?;
                self.tile(level, &path).await?;
                full.extend(path.partial.is_none().then_some(path));
            }
        }
        replace(self.folder.join("checkpoint"), signed.into_bytes()).await?;
        self.written = now.size;
        for path in full {
            self.forget_partial(&path)?;
        }
        self.cosigned(&now).await
    }

    /// What witnesses have cosigned: beside the checkpoint, and in its place if it is the same one.
    async fn cosigned(&mut self, now: &Checkpoint) -> Result<(), StaticProofsError> {
        let kept = self.ledger.cosigned().await?;
        let Some(kept) = kept.filter(|kept| self.cosigned.as_ref() != Some(kept)) else {
            return Ok(());
        };
        let of = self.opened(kept.as_bytes());
        // One of the term before: it stays in that term's folder.
        let Some(of) = of.filter(|of| of.size <= self.written) else {
            return Ok(());
        };
        let beside = self.folder.join("checkpoint.cosigned");
        replace(beside, kept.clone().into_bytes()).await?;
        if of == *now && of.size == self.written {
            replace(self.folder.join("checkpoint"), kept.clone().into_bytes()).await?;
        }
        self.cosigned = Some(kept);
        Ok(())
    }

    /// Places of the tiles of a level that are not in the folder as the tree of that size has them.
    fn new_tiles(&self, level: u8, size: u64) -> Range<u64> {
        let end = node_count(level, size).div_ceil(WIDTH);
        let first = node_count(level, self.written) / WIDTH;
        first.min(end)..end
    }

    async fn tile(&self, level: u8, path: &TilePath) -> Result<(), StaticProofsError> {
        let file = self.folder.join(path.to_string());
        let there = file.exists();
        if there && self.written > 0 {
            return Ok(());
        }
        let width = path.partial.map_or(WIDTH, |width| u64::from(width.get()));
        let start = path.index * WIDTH;
        let hashes = self.ledger.tile(level, start..start + width).await?;
        let bytes = write_hashes(&hashes.ok_or(StaticProofsError::Ledger)?);
        match there {
            false => Ok(replace(file, bytes).await?),
            // Without a checkpoint nothing says yet whose tile it is.
            true if fs::read(&file)? == bytes => Ok(()),
            true => Err(StaticProofsError::OtherLedger),
        }
    }

    /// The partial tiles that a full one stands for now; C2SP lets them go.
    fn forget_partial(&self, full: &TilePath) -> io::Result<()> {
        let partial = self.folder.join(format!("{full}.p"));
        match fs::remove_dir_all(partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Writes a file that is there whole or not at all, where it holds up nobody.
async fn replace(path: PathBuf, bytes: Vec<u8>) -> io::Result<()> {
    tokio::task::spawn_blocking(move || write(&path, &bytes))
        .await
        .map_err(io::Error::other)?
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}
