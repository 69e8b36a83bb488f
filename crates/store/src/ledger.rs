//! The one door: `act`. Nothing else reads or changes a profile.

use std::num::NonZeroU16;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use baton_domain::access::Decider;
use baton_domain::act::Caller;
use baton_domain::ids::CredentialId;
use baton_domain::log::Hash;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::acts::{Act, Step, SummariseRefusals, Turn};
use crate::authenticate::Remembered;
use crate::clock::Clock;
use crate::engine::value::{Column, Value};
use crate::engine::{Db, Tx};
use crate::error::StoreError;
use crate::folder::FolderLock;
use crate::job::{Job, Queued};
use crate::keys::{HighWater, Keys};
use crate::log_keys::Signers;
use crate::policies::Policies;
use crate::refusal::Refusal;
use crate::reserve::Reserve;
use crate::rotation::{Epoch, Rotation};
use crate::setting_keys::Kept;
use crate::sweeper::Widened;
use crate::world::{Needs, World};

/// Acts that may wait; one more is refused.
pub const QUEUE_ACTS_MAX: usize = 4_096;
/// Those of them that only acts may be that take rights away, and the ledger's own: more than one
/// caller may have undecided, so that none fills this either.
const QUEUE_KEPT: usize = QUEUE_ACTS_MAX / 4;

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    door: Door,
    /// Dropped, it ends what the ledger does by itself.
    stop: DropGuard,
    tasks: TaskTracker,
}

/// The way into the queue. Who holds one can ask; the ledger decides.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) inner: Arc<Inner>,
    queue: mpsc::Sender<Waiting>,
    /// Places in the queue for every act.
    places: Arc<Semaphore>,
}

/// An act in the queue, and its place if it has one of those that are for every act.
pub(crate) struct Waiting {
    job: Box<dyn Queued>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Waiting {
    /// Its turn: it waits no longer.
    pub(crate) fn begin(self) -> Box<dyn Queued> {
        self.job
    }
}

/// What every act shares.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) keys: Keys,
    pub(crate) clock: Clock,
    pub(crate) term: u64,
    /// The keys the head named when it was last looked at.
    pub(crate) signers: RwLock<Arc<Signers>>,
    pub(crate) policies: Policies,
    pub(crate) high_water: HighWater,
    pub(crate) reserve: Reserve,
    pub(crate) rotation: Rotation,
    /// Years after which the bodies of entries are dropped.
    pub(crate) bodies_kept: Option<NonZeroU16>,
    /// Wakes the rotation: the head names another epoch than this node knows.
    pub(crate) epoch_moved: Notify,
    /// Wakes the sweeper: another policy set is in force, and somebody may see more by it.
    pub(crate) policies_moved: Notify,
    /// Wakes the scrubber: something was erased.
    pub(crate) scrub: Notify,
    /// A commit widened more than the sweeper's queue holds: it has to look at everything.
    pub(crate) widened_missed: AtomicBool,
    /// Tells the sweeper whose visibility a commit may have widened.
    pub(crate) widened: mpsc::Sender<Widened>,
    pub(crate) waiting_release: std::sync::Mutex<Option<mpsc::Receiver<Widened>>>,
    pub(crate) setting_keys: Kept,
    pub(crate) remembered: Remembered,
    /// Counts the checkpoints with cosignatures that this node has kept.
    pub(crate) cosigned: watch::Sender<u64>,
    /// Ledger time when it was opened, microseconds UTC, and since when it is open.
    pub(crate) opened: (i64, Instant),
    /// Another node has committed since the sweeper last looked at everything.
    pub(crate) others: AtomicBool,
    /// Held as long as the ledger is open; PostgreSQL needs none.
    _folder: Option<FolderLock>,
    /// Size of the ledger after the last commit this node knows of. Last: whoever sees it end knows
    /// that the folder is free.
    pub(crate) size: watch::Sender<u64>,
}

/// What was done, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// The outcome.
    pub value: T,
    /// Where it stands; none when there was nothing to enter.
    pub receipt: Option<Receipt>,
}

/// Where an act stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Position of its entry.
    pub position: u64,
    /// Ledger time, microseconds UTC.
    pub time_us: i64,
    /// Leaf hash of its entry.
    pub leaf: Hash,
    /// The request id was seen before; this is the receipt of the first time.
    pub replayed: bool,
    /// Checkpoint signed in the same transaction, or for a replay the newest.
    pub checkpoint: String,
}

impl Door {
    /// What the service does by itself.
    pub(crate) async fn act_itself<S: Step>(&self, step: S) -> Result<Done<S::Outcome>, Refusal> {
        self.decide(None, step).await
    }

