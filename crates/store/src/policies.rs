//! The policy sets this node has loaded, each with the memory of its answers, and the one check of a
//! new set that may run at a time.
//!
//! Loading a set walks the whole space of questions, which takes seconds: never under the head
//! lock. A batch that finds a set named that is not loaded lets go of the lock and comes again.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use baton_domain::access::{Decider, PolicyError, PolicySet, PolicyText};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::head::Head;
use crate::ledger::{Inner, Ledger};
use crate::rows::PolicySetRow;

/// Sets kept loaded: the one in force, and those before it that may be put back.
const KEPT: usize = 4;
/// How long a set that did not load is not tried again. Every batch would ask for it.
const TRIED_AGAIN: Duration = Duration::from_secs(5);

/// Changes whose receivers may not all have been told, oldest first.
pub(crate) const UNTOLD: &str = "SELECT position, replaced, hash FROM policy_change \
     WHERE told = 0 ORDER BY position LIMIT 1";
pub(crate) const TOLD: &str = "UPDATE policy_change SET told = 1 WHERE position = $1";

/// The sets that are loaded.
#[derive(Debug)]
pub(crate) struct Policies {
    /// Never empty; the one in force, as far as this node knows, stands first.
    loaded: RwLock<Vec<Arc<Decider>>>,
    check: Arc<Semaphore>,
    /// Whoever waits for a set that is being loaded waits here, and finds it.
    loading: tokio::sync::Mutex<()>,
    /// The set that did not load, and when.
    failed: Mutex<Option<(String, String, Instant)>>,
}

impl Policies {
    pub(crate) fn new(in_force: Decider) -> Self {
        Self {
            loaded: RwLock::new(vec![Arc::new(in_force)]),
            check: Arc::new(Semaphore::new(1)),
            loading: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// The one in force when this node last looked.
    pub(crate) fn in_force(&self) -> Arc<Decider> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded[0])
    }

    pub(crate) fn loaded(&self, hash: &str) -> Option<Arc<Decider>> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let found = loaded.iter().find(|it| it.policies().hash() == hash);
        found.map(Arc::clone)
    }

    /// Keeps a set loaded that may come into force.
    pub(crate) fn keep(&self, decider: Arc<Decider>) {
        self.put(decider, 1);
    }

    /// This set is in force now: policies and what they answered are swapped as one value.
    pub(crate) fn turn_to(&self, decider: Arc<Decider>) {
        self.put(decider, 0);
        self.serves();
    }

    /// The set in force is loaded, whatever another one was like.
    fn serves(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn put(&self, decider: Arc<Decider>, at: usize) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let same = |it: &Arc<Decider>| it.policies().hash() == decider.policies().hash();
        if at > 0 && loaded.iter().any(same) {
            return;
        }
        loaded.retain(|it| !same(it));
        let at = at.min(loaded.len());
        loaded.insert(at, decider);
        loaded.truncate(KEPT);
    }

    /// The turn of the one check that may run; none while another has it.
    pub(crate) fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.check).try_acquire_owned().ok()
    }

    /// Why the set in force could not be loaded, if that is how things stand.
    pub(crate) fn failure(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let told =
            |(hash, why, _): &(String, String, Instant)| unloadable(hash, why.clone()).to_string();
        failed.as_ref().map(told)
    }

    fn failed_lately(&self, hash: &str) -> Option<StoreError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, why, when) = failed.as_ref()?;
        (known == hash && when.elapsed() < TRIED_AGAIN).then(|| unloadable(hash, why.clone()))
    }
}

impl Inner {
    /// The policies the head names, if they are loaded.
    pub(crate) fn decider_of(&self, hash: &str) -> Result<Arc<Decider>, StoreError> {
        let known = self.policies.in_force();
        if known.policies().hash() == hash {
            self.policies.serves();
            return Ok(known);
        }
        let loaded = self.policies.loaded(hash);
        let decider = loaded.ok_or_else(|| StoreError::PolicyNotLoaded(hash.to_owned()))?;
        self.policies.turn_to(Arc::clone(&decider));
        Ok(decider)
    }

    /// The policies a head names, for what is looked at without the lock.
    pub(crate) async fn decider_at(&self, hash: &str) -> Result<Arc<Decider>, StoreError> {
        match self.decider_of(hash) {
            Err(StoreError::PolicyNotLoaded(_)) => self.load_policies(hash).await,
            loaded => loaded,
        }
    }

    /// Those in force now: another node may have changed them a moment ago.
    pub(crate) async fn decider_now(&self) -> Result<Arc<Decider>, StoreError> {
        let head = Head::read(&mut self.db.once().await?).await?;
        let head = head.ok_or(StoreError::NoLedger("no head row"))?;
        self.decider_at(&head.policy).await
    }

