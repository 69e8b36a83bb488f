//! Keys: a master key in a 0600 file, a ring of epochs under it, a key per setting under an epoch,
//! a key per version and section kind under the setting's.
//!
//! The ring is a small store of its own beside the database, backed up apart from it: destroying
//! an epoch makes every copy of what was wrapped under it unreadable, wherever it lies.

mod file;
mod high_water;
mod seal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use baton_domain::ids::{ContentId, LearnerId, LedgerId, SettingId};
use baton_domain::log::note::SignerKey;
use serde::{Deserialize, Serialize};

pub(crate) use high_water::{HighWater, Mark};
pub(crate) use seal::Key;

use crate::error::StoreError;

const MASTER: &str = "master.key";
const RING: &str = "ring.json";

/// The ring as it lies on disk: every key in it sealed under the master key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    version: u32,
    ledger_id: String,
    current_epoch: i64,
    #[serde(with = "file::sealed_map")]
    epochs: BTreeMap<i64, Vec<u8>>,
    #[serde(with = "file::sealed")]
    blind: Vec<u8>,
    #[serde(with = "file::sealed")]
    log: Vec<u8>,
}

/// The keys of one ledger, open.
#[derive(Debug)]
pub(crate) struct Keys {
    folder: PathBuf,
    ledger: LedgerId,
    current: i64,
    epochs: BTreeMap<i64, Key>,
    blind: Key,
    log_seed: Key,
}

impl Keys {
    /// Makes master key and ring in an empty folder.
    pub(crate) fn create(folder: &Path, ledger: LedgerId) -> Result<Self, StoreError> {
        file::make_private_folder(folder)?;
        let master = Key::random()?;
        file::write_new(&folder.join(MASTER), &file::encode_master(&master))?;
        let keys = Self {
            folder: folder.to_owned(),
            ledger,
            current: 1,
            epochs: BTreeMap::from([(1, Key::random()?)]),
            blind: Key::random()?,
            log_seed: Key::random()?,
        };
        let ring = RingFile {
            version: 1,
            ledger_id: keys.ledger.as_str().to_owned(),
            current_epoch: keys.current,
            epochs: BTreeMap::from([(1, master.wrap(&keys.aad("epoch/1"), &keys.epochs[&1])?)]),
            blind: master.wrap(&keys.aad("blind"), &keys.blind)?,
            log: master.wrap(&keys.aad("log"), &keys.log_seed)?,
        };
        let text = serde_json::to_vec_pretty(&ring).map_err(|_| StoreError::Ring("encoding"))?;
        file::write_new(&folder.join(RING), &text)?;
        Ok(keys)
    }

    /// Opens the ring of a folder. A master key others could read is refused.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let master = file::decode_master(&file::read_private(&folder.join(MASTER))?)?;
        let text = file::read_private(&folder.join(RING))?;
        let ring: RingFile =
            serde_json::from_slice(&text).map_err(|_| StoreError::Ring("not a key ring"))?;
        if ring.version != 1 {
            return Err(StoreError::Ring("made by a newer version"));
        }
        let ledger =
            LedgerId::parse(&ring.ledger_id).map_err(|_| StoreError::Ring("names no ledger"))?;
        let aad = |what: &str| format!("baton/ring/v1\n{ledger}\n{what}");
        let open = |what: &str, sealed: &[u8]| {
            master
                .unwrap(&aad(what), sealed)
                .map_err(|_| StoreError::MasterKey)
        };
        let epochs = ring
            .epochs
            .iter()
            .map(|(id, sealed)| Ok((*id, open(&format!("epoch/{id}"), sealed)?)))
            .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        if !epochs.contains_key(&ring.current_epoch) {
            return Err(StoreError::Ring("the current epoch is missing"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            current: ring.current_epoch,
            epochs,
            blind: open("blind", &ring.blind)?,
            log_seed: open("log", &ring.log)?,
            ledger,
        })
    }

