//! Key epochs while serving: a new one is opened when it is time, what lives is wrapped anew under
//! it, and those past their retention are destroyed.
//!
//! The head row says which epoch is in force. From the entry that opens one no row is committed
//! under an older one, so wrapping anew comes to an end; an epoch is destroyed only when nothing is
//! left under it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use baton_domain::ids::{ContentId, LearnerId, SettingId};
use tokio_util::sync::CancellationToken;

use crate::acts::{DestroyEpochs, OpenEpoch};
use crate::engine::Tx;
use crate::engine::value::{Column, Type, Value};
use crate::error::StoreError;
use crate::head::Head;
use crate::keys::{EpochView, Key};
use crate::learner::owner_key;
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;
use crate::rows::{ContentRow, SettingKeyRow};
use crate::world::World;

pub(crate) const OLD_CONTENT: &str = "SELECT content_id, kind, owner_id, keeper_id, epoch, wrapped \
     FROM content WHERE epoch >= $1 AND epoch < $2 ORDER BY epoch LIMIT $3";
pub(crate) const WRAP_CONTENT: &str = "UPDATE content SET wrapped = $1, epoch = $2, keeper_id = $3 \
     WHERE content_id = $4 AND kind = $5 AND epoch = $6 AND wrapped = $7";
pub(crate) const OLD_LEARNERS: &str = "SELECT id, CAST(0 AS BIGINT), owner_id, keeper_id, epoch, wrapped \
     FROM learner WHERE epoch >= $1 AND epoch < $2 ORDER BY epoch LIMIT $3";
pub(crate) const WRAP_LEARNER: &str = "UPDATE learner SET wrapped = $1, epoch = $2, keeper_id = $3 \
     WHERE id = $4 AND epoch = $5 AND wrapped = $6";
pub(crate) const COUNT_CONTENT: &str =
    "SELECT count(*) FROM (SELECT 1 FROM content WHERE epoch = $1 LIMIT $2) AS counted";
pub(crate) const COUNT_LEARNERS: &str =
    "SELECT count(*) FROM (SELECT 1 FROM learner WHERE epoch = $1 LIMIT $2) AS counted";
pub(crate) const FORGET_KEYS: &str = "DELETE FROM setting_key WHERE epoch <= $1";

/// Rows wrapped anew in one commit. Few: publishes wait for it.
pub(crate) const CHUNK: i64 = 64;
/// Keys of each sort that are counted; who asks may be anybody.
const COUNTED_MAX: i64 = 100_000;
/// How often it is looked whether a new epoch is due.
const DUE_CHECK: Duration = Duration::from_mins(10);
/// How soon a rotation that failed is taken up again, at first.
const SOON: Duration = Duration::from_secs(1);

/// Columns of a wrapped key: what it is of, kind, owner, keeper, epoch, key.
pub(crate) const TYPES: [Type; 6] = [
    Type::Text,
    Type::Int,
    Type::Text,
    Type::Text,
    Type::Int,
    Type::Blob,
];

/// How long key epochs last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A new epoch is opened when the newest is as old as that; none: only when it is asked for.
    pub every: Option<Duration>,
    /// Earlier epochs that are kept beside the one in force: so long can a backup be opened.
    pub keep: u16,
    /// How long a key for checkpoints signs beside the one after it.
    pub log_key_overlap: Duration,
}

impl Default for Rotation {
    /// Weekly, two kept; two keys sign for 30 days.
    fn default() -> Self {
        Self {
            every: Some(Duration::from_hours(7 * 24)),
            keep: 2,
            log_key_overlap: Duration::from_hours(30 * 24),
        }
    }
}

/// An epoch as the operator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Its number, from 1.
    pub id: i64,
    /// When it was opened, microseconds UTC.
    pub opened_us: i64,
    /// New keys are wrapped under it.
    pub in_force: bool,
    /// Keys of sections and learners that are still wrapped under it; 0 of the one in force.
    pub keys: i64,
}

/// The two tables with wrapped keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sort {
    Learner,
    Content,
}

/// What a wrapped key opens.
#[derive(Debug)]
enum Of {
    Learner(LearnerId),
    Content(ContentId, i64),
}

impl Of {
    /// As the log names it.
    const fn sort(&self) -> &'static str {
        match self {
            Self::Learner(_) => "learner",
            Self::Content(..) => "content",
        }
    }
}

/// A key wrapped under a setting's.
#[derive(Debug)]
pub(crate) struct Wrapped {
    of: Of,
    owner: SettingId,
    /// Whose key it is under.
    keeper: SettingId,
    epoch: i64,
    wrapped: Vec<u8>,
}

/// Open keys of settings, by epoch.
type KeepersKeys = HashMap<(SettingId, i64), Key>;

