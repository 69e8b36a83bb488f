//! The batch: acts that arrive together share one commit.
//!
//! Content is inserted unreferenced; the head is locked; one set of queries fetches the facts of
//! all acts; they are decided in memory, in order; changed rows go back set by set; positions,
//! tree and signed checkpoint are written; commit. Only then does any outcome leave. Everything
//! that can refuse is decided before the writes, so writes fail only for reasons of
//! infrastructure: then the batch is rolled back and replayed act by act, so that one that cannot
//! be written does not take its neighbours with it.

mod replay;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use baton_domain::access::Decider;
use baton_domain::entry::{ENTRY_BYTES_MAX, Entry};
use baton_domain::ids::ContentId;
use baton_domain::log::{Hash, leaf_hash};
use futures::FutureExt as _;
use tokio::sync::mpsc;

use self::replay::Broken;
use crate::clock::{Clock, london_date, system_us};
use crate::engine::Tx;
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::head::{Head, int};
use crate::job::{Queued, Ran};
use crate::keys::Mark;
use crate::ledger::{Inner, Waiting};
use crate::rows::{ContentRow, EntryRow, ErasedRow, TileRow};
use crate::scene::{Moment, Scene};
use crate::sweeper::Widened;
use crate::world::{Needs, Put as _, World};

/// Most acts of one batch.
pub(crate) const BATCH_ACTS_MAX: usize = 256;
/// Most sealed bytes of one batch, unless one act alone has more.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How far the clocks of a node and its database may differ, microseconds.
const SKEW_US_MAX: i64 = 2_000_000;

/// Decides what waits until the queue is closed and empty.
pub(crate) async fn run(inner: Arc<Inner>, mut waiting: mpsc::Receiver<Waiting>) {
    let mut held: Option<Box<dyn Queued>> = None;
    loop {
        let Some(first) = (match held.take() {
            Some(job) => Some(job),
            None => waiting.recv().await.map(Waiting::begin),
        }) else {
            return;
        };
        let mut weight = first.weight();
        let mut batch = vec![first];
        while batch.len() < BATCH_ACTS_MAX {
            let Ok(next) = waiting.try_recv().map(Waiting::begin) else {
                break;
            };
            weight += next.weight();
            if weight > BATCH_BYTES_MAX {
                held = Some(next);
                break;
            }
            batch.push(next);
        }
        metrics::histogram!("baton_batch_acts")
            .record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
        // A fault of ours in one act must not end the ledger for all: its batch is dropped, which
        // rolls back and tells its callers that nobody knows.
        if AssertUnwindSafe(inner.settle(batch))
            .catch_unwind()
            .await
            .is_err()
        {
            tracing::error!("a batch panicked");
        }
    }
}

impl Inner {
    async fn commit(&self, batch: &mut [Box<dyn Queued>]) -> Result<String, Broken> {
        let mut tx = self.begin().await?;
        match self.write(&mut tx, batch).await {
            Err(error) => {
                // If it fails the connection is closed, which rolls back as well.
                let _ = tx.rollback().await;
                Err(error.into())
            }
            Ok(Written::Nothing(head)) => {
                tx.rollback().await?;
                Ok(head.checkpoint)
            }
            Ok(Written::Unsaid(head)) => {
                tx.commit().await.map_err(Broken::at_commit)?;
                self.reserve.committed(true);
                Ok(head.checkpoint)
            }
            Ok(Written::Head {
                head,
                last_leaf,
                widened,
                callers_changed,
                epoch_moved,
                policies,
                erased,
            }) => {
                let committed = tx.commit().await;
                if callers_changed || committed.is_err() {
                    self.remembered.forget();
                }
                committed.map_err(Broken::at_commit)?;
                if let Some(policies) = policies {
                    self.policies.turn_to(policies);
                    self.policies_moved.notify_one();
                }
                self.erased(&erased);
                let added = batch.iter().any(|job| !job.takes_away());
                self.reserve.committed(added);
                if epoch_moved {
                    self.epoch_moved.notify_one();
                }
                let mark = Mark {
                    term: head.term,
                    size: head.size(),
                    last_leaf,
                };
                self.high_water.write(&mark);
                self.grown_to(head.size());
                for one in widened {
                    if self.widened.try_send(one).is_err() {
                        self.widened_missed.store(true, Ordering::Relaxed);
                    }
                }
                Ok(head.checkpoint)
            }
        }
    }