    async fn decide<S: Step>(
        &self,
        caller: Option<Caller>,
        step: S,
    ) -> Result<Done<S::Outcome>, Refusal> {
        if !S::TAKES_AWAY && !self.inner.admits() {
            return Err(Refusal::LedgerFull);
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        let kept = S::TAKES_AWAY || caller.is_none();
        if place.is_none() && !kept {
            return Err(Refusal::QueueFull);
        }
        let (reply, answer) = oneshot::channel();
        let job = Job::new(step, caller, &self.inner.keys, reply);
        let waiting = Waiting {
            job: Box::new(job),
            _place: place,
        };
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refusal::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Refusal::Unavailable,
        })?;
        let mut done = answer.await.unwrap_or(Err(Refusal::OutcomeUnknown))?;
        if let Some(receipt) = done.receipt.as_mut().filter(|receipt| receipt.replayed) {
            receipt.leaf = self.inner.leaf(receipt.position).await?;
        }
        Ok(done)
    }
}

impl Ledger {
    pub(crate) fn start(inner: Inner) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_ACTS_MAX);
        let door = Door {
            inner: Arc::new(inner),
            queue,
            places: Arc::new(Semaphore::new(QUEUE_ACTS_MAX - QUEUE_KEPT)),
        };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(crate::batch::run(Arc::clone(&door.inner), waiting));
        tasks.spawn(crate::sweeper::run(door.clone(), stop.clone()));
        tasks.spawn(crate::rotation::run(door.clone(), stop.clone()));
        tasks.spawn(crate::scrub::run(door.clone(), stop.clone()));
        tasks.spawn(crate::sweeper::follow(
            Arc::clone(&door.inner),
            stop.clone(),
        ));
        Self {
            door,
            stop: stop.drop_guard(),
            tasks,
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.door.inner
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// Asks the ledger. Every answer is durable before it is given, refusals too; a caller that
    /// goes away before the answer has asked all the same.
    pub async fn act<A: Act>(&self, caller: &Caller, act: A) -> Result<Done<A::Outcome>, Refusal> {
        match act.prepare(self.inner(), caller).await? {
            Turn::Nothing(value) => Ok(Done {
                value,
                receipt: None,
            }),
            Turn::Decide(step) => {
                let mut done = self.door.decide(Some(caller.clone()), step).await?;
                A::finish(self.inner(), &mut done.value).await?;
                Ok(done)
            }
        }
    }

    /// Enters how often a caller was turned away beyond its refusal rate.
    pub async fn summarise_refusals(
        &self,
        credential: CredentialId,
        count: u64,
    ) -> Result<(), Refusal> {
        self.door
            .act_itself(SummariseRefusals { credential, count })
            .await
            .map(drop)
    }

    /// Size of the ledger, as it grows. On PostgreSQL other nodes' commits show within a poll.
    pub fn size(&self) -> watch::Receiver<u64> {
        self.door.inner.size.subscribe()
    }

    /// Why nothing is decided here, if the policies in force do not load; for the operator.
    pub fn without_policies(&self) -> Option<String> {
        self.door.inner.policies.failure()
    }

    /// Whether calls should be sent here: there is room, or it is time that one of them tries.
    pub fn may_have_room(&self) -> bool {
        self.door.inner.reserve.may_have_room(Instant::now())
    }

    /// Whether there is room for every act, and not only for those that take rights away.
    pub fn has_room(&self) -> bool {
        self.door.inner.has_room()
    }

    /// The key epochs, oldest first.
    pub async fn epochs(&self) -> Result<Vec<Epoch>, StoreError> {
        self.door.inner.epochs().await
    }

    /// Name of the ledger.
    pub fn id(&self) -> &baton_domain::ids::LedgerId {
        self.door.inner.keys.ledger()
    }

    /// Term of the ledger: a restore or an accepted rollback opens the next one.
    pub fn term(&self) -> u64 {
        self.door.inner.term
    }

    /// The domain's time, microseconds UTC.
    pub fn now_us(&self) -> i64 {
        self.door.inner.clock.now_us()
    }

    /// Seals what a caller hands back later: it tells nothing, and opens on every server of this
    /// ledger for the same `bound` only.
    pub fn seal_token(&self, bound: &[&[u8]], text: &str) -> Result<Vec<u8>, StoreError> {
        self.door.inner.keys.seal_token(bound, text)
    }

    /// What was sealed for `bound`; none if it is anything else.
    pub fn open_token(&self, bound: &[&[u8]], sealed: &[u8]) -> Option<String> {
        self.door.inner.keys.open_token(bound, sealed)
    }

    /// Decides what waits, then closes the database. Acts asked from now on are refused.
    pub async fn close(self) {
        let Door { inner, queue, .. } = self.door;
        drop((self.stop, queue));
        self.tasks.close();
        self.tasks.wait().await;
        inner.db.close().await;
    }
}

