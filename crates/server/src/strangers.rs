//! Who is at the other end of a connection. Those on which nobody is known yet are few from one
//! origin, and not for long, so one host that only opens connections leaves room for those who have
//! something to ask. Once a caller is known on it a connection is one of that credential, of which
//! there are few, too.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use baton_domain::ids::CredentialId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::open_calls::AT_ONCE_MAX;
use crate::origin::Origin;

/// Connections of one origin on which nobody is known.
pub(crate) const FROM_ONE_ORIGIN_MAX: usize = 64;
/// Such connections altogether.
const TOGETHER_MAX: usize = 1_024;
/// How long after the handshake a connection may go on without a known caller. Long enough for a
/// look at the health service or the reflection.
pub(crate) const KNOWN_WITHIN: Duration = Duration::from_secs(15);
/// Calls with a credential that is not known, or cannot be looked up for its origin's rate, on a
/// connection on which nobody is known; one more closes it. Who tries keys makes a handshake for so
/// many of them.
pub(crate) const UNKNOWN_MAX: usize = 8;
/// Connections on which one credential was the first to be known: a sixteenth of all.
const OF_ONE_CREDENTIAL_MAX: usize = 128;

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    strange: Arc<Counts<Origin>>,
    known: Arc<Counts<CredentialId>>,
}

/// How many each has.
#[derive(Debug)]
struct Counts<K: Hash + Eq>(Mutex<HashMap<K, usize>>);

/// One of them; it is counted for as long as this lives.
#[derive(Debug)]
struct One<K: Hash + Eq> {
    among: Arc<Counts<K>>,
    of: K,
}

#[derive(Debug)]
enum Place {
    Strange {
        _from: One<Origin>,
    },
    /// Of the folder's owner, or of a credential.
    Known {
        _of: Option<One<CredentialId>>,
    },
}

/// How the service stands to whoever is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Standing {
    known: AtomicBool,
    place: Mutex<Place>,
    callers: Arc<Counts<CredentialId>>,
    /// Its calls that need no caller.
    open: Arc<Semaphore>,
    /// Calls on it with a credential that is not known.
    unknown: AtomicUsize,
    /// Cancelled when those are too many: it is to be closed.
    pub(crate) given_up: CancellationToken,
    /// Cancelled when the connection has reached its age: what goes on on it is to end.
    pub(crate) aged: CancellationToken,
}

impl Connections {
    /// A new connection; none when there are too many already. Who comes by the folder's socket is
    /// no stranger: the folder is its owner's.
    pub(crate) fn enter(&self, from: Origin) -> Option<Arc<Standing>> {
        let place = match from {
            Origin::Folder => Place::Known { _of: None },
            Origin::Network(_) => {
                let one = self.strange.one(from, FROM_ONE_ORIGIN_MAX, TOGETHER_MAX)?;
                Place::Strange { _from: one }
            }
        };
        Some(Arc::new(Standing {
            known: AtomicBool::new(matches!(place, Place::Known { .. })),
            place: Mutex::new(place),
            callers: Arc::clone(&self.known),
            open: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            unknown: AtomicUsize::new(0),
            given_up: CancellationToken::new(),
            aged: CancellationToken::new(),
        }))
    }
}

impl Standing {
    /// A call on the connection had a known caller. False when that one has too many connections
    /// already.
    pub(crate) fn is_known_now(&self, by: &CredentialId) -> bool {
        if self.is_known() {
            return true;
        }
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Place::Strange { .. } = &*place {
            let Some(one) = self
                .callers
                .one(by.clone(), OF_ONE_CREDENTIAL_MAX, usize::MAX)
            else {
                return false;
            };
            *place = Place::Known { _of: Some(one) };
            self.known.store(true, Ordering::Relaxed);
        }
        true
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// A call on it was turned away with a credential that is not known.
    pub(crate) fn presented_unknown(&self) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there were too many of those before this one; then it is closed.
    pub(crate) fn gives_up(&self) -> bool {
        let over = !self.is_known() && self.unknown.load(Ordering::Relaxed) >= UNKNOWN_MAX;
        if over {
            self.given_up.cancel();
        }
        over
    }

    /// A place for a call that needs no caller, if there is one.
    pub(crate) fn open_call(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.open).try_acquire_owned().ok()
    }
}

impl<K: Hash + Eq + Clone> Counts<K> {
    fn one(self: &Arc<Self>, of: K, most: usize, together: usize) -> Option<One<K>> {
        let mut counts = self.lock();
        let own = counts.get(&of).copied().unwrap_or_default();
        if own >= most || counts.values().sum::<usize>() >= together {
            return None;
        }
        counts.insert(of.clone(), own + 1);
        drop(counts);
        let among = Arc::clone(self);
        Some(One { among, of })
    }
}

impl<K: Hash + Eq> Counts<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Default for Counts<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Drop for One<K> {
    fn drop(&mut self) {
        let mut counts = self.among.lock();
        if let Some(count) = counts.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(number: u8) -> CredentialId {
        CredentialId::from_bytes([number; 16])
    }

    #[test]
    fn one_host_has_few_places_and_who_is_known_gives_its_own_back() {
        let connections = Connections::default();
        let enter = |address: &str| connections.enter(Origin::of(address.parse().unwrap()));
        let mut held: Vec<_> = (0..FROM_ONE_ORIGIN_MAX)
            .map(|host| enter(&format!("2001:db8::{host:x}")).unwrap())
            .collect();
        assert!(enter("2001:db8::ffff").is_none(), "the same network");
        assert!(enter("2001:db8:0:1::1").is_some(), "another one");
        assert!(held[0].is_known_now(&by(1)) && held[0].is_known_now(&by(1)));
        assert!(held[0].is_known() && !held[1].is_known());
        let next = enter("2001:db8::ffff").unwrap();
        assert!(enter("2001:db8::ffff").is_none());
        drop(held.pop());
        assert!(enter("2001:db8::ffff").is_some());
        drop((held, next));
        assert!(
            connections.strange.lock().is_empty(),
            "nothing is kept of who is gone"
        );
        assert!(connections.known.lock().is_empty());
        assert!(connections.enter(Origin::Folder).unwrap().is_known());
    }

    #[test]
    fn one_credential_has_few_connections_and_one_more_stays_a_strangers() {
        let connections = Connections::default();
        let enter = || {
            connections
                .enter(Origin::of([192, 0, 2, 1].into()))
                .unwrap()
        };
        let mut held = Vec::new();
        for _ in 0..OF_ONE_CREDENTIAL_MAX {
            let connection = enter();
            assert!(connection.is_known_now(&by(1)));
            held.push(connection);
        }
        let more = enter();
        assert!(!more.is_known_now(&by(1)) && !more.is_known());
        assert!(held[0].is_known_now(&by(1)), "it is one of them already");
        assert!(enter().is_known_now(&by(2)), "another credential");
        drop(held.pop());
        assert!(more.is_known_now(&by(1)) && more.is_known());
    }
}
