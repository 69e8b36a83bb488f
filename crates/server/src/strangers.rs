//! Connections on which nobody is known yet: few of them from one address, and not for long. So
//! one host that only opens connections leaves room for those who have something to ask.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Such connections from one address; with IPv6 from one network of 64 bits, which is what one
/// host has.
pub(crate) const FROM_ONE_ADDRESS_MAX: usize = 64;
/// Such connections altogether.
const TOGETHER_MAX: usize = 1_024;
/// How long after the handshake a connection may go on without a known caller. Long enough for a
/// look at the health service or the reflection.
pub(crate) const KNOWN_WITHIN: Duration = Duration::from_secs(15);

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    from: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them; it is counted for as long as this lives.
#[derive(Debug)]
struct Strange {
    among: Arc<Strangers>,
    from: IpAddr,
}

/// How the service stands to whoever is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Standing {
    known: AtomicBool,
    strange: Mutex<Option<Strange>>,
}

impl Strangers {
    /// A new connection; none when there are too many already. Who comes by the folder's socket is
    /// no stranger: the folder is its owner's.
    pub(crate) fn enter(self: &Arc<Self>, from: Option<IpAddr>) -> Option<Arc<Standing>> {
        let strange = match from.map(network) {
            None => None,
            Some(from) => {
                let mut counts = self.lock();
                let together: usize = counts.values().sum();
                let here = counts.get(&from).copied().unwrap_or_default();
                if here >= FROM_ONE_ADDRESS_MAX || together >= TOGETHER_MAX {
                    return None;
                }
                counts.insert(from, here + 1);
                let among = Arc::clone(self);
                Some(Strange { among, from })
            }
        };
        Some(Arc::new(Standing {
            known: AtomicBool::new(strange.is_none()),
            strange: Mutex::new(strange),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.from.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Strange {
    fn drop(&mut self) {
        let mut counts = self.among.lock();
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

impl Standing {
    /// A call on the connection had a known caller.
    pub(crate) fn is_known_now(&self) {
        if !self.known.swap(true, Ordering::Relaxed) {
            let strange = self.strange.lock();
            drop(strange.unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_few_places_and_who_is_known_gives_its_own_back() {
        let strangers = Arc::new(Strangers::default());
        let enter = |address: &str| strangers.enter(Some(address.parse().unwrap()));
        let mut held: Vec<_> = (0..FROM_ONE_ADDRESS_MAX)
            .map(|host| enter(&format!("2001:db8::{host:x}")).unwrap())
            .collect();
        assert!(enter("2001:db8::ffff").is_none(), "the same network");
        assert!(enter("2001:db8:0:1::1").is_some(), "another one");
        held[0].is_known_now();
        held[0].is_known_now();
        assert!(held[0].is_known() && !held[1].is_known());
        let next = enter("2001:db8::ffff").unwrap();
        assert!(enter("2001:db8::ffff").is_none());
        drop(held.pop());
        assert!(enter("2001:db8::ffff").is_some());
        drop((held, next));
        assert!(
            strangers.lock().is_empty(),
            "nothing is kept of who is gone"
        );
        assert!(strangers.enter(None).unwrap().is_known());
    }
}
