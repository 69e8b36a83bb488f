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
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;
use crate::rows::{ContentRow, SettingKeyRow};

pub(crate) const OLD_CONTENT: &str = "SELECT content_id, kind, owner_id, epoch, wrapped \
     FROM content WHERE epoch < $1 ORDER BY epoch LIMIT $2";
pub(crate) const WRAP_CONTENT: &str = "UPDATE content SET wrapped = $1, epoch = $2 \
     WHERE content_id = $3 AND kind = $4 AND epoch = $5";
pub(crate) const OLD_LEARNERS: &str = "SELECT id, owner_id, epoch, wrapped \
     FROM learner WHERE epoch < $1 ORDER BY epoch LIMIT $2";
pub(crate) const WRAP_LEARNER: &str = "UPDATE learner SET wrapped = $1, epoch = $2 \
     WHERE id = $3 AND epoch = $4";
pub(crate) const COUNT_CONTENT: &str = "SELECT count(*) FROM content WHERE epoch = $1";
pub(crate) const COUNT_LEARNERS: &str = "SELECT count(*) FROM learner WHERE epoch = $1";
pub(crate) const FORGET_KEYS: &str = "DELETE FROM setting_key WHERE epoch <= $1";

/// Rows wrapped anew in one commit. Few: publishes wait for it.
const CHUNK: i64 = 128;
/// How often it is looked whether a new epoch is due.
const DUE_CHECK: Duration = Duration::from_mins(10);

/// How long key epochs last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A new epoch is opened when the newest is as old as that; none: only when it is asked for.
    pub every: Option<Duration>,
    /// Earlier epochs that are kept beside the one in force: so long can a backup be opened.
    pub keep: u16,
}

impl Default for Rotation {
    /// Weekly, two kept.
    fn default() -> Self {
        Self {
            every: Some(Duration::from_hours(7 * 24)),
            keep: 2,
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
    /// Keys of sections and learners that are wrapped under it.
    pub keys: i64,
}

/// What is wrapped under a setting's key.
struct Wrapped<Id> {
    id: Id,
    owner: SettingId,
    epoch: i64,
    wrapped: Vec<u8>,
    /// What its key is bound to.
    aad: String,
}

/// Open keys of settings, by epoch.
type OwnersKeys = HashMap<(SettingId, i64), Key>;

/// Opens epochs, wraps anew and destroys, until the ledger is closed.
pub(crate) async fn run(door: Door, stop: CancellationToken) {
    let inner = Arc::clone(&door.inner);
    let mut clock = inner.clock.clone();
    let mut size = inner.size.subscribe();
    loop {
        // Read first: one that comes into force while this goes on must not be missed.
        let known = inner.keys.current();
        let done = async {
            if inner.is_due() {
                door.act_itself(OpenEpoch::by_itself(&inner)?).await?;
            }
            inner.wrap_anew(&stop).await?;
            inner.destroy_past(&door, &stop).await
        };
        if let Err(refusal) = done.await {
            tracing::warn!(%refusal, "key rotation was broken off and is taken up again");
        }
        let moved =
            async { while inner.keys.current() == known && size.changed().await.is_ok() {} };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.moved() => {}
            () = moved => {}
            () = tokio::time::sleep(DUE_CHECK) => {}
        }
    }
}

impl Inner {
    fn is_due(&self) -> bool {
        let Some(every) = self.rotation.every else {
            return false;
        };
        let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        let current = self.keys.current();
        match self.keys.epochs() {
            Ok(epochs) => epochs
                .iter()
                .find(|epoch| epoch.id == current)
                .is_some_and(|epoch| self.clock.now_us().saturating_sub(epoch.opened_us) >= every),
            Err(error) => {
                tracing::warn!(%error, "the key ring cannot be read");
                false
            }
        }
    }

    /// Wraps everything that lives under keys of the epoch in force.
    async fn wrap_anew(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let epoch = self.keys.current();
        while !stop.is_cancelled() && self.any_before(OLD_LEARNERS, epoch).await? {
            self.wrap_some_learners().await?;
        }
        while !stop.is_cancelled() && self.any_before(OLD_CONTENT, epoch).await? {
            self.wrap_some_content().await?;
        }
        Ok(())
    }

