//! Calls that go on for long: pulls that wait, each of which looks at the feed whenever the ledger
//! grows, and documents that are read. Those of one credential are few.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_domain::ids::CredentialId;

/// Pulls of one credential that may wait at the same time. One that would wait and finds no place
/// is answered `QUEUE_FULL` before it has asked for anything.
const WAITING_PULLS_MAX: usize = 32;

/// Documents one credential may read at the same time; one more is answered alike.
const DOWNLOADS_MAX: usize = 8;

/// Calls of each credential that go on. One of which none does is forgotten.
#[derive(Debug)]
pub(crate) struct Waiting {
    of: Mutex<HashMap<CredentialId, Places>>,
    most: usize,
    /// Never given twice: a place whose time was over is dropped late.
    next: AtomicU64,
}

/// Places that are taken, by number, and the last moment each is counted, microseconds UTC.
#[derive(Debug, Default)]
struct Places {
    taken: HashMap<u64, i64>,
}

/// A place to wait in, given back when it is dropped, or when its time is over: the transport does
/// not ask for more of an answer that nobody reads, and so never lets go of it.
#[derive(Debug)]
pub(super) struct Seat {
    waiting: Arc<Waiting>,
    by: CredentialId,
    number: u64,
}

impl Waiting {
    /// Places for pulls that wait.
    pub(crate) fn pulls() -> Self {
        Self {
            of: Mutex::default(),
            most: WAITING_PULLS_MAX,
            next: AtomicU64::default(),
        }
    }

    /// Places for documents that are read.
    pub(crate) fn downloads() -> Self {
        Self {
            most: DOWNLOADS_MAX,
            ..Self::pulls()
        }
    }

    /// None when as many go on as may.
    pub(super) fn enter(self: &Arc<Self>, by: &CredentialId, now_us: i64) -> Option<Seat> {
        let mut of = self.lock();
        let places = of.entry(by.clone()).or_default();
        places.taken.retain(|_, until_us| *until_us >= now_us);
        if places.taken.len() >= self.most {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        places.taken.insert(number, i64::MAX);
        drop(of);
        Some(Seat {
            waiting: Arc::clone(self),
            by: by.clone(),
            number,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialId, Places>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// It is counted no longer than that, microseconds UTC.
    pub(super) fn lasts_until(&self, until_us: i64) {
        let mut of = self.waiting.lock();
        let places = of.get_mut(&self.by);
        if let Some(until) = places.and_then(|places| places.taken.get_mut(&self.number)) {
            *until = until_us;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut of = self.waiting.lock();
        if let Some(places) = of.get_mut(&self.by) {
            places.taken.remove(&self.number);
            if places.taken.is_empty() {
                of.remove(&self.by);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_has_its_own_places_and_gets_them_back() {
        let waiting = Arc::new(Waiting::pulls());
        let (one, two) = (
            CredentialId::from_bytes([1; 16]),
            CredentialId::from_bytes([2; 16]),
        );
        let enter = |by| waiting.enter(by, 0);
        let mut seats: Vec<Seat> = (0..WAITING_PULLS_MAX).map_while(|_| enter(&one)).collect();
        assert_eq!(seats.len(), WAITING_PULLS_MAX);
        assert!(enter(&one).is_none());
        assert!(enter(&two).is_some());
        seats.pop();
        assert!(enter(&one).is_some());
        seats.clear();
        assert!(waiting.lock().is_empty(), "who does not wait is forgotten");
    }

    #[test]
    fn a_place_is_counted_to_its_last_moment_and_given_back_once() {
        let waiting = Arc::new(Waiting::downloads());
        let by = CredentialId::from_bytes([1; 16]);
        let enter = |now_us| waiting.enter(&by, now_us);
        let late: Vec<Seat> = (0..DOWNLOADS_MAX).map_while(|_| enter(0)).collect();
        for seat in &late {
            seat.lasts_until(10);
        }
        assert!(enter(10).is_none());
        let fresh: Vec<Seat> = (0..DOWNLOADS_MAX).map_while(|_| enter(11)).collect();
        assert_eq!(fresh.len(), DOWNLOADS_MAX);
        drop(late);
        assert!(
            enter(11).is_none(),
            "those that are over are not given back again"
        );
        drop(fresh);
        assert!(waiting.lock().is_empty());
    }

    #[test]
    fn a_place_dropped_late_frees_no_newer_one() {
        let waiting = Arc::new(Waiting::downloads());
        let by = CredentialId::from_bytes([1; 16]);
        let late = waiting.enter(&by, 0).unwrap();
        late.lasts_until(10);
        drop(waiting.enter(&by, 11));
        let fresh: Vec<Seat> = (0..DOWNLOADS_MAX)
            .map_while(|_| waiting.enter(&by, 11))
            .collect();
        drop(late);
        assert!(waiting.enter(&by, 11).is_none(), "{}", fresh.len());
    }
}