    async fn write(
        &self,
        tx: &mut Tx,
        batch: &mut [Box<dyn Queued>],
    ) -> Result<Written, StoreError> {
        let content: Vec<ContentRow> = batch.iter().flat_map(|job| job.content()).collect();
        let sealed = Self::one_of_each(&content);
        if !content.is_empty() {
            tx.upsert(content).await?;
        }
        let before = Head::lock(&self.db, tx).await?;
        self.check(&before)?;
        self.keys.turn_to(&before.epoch).inspect_err(|_| {
            // The ring may be sealed under another master key, which the rotation looks for.
            self.epoch_moved.notify_one();
        })?;
        // A fact read under the lock, so all nodes switch at one position.
        let mut decider = self.decider_of(&before.policy)?;
        let mut needs = Needs::default();
        for job in batch.iter() {
            job.needs(&mut needs);
        }
        let mut world = World::load(tx, &needs).await?;
        if self.are_late(&world, &sealed)? {
            let late = batch.iter().flat_map(|job| job.content()).collect();
            self.wrap_late(tx, late).await?;
            // It may have made keys of settings, which must not be made a second time.
            world = World::load(tx, &needs).await?;
        }
        let mut head = before.clone();
        head.time_us = head.time_us.max(self.clock.now_us());
        head.log_keys.retire(head.time_us);
        let (last_leaf, unwanted) = self.decide(&mut world, &mut decider, &mut head, batch)?;
        if !unwanted.is_empty() {
            let args: Vec<Value> = unwanted.into_iter().map(ContentId::into_value).collect();
            tx.delete::<ContentRow>(args).await?;
        }
        let Some(last_leaf) = last_leaf else {
            if world.has_unsaid() {
                world.write(tx).await?;
                return Ok(Written::Unsaid(before));
            }
            return Ok(Written::Nothing(before));
        };
        let moved = world.contributions_to_changed_moves().into_iter();
        let arriving = world.arriving().into_iter().map(Widened::Friend);
        let parties = world.changed_parties().into_iter().map(Widened::Party);
        let widened = moved.map(Widened::Profile).chain(arriving).chain(parties);
        let widened = widened.collect();
        if before.size() != *self.size.borrow() {
            self.others_committed();
        }
        let callers_changed = world.credentials_changed();
        let handed_over = world.caretakers_changed();
        let erased = world.take_noted();
        world.write(tx).await?;
        head.sign(&*self.signers_for(&head)?)?;
        head.write(tx, &before).await?;
        Ok(Written::Head {
            epoch_moved: head.epoch != before.epoch
                || head.log_keys != before.log_keys
                || handed_over,
            policies: (head.policy != before.policy).then_some(decider),
            head,
            last_leaf,
            widened,
            callers_changed,
            erased,
        })
    }

    /// Decides every act in order; nothing here touches the database. One may change the policies
    /// that decide those after it.
    fn decide(
        &self,
        world: &mut World,
        decider: &mut Arc<Decider>,
        head: &mut Head,
        batch: &mut [Box<dyn Queued>],
    ) -> Result<(Option<Hash>, Vec<ContentId>), StoreError> {
        let today = london_date(head.time_us);
        let (mut last_leaf, mut unwanted) = (None, Vec::new());
        for job in batch {
            let position = int(head.size());
            let moment = Moment {
                term: int(head.term),
                position,
                time_us: head.time_us,
                today,
                epoch: head.epoch.id,
            };
            let mark = world.changes();
            let caller = job.caller().cloned();
            let mut scene = Scene::new(world, (&self.keys, decider), caller.as_ref(), moment);
            scene.log_keys = head.log_keys.clone();
            let ran = job.run(&mut scene);
            head.log_keys = scene.log_keys.clone();
            let policies = scene.policies.take();
            if let Some(epoch) = scene.epoch.take() {
                head.epoch = epoch;
            }
            unwanted.extend(ran.draft.unwanted.iter().cloned());
            if ran.draft.silent {
                continue;
            }
            let bytes = entry(ran, head, world, mark).to_bytes();
            if bytes.len() > ENTRY_BYTES_MAX {
                return Err(StoreError::Tree("an entry outgrew its limit"));
            }
            job.entered(&bytes);
            if let Some(next) = policies {
                next.policies().hash().clone_into(&mut head.policy);
                *decider = next;
            }
            let leaf = leaf_hash(&bytes);
            for node in head.frontier.push(leaf) {
                world.put(TileRow {
                    level: i64::from(node.level),
                    idx: int(node.index),
                    hash: node.hash.as_bytes().to_vec(),
                });
            }
            let leaf_bytes = leaf.as_bytes().to_vec();
            world.put(EntryRow {
                position,
                body: Some(bytes),
                leaf: leaf_bytes,
            });
            last_leaf = Some(leaf);
        }
        Ok((last_leaf, unwanted))
    }
}

/// The entry of an act that was decided.
fn entry(ran: Ran, head: &Head, world: &World, mark: usize) -> Entry {
    Entry {
        ledger: head.ledger.clone(),
        term: head.term,
        position: head.size(),
        time_us: head.time_us,
        caller: ran.caller,
        kind: ran.kind,
        verdict: ran.verdict,
        request: ran.request,
        decisions: ran.draft.decisions,
        policy_set: head.policy.clone(),
        detail: ran.draft.detail,
        rows: world.changes_since(mark),
    }
}

impl Inner {
    /// Tells how far the ledger has come. Another node's later commit may be known already.
    pub(crate) fn grown_to(&self, size: u64) {
        self.size.send_if_modified(|known| {
            let grown = size > *known;
            *known = size.max(*known);
            grown
        });
    }

    /// Refuses to append to anything but the ledger this node opened, at a time it can vouch for.
    fn check(&self, head: &Head) -> Result<(), StoreError> {
        if head.ledger != *self.keys.ledger() || head.term != self.term {
            return Err(StoreError::NoLedger(
                "the database holds another ledger or term now",
            ));
        }
        if let (Clock::System, Some(database_us)) = (&self.clock, head.database_us)
            && (system_us() - database_us).abs() > SKEW_US_MAX
        {
            return Err(StoreError::ClockSkew);
        }
        Ok(())
    }
}

enum Written {
    /// Only replays and empty turns: there is nothing to commit.
    Nothing(Head),
    /// Something was staged, and nothing entered.
    Unsaid(Head),
    Head {
        head: Head,
        last_leaf: Hash,
        widened: Vec<Widened>,
        callers_changed: bool,
        /// An act put another key epoch into force, or other keys sign checkpoints, or handed a
        /// setting over: what is past is destroyed.
        epoch_moved: bool,
        /// The policies that decide from now on, where an act changed them.
        policies: Option<Arc<Decider>>,
        /// What is to be on the list beside the keys.
        erased: Vec<ErasedRow>,
    },
}
