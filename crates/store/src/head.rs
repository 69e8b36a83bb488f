//! The head row: how far the ledger has come. Whoever holds its lock appends.

use baton_domain::ids::LedgerId;
use baton_domain::log::checkpoint::origin;
use baton_domain::log::{Checkpoint, Frontier};

use crate::engine::value::{Column as _, Type, Value};
use crate::engine::{Db, Tx};
use crate::error::StoreError;
use crate::keys::NamedEpoch;
use crate::log_keys::{LogKeys, Signers};

pub(crate) const READ: &str = "SELECT ledger_id, term, size, time_us, frontier, checkpoint, \
     epoch, epoch_check, policy, log_key, log_key_check, log_key_before, log_key_until_us, \
     CAST(NULL AS BIGINT) FROM head WHERE id = 1";
/// The database's own time comes along: a node whose clock is off must not append.
pub(crate) const READ_LOCKED: &str = "SELECT ledger_id, term, size, time_us, frontier, checkpoint, \
     epoch, epoch_check, policy, log_key, log_key_check, log_key_before, log_key_until_us, \
     CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) \
     FROM head WHERE id = 1 FOR UPDATE";
pub(crate) const INSERT: &str = "INSERT INTO head \
     (id, ledger_id, term, size, time_us, frontier, checkpoint, epoch, epoch_check, policy, \
     log_key, log_key_check, log_key_before, log_key_until_us) \
     VALUES (1, $1, $2, 0, 0, $3, $4, $5, $6, $7, $8, $9, 0, 0)";
/// Names the size and term it was computed from: a lost lock changes nothing.
pub(crate) const WRITE: &str = "UPDATE head SET term = $1, size = $2, time_us = $3, \
     frontier = $4, checkpoint = $5, epoch = $6, epoch_check = $7, policy = $8, log_key = $9, \
     log_key_check = $10, log_key_before = $11, log_key_until_us = $12 \
     WHERE id = 1 AND size = $13 AND term = $14";

const TYPES: [Type; 14] = [
    Type::Text,
    Type::Int,
    Type::Int,
    Type::Int,
    Type::Blob,
    Type::Text,
    Type::Int,
    Type::Text,
    Type::Text,
    Type::Int,
    Type::Text,
    Type::Int,
    Type::Int,
    Type::Int,
];

/// The head row.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) ledger: LedgerId,
    pub(crate) term: u64,
    pub(crate) time_us: i64,
    pub(crate) frontier: Frontier,
    /// Newest signed checkpoint.
    pub(crate) checkpoint: String,
    /// The key epoch in force.
    pub(crate) epoch: NamedEpoch,
    /// Hash of the policy set in force.
    pub(crate) policy: String,
    /// The keys that sign checkpoints.
    pub(crate) log_keys: LogKeys,
    /// The database's time when it was locked, microseconds UTC; PostgreSQL only.
    pub(crate) database_us: Option<i64>,
}

impl Head {
    /// Reads the head and, where the engine needs it, locks it until the transaction ends.
    pub(crate) async fn lock(db: &Db, tx: &mut Tx) -> Result<Self, StoreError> {
        Self::read_with(tx, db.lock_head())
            .await?
            .ok_or(StoreError::NoLedger("no head row"))
    }

    /// None when there is no ledger yet.
    pub(crate) async fn read(tx: &mut Tx) -> Result<Option<Self>, StoreError> {
        Self::read_with(tx, READ).await
    }

    async fn read_with(tx: &mut Tx, sql: &'static str) -> Result<Option<Self>, StoreError> {
        let rows = tx.fetch(sql, Vec::new(), &TYPES).await?;
        rows.into_iter().next().map(Self::from_values).transpose()
    }

    fn from_values(values: Vec<Value>) -> Result<Self, StoreError> {
        let broken = || StoreError::Row("head");
        let [
            ledger,
            term,
            size,
            time_us,
            frontier,
            checkpoint,
            epoch,
            check,
            policy,
            log_key,
            log_key_check,
            log_key_before,
            log_key_until,
            database,
        ]: [Value; 14] = values.try_into().map_err(|_| broken())?;
        let read = || -> Option<Self> {
            let frontier = Frontier::from_bytes(&Vec::from_value(frontier).ok()?).ok()?;
            let size = u64::try_from(i64::from_value(size).ok()?).ok()?;
            (frontier.size() == size).then_some(())?;
            Some(Self {
                ledger: LedgerId::from_value(ledger).ok()?,
                term: u64::try_from(i64::from_value(term).ok()?).ok()?,
                time_us: i64::from_value(time_us).ok()?,
                frontier,
                checkpoint: String::from_value(checkpoint).ok()?,
                epoch: NamedEpoch {
                    id: i64::from_value(epoch).ok()?,
                    check: String::from_value(check).ok()?,
                },
                policy: String::from_value(policy).ok()?,
                log_keys: LogKeys {
                    current: i64::from_value(log_key).ok()?,
                    check: String::from_value(log_key_check).ok()?,
                    before: i64::from_value(log_key_before).ok()?,
                    until_us: i64::from_value(log_key_until).ok()?,
                },
                database_us: Option::from_value(database).ok()?,
            })
        };
        read().ok_or_else(broken)
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The name checkpoints of this term are signed under.
    pub(crate) fn origin(&self) -> Result<String, StoreError> {
        origin(self.ledger.as_str(), self.term).map_err(|_| StoreError::Tree("origin"))
    }

    /// Signs what the head says now.
    pub(crate) fn sign(&mut self, keys: &Signers) -> Result<(), StoreError> {
        let checkpoint = Checkpoint {
            origin: self.origin()?,
            size: self.size(),
            root: self.frontier.root(),
        };
        self.checkpoint = checkpoint
            .sign_with(&keys.all())
            .map_err(|_| StoreError::Tree("checkpoint cannot be signed"))?;
        Ok(())
    }

    /// Makes the head row of a new ledger.
    pub(crate) async fn insert(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let args = vec![
            self.ledger.clone().into_value(),
            int(self.term).into_value(),
            self.frontier.to_bytes().into_value(),
            self.checkpoint.clone().into_value(),
            self.epoch.id.into_value(),
            self.epoch.check.clone().into_value(),
            self.policy.clone().into_value(),
            self.log_keys.current.into_value(),
            self.log_keys.check.clone().into_value(),
        ];
        tx.execute(INSERT, args).await.map(drop)
    }

    /// Writes the head over the one it was computed from.
    pub(crate) async fn write(&self, tx: &mut Tx, before: &Self) -> Result<(), StoreError> {
        let args = vec![
            int(self.term).into_value(),
            int(self.size()).into_value(),
            self.time_us.into_value(),
            self.frontier.to_bytes().into_value(),
            self.checkpoint.clone().into_value(),
            self.epoch.id.into_value(),
            self.epoch.check.clone().into_value(),
            self.policy.clone().into_value(),
            self.log_keys.current.into_value(),
            self.log_keys.check.clone().into_value(),
            self.log_keys.before.into_value(),
            self.log_keys.until_us.into_value(),
            int(before.size()).into_value(),
            int(before.term).into_value(),
        ];
        match tx.execute(WRITE, args).await? {
            1 => Ok(()),
            _ => Err(StoreError::Tree("the head moved under its lock")),
        }
    }
}

/// A count as the engines hold it. A ledger of 2^63 entries is out of reach.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
