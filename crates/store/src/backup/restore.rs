//! A ledger put back from a backup: nothing is written before all of it was checked, and what was
//! begun and not finished is never served.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::file::{Frame, Header};
use super::key_file::Brought;
use super::tables::{Described, insert};
use super::{BackupError, Checked, Progress, Stage, Watcher, check};
use crate::clock::Clock;
use crate::engine::value::Value;
use crate::engine::{Db, Tx};
use crate::error::StoreError;
use crate::folder::{self, FolderLock};
use crate::head::Head;
use crate::keys::{Gathered, Keys, Mark, MasterKey, Other};
use crate::learner::hex;
use crate::log_keys::LogKeys;
use crate::open::{Origin, Place, append, leaf_at};
use baton_domain::log::Frontier;

/// The master key's own place in a key folder.
const MASTER: &str = "master.key";
/// Rows put back at once.
const ROWS_AT_ONCE: usize = 256;
/// The same in bytes, about.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// Batches of rows that may wait for the database.
const HELD: usize = 2;

/// From what a ledger is put back.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The content backup.
    pub content: PathBuf,
    /// A key backup, or a key folder; none when the ring lies in its place already.
    pub keys: Option<PathBuf>,
    /// The master key that opens `keys`, where that is another than the place's: it was changed
    /// since. The ledger goes on under the place's.
    pub keys_master: Option<MasterKey>,
    /// Whether the master key is laid beside the ring, since nothing says it comes from elsewhere.
    pub lay_master: bool,
}

/// A ledger that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it was put back from.
    pub from: Checked,
    /// The term that was opened.
    pub term: u64,
    /// The key that checks the new term's checkpoints, as a C2SP vkey.
    pub verifier_key: String,
}

/// All that is checked before anything is written.
struct Ready {
    header: Header,
    head: Head,
    gathered: Gathered,
    keys: Arc<Keys>,
    checked: Checked,
    /// A restore of this very backup was broken off here.
    again: bool,
}

impl Restore {
    /// Checks everything a restore would, and writes nothing.
    pub async fn check(&self, place: &Place, watcher: &Watcher) -> Result<Checked, BackupError> {
        Ok(self.ready(place, watcher).await?.checked)
    }

    /// Checks everything, puts the ledger back and opens its next term.
    pub async fn run(
        &self,
        place: &Place,
        clock: &Clock,
        watcher: &Watcher,
    ) -> Result<Restored, BackupError> {
        let ready = self.ready(place, watcher).await?;
        folder::make(&place.folder)?;
        // On PostgreSQL too: of two restores into one folder the second has nothing to do there.
        let _lock = FolderLock::take(&place.folder)?;
        let marker = folder::unfinished(&place.folder);
        if ready.again && !marker.exists() {
            return Err(taken(&place.folder.display().to_string()));
        }
        if !ready.again {
            folder::write_durably(&marker, hex(&ready.checked.sha256).as_bytes())?;
        }
        ready.gathered.write()?;
        if self.lay_master {
            ready.gathered.write_master(&place.keys().join(MASTER))?;
        }
        let db = place.connect_locked().await?;
        let done = self.put_back(&db, &ready, clock, watcher).await;
        db.close().await;
        let mark = done?;
        ready.keys.high_water()?.write(&mark);
        folder::remove_durably(&marker)?;
        let head = Head {
            term: mark.term,
            ..ready.head
        };
        let newest = ready.keys.newest_log_key()?;
        let signer = ready.keys.signer(&head.origin()?, newest)?;
        Ok(Restored {
            term: mark.term,
            verifier_key: signer.verifier().to_string(),
            from: ready.checked,
        })
    }

    async fn ready(&self, place: &Place, watcher: &Watcher) -> Result<Ready, BackupError> {
        let header = check::header(&self.content)?;
        let begun = fs::read_to_string(folder::unfinished(&place.folder)).ok();
        if begun.is_none() {
            is_empty(place).await?;
        }
        let brought = self.keys.as_deref().map(Brought::read).transpose()?;
        let needed = header.oldest_epoch..=header.epoch;
        let other = brought.as_ref().map(|brought| Other {
            parts: brought.parts.clone(),
            master: self.keys_master.clone(),
        });
        let gathered = Gathered::open(&place.keys(), &place.master(), other, needed).await?;
        if self.lay_master {
            gathered.fits_master(&place.keys().join(MASTER))?;
        }
        let keys = Arc::new(gathered.keys());
        if let Some(brought) = &brought {
            brought.is_vouched_for(&keys)?;
        }
        if keys.ledger().as_str() != header.ledger {
            let other = "the backup and the keys are of different ledgers";
            return Err(StoreError::NoLedger(other).into());
        }
        if !keys.has_epoch(header.epoch) {
            return Err(BackupError::EpochGone(header.epoch));
        }
        let checked = {
            let (path, keys, watcher) =
                (self.content.clone(), Arc::clone(&keys), Arc::clone(watcher));
            let never = CancellationToken::new();
            tokio::task::spawn_blocking(move || check::check(&path, &keys, (&never, &watcher)))
                .await
                .map_err(|_| BackupError::Fault)??
        };
        let damaged = || BackupError::Damaged {
            path: self.content.clone(),
            faults: vec!["its header changed while it was read".to_owned()],
        };
        let head = header.head().ok_or_else(damaged)?;
        if !keys.is_of(&head.epoch) {
            return Err(
                StoreError::Ring("it holds another key of the epoch that was in force").into(),
            );
        }
        let again = begun.is_some_and(|begun| begun == hex(&checked.sha256));
        if !again && place.postgres.is_some() {
            // A restore of another backup may have come as far as its commit.
            is_empty(place).await?;
        }
        Ok(Ready {
            header,
            head,
            gathered,
            keys,
            checked,
            again,
        })
    }