impl Inner {
    pub(crate) fn new(
        (db, keys, clock): (Db, Keys, Clock),
        (term, size, opened_us, decider): (u64, u64, i64, Decider),
        signers: Signers,
        (reserve, rotation, folder): (Reserve, Rotation, Option<FolderLock>),
        bodies_kept: Option<NonZeroU16>,
    ) -> Result<Self, StoreError> {
        let (widened, waiting_release) = mpsc::channel(QUEUE_ACTS_MAX);
        Ok(Self {
            signers: RwLock::new(Arc::new(signers)),
            high_water: keys.high_water()?,
            reserve,
            rotation,
            bodies_kept,
            epoch_moved: Notify::new(),
            scrub: Notify::new(),
            db,
            keys,
            clock,
            term,
            policies: Policies::new(decider),
            policies_moved: Notify::new(),
            size: watch::Sender::new(size),
            widened,
            widened_missed: AtomicBool::new(false),
            waiting_release: std::sync::Mutex::new(Some(waiting_release)),
            setting_keys: Kept::default(),
            remembered: Remembered::default(),
            opened: (opened_us, Instant::now()),
            cosigned: watch::Sender::new(0),
            others: AtomicBool::new(false),
            _folder: folder,
        })
    }

    /// Whether the date may be trusted with what cannot be undone: a machine that starts with a
    /// date far off would erase everything. It may when the ledger was used within the last month,
    /// or has been open for a day, in which somebody had time to notice.
    pub(crate) fn trusts_the_date(&self) -> bool {
        let (opened_us, since) = self.opened;
        match self.clock {
            Clock::Fixed(_) => true,
            Clock::System => trusted(self.clock.now_us() - opened_us, since.elapsed()),
        }
    }

    /// Whether there is room for every act.
    pub(crate) fn has_room(&self) -> bool {
        self.reserve.has_room(Instant::now())
    }

    /// Whether an act that takes no right away may be queued now.
    pub(crate) fn admits(&self) -> bool {
        self.reserve.admits(Instant::now())
    }

    pub(crate) fn decider(&self) -> Arc<Decider> {
        self.policies.in_force()
    }

    /// Rows of one column of a fixed statement.
    pub(crate) async fn read_column<C: Column>(
        &self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<C>, StoreError> {
        let rows = self.db.once().await?.fetch(sql, args, &[C::TYPE]).await?;
        rows.into_iter()
            .filter_map(|mut row| row.pop())
            .map(|value| C::from_value(value).map_err(|_| StoreError::Row("column")))
            .collect()
    }

    /// The facts of an act, looked at without the lock: to find candidates, never to decide.
    pub(crate) async fn look(&self, needs: &Needs) -> Result<World, StoreError> {
        let mut tx = self.db.begin_read().await?;
        let world = World::load(&mut tx, needs).await?;
        tx.rollback().await?;
        Ok(world)
    }

    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        self.db.begin_write().await
    }
}

/// Longest a ledger may have lain still for its date to be trusted at once.
const STILL_US_MAX: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// How long it has to be open else.
const OPEN_LONG_ENOUGH: Duration = Duration::from_hours(24);

fn trusted(still_us: i64, open: Duration) -> bool {
    still_us <= STILL_US_MAX || open >= OPEN_LONG_ENOUGH
}

/// Faults below an act are logged once, here, and told as what the caller can act on.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, code = error.code(), "store");
        match error {
            StoreError::Database(_) if error.is_full() => Self::LedgerFull,
            StoreError::Database(_)
            | StoreError::NoLedger(_)
            | StoreError::EpochMissing(_)
            | StoreError::OtherMasterKey { .. }
            | StoreError::KeyReplaced
            | StoreError::PolicySet { .. }
            | StoreError::PolicyNotLoaded(_) => Self::Unavailable,
            StoreError::ClockSkew => Self::ClockSkew,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_far_ahead_is_trusted_after_a_day() {
        assert!(trusted(STILL_US_MAX, Duration::ZERO));
        let years = 14 * 12 * STILL_US_MAX;
        assert!(!trusted(years, Duration::from_hours(23)));
        assert!(trusted(years, OPEN_LONG_ENOUGH));
    }
}
