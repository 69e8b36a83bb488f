//! The database, copied out while it serves: one moment of it, whatever is committed meanwhile.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::file::{Encoder, Header, PURPOSE};
use super::tables::{Pages, TABLES, count};
use super::{
    BackedUp, BackupError, Leave, Progress, Shelf, Stage, Watcher, check, key_file, shelf,
};
use crate::engine::Tx;
use crate::engine::value::{Type, Value};
use crate::error::StoreError;
use crate::head::Head;
use crate::learner::hex;
use crate::ledger::{Inner, Ledger};
use crate::rotation::Rotation;

pub(crate) const OLDEST_CONTENT: &str = "SELECT min(epoch) FROM content WHERE epoch > 0";
pub(crate) const OLDEST_LEARNER: &str = "SELECT min(epoch) FROM learner WHERE epoch > 0";

/// Bytes that go to the disk at once.
const CHUNK: usize = 256 * 1024;
/// Chunks that may wait for it; then reading waits.
const CHUNKS_HELD: usize = 8;

/// A backup of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentBackup {
    /// Where it lies.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of everything in it but the last 64 bytes, which hold this and what vouches for it.
    pub sha256: [u8; 32],
    /// Term of the ledger.
    pub term: u64,
    /// Entries in it.
    pub size: u64,
    /// The key epoch in force.
    pub epoch: i64,
    /// The oldest epoch something in it is wrapped under.
    pub oldest_epoch: i64,
    /// Until when the ring keeps what it needs, microseconds UTC; none when no rotation is due by
    /// itself.
    pub until_us: Option<i64>,
    /// Older ones that were taken away.
    pub removed: usize,
}

impl Ledger {
    /// Writes the backup there is leave for: content first, then the keys, so that they have every
    /// epoch it needs. Calls go on meanwhile.
    pub async fn back_up(
        &self,
        leave: Leave,
        (content, keys): (Option<&Shelf>, Option<&Shelf>),
        (stop, watcher): (&CancellationToken, &Watcher),
    ) -> Result<BackedUp, BackupError> {
        let inner = self.inner();
        let content = match content.filter(|_| leave.content) {
            Some(shelf) => Some(copy(inner, shelf, stop, watcher).await?),
            None => None,
        };
        let keys = match keys.filter(|_| leave.keys) {
            Some(shelf) => Some(key_file::write(inner, shelf).await?),
            None => None,
        };
        Ok(BackedUp { content, keys })
    }
}

async fn copy(
    inner: &Arc<Inner>,
    shelf: &Shelf,
    stop: &CancellationToken,
    watcher: &Watcher,
) -> Result<ContentBackup, BackupError> {
    let mut tx = inner.db.begin_long_read().await?;
    // The first read of a transaction is the moment it sees.
    let head = Head::read(&mut tx).await?;
    let head = head.ok_or(StoreError::NoLedger("no head row"))?;
    let header = header(inner, &mut tx, &head).await?;
    let (unfinished, file) = shelf.begin(&head, (header.made_us, shelf::CONTENT))?;
    let (to, chunks) = mpsc::channel(CHUNKS_HELD);
    // On a thread that may wait for the disk.
    let written = tokio::task::spawn_blocking(move || write(file, chunks));
    let read = pour(&mut tx, &header, &to, (stop, watcher)).await;
    let _ = tx.rollback().await;
    drop(to);
    let at = |error| BackupError::io(unfinished.now(), error);
    let written = written.await.map_err(|_| BackupError::Fault)?;
    // That the disk is full says more than that nobody reads what is sent there.
    let (file, sha256, bytes) = written.map_err(at)?;
    read?;
    let vouched = inner.keys.vouch(PURPOSE, &sha256);
    let verify = {
        let (inner, path) = (Arc::clone(inner), unfinished.now().to_owned());
        let (stop, watcher) = (stop.clone(), Arc::clone(watcher));
        move || -> Result<(), BackupError> {
            let end = |mut file: File| {
                file.write_all(&sha256)?;
                file.write_all(&vouched)?;
                file.sync_all()
            };
            end(file).map_err(|error| BackupError::io(&path, error))?;
            check::check(&path, &inner.keys, (&stop, &watcher)).map(drop)
        }
    };
    let verified = tokio::task::spawn_blocking(verify).await;
    verified.map_err(|_| BackupError::Fault)??;
    let path = unfinished.keep()?;
    let removed = shelf.prune(&head, shelf::CONTENT)?;
    Ok(ContentBackup {
        path,
        bytes: bytes + 64,
        sha256,
        term: head.term,
        size: head.size(),
        epoch: header.epoch,
        oldest_epoch: header.oldest_epoch,
        until_us: header.until_us,
        removed,
    })
}