    /// Loads a set that the head names. Takes seconds; nothing may be locked.
    pub(crate) async fn load_policies(&self, hash: &str) -> Result<Arc<Decider>, StoreError> {
        let _turn = self.policies.loading.lock().await;
        if let Some(known) = self.policies.loaded(hash) {
            return Ok(known);
        }
        if let Some(error) = self.policies.failed_lately(hash) {
            return Err(error);
        }
        let read = self.policy_row(hash).await?;
        let row = read.ok_or_else(|| unloadable(hash, "it is not in the database".to_owned()));
        let set = match row {
            Ok(row) => aside(move || load(&row)).await?,
            Err(error) => Err(error),
        };
        match set {
            Ok(set) => {
                let decider = Arc::new(Decider::new(Arc::new(set)));
                self.policies.keep(Arc::clone(&decider));
                Ok(decider)
            }
            Err(error) => {
                tracing::error!(%error, "nothing is decided here until the policies in force load");
                if let StoreError::PolicySet { why, .. } = &error {
                    let failed = (hash.to_owned(), why.clone(), Instant::now());
                    let known = &self.policies.failed;
                    *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                }
                Err(error)
            }
        }
    }

    /// A set as it is stored.
    pub(crate) async fn policy_row(&self, hash: &str) -> Result<Option<PolicySetRow>, StoreError> {
        let hash = vec![Value::Text(Some(hash.to_owned()))];
        let rows: Vec<PolicySetRow> = self.db.once().await?.rows_by("hash", hash).await?;
        Ok(rows.into_iter().next())
    }

    /// A set for looking at what it would answer, and never for deciding.
    pub(crate) async fn looked_at(&self, hash: &str) -> Result<Option<Arc<Decider>>, StoreError> {
        if let Some(known) = self.policies.loaded(hash) {
            return Ok(Some(known));
        }
        let Some(row) = self.policy_row(hash).await? else {
            return Ok(None);
        };
        let set = aside(move || text_of(&row).and_then(|text| PolicySet::unproven(text).ok()));
        let set = set.await?;
        Ok(set.map(|set| Arc::new(Decider::new(Arc::new(set)))))
    }

    /// The oldest change whose receivers may not all have been told: its position, and the sets
    /// before and after.
    pub(crate) async fn untold_change(&self) -> Result<Option<(i64, String, String)>, StoreError> {
        let types = [Type::Int, Type::Text, Type::Text];
        let rows = self
            .db
            .once()
            .await?
            .fetch(UNTOLD, Vec::new(), &types)
            .await?;
        let read = |row: Vec<Value>| {
            let [position, replaced, hash]: [Value; 3] = row.try_into().ok()?;
            Some((
                i64::from_value(position).ok()?,
                String::from_value(replaced).ok()?,
                String::from_value(hash).ok()?,
            ))
        };
        let row = rows.into_iter().next();
        row.map(|row| read(row).ok_or(StoreError::Row("policy_change")))
            .transpose()
    }

    /// Everybody was told of a change.
    pub(crate) async fn told_of_change(&self, position: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.execute(TOLD, vec![position.into_value()]).await?;
        tx.commit().await
    }
}

impl Ledger {
    /// The policies in force: hash and text. No secret, and no entry.
    pub async fn policy_in_force(&self) -> Result<(String, String), StoreError> {
        let decider = self.inner().decider_now().await?;
        let set = decider.policies();
        Ok((set.hash().to_owned(), set.text().canonical()))
    }
}

/// Work that takes its time, beside the threads that serve.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| StoreError::Policy)
}

/// The text of a stored set; none unless it is what its hash says.
pub(crate) fn text_of(row: &PolicySetRow) -> Option<PolicyText> {
    let text = PolicyText::from_canonical(&row.body).ok()?;
    (text.hash() == row.hash && text.canonical() == row.body).then_some(text)
}

/// A stored policy set. It is loaded in full again, lints and laws included: a set that was changed
/// in the database is refused, and one that breaks a law of this version.
pub(crate) fn load(row: &PolicySetRow) -> Result<PolicySet, StoreError> {
    let changed = || unloadable(&row.hash, "its text is not what its hash says".to_owned());
    let text = text_of(row).ok_or_else(changed)?;
    let set = if text == PolicyText::shipped() {
        PolicySet::shipped()
    } else {
        PolicySet::parse(text)
    };
    set.map_err(|error: PolicyError| unloadable(&row.hash, error.to_string()))
}

fn unloadable(hash: &str, why: String) -> StoreError {
    let hash = hash.to_owned();
    StoreError::PolicySet { hash, why }
}