    pub(crate) fn ledger(&self) -> &LedgerId {
        &self.ledger
    }

    fn aad(&self, what: &str) -> String {
        format!("baton/ring/v1\n{}\n{what}", self.ledger)
    }

    /// The key that signs checkpoints under this origin.
    pub(crate) fn signer(&self, origin: &str) -> Result<SignerKey, StoreError> {
        SignerKey::from_seed(origin, self.log_seed.bytes())
            .map_err(|_| StoreError::Ring("the log key is malformed"))
    }

    /// A fresh key for a setting: the epoch it is wrapped under, the wrapped form, the key.
    pub(crate) fn setting_key(&self, id: &SettingId) -> Result<(i64, Vec<u8>, Key), StoreError> {
        let epoch = self
            .epochs
            .get(&self.current)
            .ok_or(StoreError::EpochGone)?;
        let (wrapped, key) = epoch.wrap_fresh(&self.setting_aad(self.current, id))?;
        Ok((self.current, wrapped, key))
    }

    /// Opens a setting's key; an epoch that was destroyed is gone for good.
    pub(crate) fn open_setting_key(
        &self,
        id: &SettingId,
        epoch: i64,
        wrapped: &[u8],
    ) -> Result<Key, StoreError> {
        self.epochs
            .get(&epoch)
            .ok_or(StoreError::EpochGone)?
            .unwrap(&self.setting_aad(epoch, id), wrapped)
    }

    /// The same setting's key wrapped under another epoch.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "rotation while serving calls it")
    )]
    pub(crate) fn rewrap(
        &self,
        id: &SettingId,
        (from, wrapped): (i64, &[u8]),
        to: i64,
    ) -> Result<Vec<u8>, StoreError> {
        let key = self.open_setting_key(id, from, wrapped)?;
        self.epochs
            .get(&to)
            .ok_or(StoreError::EpochGone)?
            .wrap(&self.setting_aad(to, id), &key)
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

    /// The mark of how far the ledger has come, kept here and not in the database.
    pub(crate) fn high_water(&self) -> Result<HighWater, StoreError> {
        HighWater::open(&self.folder, &self.ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> LedgerId {
        LedgerId::from_bytes([7; 16])
    }

    #[test]
    fn a_ring_opens_again_and_a_setting_key_survives_rewrapping() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("keys");
        let made = Keys::create(&at, ledger()).unwrap();
        let setting = SettingId::from_bytes([1; 16]);
        let (epoch, wrapped, key) = made.setting_key(&setting).unwrap();
        let mut opened = Keys::open(&at).unwrap();
        assert_eq!(
            opened
                .open_setting_key(&setting, epoch, &wrapped)
                .unwrap()
                .bytes(),
            key.bytes()
        );

        opened.epochs.insert(2, Key::random().unwrap());
        let again = opened.rewrap(&setting, (epoch, &wrapped), 2).unwrap();
        assert_eq!(
            opened
                .open_setting_key(&setting, 2, &again)
                .unwrap()
                .bytes(),
            key.bytes()
        );
        opened.epochs.remove(&1);
        assert!(opened.open_setting_key(&setting, epoch, &wrapped).is_err());
        assert!(opened.open_setting_key(&setting, 2, &again).is_ok());
        assert!(
            opened
                .open_setting_key(&SettingId::from_bytes([2; 16]), 2, &again)
                .is_err()
        );
    }

    #[test]
    fn a_master_key_others_may_read_is_refused_and_a_wrong_one_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("keys");
        Keys::create(&at, ledger()).unwrap();
        let master = at.join(MASTER);
        std::fs::set_permissions(&master, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::open(&at), Err(StoreError::KeyFileMode(_))));
        std::fs::set_permissions(&master, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&master, file::encode_master(&Key::random().unwrap())).unwrap();
        assert!(matches!(Keys::open(&at), Err(StoreError::MasterKey)));
        assert!(
            Keys::create(&at, ledger()).is_err(),
            "an existing ring is never overwritten"
        );
    }
}
