//! The newest checkpoint that witnesses cosigned. Kept beside the ledger and never on its way to a
//! commit; public like every checkpoint, so no act.

use tokio::sync::watch;

use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::head::int;
use crate::ledger::Ledger;

pub(crate) const READ: &str = "SELECT checkpoint FROM cosigned WHERE id = 1";
/// A slower node does not put an older one in the place of a newer.
pub(crate) const KEEP: &str = "INSERT INTO cosigned (id, size, checkpoint) VALUES (1, $1, $2) \
     ON CONFLICT (id) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint \
     WHERE cosigned.size <= excluded.size";

impl Ledger {
    /// The newest checkpoint with cosignatures, and its signatures; none before there is one.
    pub async fn cosigned(&self) -> Result<Option<String>, StoreError> {
        let mut once = self.inner().db.once().await?;
        let rows = once.fetch(READ, Vec::new(), &[Type::Text]).await?;
        let value: Option<Value> = rows.into_iter().next().and_then(|mut row| row.pop());
        let read = value.map(String::from_value).transpose();
        read.map_err(|_| StoreError::Row("cosigned"))
    }

    /// Keeps a checkpoint of this ledger whose cosignatures were verified.
    pub async fn keep_cosigned(&self, size: u64, signed: &str) -> Result<(), StoreError> {
        let mut tx = self.inner().db.begin_write().await?;
        let args = vec![int(size).into_value(), signed.to_owned().into_value()];
        tx.execute(KEEP, args).await?;
        tx.commit().await?;
        self.inner().cosigned.send_modify(|kept| *kept += 1);
        Ok(())
    }

    /// Changes whenever this node keeps a checkpoint with cosignatures.
    pub fn cosigned_changes(&self) -> watch::Receiver<u64> {
        self.inner().cosigned.subscribe()
    }
}
