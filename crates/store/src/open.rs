//! Making a ledger, and opening one.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_domain::access::{Assurance, Decider, PolicySet};
use baton_domain::entry::{Entry, EntryKind, RowChange, Verdict};
use baton_domain::ids::{CredentialId, LedgerId, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::log::checkpoint::origin;
use baton_domain::log::{Frontier, Hash, leaf_hash};

use crate::acts::key_digest;
use crate::clock::Clock;
use crate::engine::table::Table as _;
use crate::engine::value::{Column as _, Type, Value};
use crate::engine::{Db, Tx};
use crate::error::StoreError;
use crate::folder::{self, FolderLock};
use crate::head::{Head, int};
use crate::keys::{Key, Keys, Mark, MasterKey};
use crate::learner::hex;
use crate::ledger::{Inner, Ledger};
use crate::log_keys::{LogKeys, Signers};
use crate::policies::{aside, load};
use crate::reserve::{DiskReserve, Reserve};
use crate::rotation::Rotation;
use crate::rows::{CredentialRow, EntryRow, PolicySetRow, TileRow, credential_state};

pub(crate) const LEAF: &str = "SELECT leaf FROM entry WHERE position = $1";
/// How long the one-time token of a new ledger can be used: 7 days.
const TOKEN_LIFETIME_US: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// Where a ledger is kept.
#[derive(Debug, Clone)]
pub struct Place {
    /// The data folder: keys, and the database where it is SQLite.
    pub folder: PathBuf,
    /// PostgreSQL's URL; none for SQLite in the folder.
    pub postgres: Option<String>,
    /// Where the master key comes from; none for `keys/master.key` in the folder.
    pub master: Option<MasterKey>,
    /// How long key epochs last.
    pub rotation: Rotation,
    /// Room kept for acts that take rights away.
    pub reserve: DiskReserve,
    /// Years after which the bodies of entries are dropped; none: they are kept for good.
    pub bodies_kept: Option<NonZeroU16>,
}

impl Place {
    async fn connect(&self) -> Result<(Db, Option<FolderLock>), StoreError> {
        let lock = self.lock()?;
        // Looked at under the lock: a restore holds it.
        folder::is_finished(&self.folder)?;
        Ok((self.connect_locked().await?, lock))
    }

    /// Takes the folder, where one process owns it.
    pub(crate) fn lock(&self) -> Result<Option<FolderLock>, StoreError> {
        let owned = self.postgres.is_none();
        owned.then(|| FolderLock::take(&self.folder)).transpose()
    }

    /// Connects to the database of a folder that is held.
    pub(crate) async fn connect_locked(&self) -> Result<Db, StoreError> {
        match &self.postgres {
            Some(url) => Db::postgres(url).await,
            None => {
                folder::make_database(&self.folder)?;
                Db::sqlite(&folder::database(&self.folder)).await
            }
        }
    }

    pub(crate) fn keys(&self) -> PathBuf {
        folder::keys(&self.folder)
    }

    pub(crate) fn master(&self) -> MasterKey {
        let in_folder = || MasterKey::File(self.keys().join("master.key"));
        self.master.clone().unwrap_or_else(in_folder)
    }

    fn reserve(&self) -> Result<Reserve, StoreError> {
        let disk = self.postgres.is_none().then_some(self.folder.as_path());
        Reserve::new(self.reserve, disk)
    }
}

/// The one-time token of a new ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    /// The credential it is.
    pub credential: CredentialId,
    /// Its secret, stored nowhere.
    pub secret: [u8; 32],
}