/// Opens epochs, wraps anew and destroys, until the ledger is closed.
pub(crate) async fn run(door: Door, stop: CancellationToken) {
    let inner = Arc::clone(&door.inner);
    let mut clock = inner.clock.clone();
    let mut again = SOON;
    loop {
        let wait = match inner.turn(&door, &stop).await {
            Ok(()) => {
                again = SOON;
                DUE_CHECK
            }
            Err(refusal) => {
                tracing::warn!(%refusal, "key rotation was broken off and is taken up again");
                again = (again * 2).min(DUE_CHECK);
                again
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.moved() => {}
            () = inner.epoch_moved.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

impl Inner {
    async fn turn(&self, door: &Door, stop: &CancellationToken) -> Result<(), Refusal> {
        loop {
            self.keys.follow_master().await?;
            self.follow_epoch().await?;
            let known = self.keys.current();
            let opened = if self.is_due()? {
                let open = OpenEpoch::by_itself(self)?;
                door.act_itself(open).await.map(drop)
            } else {
                Ok(())
            };
            // What is past its retention goes, whether or not there was room for a new one.
            self.wrap_anew(stop).await?;
            self.hand_over(stop).await?;
            self.destroy_past(door, stop).await?;
            self.forget_log_keys().await?;
            // One that came into force meanwhile was not looked at as a whole.
            if opened.is_err() || self.keys.current() == known || stop.is_cancelled() {
                return opened;
            }
        }
    }

    /// Another node may have opened an epoch while this one wrote nothing.
    pub(crate) async fn follow_epoch(&self) -> Result<(), StoreError> {
        let head = Head::read(&mut self.db.once().await?).await?;
        if head.is_none_or(|head| head.epoch.id == self.keys.current()) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        self.lock_epoch(&mut tx).await?;
        tx.rollback().await
    }

    fn is_due(&self) -> Result<bool, StoreError> {
        let Some(every) = self.rotation.every else {
            return Ok(false);
        };
        let every = u64::try_from(every.as_micros()).unwrap_or(u64::MAX);
        let (current, now) = (self.keys.current(), self.clock.now_us());
        let epochs = self.keys.epochs()?;
        let newest = epochs.iter().find(|epoch| epoch.id == current);
        // A clock that was years ahead once must not end rotation.
        Ok(newest.is_some_and(|epoch| now.abs_diff(epoch.opened_us) >= every))
    }

    /// Wraps everything that lives under keys of the epoch in force. Under the disk reserve it
    /// waits for better times.
    async fn wrap_anew(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let epochs = self.keys.epochs()?;
        let oldest = epochs.first().map_or(0, |epoch| epoch.id);
        for sort in [Sort::Learner, Sort::Content] {
            while !stop.is_cancelled()
                && self.has_room()
                && self.wrap_some(sort, (oldest, self.keys.current())).await?
            {}
        }
        Ok(())
    }

    /// Whether there may be more. Candidates are looked for without the lock; what changed
    /// meanwhile is found again.
    async fn wrap_some(&self, sort: Sort, epochs: (i64, i64)) -> Result<bool, StoreError> {
        let old = self.old(sort, epochs, CHUNK).await?;
        if old.is_empty() {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        let epoch = self.lock_epoch(&mut tx).await?;
        self.wrap(&mut tx, &old, epoch).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn old(
        &self,
        sort: Sort,
        (oldest, current): (i64, i64),
        limit: i64,
    ) -> Result<Vec<Wrapped>, StoreError> {
        let args = [oldest, current, limit].map(Column::into_value).to_vec();
        self.wrapped_in(sort, (sort.old(), args)).await
    }

    /// Wrapped keys a statement finds.
    pub(crate) async fn wrapped_in(
        &self,
        sort: Sort,
        (sql, args): (&'static str, Vec<Value>),
    ) -> Result<Vec<Wrapped>, StoreError> {
        let rows = self.db.once().await?.fetch(sql, args, &TYPES).await?;
        rows.into_iter()
            .map(|row| Self::wrapped(sort, row))
            .collect()
    }

    fn wrapped(sort: Sort, row: Vec<Value>) -> Result<Wrapped, StoreError> {
        let [id, kind, owner, keeper, epoch, wrapped]: [Value; 6] =
            row.try_into().map_err(|_| StoreError::Row("wrapped key"))?;
        let (kind, owner): (i64, SettingId) = (read(kind)?, read(owner)?);
        let keeper = read(keeper)?;
        let of = match sort {
            Sort::Learner => Of::Learner(read(id)?),
            Sort::Content => Of::Content(read(id)?, kind),
        };
        Ok(Wrapped {
            of,
            owner,
            keeper,
            epoch: read(epoch)?,
            wrapped: read(wrapped)?,
        })
    }

    /// One section of each content that is about to be committed.
    pub(crate) fn one_of_each(content: &[ContentRow]) -> Vec<Wrapped> {
        let mut sealed: Vec<Wrapped> = Vec::new();
        for row in content {
            let of =
                |known: &Wrapped| matches!(&known.of, Of::Content(id, _) if *id == row.content_id);
            if !sealed.last().is_some_and(of) {
                sealed.push(row.into());
            }
        }
        sealed
    }

    /// Whether any of it was sealed under an earlier epoch. All of it has to open with a key that
    /// is in the database: one that is only in this node's memory, as after a failover to a copy
    /// that lacks the last commits, would leave what is sealed under it unreadable.
    pub(crate) fn are_late(&self, world: &World, sealed: &[Wrapped]) -> Result<bool, StoreError> {
        let current = self.keys.current();
        for one in sealed {
            let key = owner_key(world, &self.keys, (&one.keeper, one.epoch));
            let opened = key.and_then(|key| key.unwrap(&self.aad(one), &one.wrapped));
            if opened.is_err() || one.epoch > current {
                self.setting_keys.forget(i64::MAX);
                return Err(StoreError::KeyReplaced);
            }
        }
        Ok(sealed.iter().any(|one| one.epoch < current))
    }

    /// Content that was sealed for a batch while the epoch changed.
    pub(crate) async fn wrap_late(
        &self,
        tx: &mut Tx,
        rows: Vec<ContentRow>,
    ) -> Result<(), StoreError> {
        let epoch = self.keys.current();
        let late = rows.iter().filter(|row| row.epoch < epoch);
        let late: Vec<Wrapped> = late.map(Wrapped::from).collect();
        self.wrap(tx, &late, epoch).await
    }

    pub(crate) async fn wrap(
        &self,
        tx: &mut Tx,
        old: &[Wrapped],
        epoch: i64,
    ) -> Result<(), StoreError> {
        let owners: BTreeSet<SettingId> = old.iter().map(|one| one.owner.clone()).collect();
        let caretakers = self.caretakers_of(tx, &owners).await?;
        let to = |one: &Wrapped| caretakers.get(&one.owner).unwrap_or(&one.owner).clone();
        let known = old.iter().map(|one| one.keeper.clone()).collect();
        let keys = self.keys_in(tx, known, old.iter().map(to).collect());
        let keys = keys.await?;
        for one in old {
            let keeper = to(one);
            let (wrapped, epoch, keeper) = match self.anew(&keys, one, (&keeper, epoch)) {
                Ok(wrapped) => (wrapped, epoch, keeper),
                // One row that somebody changed must not keep every other under keys that are to
                // be destroyed. It is set aside as it is: it does not open as it did not before.
                Err(error) => {
                    // Not whose: ids of learners stand in no log.
                    tracing::error!(%error, sort = one.of.sort(), epoch = one.epoch,
                        "a key does not open and is set aside");
                    (one.wrapped.clone(), -one.epoch, one.keeper.clone())
                }
            };
            let mut args = vec![
                wrapped.into_value(),
                epoch.into_value(),
                keeper.into_value(),
            ];
            let sql = match &one.of {
                Of::Learner(id) => {
                    args.push(id.clone().into_value());
                    WRAP_LEARNER
                }
                Of::Content(id, kind) => {
                    args.extend([id.clone().into_value(), kind.into_value()]);
                    WRAP_CONTENT
                }
            };
            args.extend([one.epoch.into_value(), one.wrapped.clone().into_value()]);
            tx.execute(sql, args).await?;
        }
        Ok(())
    }

    /// The same key under another one: of another epoch, or of a caretaker.
    fn anew(
        &self,
        keys: &KeepersKeys,
        one: &Wrapped,
        (keeper, epoch): (&SettingId, i64),
    ) -> Result<Vec<u8>, StoreError> {
        let key = |of: &SettingId, epoch| {
            let key = keys.get(&(of.clone(), epoch));
            key.ok_or(StoreError::EpochGone)
        };
        let aad = self.aad(one);
        let data_key = key(&one.keeper, one.epoch)?.unwrap(&aad, &one.wrapped)?;
        key(keeper, epoch)?.wrap(&aad, &data_key)
    }

    fn aad(&self, one: &Wrapped) -> String {
        match &one.of {
            Of::Learner(id) => self.keys.learner_aad(&one.owner, id),
            Of::Content(id, kind) => self.keys.content_aad(&one.owner, id, *kind),
        }
    }

    pub(crate) async fn lock_epoch(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let head = Head::lock(&self.db, tx).await?;
        self.keys.turn_to(&head.epoch)?;
        Ok(head.epoch.id)
    }

    /// Keys of these settings in every epoch they have one in; of `needed` the one in force is made
    /// where it is missing. Only under the head lock: two made at once would leave what is wrapped under one of
    /// them without a key.
    pub(crate) async fn keys_in(
        &self,
        tx: &mut Tx,
        known: BTreeSet<SettingId>,
        needed: BTreeSet<SettingId>,
    ) -> Result<KeepersKeys, StoreError> {
        let ids = known.union(&needed).map(|id| id.clone().into_value());
        let rows: Vec<SettingKeyRow> = tx.rows_by("setting_id", ids.collect()).await?;
        let (mut keys, current) = (KeepersKeys::new(), self.keys.current());
        for row in rows {
            let (id, epoch) = (row.setting_id, row.epoch);
            match self.keys.open_setting_key(&id, epoch, &row.wrapped) {
                Ok(key) => drop(keys.insert((id, epoch), key)),
                // A database that was put back may have keys of epochs that are destroyed.
                Err(StoreError::EpochGone) => {}
                // Another one in its place would close what is sealed under it.
                Err(error) if epoch == current => return Err(error),
                // What is under it does not open as it did not before; that is no reason to keep
                // everything else under epochs that are to be destroyed.
                Err(error) => tracing::error!(%error, epoch, "a setting's key does not open"),
            }
        }
        let mut made = Vec::new();
        for id in needed {
            if keys.contains_key(&(id.clone(), current)) {
                continue;
            }
            let (wrapped, key) = self.keys.fresh_setting_key(&id, current)?;
            keys.insert((id.clone(), current), key);
            made.push(SettingKeyRow {
                setting_id: id,
                epoch: current,
                wrapped,
            });
        }
        tx.upsert(made).await?;
        Ok(keys)
    }

    /// Destroys the epochs that are past their retention, once nothing is left under them.
    async fn destroy_past(&self, door: &Door, stop: &CancellationToken) -> Result<(), Refusal> {
        let known = self.keys.epochs()?;
        let oldest = known.first().map_or(0, |epoch| epoch.id);
        // Another node may have destroyed what was before.
        self.setting_keys.forget(oldest - 1);
        let mut tx = self.begin().await?;
        let last = self.lock_epoch(&mut tx).await? - 1 - i64::from(self.rotation.keep);
        let mut left = stop.is_cancelled() || oldest > last;
        for sort in [Sort::Learner, Sort::Content] {
            if !left {
                let args = [oldest, last + 1, 1].map(Column::into_value).to_vec();
                left = !tx.fetch(sort.old(), args, &[]).await?.is_empty();
            }
        }
        if left {
            return Ok(tx.rollback().await?);
        }
        tx.execute(FORGET_KEYS, vec![last.into_value()]).await?;
        tx.commit().await?;
        door.act_itself(DestroyEpochs { last }).await?;
        self.setting_keys.forget(last);
        Ok(self.keys.destroy(last)?)
    }

    /// The epochs that are or were in force, oldest first.
    pub(crate) async fn epochs(&self) -> Result<Vec<Epoch>, StoreError> {
        let head = Head::read(&mut self.db.once().await?).await?;
        let current = head.map_or(0, |head| head.epoch.id);
        let mut epochs = Vec::new();
        for EpochView { id, opened_us } in self.keys.epochs()? {
            if id > current {
                continue;
            }
            let in_force = id == current;
            let keys = if in_force { 0 } else { self.count(id).await? };
            epochs.push(Epoch {
                id,
                opened_us,
                in_force,
                keys,
            });
        }
        Ok(epochs)
    }

    async fn count(&self, epoch: i64) -> Result<i64, StoreError> {
        let mut keys = 0;
        for count in [COUNT_CONTENT, COUNT_LEARNERS] {
            let args = vec![epoch.into_value(), COUNTED_MAX.into_value()];
            let counted: Vec<i64> = self.read_column(count, args).await?;
            keys += counted.iter().sum::<i64>();
        }
        Ok(keys)
    }
}

impl From<&ContentRow> for Wrapped {
    fn from(row: &ContentRow) -> Self {
        Self {
            of: Of::Content(row.content_id.clone(), row.kind),
            owner: row.owner_id.clone(),
            keeper: row.keeper_id.clone(),
            epoch: row.epoch,
            wrapped: row.wrapped.clone(),
        }
    }
}

impl Sort {
    const fn old(self) -> &'static str {
        match self {
            Self::Learner => OLD_LEARNERS,
            Self::Content => OLD_CONTENT,
        }
    }
}

fn read<C: Column>(value: Value) -> Result<C, StoreError> {
    C::from_value(value).map_err(|_| StoreError::Row("wrapped key"))
}
