//! Keys of settings, opened once and kept. Each epoch has its own.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use baton_domain::ids::SettingId;

use crate::engine::Tx;
use crate::engine::value::Column as _;
use crate::error::StoreError;
use crate::head::Head;
use crate::keys::Key;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::SettingKeyRow;

/// Keys that are kept in memory.
const KEPT: usize = 4_096;

/// Open keys, by setting and epoch.
#[derive(Debug, Default)]
pub(crate) struct Kept(RwLock<HashMap<(SettingId, i64), Key>>);

impl Kept {
    fn get(&self, of: &(SettingId, i64)) -> Option<Key> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(of).cloned()
    }

    fn keep(&self, of: (SettingId, i64), key: Key) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(of, key);
    }

    /// Forgets the keys of an epoch and all before it.
    pub(crate) fn forget(&self, last: i64) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, epoch), _| *epoch > last);
    }
}

impl Inner {
    /// The key of a setting that is in force, and its epoch. None when there is no such setting.
    pub(crate) async fn sealing_key(&self, id: &SettingId) -> Result<Option<(i64, Key)>, Refusal> {
        let epoch = self.keys.current();
        if let Some(key) = self.setting_key(id, epoch).await? {
            return Ok(Some((epoch, key)));
        }
        let rows = self.rows_of(&mut self.db.once().await?, id).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        if !self.admits() {
            return Err(Refusal::LedgerFull);
        }
        self.make_key(id).await
    }

    /// The key of a setting in an epoch. None when it has none there, or none any more.
    pub(crate) async fn setting_key(
        &self,
        id: &SettingId,
        epoch: i64,
    ) -> Result<Option<Key>, Refusal> {
        let of = (id.clone(), epoch);
        if let Some(key) = self.setting_keys.get(&of) {
            return Ok(Some(key));
        }
        let rows = self.rows_of(&mut self.db.once().await?, id).await?;
        let Some(row) = rows.into_iter().find(|row| row.epoch == epoch) else {
            return Ok(None);
        };
        match self.keys.open_setting_key(id, epoch, &row.wrapped) {
            Ok(key) => {
                self.setting_keys.keep(of, key.clone());
                Ok(Some(key))
            }
            Err(StoreError::EpochGone) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a setting's key of the epoch in force; none of one that was handed over. Under the head lock, so that nobody else makes
    /// another one.
    async fn make_key(&self, id: &SettingId) -> Result<Option<(i64, Key)>, Refusal> {
        let mut tx = self.begin().await?;
        let head = Head::lock(&self.db, &mut tx).await?;
        self.keys.turn_to(&head.epoch)?;
        let one = [id.clone()].into();
        if !self.caretakers_of(&mut tx, &one).await?.is_empty() {
            // It has closed since: nothing is sealed for it any more.
            tx.rollback().await?;
            return Ok(None);
        }
        let rows = self.rows_of(&mut tx, id).await?;
        let key = match rows.into_iter().find(|row| row.epoch == head.epoch.id) {
            Some(row) => self.keys.open_setting_key(id, row.epoch, &row.wrapped)?,
            None => {
                let (wrapped, key) = self.keys.fresh_setting_key(id, head.epoch.id)?;
                let row = SettingKeyRow {
                    setting_id: id.clone(),
                    epoch: head.epoch.id,
                    wrapped,
                };
                tx.upsert(vec![row]).await?;
                key
            }
        };
        tx.commit().await?;
        self.setting_keys
            .keep((id.clone(), head.epoch.id), key.clone());
        Ok(Some((head.epoch.id, key)))
    }

    async fn rows_of(&self, tx: &mut Tx, id: &SettingId) -> Result<Vec<SettingKeyRow>, StoreError> {
        tx.rows_by("setting_id", vec![id.clone().into_value()])
            .await
    }
}
