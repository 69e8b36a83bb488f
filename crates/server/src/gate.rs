//! How many acts of one caller may be undecided at the same time.
//!
//! A refusal is an entry, and that it will be one is known only once the act is decided. So the
//! bound stands before: an act takes a place first, and a caller has no more places than it may
//! still be refused. Each entry of something done earns it one more, so a good caller soon has as
//! many as it can fill, and a refusal takes the earned ones back. Whatever a caller asks, and
//! however much of it at once, its refusals are at most its budget, what was refilled since, and
//! the number of its acts that were done. An act without a place waits its turn; when refusals
//! have used up the budget the caller is turned away, until a minute is summed up in which it made
//! few calls.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use baton_domain::ids::CredentialId;
use baton_store::QUEUE_ACTS_MAX;
use tokio::sync::oneshot;

use crate::limits::Turned;

/// Acts of one caller that are undecided at the same time, however many it has earned: an eighth of
/// what the ledger's queue holds, so that no caller fills it. A batch has at most 500 items.
const UNDECIDED_MAX: usize = QUEUE_ACTS_MAX / 8;
/// Acts of one caller that wait for a place; one more is refused.
const WAITING_MAX: usize = 4_096;
const MINUTE: Duration = Duration::from_mins(1);

/// The gate before the ledger.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Refusals a caller may have at once, and in a minute.
    budget: NonZeroU32,
    callers: Mutex<HashMap<CredentialId, Standing>>,
}

/// How an act ended, as far as the gate is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With an entry of its own that says it was done.
    Entered,
    /// With an entry that says it was refused.
    Refused,
    /// Without an entry: nothing to show, a repeated request, a fault of ours.
    Neither,
}

/// A caller's standing. One that would be as new is forgotten.
#[derive(Debug)]
struct Standing {
    undecided: usize,
    /// Places beyond the refusals left.
    earned: usize,
    /// When the last of its refusals is forgotten.
    clean_at: Instant,
    waiting: VecDeque<oneshot::Sender<Place>>,
    turned_away: Option<TurnedAway>,
}

/// How often a caller was turned away since the last summary.
#[derive(Debug, Default)]
struct TurnedAway {
    /// Everything it asked for, items of batches one by one: for the auditor.
    acts: u64,
    /// Calls begun since it is turned away: they say whether it calms down. What was under way or
    /// in the same batch when its budget was used up says nothing about that.
    calls: u64,
}

/// A place for one act, given back when it is told how the act ended, or dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    by: CredentialId,
    ended: Ended,
}

/// What asking for a place brought.
enum Asked {
    Place(Place),
    Later(oneshot::Receiver<Place>),
}

impl Place {
    /// Gives the place back.
    pub(crate) fn end(mut self, ended: Ended) {
        self.ended = ended;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.leave(&self.by, self.ended, Instant::now());
    }
}

impl Gate {
    pub(crate) fn new(refusals_per_minute: NonZeroU32) -> Arc<Self> {
        Arc::new(Self {
            budget: refusals_per_minute,
            callers: Mutex::default(),
        })
    }

    /// A place for an act of this caller, at once or when it is its turn. Who stops waiting loses
    /// nothing but the turn.
    pub(crate) async fn enter(self: &Arc<Self>, by: &CredentialId) -> Result<Place, Turned> {
        match self.ask(by, Instant::now())? {
            Asked::Place(place) => Ok(place),
            Asked::Later(turn) => turn.await.map_err(|_| Turned::TooManyRefusals),
        }
    }

    /// Whether a call of this caller may come in at all. One that may not is counted.
    pub(crate) fn passes(&self, by: &CredentialId) -> bool {
        let mut callers = self.lock();
        let Some(away) = callers.get_mut(by).and_then(|it| it.turned_away.as_mut()) else {
            return true;
        };
        away.acts += 1;
        away.calls += 1;
        false
    }

    /// Takes the counts out, once a minute. Their callers may try again, but for those that went
    /// on faster than they may be refused: else a flood would be entered anew every minute.
    pub(crate) fn sum_up(&self, now: Instant) -> Vec<(CredentialId, u64)> {
        let mut summary = Vec::new();
        self.lock().retain(|by, standing| {
            if let Some(away) = standing.turned_away.take() {
                if away.acts > 0 {
                    summary.push((by.clone(), away.acts));
                }
                if away.calls > u64::from(self.budget.get()) {
                    standing.turned_away = Some(TurnedAway::default());
                }
            }
            standing.undecided > 0 || standing.turned_away.is_some() || standing.clean_at > now
        });
        summary
    }

