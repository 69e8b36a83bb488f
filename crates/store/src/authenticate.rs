//! Finding out who calls. No act: a call without a known credential leaves no entry.

use baton_domain::ids::{CredentialId, SettingId};

use crate::acts::{certificate_digest, key_digest};
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::rows::{CredentialRow, credential_state};

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
    /// It is the one-time token: good for bootstrap and nothing else.
    pub one_time: bool,
}

impl Ledger {
    /// None for a credential that is not known, expired or revoked: the caller is not told which.
    pub async fn authenticate(&self, presented: &Presented) -> Result<Option<Known>, StoreError> {
        let inner = self.inner();
        let (column, key) = match presented {
            Presented::Certificate(spki) => ("digest", Value::Blob(Some(certificate_digest(spki)))),
            Presented::Key { credential, .. } => ("id", credential.clone().into_value()),
        };
        let rows: Vec<CredentialRow> = inner.db.once().await?.rows_by(column, vec![key]).await?;
        let proved = |row: &CredentialRow| match presented {
            Presented::Certificate(_) => true,
            Presented::Key { credential, secret } => {
                // Digests under a key: comparing them tells an attacker nothing about secrets.
                key_digest(&inner.keys, credential, secret) == row.digest
            }
        };
        let now = inner.clock.now_us();
        let in_force =
            |row: &CredentialRow| row.state != credential_state::REVOKED && now < row.expires_us;
        let row = rows.into_iter().find(|row| proved(row) && in_force(row));
        Ok(row.map(|row| Known {
            one_time: row.state == credential_state::ONE_TIME,
            credential: row.id,
            setting: row.setting_id,
        }))
    }
}
