//! The lease of a named subscription: one watch has it, and the latest wins (ADR 0009).
//!
//! Two consumers of one name would each see everything and each believe that the other's
//! acknowledgements are its own. The lease says which of them goes on. It is no right and no fact
//! of a decision: it is not entered, not folded, and stands outside the batch.

use std::time::Instant;

use baton_domain::access::Action;
use baton_domain::act::{Caller, Lease};
use baton_domain::ids::{SubscriptionId, WatchId};

use super::apart::told_roles;
use super::settings::random_id;
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::head::int;
use crate::ledger::{Inner, Ledger};
use crate::refusal::Refusal;
use crate::rows::{LeaseRow, SubscriptionRow};

/// Something came, the watch has lost its lease, or whoever watches their credential or delegation.
/// Each is reason to ask for a turn, and the last ones for the turn to be refused.
pub(crate) const STIRRED: &str = "SELECT CAST(1 AS BIGINT) WHERE \
     EXISTS (SELECT 1 FROM feed WHERE addressee = $1 AND position >= $2 \
     AND (apart = 0 OR EXISTS (SELECT 1 FROM credential c WHERE c.id = $3 AND c.setting_id = addressee \
     AND ((c.roles & $4) <> 0 OR apart = 2 AND (c.roles & $5) <> 0)))) \
     OR NOT EXISTS (SELECT 1 FROM credential c WHERE c.id = $3 AND c.state = 1 \
     AND (c.setting_id = $1 OR EXISTS (SELECT 1 FROM delegation WHERE setting_id = $1 \
     AND vendor_id = c.setting_id AND ended = 0))) \
     OR NOT EXISTS (SELECT 1 FROM lease WHERE subscription_id = $6 AND watch_id = $7)";
/// The same for who holds no lease. What is kept apart wakes nobody who is not told of it.
pub(crate) const ARRIVED: &str = "SELECT CAST(1 AS BIGINT) WHERE \
     EXISTS (SELECT 1 FROM feed WHERE addressee = $1 AND position >= $2 \
     AND (apart = 0 OR EXISTS (SELECT 1 FROM credential c WHERE c.id = $3 AND c.setting_id = addressee \
     AND ((c.roles & $4) <> 0 OR apart = 2 AND (c.roles & $5) <> 0)))) \
     OR NOT EXISTS (SELECT 1 FROM credential c WHERE c.id = $3 AND c.state = 1 \
     AND (c.setting_id = $1 OR EXISTS (SELECT 1 FROM delegation WHERE setting_id = $1 \
     AND vendor_id = c.setting_id AND ended = 0)))";

impl Inner {
    /// What a turn does to the lease before it shows anything, and the watch it is a turn of.
    /// Whoever may not subscribe, or not to this, changes nothing here: the act answers.
    pub(super) async fn lease(
        &self,
        caller: &Caller,
        of: &SubscriptionId,
        lease: Lease,
    ) -> Result<Option<WatchId>, Refusal> {
        let by = match &lease {
            Lease::Leave => return Ok(None),
            Lease::Break => None,
            Lease::Take => Some(random_id(WatchId::from_bytes)?),
            Lease::Hold(by) => Some(by.clone()),
        };
        let mut one = self.db.once().await?;
        let rows: Vec<LeaseRow> = one
            .rows_by("subscription_id", vec![of.clone().into_value()])
            .await?;
        drop(one);
        let held = rows.into_iter().next().and_then(|row| row.watch_id);
        if held == by || !self.may_watch(caller, of).await? {
            return Ok(by);
        }
        if let Lease::Hold(_) = lease {
            return Err(Refusal::TakenOver);
        }
        if !self.admits() {
            return Err(Refusal::LedgerFull);
        }
        self.set_lease(LeaseRow {
            subscription_id: of.clone(),
            watch_id: by.clone(),
        })
        .await?;
        Ok(by)
    }

    /// On a node that has nothing but watches this is what tries a database that was full; the turn
    /// it is for then finds out.
    async fn set_lease(&self, row: LeaseRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let written = match tx.upsert(vec![row]).await {
            Ok(()) => tx.commit().await,
            Err(error) => {
                // If it fails the connection is closed, which rolls back as well.
                let _ = tx.rollback().await;
                Err(error)
            }
        };
        match &written {
            Ok(()) => self.reserve.fitted(),
            Err(error) if error.is_full() => self.reserve.ran_out(Instant::now()),
            Err(_) => {}
        }
        written
    }

    async fn may_watch(&self, caller: &Caller, of: &SubscriptionId) -> Result<bool, Refusal> {
        let mut tx = self.db.begin_read().await?;
        let found: Vec<SubscriptionRow> = tx.rows_by("id", vec![of.clone().into_value()]).await?;
        let own = found.iter().any(|row| row.setting_id == caller.acting);
        tx.rollback().await?;
        Ok(own && self.may(caller, Action::Subscribe).await?)
    }
}

impl Ledger {
    /// Whether another turn of a watch is worth asking for: something stands in the setting's feed
    /// from a position on, another consumer took the subscription over, or the credential is not live
    /// any more. What a waiting stream looks at before it asks; it says nothing else.
    pub async fn is_stirred(
        &self,
        (of, from): (&Caller, u64),
        (subscription, watch): (&SubscriptionId, &WatchId),
    ) -> Result<bool, StoreError> {
        let mut args = arrived(of, from);
        args.push(subscription.clone().into_value());
        args.push(watch.clone().into_value());
        let found: Vec<i64> = self.inner().read_column(STIRRED, args).await?;
        Ok(!found.is_empty())
    }

    /// The same for a single turn that waits: it holds no lease.
    pub async fn has_arrived(&self, of: &Caller, from: u64) -> Result<bool, StoreError> {
        let found: Vec<i64> = self.inner().read_column(ARRIVED, arrived(of, from)).await?;
        Ok(!found.is_empty())
    }
}

fn arrived(of: &Caller, from: u64) -> Vec<Value> {
    let mut args = vec![
        of.acting.clone().into_value(),
        int(from).into_value(),
        of.credential.clone().into_value(),
    ];
    args.extend(told_roles());
    args
}