    /// A look without the lock: mostly there is nothing.
    async fn any_before(&self, sql: &'static str, epoch: i64) -> Result<bool, StoreError> {
        let args = vec![epoch.into_value(), 1_i64.into_value()];
        let found = self.db.once().await?.fetch(sql, args, &[]).await?;
        Ok(!found.is_empty())
    }

    async fn wrap_some_learners(&self) -> Result<(), StoreError> {
        const TYPES: [Type; 4] = [Type::Text, Type::Text, Type::Int, Type::Blob];
        let mut tx = self.begin().await?;
        // The batch writes learners too, in an order of its own.
        let epoch = self.lock_epoch(&mut tx).await?;
        let args = vec![epoch.into_value(), CHUNK.into_value()];
        let rows = tx.fetch(OLD_LEARNERS, args, &TYPES).await?;
        let mut old = Vec::with_capacity(rows.len());
        for row in rows {
            let [id, owner, of, wrapped]: [Value; 4] =
                row.try_into().map_err(|_| StoreError::Row("learner"))?;
            let (id, owner): (LearnerId, SettingId) = (read(id)?, read(owner)?);
            old.push(Wrapped {
                aad: self.keys.learner_aad(&owner, &id),
                epoch: read(of)?,
                wrapped: read(wrapped)?,
                owner,
                id,
            });
        }
        let keys = self.keys_in(&mut tx, owners(&old)).await?;
        for one in &old {
            let args = vec![
                anew(&keys, one, epoch)?.into_value(),
                epoch.into_value(),
                one.id.clone().into_value(),
                one.epoch.into_value(),
            ];
            tx.execute(WRAP_LEARNER, args).await?;
        }
        tx.commit().await
    }

    async fn wrap_some_content(&self) -> Result<(), StoreError> {
        const TYPES: [Type; 5] = [Type::Text, Type::Int, Type::Text, Type::Int, Type::Blob];
        let mut tx = self.begin().await?;
        let epoch = self.lock_epoch(&mut tx).await?;
        let args = vec![epoch.into_value(), CHUNK.into_value()];
        let rows = tx.fetch(OLD_CONTENT, args, &TYPES).await?;
        let mut old = Vec::with_capacity(rows.len());
        for row in rows {
            let [id, kind, owner, of, wrapped]: [Value; 5] =
                row.try_into().map_err(|_| StoreError::Row("content"))?;
            let (id, kind, owner): (ContentId, i64, SettingId) =
                (read(id)?, read(kind)?, read(owner)?);
            old.push(Wrapped {
                aad: self.keys.content_aad(&owner, &id, kind),
                epoch: read(of)?,
                wrapped: read(wrapped)?,
                owner,
                id: (id, kind),
            });
        }
        self.wrap_content(&mut tx, &old, epoch).await?;
        tx.commit().await
    }

    /// Content that was sealed for a batch while the epoch changed.
    pub(crate) async fn wrap_late(
        &self,
        tx: &mut Tx,
        rows: Vec<ContentRow>,
        epoch: i64,
    ) -> Result<(), StoreError> {
        let late: Vec<_> = rows
            .into_iter()
            .filter(|row| row.epoch < epoch)
            .map(|row| Wrapped {
                aad: self
                    .keys
                    .content_aad(&row.owner_id, &row.content_id, row.kind),
                id: (row.content_id, row.kind),
                owner: row.owner_id,
                epoch: row.epoch,
                wrapped: row.wrapped,
            })
            .collect();
        self.wrap_content(tx, &late, epoch).await
    }

    async fn wrap_content(
        &self,
        tx: &mut Tx,
        old: &[Wrapped<(ContentId, i64)>],
        epoch: i64,
    ) -> Result<(), StoreError> {
        let keys = self.keys_in(tx, owners(old)).await?;
        for one in old {
            let args = vec![
                anew(&keys, one, epoch)?.into_value(),
                epoch.into_value(),
                one.id.0.clone().into_value(),
                one.id.1.into_value(),
                one.epoch.into_value(),
            ];
            tx.execute(WRAP_CONTENT, args).await?;
        }
        Ok(())
    }