impl Ledger {
    /// Makes a ledger in an empty place. Its first entry commits to the one-time token, the only
    /// thing that can be done with it is to make the first officer.
    pub async fn create(place: &Place, clock: &Clock) -> Result<OneTimeToken, StoreError> {
        folder::make(&place.folder)?;
        let (db, _lock) = place.connect().await?;
        let mut tx = db.begin_alone().await?;
        if Head::read(&mut tx).await?.is_some() {
            return Err(StoreError::LedgerExists);
        }
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| StoreError::Entropy)?;
        let named = (LedgerId::from_bytes(id), clock.now_us());
        let keys = Keys::create(&place.keys(), &place.master(), named).await?;
        let policies = PolicySet::shipped().map_err(|_| StoreError::Policy)?;
        let hash = policies.hash().to_owned();
        let body = policies.text().canonical();
        tx.upsert(vec![PolicySetRow {
            hash: hash.clone(),
            body,
        }])
        .await?;
        let origin = origin(keys.ledger().as_str(), 1).map_err(|_| StoreError::Tree("origin"))?;
        let first = keys.newest_log_key()?;
        let mut head = Head {
            ledger: keys.ledger().clone(),
            term: 1,
            time_us: 0,
            frontier: Frontier::new(),
            checkpoint: String::new(),
            epoch: keys.first()?,
            log_keys: LogKeys::only(first, &keys.signer(&origin, first)?),
            policy: hash,
            database_us: None,
        };
        head.insert(&mut tx).await?;
        let (token, row) = one_time_token(&keys, clock.now_us())?;
        let mark = append(&mut tx, &keys, &mut head, clock, Origin::Created(&row)).await?;
        tx.upsert(vec![row]).await?;
        tx.commit().await?;
        keys.high_water()?.write(&mark);
        db.close().await;
        Ok(token)
    }

    /// Opens a ledger. One whose database is behind its high-water mark is refused, unless the
    /// operator accepts the rollback: then a new term begins.
    pub async fn open(
        place: &Place,
        clock: Clock,
        accept_rollback: bool,
    ) -> Result<Self, StoreError> {
        folder::is_finished(&place.folder)?;
        if !place.keys().join("ring.json").is_file() {
            return Err(StoreError::NoLedger(
                "there is no ledger here: `baton init` makes one",
            ));
        }
        let keys = Keys::open(&place.keys(), &place.master()).await?;
        let (db, lock) = place.connect().await?;
        // The marks before the head: another node may commit in between, and its mark must not
        // look like a rollback.
        let marks = keys.high_water()?.read();
        let mut tx = db.begin_write().await?;
        let mut head = Head::read(&mut tx)
            .await?
            .ok_or(StoreError::NoLedger("the database holds no ledger"))?;
        if head.ledger != *keys.ledger() {
            return Err(StoreError::NoLedger(
                "the database and the keys are of different ledgers",
            ));
        }
        // Before anything is written: a copy whose epoch is gone can be gone on from by nobody.
        keys.turn_to(&head.epoch)?;
        if let Some(mark) = not_reached(&mut tx, &head, &marks).await? {
            if !accept_rollback {
                return Err(StoreError::RolledBack {
                    term: head.term,
                    size: head.size(),
                    mark_term: mark.term,
                    mark_size: mark.size,
                });
            }
            head.term = mark.term.max(head.term) + 1;
            // The copy may name a key that was destroyed since; a new term has new keys anyway.
            let newest = keys.newest_log_key()?;
            head.log_keys = LogKeys::only(newest, &keys.signer(&head.origin()?, newest)?);
            let old = head.checkpoint.clone();
            let origin = Origin::TermOpened {
                checkpoint: &old,
                mark,
                backup: None,
            };
            let mark = append(&mut tx, &keys, &mut head, &clock, origin).await?;
            tx.commit().await?;
            keys.high_water()?.write(&mark);
        } else {
            tx.rollback().await?;
        }
        let signers = Signers::open(&keys, &head.origin()?, &head.log_keys)?;
        let policies = policies_in_force(&db, &head.policy).await?;
        let decider = Decider::new(Arc::new(policies));
        let inner = Inner::new(
            (db, keys, clock),
            (head.term, head.size(), head.time_us, decider),
            signers,
            (place.reserve()?, place.rotation, lock),
            place.bodies_kept,
        )?;
        Self::start(inner).erased_again().await
    }
}

impl Ledger {
    /// Before anybody is served: an older copy of the database may have brought back what was
    /// erased.
    async fn erased_again(self) -> Result<Self, StoreError> {
        match crate::erasure::reconcile(self.door()).await {
            Ok(()) => Ok(self),
            Err(refusal) => {
                self.close().await;
                Err(StoreError::NotErasedAgain(refusal))
            }
        }
    }
}

async fn policies_in_force(db: &Db, hash: &str) -> Result<PolicySet, StoreError> {
    let key = vec![Value::Text(Some(hash.to_owned()))];
    let rows: Vec<PolicySetRow> = db.once().await?.rows_by("hash", key).await?;
    let row = rows.into_iter().next().ok_or(StoreError::PolicySet {
        hash: hash.to_owned(),
        why: "it is not in the database".to_owned(),
    })?;
    aside(move || load(&row)).await?
}

/// The highest mark the database has not come as far as, or not the same way.
async fn not_reached(tx: &mut Tx, head: &Head, marks: &[Mark]) -> Result<Option<Mark>, StoreError> {
    for mark in marks {
        if !reaches(tx, head, mark).await? {
            return Ok(Some(*mark));
        }
    }
    Ok(None)
}

/// Whether the database has come as far as a mark, and the same way.
async fn reaches(tx: &mut Tx, head: &Head, mark: &Mark) -> Result<bool, StoreError> {
    if head.term < mark.term || head.size() < mark.size {
        return Ok(false);
    }
    let Some(last) = mark.size.checked_sub(1) else {
        return Ok(true);
    };
    Ok(leaf_at(tx, last).await? == Some(mark.last_leaf))
}

pub(crate) async fn leaf_at(tx: &mut Tx, position: u64) -> Result<Option<Hash>, StoreError> {
    let rows = tx
        .fetch(LEAF, vec![int(position).into_value()], &[Type::Blob])
        .await?;
    let leaf = rows.into_iter().next().and_then(|mut row| row.pop());
    Ok(leaf
        .and_then(|v| Vec::from_value(v).ok())
        .and_then(|v| Hash::try_from(v.as_slice()).ok()))
}

impl Ledger {
    /// Leaf hash of an entry; none when there is no such entry. Leaf hashes are public.
    pub async fn leaf(&self, position: u64) -> Result<Option<Hash>, StoreError> {
        let mut tx = self.inner().db.begin_read().await?;
        let leaf = leaf_at(&mut tx, position).await?;
        tx.rollback().await?;
        Ok(leaf)
    }
}