    /// All rows, the head and the first entry of the new term, in one commit.
    async fn put_back(
        &self,
        db: &Db,
        ready: &Ready,
        clock: &Clock,
        watcher: &Watcher,
    ) -> Result<Mark, BackupError> {
        let mut tx = db.begin_alone().await?;
        if let Some(head) = Head::read(&mut tx).await? {
            let mark = finished(&mut tx, &head, ready).await;
            tx.rollback().await?;
            return mark;
        }
        self.pour(&mut tx, ready, watcher).await?;
        let mut head = ready.head.clone();
        let empty = Head {
            frontier: Frontier::new(),
            ..head.clone()
        };
        empty.insert(&mut tx).await?;
        head.write(&mut tx, &empty).await?;
        let own = leaf_at(&mut tx, head.size().saturating_sub(1)).await?;
        let own = Mark {
            term: head.term,
            size: head.size(),
            last_leaf: own.ok_or(StoreError::Row("entry"))?,
        };
        let mark = ready.gathered.mark().unwrap_or(own);
        head.term = mark.term.max(head.term) + 1;
        // The backup may name a key that was destroyed since; a new term has new keys anyway.
        let newest = ready.keys.newest_log_key()?;
        head.log_keys = LogKeys::only(newest, &ready.keys.signer(&head.origin()?, newest)?);
        let origin = Origin::TermOpened {
            checkpoint: &ready.head.checkpoint,
            mark,
            backup: Some(ready.checked.sha256),
        };
        let mark = append(&mut tx, &ready.keys, &mut head, clock, origin).await?;
        tx.commit().await?;
        Ok(mark)
    }

    /// Every row of the backup. It has to be the file that was checked.
    async fn pour(&self, tx: &mut Tx, ready: &Ready, watcher: &Watcher) -> Result<(), BackupError> {
        let (to, mut batches) = mpsc::channel(HELD);
        let path = self.content.clone();
        let read = tokio::task::spawn_blocking(move || read(&path, &to));
        let mut done = 0;
        while let Some((table, rows)) = batches.recv().await {
            done += rows.len() as u64;
            insert(tx, table, rows).await?;
            watcher(Progress {
                stage: Stage::Restoring,
                done,
                total: ready.header.rows,
            });
        }
        let digest = read.await.map_err(|_| BackupError::Fault)??;
        if digest == ready.checked.sha256 {
            return Ok(());
        }
        Err(BackupError::Damaged {
            path: self.content.clone(),
            faults: vec!["it changed after it was checked".to_owned()],
        })
    }
}

type Batch = (&'static Described, Vec<Vec<Value>>);

/// Sends the rows of a backup; answers its digest.
fn read(path: &Path, to: &mpsc::Sender<Batch>) -> Result<[u8; 32], BackupError> {
    let (mut decoder, _) = check::open(path)?;
    let send = |batch: Batch| {
        let sent = to.blocking_send(batch);
        // Nobody takes it when the database failed; why, that one says.
        sent.map_err(|_| BackupError::Stopped)
    };
    let (mut of, mut rows, mut bytes) = (None, Vec::new(), 0);
    loop {
        match decoder.next().map_err(|error| error.of(path))? {
            Frame::Table(table) => of = Some(table),
            Frame::Row(row) => {
                bytes += row.iter().map(length).sum::<usize>();
                rows.push(row);
                if let Some(table) = of
                    && (rows.len() == ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE)
                {
                    send((table, std::mem::take(&mut rows)))?;
                    bytes = 0;
                }
            }
            Frame::EndOfTable(_) => {
                if let Some(table) = of.take() {
                    send((table, std::mem::take(&mut rows)))?;
                    bytes = 0;
                }
            }
            Frame::End { digest, .. } => return Ok(digest),
        }
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.as_ref().map_or(0, String::len),
        Value::Int(_) => 8,
        Value::Blob(bytes) => bytes.as_ref().map_or(0, Vec::len),
    }
}

/// Where a restore of the same backup came as far as its commit: what it left to do.
async fn finished(tx: &mut Tx, head: &Head, ready: &Ready) -> Result<Mark, BackupError> {
    let own = head.ledger == ready.head.ledger
        && head.size() == ready.head.size() + 1
        && head.term > ready.head.term;
    if !ready.again || !own {
        return Err(taken("the database"));
    }
    let last = leaf_at(tx, head.size() - 1).await?;
    Ok(Mark {
        term: head.term,
        size: head.size(),
        last_leaf: last.ok_or(StoreError::Row("entry"))?,
    })
}

/// Refuses a place where something is.
async fn is_empty(place: &Place) -> Result<(), BackupError> {
    if let Some(url) = &place.postgres {
        if Db::postgres_holds_ledger(url).await? {
            return Err(taken("the PostgreSQL database"));
        }
        return Ok(());
    }
    if folder::database(&place.folder).exists() {
        return Err(taken(&place.folder.display().to_string()));
    }
    Ok(())
}

fn taken(what: &str) -> BackupError {
    BackupError::NotEmpty(format!(
        "{what} holds a ledger already: a backup is put back into an empty place only. Stop the \
         service, move what is there aside and keep it until this is over"
    ))
}
