//! The keys that sign checkpoints: the one in force, and the one before it while both sign.
//!
//! The head row says which they are, so all nodes change over at one position. The key before hands
//! over by a note it signs, which is kept for good: who holds an old key gets to the new one by
//! those notes and by nothing else (ADR 0017).

use std::sync::{Arc, PoisonError};

use baton_domain::log::handover::{Handover, lineage};
use baton_domain::log::note::{SignerKey, VerifierKey};

use crate::engine::value::{Column as _, Type};
use crate::error::StoreError;
use crate::head::Head;
use crate::keys::Keys;
use crate::ledger::{Inner, Ledger};

pub(crate) const HANDOVERS: &str = "SELECT handover FROM log_key ORDER BY number";
/// No key.
pub(crate) const NONE: i64 = 0;

/// Keys by number, as the head names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogKeys {
    pub(crate) current: i64,
    /// What tells the key of that number from another one: its public half, in hexadecimal.
    pub(crate) check: String,
    /// The one before, or [`NONE`].
    pub(crate) before: i64,
    /// Until when it signs, microseconds UTC.
    pub(crate) until_us: i64,
}

impl LogKeys {
    /// A key alone.
    pub(crate) fn only(number: i64, key: &SignerKey) -> Self {
        Self {
            current: number,
            check: check(key),
            before: NONE,
            until_us: 0,
        }
    }

    /// The key before signs no longer when its time is over.
    pub(crate) fn retire(&mut self, now_us: i64) {
        if self.before != NONE && now_us >= self.until_us {
            (self.before, self.until_us) = (NONE, 0);
        }
    }
}

/// The same, open, under the origin of a term.
#[derive(Debug)]
pub(crate) struct Signers {
    named: LogKeys,
    pub(crate) current: SignerKey,
    before: Option<SignerKey>,
}

impl Signers {
    /// Those the head names. A ring with another key under that number is of another folder: what
    /// it signs nobody would believe.
    pub(crate) fn open(keys: &Keys, origin: &str, named: &LogKeys) -> Result<Self, StoreError> {
        let current = keys.signer(origin, named.current)?;
        if check(&current) != named.check {
            return Err(StoreError::Ring("another key signs the checkpoints"));
        }
        let before = (named.before != NONE).then(|| keys.signer(origin, named.before));
        Ok(Self {
            named: named.clone(),
            current,
            before: before.transpose()?,
        })
    }

    /// The key in force first, so that who knows both reads its line first.
    pub(crate) fn all(&self) -> Vec<&SignerKey> {
        std::iter::once(&self.current).chain(&self.before).collect()
    }
}

pub(crate) fn check(key: &SignerKey) -> String {
    crate::learner::hex(key.verifier().public_key())
}

/// What the ledger says of itself to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// The newest signed checkpoint.
    pub checkpoint: String,
    /// The key in force, a C2SP vkey.
    pub verifier_key: String,
    /// The hand-overs of this term, oldest first.
    pub handovers: Vec<String>,
    /// The newest checkpoint with cosignatures of witnesses.
    pub cosigned: Option<String>,
}

impl Newest {
    /// Every key of this term, oldest first, the one in force last.
    pub fn keys(&self) -> Vec<VerifierKey> {
        let Ok(current) = self.verifier_key.parse::<VerifierKey>() else {
            return Vec::new();
        };
        lineage(&current, self.handovers.iter().map(String::as_bytes))
    }
}

impl Ledger {
    /// What the ledger says of itself.
    pub async fn newest(&self) -> Result<Newest, StoreError> {
        // In this order: what is cosigned is never ahead of the checkpoint beside it.
        let cosigned = self.cosigned().await?;
        let inner = self.inner();
        let mut tx = inner.db.begin_read().await?;
        let head = Head::read(&mut tx).await?;
        let head = head.ok_or(StoreError::NoLedger("no head row"))?;
        let rows = tx.fetch(HANDOVERS, Vec::new(), &[Type::Text]).await?;
        tx.rollback().await?;
        let signers = inner.signers_for(&head)?;
        let of_term = |note: &String| {
            let handover = Handover::of_itself(note.as_bytes());
            handover.is_some_and(|it| it.new.name() == signers.current.verifier().name())
        };
        let notes = rows.into_iter().filter_map(|mut row| row.pop());
        let notes = notes.filter_map(|value| String::from_value(value).ok());
        Ok(Newest {
            handovers: notes.filter(of_term).collect(),
            verifier_key: signers.current.verifier().to_string(),
            checkpoint: head.checkpoint,
            cosigned,
        })
    }

    /// The key in force, as far as this node knows, as a C2SP vkey.
    pub fn verifier_key(&self) -> String {
        self.inner().signers().current.verifier().to_string()
    }
}

impl Inner {
    pub(crate) fn signers(&self) -> Arc<Signers> {
        Arc::clone(&self.signers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys the head names; another node may have changed them.
    pub(crate) fn signers_for(&self, head: &Head) -> Result<Arc<Signers>, StoreError> {
        let known = self.signers();
        if known.named == head.log_keys {
            return Ok(known);
        }
        let opened = Signers::open(&self.keys, &head.origin()?, &head.log_keys)?;
        let opened = Arc::new(opened);
        *self.signers.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&opened);
        Ok(opened)
    }

    /// Destroys what signs no longer.
    pub(crate) async fn forget_log_keys(&self) -> Result<(), StoreError> {
        let head = Head::read(&mut self.db.once().await?).await?;
        match head {
            Some(head) if head.log_keys.before == NONE => {
                self.keys.forget_log_keys(head.log_keys.current)
            }
            _ => Ok(()),
        }
    }
}