async fn header(inner: &Inner, tx: &mut Tx, head: &Head) -> Result<Header, StoreError> {
    let mut rows = 0;
    for table in &TABLES {
        rows += count(tx, table).await?;
    }
    let known = inner.keys.epochs()?;
    let mut oldest = head.epoch.id;
    for sql in [OLDEST_CONTENT, OLDEST_LEARNER] {
        let least = tx.fetch(sql, Vec::new(), &[Type::Int]).await?;
        if let Some([Value::Int(Some(least))]) = least.first().map(Vec::as_slice) {
            oldest = oldest.min(*least);
        }
    }
    // What is under epochs that are gone opens nowhere.
    oldest = oldest.max(known.first().map_or(oldest, |epoch| epoch.id));
    let in_force = known.iter().find(|epoch| epoch.id == head.epoch.id);
    Ok(Header {
        made_us: inner.clock.now_us(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        ledger: head.ledger.as_str().to_owned(),
        term: head.term,
        time_us: head.time_us,
        frontier: hex(&head.frontier.to_bytes()),
        checkpoint: head.checkpoint.clone(),
        epoch: head.epoch.id,
        epoch_check: head.epoch.check.clone(),
        log_key: head.log_keys.current,
        log_key_check: head.log_keys.check.clone(),
        oldest_epoch: oldest,
        policy: head.policy.clone(),
        until_us: in_force
            .and_then(|epoch| until(inner.rotation, oldest, (epoch.id, epoch.opened_us))),
        rows,
    })
}

/// When the oldest epoch is destroyed, if no rotation comes early or late: once so many more have
/// been opened after the one in force. None when none is due by itself.
fn until(rotation: Rotation, oldest: i64, (in_force, opened_us): (i64, i64)) -> Option<i64> {
    let rotations = oldest + i64::from(rotation.keep) + 1 - in_force;
    let every = i64::try_from(rotation.every?.as_micros()).ok()?;
    opened_us.checked_add(every.checked_mul(rotations)?)
}

/// Every row of every table, in chunks.
async fn pour(
    tx: &mut Tx,
    header: &Header,
    to: &mpsc::Sender<Vec<u8>>,
    (stop, watcher): (&CancellationToken, &Watcher),
) -> Result<(), BackupError> {
    let mut encoder = Encoder::default();
    encoder.header(header);
    let mut done = 0;
    for table in &TABLES {
        encoder.table(table);
        let (mut pages, mut rows) = (Pages::of(table), 0);
        while let Some(page) = pages.next(tx).await? {
            if stop.is_cancelled() {
                return Err(BackupError::Stopped);
            }
            for row in &page {
                encoder.row(row);
                rows += 1;
            }
            if encoder.0.len() >= CHUNK {
                send(to, &mut encoder).await?;
            }
            done += page.len() as u64;
            watcher(Progress {
                stage: Stage::Copying,
                done,
                total: header.rows,
            });
        }
        encoder.end_of_table(rows);
    }
    encoder.end();
    send(to, &mut encoder).await
}

async fn send(to: &mpsc::Sender<Vec<u8>>, encoder: &mut Encoder) -> Result<(), BackupError> {
    let chunk = std::mem::take(&mut encoder.0);
    // Nobody takes it when writing failed; why, that one says.
    to.send(chunk).await.map_err(|_| BackupError::Stopped)
}

/// What was written, its digest and its length.
fn write(
    mut file: File,
    mut chunks: mpsc::Receiver<Vec<u8>>,
) -> std::io::Result<(File, [u8; 32], u64)> {
    let (mut digest, mut bytes) = (Context::new(&SHA256), 0);
    while let Some(chunk) = chunks.blocking_recv() {
        digest.update(&chunk);
        file.write_all(&chunk)?;
        bytes += chunk.len() as u64;
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    Ok((file, sha256, bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::until;
    use crate::rotation::Rotation;

    #[test]
    fn a_backup_can_be_restored_until_so_many_rotations_have_passed() {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        let weekly = Rotation::default();
        assert_eq!(
            until(weekly, 5, (5, DAY)),
            Some(22 * DAY),
            "made at once after one"
        );
        assert_eq!(
            until(weekly, 4, (5, DAY)),
            Some(15 * DAY),
            "something was not wrapped anew yet"
        );
        assert_eq!(
            until(weekly, 3, (5, DAY)),
            Some(8 * DAY),
            "the next one destroys it"
        );
        let daily = Rotation {
            every: Some(Duration::from_hours(24)),
            keep: 1,
            ..Rotation::default()
        };
        assert_eq!(until(daily, 9, (9, DAY)), Some(3 * DAY));
        let by_hand = Rotation {
            every: None,
            ..Rotation::default()
        };
        assert_eq!(until(by_hand, 1, (1, DAY)), None);
    }
}
