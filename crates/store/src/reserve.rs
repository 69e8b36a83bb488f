//! Room that is kept for acts that take rights away.
//!
//! Everything that is asked makes the ledger grow, reading too. So when the disk runs low, only
//! what takes a right away is still let in: a child's move must be redirectable, and a lost key
//! revocable, when nothing else works any more. SQLite's disk can be looked at. PostgreSQL's is on
//! another machine: it is full when it says so, and has room again when an act went through.

mod share;

use std::fs::File;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use baton_domain::ids::CredentialId;
use rustix::fs::fstatvfs;

use self::share::Shares;
pub use self::share::TAKING_BURST;
use crate::error::StoreError;

/// How long a look that found room is trusted. A commit ends that trust at once.
const LOOK_TRUSTED: Duration = Duration::from_secs(1);
const MIB: u64 = 1024 * 1024;

/// How much room is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskReserve {
    /// SQLite: free room of the folder's file system, in MiB, under which only acts that take
    /// rights away pass.
    pub mib: NonZeroU32,
    /// PostgreSQL: how long after it said that its disk is full another act is tried.
    pub probe_after: Duration,
}

impl DiskReserve {
    /// Some times what the write-ahead log takes (32 MiB) and a largest batch (16 MiB) besides,
    /// since folding the log into the file takes room for both.
    pub const MIB: NonZeroU32 = NonZeroU32::new(256).unwrap();
    /// Long enough that a full database is not kept busy with what it cannot take.
    pub const PROBE_AFTER: Duration = Duration::from_secs(10);
}

impl Default for DiskReserve {
    fn default() -> Self {
        Self {
            mib: Self::MIB,
            probe_after: Self::PROBE_AFTER,
        }
    }
}

/// Whether there is room for more than taking rights away.
#[derive(Debug)]
pub(crate) struct Reserve {
    kept: DiskReserve,
    /// The folder SQLite's file is in, held open; none for PostgreSQL.
    folder: Option<File>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    full: bool,
    /// SQLite: when room was last found. PostgreSQL: when the disk was last known to be full, or
    /// an act was let in to try it.
    at: Option<Instant>,
    shares: Shares,
}

impl Reserve {
    pub(crate) fn new(kept: DiskReserve, folder: Option<&Path>) -> Result<Self, StoreError> {
        metrics::gauge!("baton_ledger_full").set(0);
        let open = |path: &Path| File::open(path).map_err(|error| StoreError::file(path, error));
        Ok(Self {
            kept,
            folder: folder.map(open).transpose()?,
            state: Mutex::default(),
        })
    }

    /// Whether an act that takes no right away may be queued now.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match &self.folder {
            Some(folder) => {
                if state.full || !within(state.at, now, LOOK_TRUSTED) {
                    self.look(&mut state, folder, now);
                }
                !state.full
            }
            None if !state.full => true,
            None if within(state.at, now, self.kept.probe_after) => false,
            None => {
                // This one tries it; the others go on being turned away meanwhile.
                state.at = Some(now);
                true
            }
        }
    }

    /// Whether there is room, for who asks and does nothing.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        match self.folder {
            Some(_) => self.admits(now),
            None => !self.lock().full,
        }
    }

    /// Whether there is room, or it is time for an act to try. Load balancers are told this: a node
    /// that is sent nothing would never find out.
    pub(crate) fn may_have_room(&self, now: Instant) -> bool {
        match self.folder {
            Some(_) => self.admits(now),
            None => {
                let state = self.lock();
                !state.full || !within(state.at, now, self.kept.probe_after)
            }
        }
    }

    /// SQLite: whether acts that were let in before have used the room up.
    pub(crate) fn is_reached(&self, now: Instant) -> bool {
        self.folder.is_some() && !self.admits(now)
    }

    /// Whether the reserve is for another act of this credential that takes a right away.
    pub(crate) fn is_for(&self, by: &CredentialId, now: Instant) -> bool {
        self.lock().shares.take(by, now)
    }

    /// Something was committed. What `added` something shows that PostgreSQL has room.
    pub(crate) fn committed(&self, added: bool) {
        let mut state = self.lock();
        if self.folder.is_some() {
            state.at = None;
        } else if added {
            tell(&mut state, false);
        }
    }

    /// Something small was written that is no entry. A PostgreSQL that took it may still have no
    /// room for one: the next act that adds tries.
    pub(crate) fn fitted(&self) {
        self.lock().at = None;
    }

    /// The engine said that its disk is full.
    pub(crate) fn ran_out(&self, now: Instant) {
        let mut state = self.lock();
        if self.folder.is_some() {
            // What is free says better how long that lasts.
            state.at = None;
        } else {
            state.at = Some(now);
            tell(&mut state, true);
        }
    }

    fn look(&self, state: &mut State, folder: &File, now: Instant) {
        // A disk that cannot be looked at is taken for full.
        let free = fstatvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        let full = free < u64::from(self.kept.mib.get()) * MIB;
        state.at = (!full).then_some(now);
        tell(state, full);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within(at: Option<Instant>, now: Instant, span: Duration) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < span)
}

