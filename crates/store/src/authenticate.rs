//! Finding out who calls. No act: a call without a known credential leaves no entry.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use baton_domain::ids::{CredentialId, SettingId};

use crate::acts::{certificate_digest, key_digest};
use crate::engine::Tx;
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::rows::{CredentialRow, SettingRow, credential_state};

/// What a caller presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// A certificate whose key it has proved to hold: SHA-256 over the public key.
    Certificate([u8; 32]),
    /// An API key.
    Key {
        /// The id in it.
        credential: CredentialId,
        /// The secret in it.
        secret: Vec<u8>,
    },
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The credential.
    pub credential: CredentialId,
    /// The setting it was issued to.
    pub setting: SettingId,
    /// It is one of a family, for a learner's own record.
    pub of_a_record: bool,
    /// It is the one-time token: good for bootstrap and nothing else.
    pub one_time: bool,
}

/// Callers that are remembered; one more, and all are looked up again.
const REMEMBERED_MAX: usize = 4_096;

/// Credentials looked up before, so that a call costs no query of its own. Only who has proved
/// to hold one is remembered, never who is unknown. It speaks of who calls, never of what they
/// may: that is a fact of the act, read under the lock. What was forgotten has to be looked up
/// again, and its holder is no stranger for it.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    inner: RwLock<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// How often it was forgotten: what was read before that does not count after it.
    age: u64,
    by_digest: HashMap<Vec<u8>, Kept>,
}

#[derive(Debug)]
struct Kept {
    row: CredentialRow,
    /// Of the memory when it was read.
    age: u64,
}

impl Remembered {
    /// To be called whenever credentials may have changed, after the commit.
    pub(crate) fn forget(&self) {
        let mut memory = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        memory.age += 1;
    }

    /// One that is in force. Whose days are over may have another one's after it, which is looked up.
    fn find(
        &self,
        digest: &[u8],
        in_force: impl Fn(&CredentialRow) -> bool,
    ) -> Result<CredentialRow, u64> {
        let memory = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let kept = memory.by_digest.get(digest);
        let kept = kept.filter(|kept| kept.age == memory.age && in_force(&kept.row));
        kept.map(|kept| kept.row.clone()).ok_or(memory.age)
    }

    fn has(&self, digest: &[u8]) -> bool {
        let memory = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        memory.by_digest.contains_key(digest)
    }

    /// What was found at an age of the memory; none is forgotten for good.
    fn keep(&self, age: u64, digest: Vec<u8>, row: Option<&CredentialRow>) {
        let mut memory = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = row.cloned() else {
            memory.by_digest.remove(&digest);
            return;
        };
        if memory.by_digest.len() >= REMEMBERED_MAX && !memory.by_digest.contains_key(&digest) {
            memory.by_digest.clear();
        }
        memory.by_digest.insert(digest, Kept { row, age });
    }
}

impl Presented {
    /// Digests under a key: comparing them tells an attacker nothing about secrets.
    fn digest(&self, keys: &Keys) -> Vec<u8> {
        match self {
            Self::Certificate(spki) => certificate_digest(spki),
            Self::Key { credential, secret } => key_digest(keys, credential, secret),
        }
    }
}

/// The one whose setting is there: where that was handed over, all credentials are over. By the
/// connection that is held: who waits for another one with that in hand could wait for ever.
async fn of_one_that_is_there(
    one: &mut Tx,
    rows: Vec<CredentialRow>,
) -> Result<Option<CredentialRow>, StoreError> {
    for row in rows {
        let id = vec![row.setting_id.clone().into_value()];
        let settings: Vec<SettingRow> = one.rows_by("id", id).await?;
        if !settings
            .iter()
            .any(|setting| setting.caretaker_id.is_some())
        {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

impl Ledger {
    /// Whether exactly this was known here before, and not found wanting since. It costs no query,
    /// and says nothing of what is in force now.
    pub fn has_known(&self, presented: &Presented) -> bool {
        let inner = self.inner();
        inner.remembered.has(&presented.digest(&inner.keys))
    }

    /// None for a credential that is not known, revoked, or before its first day or after its last: the caller is not told which.
    /// On PostgreSQL a revocation by another node is known here within a poll; until then the act
    /// itself refuses.
    pub async fn authenticate(&self, presented: &Presented) -> Result<Option<Known>, StoreError> {
        let inner = self.inner();
        let digest = presented.digest(&inner.keys);
        let now = inner.clock.now_us();
        let in_force =
            |row: &CredentialRow| row.state != credential_state::REVOKED && row.is_in_its_days(now);
        let row = match inner.remembered.find(&digest, in_force) {
            Ok(row) => Some(row),
            Err(age) => {
                let key = vec![Value::Blob(Some(digest.clone()))];
                let mut one = inner.db.once().await?;
                let mut rows: Vec<CredentialRow> = one.rows_by("digest", key).await?;
                // A certificate may have been registered again: after it was revoked, or when its
                // setting was handed over.
                rows.retain(in_force);
                let row = of_one_that_is_there(&mut one, rows).await?;
                inner.remembered.keep(age, digest, row.as_ref());
                row
            }
        };
        Ok(row.map(|row| Known {
            one_time: row.state == credential_state::ONE_TIME,
            of_a_record: row.learner_id.is_some(),
            credential: row.id,
            setting: row.setting_id,
        }))
    }
}
