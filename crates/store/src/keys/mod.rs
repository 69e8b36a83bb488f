//! Keys: a master key from outside, a ring of epochs under it, a key per setting and epoch, a key
//! per version and section kind under the setting's.
//!
//! With each epoch every setting gets a fresh key, and the keys of what lives are wrapped anew
//! under it. So once an epoch is destroyed, nothing that was erased before can be opened with any
//! key that is left, whatever copy of the database it lies in (ADR 0014).

mod erased;
mod file;
mod high_water;
mod master;
mod new_master;
mod parts;
mod ring;
mod seal;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use baton_domain::ids::{ContentId, LearnerId, LedgerId, SettingId};
use baton_domain::log::note::SignerKey;

pub(crate) use high_water::{HighWater, Mark};
pub use master::MasterKey;
pub use new_master::MasterHandover;
pub(crate) use new_master::{NewMaster, Opened};
pub(crate) use parts::{Gathered, Other, Parts};
pub(crate) use seal::Key;

use self::ring::{Epoch, Ring, RingLock};
use crate::error::StoreError;
use crate::learner::hex;

/// The keys of one ledger, open.
#[derive(Debug)]
pub(crate) struct Keys {
    folder: PathBuf,
    ledger: LedgerId,
    blind: Key,
    /// Kept open: each new epoch is sealed under it.
    master: RwLock<Key>,
    /// Where it came from: another node may put another one there.
    source: MasterKey,
    /// Held from before the ledger says that there is another master key until the ring is sealed
    /// under it.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// The ledger's head says which epoch is in force; nodes follow it.
    current: AtomicI64,
    ring: RwLock<Arc<Ring>>,
}

/// An epoch of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EpochView {
    pub(crate) id: i64,
    pub(crate) opened_us: i64,
}

/// An epoch as the head names it: its number, and what tells its key from another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedEpoch {
    pub(crate) id: i64,
    pub(crate) check: String,
}

/// The first epoch of a ledger.
const TOKEN_AAD: &str = "baton/token/v1";
const FIRST_EPOCH: i64 = 1;
/// Before the head was read.
const NO_EPOCH: i64 = 0;

impl Keys {
    /// Makes the ring in an empty folder.
    pub(crate) async fn create(
        folder: &Path,
        master: &MasterKey,
        (ledger, now_us): (LedgerId, i64),
    ) -> Result<Self, StoreError> {
        file::make_private_folder(folder)?;
        if ring::is_there(folder) {
            return Err(StoreError::LedgerExists);
        }
        let key = master.make().await?;
        let ring = Ring::new(ledger, now_us)?;
        ring.create(folder, &key)?;
        Ok(Self::of(folder, (key, master.clone()), ring))
    }

    /// Opens the ring of a folder. A master key file others could read is refused.
    pub(crate) async fn open(folder: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        let key = master.read().await?;
        let ring = Ring::read(folder, &key)?;
        Ring::tidy(folder)?;
        Ok(Self::of(folder, (key, master.clone()), ring))
    }