impl Inner {
    /// Leaf hash of an entry that is there.
    pub(crate) async fn leaf(&self, position: u64) -> Result<Hash, StoreError> {
        let leaf = leaf_at(&mut self.db.once().await?, position).await?;
        leaf.ok_or(StoreError::Row("entry"))
    }
}

/// Why an entry stands that no caller and no sweeper asked for.
pub(crate) enum Origin<'a> {
    Created(&'a CredentialRow),
    TermOpened {
        /// Of the term before.
        checkpoint: &'a str,
        /// How far that had come.
        mark: Mark,
        /// SHA-256 of the backup it was put back from, if it was.
        backup: Option<[u8; 32]>,
    },
}

/// Appends the first entry of a ledger or of a term and writes the head.
pub(crate) async fn append(
    tx: &mut Tx,
    keys: &Keys,
    head: &mut Head,
    clock: &Clock,
    origin: Origin<'_>,
) -> Result<Mark, StoreError> {
    let before = match &origin {
        // The head row still says the old term.
        Origin::TermOpened { .. } => Head::read(tx)
            .await?
            .ok_or(StoreError::NoLedger("no head row"))?,
        Origin::Created(_) => head.clone(),
    };
    head.time_us = head.time_us.max(clock.now_us());
    let (kind, detail, rows) = match origin {
        Origin::Created(row) => {
            let (table, key) = (CredentialRow::NAME, row.key());
            let change = RowChange {
                table,
                key,
                commitment: row.commitment(),
            };
            (
                EntryKind::LedgerCreated,
                Json::object::<&str>([]),
                vec![change],
            )
        }
        Origin::TermOpened {
            checkpoint,
            mark,
            backup,
        } => {
            let backup = backup.map(|sha256| ("backup", Json::from(hex(&sha256))));
            let known = [
                ("checkpoint", Json::from(checkpoint)),
                ("mark_term", baton_domain::entry::number(mark.term)),
                ("mark_size", baton_domain::entry::number(mark.size)),
            ];
            let detail = Json::object(known.into_iter().chain(backup));
            (EntryKind::TermOpened, detail, Vec::new())
        }
    };
    let Json::Obj(detail) = detail else {
        return Err(StoreError::Tree("detail"));
    };
    let bytes = Entry {
        ledger: head.ledger.clone(),
        term: head.term,
        position: head.size(),
        time_us: head.time_us,
        caller: None,
        kind,
        verdict: Verdict::Done,
        request: None,
        decisions: Vec::new(),
        policy_set: head.policy.clone(),
        detail,
        rows,
    }
    .to_bytes();
    let last_leaf = leaf_hash(&bytes);
    let position = int(head.size());
    let leaf = last_leaf.as_bytes().to_vec();
    tx.upsert(vec![EntryRow {
        position,
        body: Some(bytes),
        leaf,
    }])
    .await?;
    let nodes = head.frontier.push(last_leaf);
    let tiles = nodes.into_iter().map(|node| TileRow {
        level: i64::from(node.level),
        idx: int(node.index),
        hash: node.hash.as_bytes().to_vec(),
    });
    tx.upsert(tiles.collect::<Vec<_>>()).await?;
    let signers = Signers::open(keys, &head.origin()?, &head.log_keys)?;
    head.sign(&signers)?;
    head.write(tx, &before).await?;
    Ok(Mark {
        term: head.term,
        size: head.size(),
        last_leaf,
    })
}

fn one_time_token(keys: &Keys, now_us: i64) -> Result<(OneTimeToken, CredentialRow), StoreError> {
    let random = || {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes)
            .map(|()| bytes)
            .map_err(|_| StoreError::Entropy)
    };
    let credential = CredentialId::from_bytes(random()?);
    let secret = *Key::random()?.bytes();
    let row = CredentialRow {
        id: credential.clone(),
        // Of no setting yet: this id is given to nobody.
        setting_id: SettingId::from_bytes(random()?),
        label: "one-time token".to_owned(),
        roles: 0,
        kinds: 0,
        learner_groups: String::new(),
        learner_id: None,
        person: 0,
        left_out: String::new(),
        assurance: i64::try_from(Assurance::Key.index()).unwrap_or_default(),
        digest: key_digest(keys, &credential, &secret),
        starts_us: 0,
        expires_us: now_us + TOKEN_LIFETIME_US,
        state: credential_state::ONE_TIME,
    };
    Ok((OneTimeToken { credential, secret }, row))
}

/// Whether a folder holds the keys of a ledger.
pub fn holds_ledger(folder: &Path) -> bool {
    folder::keys(folder).join("ring.json").is_file()
}

/// Whether a restore into a folder was broken off while it wrote.
pub fn is_unfinished(folder: &Path) -> bool {
    folder::unfinished(folder).exists()
}

/// Whether a folder holds the database too: then one process owns it. With PostgreSQL it does not,
/// and several may serve the ledger.
pub fn holds_database(folder: &Path) -> bool {
    folder::database(folder).is_file()
}