    fn ask(self: &Arc<Self>, by: &CredentialId, now: Instant) -> Result<Asked, Turned> {
        let mut callers = self.lock();
        let standing = match callers.get_mut(by) {
            Some(standing) => standing,
            None => callers.entry(by.clone()).or_insert_with(|| Standing {
                undecided: 0,
                earned: 0,
                clean_at: now,
                waiting: VecDeque::new(),
                turned_away: None,
            }),
        };
        let places = self.places(standing, now);
        if places == 0 || standing.turned_away.is_some() {
            standing.turned_away.get_or_insert_default().acts += 1;
            return Err(Turned::TooManyRefusals);
        }
        if standing.waiting.is_empty() && standing.undecided < places {
            standing.undecided += 1;
            drop(callers);
            return Ok(Asked::Place(self.place(by)));
        }
        if standing.waiting.len() >= WAITING_MAX {
            standing.waiting.retain(|waiting| !waiting.is_closed());
        }
        if standing.waiting.len() >= WAITING_MAX {
            return Err(Turned::QueueFull);
        }
        let (turn, later) = oneshot::channel();
        standing.waiting.push_back(turn);
        // Some may have been refilled since the last one left.
        let next = standing.next(places);
        drop(callers);
        self.admit(by, next);
        Ok(Asked::Later(later))
    }

    fn leave(self: &Arc<Self>, by: &CredentialId, ended: Ended, now: Instant) {
        let mut callers = self.lock();
        let Some(standing) = callers.get_mut(by) else {
            return;
        };
        standing.undecided = standing.undecided.saturating_sub(1);
        match ended {
            Ended::Entered => standing.earned = (standing.earned + 1).min(UNDECIDED_MAX),
            Ended::Refused => {
                standing.earned = 0;
                let clean_at = standing.clean_at.max(now) + MINUTE / self.budget.get();
                standing.clean_at = clean_at.min(now + MINUTE);
            }
            Ended::Neither => {}
        }
        let places = self.places(standing, now);
        if places > 0 {
            let next = standing.next(places);
            drop(callers);
            self.admit(by, next);
        } else {
            let away = std::mem::take(&mut standing.waiting);
            let told = away.iter().filter(|waiting| !waiting.is_closed()).count();
            let acts = u64::try_from(told).unwrap_or(u64::MAX);
            standing.turned_away.get_or_insert_default().acts += acts;
            // Whoever waits is told by the end of its turn, and not under the lock.
            drop(callers);
        }
    }

    /// How many acts may be undecided now.
    fn places(&self, standing: &Standing, now: Instant) -> usize {
        let refused = standing.clean_at.saturating_duration_since(now).as_nanos();
        let refused = refused.div_ceil((MINUTE / self.budget.get()).as_nanos().max(1));
        let left = u128::from(self.budget.get()).saturating_sub(refused);
        let left = usize::try_from(left).unwrap_or(UNDECIDED_MAX);
        left.saturating_add(standing.earned).min(UNDECIDED_MAX)
    }

    /// Gives out places that are counted already. One whose caller went away meanwhile comes back.
    fn admit(self: &Arc<Self>, by: &CredentialId, next: Vec<oneshot::Sender<Place>>) {
        for turn in next {
            let _ = turn.send(self.place(by));
        }
    }

    fn place(self: &Arc<Self>, by: &CredentialId) -> Place {
        Place {
            gate: Arc::clone(self),
            by: by.clone(),
            ended: Ended::Neither,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialId, Standing>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Those whose turn it is, counted as undecided.
    fn next(&mut self, places: usize) -> Vec<oneshot::Sender<Place>> {
        let mut next = Vec::new();
        while self.undecided < places
            && let Some(turn) = self.waiting.pop_front()
        {
            if !turn.is_closed() {
                self.undecided += 1;
                next.push(turn);
            }
        }
        next
    }
}

#[cfg(test)]
mod tests;