    async fn lock_epoch(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let head = Head::lock(&self.db, tx).await?;
        self.keys.turn_to(head.epoch)?;
        Ok(head.epoch)
    }

    /// Keys of these settings in every epoch they have one in; the one in force is made where it is
    /// missing. Only under the head lock: two made at once would leave what is wrapped under one of
    /// them without a key.
    pub(crate) async fn keys_in(
        &self,
        tx: &mut Tx,
        owners: BTreeSet<SettingId>,
    ) -> Result<OwnersKeys, StoreError> {
        let ids = owners.iter().map(|id| id.clone().into_value()).collect();
        let rows: Vec<SettingKeyRow> = tx.rows_by("setting_id", ids).await?;
        let mut keys = OwnersKeys::new();
        for row in rows {
            let key = self
                .keys
                .open_setting_key(&row.setting_id, row.epoch, &row.wrapped)?;
            keys.insert((row.setting_id, row.epoch), key);
        }
        let epoch = self.keys.current();
        let mut made = Vec::new();
        for id in owners {
            if keys.contains_key(&(id.clone(), epoch)) {
                continue;
            }
            let (wrapped, key) = self.keys.fresh_setting_key(&id, epoch)?;
            keys.insert((id.clone(), epoch), key);
            made.push(SettingKeyRow {
                setting_id: id,
                epoch,
                wrapped,
            });
        }
        tx.upsert(made).await?;
        Ok(keys)
    }

    /// Destroys the epochs that are past their retention, once nothing is left under them.
    async fn destroy_past(&self, door: &Door, stop: &CancellationToken) -> Result<(), Refusal> {
        let last = self.keys.current() - 1 - i64::from(self.rotation.keep);
        let past = |epoch: &EpochView| epoch.id <= last;
        let known = self.keys.epochs()?;
        if stop.is_cancelled() || !known.iter().any(past) {
            // Another node may have destroyed them.
            let oldest = known.first().map_or(0, |epoch| epoch.id);
            self.setting_keys.forget(oldest - 1);
            return Ok(());
        }
        let args = || vec![(last + 1).into_value(), 1_i64.into_value()];
        let mut tx = self.begin().await?;
        self.lock_epoch(&mut tx).await?;
        let left = tx.fetch(OLD_CONTENT, args(), &[]).await?.len()
            + tx.fetch(OLD_LEARNERS, args(), &[]).await?.len();
        if left > 0 {
            tx.rollback().await?;
            return Ok(());
        }
        tx.execute(FORGET_KEYS, vec![last.into_value()]).await?;
        tx.commit().await?;
        door.act_itself(DestroyEpochs { last }).await?;
        self.setting_keys.forget(last);
        Ok(self.keys.destroy(last)?)
    }

    /// The epochs of the ring, oldest first.
    pub(crate) async fn epochs(&self) -> Result<Vec<Epoch>, StoreError> {
        let (known, current) = (self.keys.epochs()?, self.keys.current());
        let mut epochs = Vec::with_capacity(known.len());
        for EpochView { id, opened_us } in known {
            let mut keys = 0;
            for count in [COUNT_CONTENT, COUNT_LEARNERS] {
                let counted: Vec<i64> = self.read_column(count, vec![id.into_value()]).await?;
                keys += counted.iter().sum::<i64>();
            }
            epochs.push(Epoch {
                id,
                opened_us,
                in_force: id == current,
                keys,
            });
        }
        Ok(epochs)
    }
}

fn owners<Id>(wrapped: &[Wrapped<Id>]) -> BTreeSet<SettingId> {
    wrapped.iter().map(|one| one.owner.clone()).collect()
}

/// The same key under the owner's key of another epoch.
fn anew<Id>(keys: &OwnersKeys, one: &Wrapped<Id>, epoch: i64) -> Result<Vec<u8>, StoreError> {
    let key = |of| {
        let key = keys.get(&(one.owner.clone(), of));
        key.ok_or(StoreError::EpochGone)
    };
    let data_key = key(one.epoch)?.unwrap(&one.aad, &one.wrapped)?;
    key(epoch)?.wrap(&one.aad, &data_key)
}

fn read<C: Column>(value: Value) -> Result<C, StoreError> {
    C::from_value(value).map_err(|_| StoreError::Row("wrapped key"))
}
