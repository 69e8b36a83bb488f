//! Another master key: the ring is sealed anew under it, and nothing else is touched.
//!
//! The new key reaches the service sealed under the one in force. So who asks has to hold that one,
//! whatever role they have: an operator's stolen credential cannot lock anybody out. And the key
//! itself is in no message that could be read without the old one.

use std::sync::{Arc, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::ring::{Ring, RingLock};
use super::{Key, Keys, MasterKey};
use crate::error::StoreError;

const AAD: &str = "baton/master-handover/v1";

/// A new master key, sealed under the one before it. Fingerprints tell keys apart and may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterHandover {
    /// The new key, for the service.
    pub sealed: Vec<u8>,
    /// Fingerprint of the key it is sealed under.
    pub old: String,
    /// Fingerprint of the new key.
    pub new: String,
}

impl MasterKey {
    /// Reads both keys and seals the new one under this one. A new one that is a file and not there
    /// is made, unless it is only tried.
    pub async fn hand_over(
        &self,
        new: &Self,
        try_only: bool,
    ) -> Result<MasterHandover, StoreError> {
        let old = self.read().await?;
        let new = match new {
            Self::File(path) if try_only && !path.exists() => Key::random()?,
            Self::File(_) if !try_only => new.make().await?,
            _ => new.read().await?,
        };
        let told = MasterHandover {
            sealed: old.wrap(AAD, &new)?,
            old: old.fingerprint(),
            new: new.fingerprint(),
        };
        if told.old == told.new {
            return Err(StoreError::MasterSource(
                "the new one is the one there is: nothing would change",
            ));
        }
        Ok(told)
    }
}

/// What a hand-over came to.
#[derive(Debug)]
pub(crate) enum Opened {
    /// The ring can be sealed under it.
    New(Arc<NewMaster>),
    /// The ring is sealed under it already; its fingerprint.
    InForce(String),
    /// It was sealed under another key than the one in force.
    Wrong,
}

/// A master key that is to come into force. Nobody else puts one into force meanwhile.
#[derive(Debug)]
pub(crate) struct NewMaster {
    key: Key,
    /// Fingerprint of the one in force.
    pub(crate) old: String,
    pub(crate) fingerprint: String,
    _turn: OwnedMutexGuard<()>,
}

impl Keys {
    /// Opens a new key that was sealed under the one in force.
    pub(crate) async fn open_handover(
        &self,
        sealed: &[u8],
        fingerprint: &str,
    ) -> Result<Opened, StoreError> {
        let turn = Arc::clone(&self.changing).lock_owned().await;
        self.follow_master().await?;
        let master = self.master();
        let old = master.fingerprint();
        if old == fingerprint {
            return Ok(Opened::InForce(old));
        }
        let key = master.unwrap(AAD, sealed).ok();
        let key = key.filter(|key| key.fingerprint() == fingerprint);
        Ok(key.map_or(Opened::Wrong, |key| {
            Opened::New(Arc::new(NewMaster {
                key,
                old,
                fingerprint: fingerprint.to_owned(),
                _turn: turn,
            }))
        }))
    }

    /// Seals the ring under a new key: the file is put in the place of the one there is, whole or
    /// not at all, so that one of the two keys opens it at any moment.
    pub(crate) fn seal_under(&self, new: &NewMaster) -> Result<(), StoreError> {
        let held = RingLock::take(&self.folder)?;
        let ring = Ring::read_held(&self.folder, &self.master(), &held)?;
        let replaced = ring.replace(&self.folder, &new.key, &held);
        if let Err(error) = replaced {
            // It may lie there already and only what comes after have failed.
            Ring::read_held(&self.folder, &new.key, &held).map_err(|_| StoreError::MasterKept)?;
            tracing::warn!(%error, "the ring of keys is sealed anew, and what lay there before is \
                 not cleared away: the next start does that");
        }
        self.take_master(new.key.clone());
        self.keep(ring);
        Ok(())
    }

    /// Another node may have had the ring sealed under another master key. Then that one is looked
    /// for where this node's came from.
    pub(crate) async fn follow_master(&self) -> Result<(), StoreError> {
        match self.read_ring() {
            Err(StoreError::OtherMasterKey { .. }) => {}
            read => return read.map(drop),
        }
        let key = self.source.read().await?;
        let ring = Ring::read(&self.folder, &key)?;
        self.take_master(key);
        self.keep(ring);
        Ok(())
    }

    pub(super) fn take_master(&self, key: Key) {
        *self.master.write().unwrap_or_else(PoisonError::into_inner) = key;
    }
}