    fn of(folder: &Path, (master, source): (Key, MasterKey), ring: Ring) -> Self {
        Self {
            folder: folder.to_owned(),
            ledger: ring.ledger.clone(),
            blind: ring.blind.clone(),
            master: RwLock::new(master),
            source,
            changing: Arc::default(),
            current: AtomicI64::new(NO_EPOCH),
            ring: RwLock::new(Arc::new(ring)),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    pub(crate) fn ledger(&self) -> &LedgerId {
        &self.ledger
    }

    /// The epoch new keys are wrapped under.
    pub(crate) fn current(&self) -> i64 {
        self.current.load(Ordering::Acquire)
    }

    /// Follows the ledger into the epoch its head names, which another node may have opened. Only
    /// under the head lock: nobody may be turned back. A ring that holds another key under that
    /// number is a folder of its own: what would be sealed under it no other node could open.
    pub(crate) fn turn_to(&self, epoch: &NamedEpoch) -> Result<(), StoreError> {
        if self.current() == epoch.id {
            return Ok(());
        }
        let missing = |_| StoreError::EpochMissing(epoch.id);
        let known = self.epoch(epoch.id).map_err(missing)?;
        if self.check(epoch.id, &known) != epoch.check {
            self.keep(self.read_ring()?);
            let read = self.epoch(epoch.id).map_err(missing)?;
            if self.check(epoch.id, &read) != epoch.check {
                return Err(StoreError::EpochMissing(epoch.id));
            }
        }
        self.current.store(epoch.id, Ordering::Release);
        Ok(())
    }

    /// The first epoch, as the head of a new ledger names it.
    pub(crate) fn first(&self) -> Result<NamedEpoch, StoreError> {
        self.named(FIRST_EPOCH)
    }

    fn named(&self, id: i64) -> Result<NamedEpoch, StoreError> {
        let check = self.check(id, &self.epoch(id)?);
        Ok(NamedEpoch { id, check })
    }

    /// Tells one key from another and nothing else about it.
    fn check(&self, id: i64, key: &Key) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
        let text = format!("baton/epoch-check/v1\n{}\n{id}", self.ledger);
        hex(&hmac::sign(&key, text.as_bytes()).as_ref()[..16])
    }

    /// The master key the ring is sealed under, as far as this node knows.
    fn master(&self) -> Key {
        let master = self.master.read();
        master.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read_ring(&self) -> Result<Ring, StoreError> {
        let held = RingLock::share(&self.folder)?;
        // Only then: whoever puts another master key into force holds the lock meanwhile.
        self.open_ring(&held).map(|(ring, _)| ring)
    }

    /// The ring, and the master key it is sealed under. Another node may have had it sealed under
    /// another one: a file is looked into at once, so that no call fails that a key would answer.
    /// A command may take its time, and is asked by `follow_master`.
    fn open_ring(&self, held: &RingLock) -> Result<(Ring, Key), StoreError> {
        let known = self.master();
        let unknown = match Ring::read_held(&self.folder, &known, held) {
            Err(error @ StoreError::OtherMasterKey { .. }) => error,
            read => return read.map(|ring| (ring, known)),
        };
        let Some(key) = self.source.read_file() else {
            return Err(unknown);
        };
        let ring = Ring::read_held(&self.folder, &key, held).map_err(|_| unknown)?;
        self.take_master(key.clone());
        Ok((ring, key))
    }

    /// Changes the ring on disk, where `change` says so.
    fn change_ring<T>(
        &self,
        change: impl FnOnce(&mut Ring) -> Result<(bool, T), StoreError>,
    ) -> Result<T, StoreError> {
        let held = RingLock::take(&self.folder)?;
        let (mut ring, master) = self.open_ring(&held)?;
        let (changed, told) = change(&mut ring)?;
        if changed {
            ring.replace(&self.folder, &master, &held)?;
        }
        self.keep(ring);
        Ok(told)
    }

    /// The key of an epoch. One that is not known is looked for on disk: another node may have
    /// opened it.
    fn epoch(&self, id: i64) -> Result<Key, StoreError> {
        let known = |ring: &Ring| ring.epochs.get(&id).map(|epoch| epoch.key.clone());
        if let Some(key) = known(&self.ring()) {
            return Ok(key);
        }
        let ring = self.read_ring()?;
        let found = known(&ring);
        self.keep(ring);
        found.ok_or(StoreError::EpochGone)
    }

    /// Every epoch of the ring, oldest first, as it lies on disk.
    pub(crate) fn epochs(&self) -> Result<Vec<EpochView>, StoreError> {
        self.keep(self.read_ring()?);
        let view = |(id, epoch): (&i64, &Epoch)| EpochView {
            id: *id,
            opened_us: epoch.opened_us,
        };
        Ok(self.ring().epochs.iter().map(view).collect())
    }

    /// Lays the key of the next epoch into the ring. It is in force once the ledger says so; one
    /// that was laid there before and never came into force is taken as it is.
    pub(crate) fn lay_next(&self, now_us: i64) -> Result<NamedEpoch, StoreError> {
        let next = self.current() + 1;
        self.change_ring(|ring| {
            let laid = ring.epochs.remove(&next);
            let epoch = Epoch {
                opened_us: now_us,
                key: laid.map_or_else(Key::random, |laid| Ok(laid.key))?,
            };
            ring.epochs.insert(next, epoch);
            Ok((true, ()))
        })?;
        self.named(next)
    }

    /// Destroys an epoch and all before it, for good.
    pub(crate) fn destroy(&self, last: i64) -> Result<(), StoreError> {
        self.change_ring(|ring| {
            ring.epochs.retain(|id, _| *id > last);
            Ok((true, ()))
        })
    }

    /// The key of a number that signs checkpoints under this origin. One that is not known is
    /// looked for on disk: another node may have laid it there.
    pub(crate) fn signer(&self, origin: &str, number: i64) -> Result<SignerKey, StoreError> {
        let known = |ring: &Ring| ring.log.get(&number).cloned();
        let mut seed = known(&self.ring());
        if seed.is_none() {
            self.keep(self.read_ring()?);
            seed = known(&self.ring());
        }
        let seed = seed.ok_or(StoreError::Ring(
            "the key that signs checkpoints is not in it",
        ))?;
        SignerKey::from_seed(origin, seed.bytes())
            .map_err(|_| StoreError::Ring("the log key is malformed"))
    }

    /// The newest number of a key for checkpoints, as it lies on disk.
    pub(crate) fn newest_log_key(&self) -> Result<i64, StoreError> {
        self.keep(self.read_ring()?);
        let newest = self.ring().log.keys().next_back().copied();
        newest.ok_or(StoreError::Ring("no key that signs checkpoints is in it"))
    }

    /// Lays the key after the one of this number into the ring. It is in force once the ledger says
    /// so; one that was laid there before and never came into force is taken as it is.
    pub(crate) fn lay_log_key(&self, current: i64) -> Result<i64, StoreError> {
        let next = current + 1;
        self.change_ring(|ring| {
            let vacant = !ring.log.contains_key(&next);
            if vacant {
                ring.log.insert(next, Key::random()?);
            }
            Ok((vacant, next))
        })
    }

    /// Destroys the keys for checkpoints before the one in force, once none of them signs any more.
    pub(crate) fn forget_log_keys(&self, before: i64) -> Result<(), StoreError> {
        if self.ring().log.keys().all(|number| *number >= before) {
            return Ok(());
        }
        self.change_ring(|ring| {
            ring.log.retain(|number, _| *number >= before);
            Ok((true, ()))
        })
    }

    /// A fresh key for a setting in an epoch, wrapped and open.
    pub(crate) fn fresh_setting_key(
        &self,
        id: &SettingId,
        epoch: i64,
    ) -> Result<(Vec<u8>, Key), StoreError> {
        self.epoch(epoch)?.wrap_fresh(&self.setting_aad(epoch, id))
    }

    /// Opens a setting's key; an epoch that was destroyed is gone for good.
    pub(crate) fn open_setting_key(
        &self,
        id: &SettingId,
        epoch: i64,
        wrapped: &[u8],
    ) -> Result<Key, StoreError> {
        self.epoch(epoch)?
            .unwrap(&self.setting_aad(epoch, id), wrapped)
    }

    fn setting_aad(&self, epoch: i64, id: &SettingId) -> String {
        format!("baton/setting-key/v1\n{}\n{epoch}\n{id}", self.ledger)
    }

    /// Associated data of one section of one content.
    pub(crate) fn content_aad(&self, owner: &SettingId, content: &ContentId, kind: i64) -> String {
        format!(
            "baton/content/v1\n{}\n{owner}\n{content}\n{kind}",
            self.ledger
        )
    }

    /// Associated data of one chunk of a document: where it stands, and whether it is the last one.
    pub(crate) fn chunk_aad(
        &self,
        owner: &SettingId,
        (content, kind): (&ContentId, i64),
        (index, last): (i64, bool),
    ) -> String {
        format!(
            "baton/chunk/v1\n{}\n{owner}\n{content}\n{kind}\n{index}\n{last}",
            self.ledger
        )
    }

    /// Associated data of what is kept about a learner.
    pub(crate) fn learner_aad(&self, owner: &SettingId, learner: &LearnerId) -> String {
        format!("baton/learner/v1\n{}\n{owner}\n{learner}", self.ledger)
    }

    /// Keyed digest for looking a value up without storing it. `purpose` keeps uses apart.
    pub(crate) fn blind(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.blind.bytes());
        let mut context = hmac::Context::with_key(&key);
        context.update(purpose.as_bytes());
        for part in parts {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// Seals a word for a caller to hand back, under a key of its own for what it is bound to.
    pub(crate) fn seal_token(&self, bound: &[&[u8]], text: &str) -> Result<Vec<u8>, StoreError> {
        Key::from_slice(&self.blind("token", bound))?.seal(TOKEN_AAD, text.as_bytes().to_vec())
    }

    /// What was sealed for `bound`; none if it is anything else.
    pub(crate) fn open_token(&self, bound: &[&[u8]], sealed: &[u8]) -> Option<String> {
        let key = Key::from_slice(&self.blind("token", bound)).ok()?;
        String::from_utf8(key.open(TOKEN_AAD, sealed).ok()?).ok()
    }

    /// Vouches for a digest: nobody who lacks the ring can make it.
    pub(crate) fn vouch(&self, purpose: &str, digest: &[u8]) -> [u8; 32] {
        self.blind(purpose, &[digest])
    }

    /// What of the key folder is backed up.
    pub(crate) fn parts(&self) -> Result<Parts, StoreError> {
        Parts::read(&self.folder)
    }

    /// Whether the ring holds the very key of an epoch, as far as it was read.
    pub(crate) fn is_of(&self, epoch: &NamedEpoch) -> bool {
        let ring = self.ring();
        let known = ring.epochs.get(&epoch.id);
        known.is_some_and(|known| self.check(epoch.id, &known.key) == epoch.check)
    }

    /// Whether the ring has the key of an epoch, as far as it was read.
    pub(crate) fn has_epoch(&self, id: i64) -> bool {
        self.ring().epochs.contains_key(&id)
    }

    /// The mark of how far the ledger has come, kept here and not in the database.
    pub(crate) fn high_water(&self) -> Result<HighWater, StoreError> {
        HighWater::open(&self.folder, &self.ledger)
    }
}

#[cfg(test)]
mod tests;