/// Notes how it stands, and says so when that is news.
fn tell(state: &mut State, full: bool) {
    if state.full == full {
        return;
    }
    state.full = full;
    metrics::gauge!("baton_ledger_full").set(f64::from(u8::from(full)));
    if full {
        tracing::error!("the disk reserve is reached: only acts that take rights away pass");
    } else {
        tracing::info!("there is room again: every act passes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(probe_after: Duration) -> Reserve {
        let kept = DiskReserve {
            probe_after,
            ..DiskReserve::default()
        };
        Reserve::new(kept, None).unwrap()
    }

    #[test]
    fn one_act_at_a_time_tries_a_database_that_was_full() {
        let span = Duration::from_secs(10);
        let (reserve, start) = (database(span), Instant::now());
        assert!(reserve.admits(start));
        reserve.ran_out(start);
        let soon = start + span.mul_f32(0.9);
        assert!(!reserve.admits(soon) && !reserve.has_room(soon));
        let due = start + span;
        assert!(!reserve.has_room(due), "looking is not trying");
        assert!(reserve.admits(due), "one tries it");
        assert!(!reserve.admits(due), "and one only");
        reserve.ran_out(due);
        assert!(!reserve.admits(due + span.mul_f32(0.9)), "it failed");
        assert!(reserve.admits(due + span));
        reserve.committed(true);
        assert!(reserve.admits(due + span) && reserve.has_room(due + span));
    }

    #[test]
    fn what_fits_and_is_no_entry_lets_the_next_act_try() {
        let span = Duration::from_secs(10);
        let (reserve, start) = (database(span), Instant::now());
        reserve.ran_out(start);
        let due = start + span;
        assert!(reserve.admits(due) && !reserve.admits(due));
        assert!(!reserve.may_have_room(due), "one is trying it");
        reserve.fitted();
        assert!(!reserve.has_room(due), "it may have been little");
        assert!(reserve.may_have_room(due), "so calls are sent here");
        assert!(reserve.admits(due) && !reserve.admits(due), "one tries it");
        reserve.committed(true);
        assert!(reserve.has_room(due));
    }

    #[test]
    fn taking_rights_away_in_a_full_database_does_not_make_room() {
        let (reserve, start) = (database(Duration::from_secs(10)), Instant::now());
        reserve.ran_out(start);
        reserve.committed(false);
        assert!(!reserve.admits(start));
    }

    #[test]
    fn a_look_that_found_room_is_trusted_until_a_commit_or_for_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |mib| DiskReserve {
            mib,
            ..DiskReserve::default()
        };
        // More than any disk has, and less than one that tests run on.
        let (all, little) = (kept(NonZeroU32::MAX), kept(NonZeroU32::MIN));
        let mut reserve = Reserve::new(little, Some(folder.path())).unwrap();
        let start = Instant::now();
        assert!(reserve.admits(start));
        reserve.kept = all;
        assert!(reserve.admits(start + LOOK_TRUSTED / 2));
        assert!(!reserve.admits(start + LOOK_TRUSTED));
        reserve.kept = little;
        assert!(reserve.admits(start), "while it is full every ask looks");
        reserve.kept = all;
        reserve.committed(true);
        assert!(!reserve.admits(start));
    }
}
