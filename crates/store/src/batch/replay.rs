//! What becomes of a batch: its callers are answered, or it is tried again in another way.

use std::time::Instant;

use crate::engine::dialect::CONNECTIONS;
use crate::error::StoreError;
use crate::job::{Queued, Settled};
use crate::ledger::Inner;
use crate::refusal::Refusal;

/// How often a batch loads policies before it is told to come again: each time another set stood.
const POLICY_LOADS_MAX: usize = 3;

type Jobs = Vec<Box<dyn Queued>>;

/// Where a batch failed decides what its callers may think.
pub(super) enum Broken {
    /// Before the commit: nothing of it is there.
    Before(StoreError),
    /// At the commit: nobody knows.
    AtCommit(StoreError),
}

impl Broken {
    pub(super) fn at_commit(error: StoreError) -> Self {
        if error.is_refused_commit() {
            Self::Before(error)
        } else {
            Self::AtCommit(error)
        }
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Before(error) if error.is_full())
    }

    fn is_everyones(&self) -> bool {
        match self {
            Self::Before(error) => error.is_everyones(),
            Self::AtCommit(_) => true,
        }
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Before(error)
    }
}

impl Inner {
    pub(super) async fn settle(&self, mut batch: Jobs) {
        let now = Instant::now();
        if self.reserve.is_reached(now) {
            // They were let in while there was room; the reserve is not for them.
            let (taking, adding) = parted(batch);
            end(adding, &Settled::Failed(Refusal::LedgerFull));
            batch = taking;
        }
        let charged = !self.reserve.has_room(now);
        if charged {
            batch = self.within_shares(batch);
        }
        self.write_or_replay(batch, charged).await;
    }

    /// The acts that may use the reserve; the callers of the others are told.
    fn within_shares(&self, batch: Jobs) -> Jobs {
        let now = Instant::now();
        let (within, beyond) = batch
            .into_iter()
            .partition(|job| self.has_a_share(job.as_ref(), now));
        end(beyond, &Settled::Failed(Refusal::LedgerFull));
        within
    }

    /// Whether an act may use the reserve. Those that add use none of it: on PostgreSQL they are
    /// let in to try whether there is room again.
    fn has_a_share(&self, job: &dyn Queued, now: Instant) -> bool {
        let by = job.caller().filter(|_| job.takes_away());
        by.is_none_or(|by| self.reserve.is_for(&by.credential, now))
    }

    /// `charged`: what takes a right away was set against its caller's share already.
    async fn write_or_replay(&self, mut batch: Jobs, charged: bool) {
        if batch.is_empty() {
            return;
        }
        match self.commit_connected(&mut batch).await {
            Ok(checkpoint) => end(batch, &Settled::Committed { checkpoint }),
            Err(Broken::Before(error)) if error.is_full() => {
                let full = failed(Broken::Before(error));
                let (mut taking, adding) = parted(batch);
                if adding.is_empty() {
                    // What is taken away needs room too. Less of it may find some.
                    return match taking.len() {
                        0 | 1 => end(taking, &full),
                        _ => self.replay(taking, charged).await,
                    };
                }
                // What takes rights away must not fail for want of the room its neighbours asked
                // for.
                end(adding, &full);
                if !charged {
                    taking = self.within_shares(taking);
                }
                Box::pin(self.write_or_replay(taking, true)).await;
            }
            Err(Broken::Before(error)) if batch.len() > 1 && !error.is_everyones() => {
                tracing::warn!(error = %error, code = error.code(), acts = batch.len(),
                    "a batch was rolled back and is replayed act by act");
                self.replay(batch, charged).await;
            }
            Err(broken) => end(batch, &failed(broken)),
        }
    }

    /// Finds the act that cannot be written by giving each a commit of its own.
    async fn replay(&self, batch: Jobs, charged: bool) {
        let (mut full, mut over) = (false, false);
        for job in batch {
            let now = Instant::now();
            full |= self.reserve.is_reached(now);
            let shut = full && (!job.takes_away() || !(charged || self.has_a_share(&*job, now)));
            let mut alone = vec![job];
            let settled = if over {
                // The rest would wait as long, one after the other, for the same answer.
                Settled::Failed(Refusal::Unavailable)
            } else if shut {
                Settled::Failed(Refusal::LedgerFull)
            } else {
                match self.commit_connected(&mut alone).await {
                    Ok(checkpoint) => Settled::Committed { checkpoint },
                    Err(broken) => {
                        // What takes a right away may be smaller than what found no room.
                        full |= broken.is_full();
                        over = !broken.is_full() && broken.is_everyones();
                        failed(broken)
                    }
                }
            };
            end(alone, &settled);
        }
    }

    /// Commits, and tries other connections when one turns out to be dead before the commit: after
    /// a restart of the database every pooled one is.
    async fn commit_connected(&self, batch: &mut [Box<dyn Queued>]) -> Result<String, Broken> {
        let (mut left, mut loads) = (CONNECTIONS, POLICY_LOADS_MAX);
        loop {
            match self.commit(batch).await {
                // The lock is let go of meanwhile: other nodes go on.
                Err(Broken::Before(StoreError::PolicyNotLoaded(hash))) if loads > 0 => {
                    loads -= 1;
                    self.load_policies(&hash).await?;
                }
                Err(Broken::Before(error)) if error.is_cut_off() && left > 0 => left -= 1,
                Err(Broken::Before(error)) if error.is_full() => {
                    self.reserve.ran_out(Instant::now());
                    return Err(error.into());
                }
                settled => return settled,
            }
        }
    }
}

/// Acts that take rights away, and the others.
fn parted(batch: Jobs) -> (Jobs, Jobs) {
    batch.into_iter().partition(|job| job.takes_away())
}

fn end(batch: Jobs, settled: &Settled) {
    for job in batch {
        job.settle(settled);
    }
}

fn failed(broken: Broken) -> Settled {
    Settled::Failed(match broken {
        Broken::Before(error) => error.into(),
        Broken::AtCommit(error) => {
            tracing::error!(error = %error, code = error.code(), "the outcome of a commit is unknown");
            Refusal::OutcomeUnknown
        }
    })
}
