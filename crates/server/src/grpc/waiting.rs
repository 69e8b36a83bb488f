//! Calls that go on for long: pulls that wait, each of which looks at the feed whenever the ledger
//! grows, and documents that are read. Those of one credential are few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_domain::ids::CredentialId;

/// Pulls of one credential that may wait at the same time. One that would wait and finds no place
/// is answered `QUEUE_FULL` before it has asked for anything.
const WAITING_PULLS_MAX: usize = 32;

/// Documents one credential may read at the same time; one more is answered alike.
const DOWNLOADS_MAX: usize = 8;

/// How many calls of each credential go on. One of which none does is forgotten.
#[derive(Debug)]
pub(crate) struct Waiting {
    of: Mutex<HashMap<CredentialId, usize>>,
    most: usize,
}

/// A place to wait in, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    waiting: Arc<Waiting>,
    by: CredentialId,
}

impl Waiting {
    /// Places for pulls that wait.
    pub(crate) fn pulls() -> Self {
        Self {
            of: Mutex::default(),
            most: WAITING_PULLS_MAX,
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
    pub(super) fn enter(self: &Arc<Self>, by: &CredentialId) -> Option<Seat> {
        let mut of = self.lock();
        let count = of.entry(by.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(of);
        Some(Seat {
            waiting: Arc::clone(self),
            by: by.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialId, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut of = self.waiting.lock();
        if let Some(count) = of.get_mut(&self.by) {
            *count -= 1;
            if *count == 0 {
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
        let enter = |by| waiting.enter(by);
        let mut seats: Vec<Seat> = (0..WAITING_PULLS_MAX).map_while(|_| enter(&one)).collect();
        assert_eq!(seats.len(), WAITING_PULLS_MAX);
        assert!(enter(&one).is_none());
        assert!(enter(&two).is_some());
        seats.pop();
        assert!(enter(&one).is_some());
        seats.clear();
        assert!(waiting.lock().is_empty(), "who does not wait is forgotten");
    }
}
