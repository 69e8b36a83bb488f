//! What a closed setting left, wrapped anew under its caretaker's key, a few rows a commit while the
//! service goes on. Then the keys of the closed setting are destroyed.
//!
//! The right to it is a fact of the act that named the caretaker, and holds from that entry on; this
//! only sees to it that nothing hangs on a key of a setting that is gone.

use std::collections::{BTreeMap, BTreeSet};

use baton_domain::ids::SettingId;
use tokio_util::sync::CancellationToken;

use crate::engine::Tx;
use crate::engine::value::Column as _;
use crate::error::StoreError;
use crate::ledger::Inner;
use crate::rotation::{CHUNK, Sort};
use crate::rows::SettingRow;

/// By epoch, so that the index leads to the few rows there are.
pub(crate) const LEFT_CONTENT: &str = "SELECT content_id, content.kind, owner_id, keeper_id, \
     epoch, wrapped FROM setting JOIN content ON owner_id = setting.id \
     WHERE caretaker_id IS NOT NULL AND keeper_id <> caretaker_id AND epoch = $1 LIMIT $2";
pub(crate) const LEFT_LEARNERS: &str = "SELECT learner.id, CAST(0 AS BIGINT), owner_id, \
     keeper_id, epoch, wrapped FROM setting JOIN learner ON owner_id = setting.id \
     WHERE caretaker_id IS NOT NULL AND keeper_id <> caretaker_id AND epoch = $1 LIMIT $2";
pub(crate) const KEYS_LEFT: &str = "SELECT setting_id FROM setting JOIN setting_key \
     ON setting_id = setting.id WHERE caretaker_id IS NOT NULL LIMIT 1";
pub(crate) const DESTROY_KEYS: &str = "DELETE FROM setting_key WHERE setting_id IN \
     (SELECT id FROM setting WHERE caretaker_id IS NOT NULL)";

impl Sort {
    const fn left(self) -> &'static str {
        match self {
            Self::Learner => LEFT_LEARNERS,
            Self::Content => LEFT_CONTENT,
        }
    }
}

impl Inner {
    /// Wraps everything anew that is not under the key of its caretaker, and destroys the keys of
    /// closed settings once nothing is left under them. Under the disk reserve it waits.
    pub(crate) async fn hand_over(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        for sort in [Sort::Learner, Sort::Content] {
            for epoch in self.keys.epochs()? {
                while !stop.is_cancelled()
                    && self.has_room()
                    && self.hand_over_some(sort, epoch.id).await?
                {}
            }
        }
        if stop.is_cancelled() || !self.has_room() {
            return Ok(());
        }
        let left: Vec<SettingId> = self.read_column(KEYS_LEFT, Vec::new()).await?;
        if left.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        self.lock_epoch(&mut tx).await?;
        for epoch in self.keys.epochs()? {
            for sort in [Sort::Learner, Sort::Content] {
                let args = vec![epoch.id.into_value(), 1_i64.into_value()];
                if !tx.fetch(sort.left(), args, &[]).await?.is_empty() {
                    // Something came in meanwhile: the next turn takes it along.
                    self.epoch_moved.notify_one();
                    return tx.rollback().await;
                }
            }
        }
        tx.execute(DESTROY_KEYS, Vec::new()).await?;
        tx.commit().await?;
        self.setting_keys.forget(i64::MAX);
        Ok(())
    }

    /// Whether there may be more. Candidates are looked for without the lock; what changed
    /// meanwhile is found again.
    async fn hand_over_some(&self, sort: Sort, epoch: i64) -> Result<bool, StoreError> {
        let args = vec![epoch.into_value(), CHUNK.into_value()];
        let left = self.wrapped_in(sort, (sort.left(), args)).await?;
        if left.is_empty() {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        let epoch = self.lock_epoch(&mut tx).await?;
        self.wrap(&mut tx, &left, epoch).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Caretakers of those of the settings that have one.
    pub(crate) async fn caretakers_of(
        &self,
        tx: &mut Tx,
        settings: &BTreeSet<SettingId>,
    ) -> Result<BTreeMap<SettingId, SettingId>, StoreError> {
        let ids = settings.iter().map(|id| id.clone().into_value()).collect();
        let rows: Vec<SettingRow> = tx.rows_by("id", ids).await?;
        let with = |row: SettingRow| Some((row.id, row.caretaker_id?));
        Ok(rows.into_iter().filter_map(with).collect())
    }
}
