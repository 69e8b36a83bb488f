//! Bytes of request bodies that are taken in at the same time. A message has its own limit, but
//! there can be many; past these a call is answered that it is too much.
//!
//! They count for as long as something is made of them: until the call is answered, and until the
//! last act it asked for is decided, though nobody waits for the answer any more. So they bound
//! what the queue of acts holds, too. The network and the folder's socket have budgets of their
//! own, so that neither can shut out the other; of either, nobody has more than a share.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use baton_domain::ids::CredentialId;
use baton_wire::status::Reason;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use crate::origin::Origin;

const MIB: usize = 1024 * 1024;
/// Bytes of all bodies that come by the network.
const NETWORK_MAX: usize = 512 * MIB;
/// Bytes of all bodies that come by the folder's socket.
const FOLDER_MAX: usize = 64 * MIB;
/// Bytes of one credential's bodies, of either.
const OF_ONE_CREDENTIAL_MAX: usize = 64 * MIB;
/// Bytes of one call that needs no caller, for as long as it goes on. They are small and done with
/// at once, so they are no part of what all have together, and nobody's use up another's.
const OF_ONE_OPEN_CALL_MAX: usize = 64 * 1024;

/// Whose a body is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum From {
    Credential(CredentialId),
    /// Of a call that needs no caller.
    Anyone,
}

/// Counts them.
#[derive(Debug)]
pub(crate) struct Bodies {
    network: Arc<Budget>,
    folder: Arc<Budget>,
}

#[derive(Debug)]
struct Budget {
    most: usize,
    taken: Mutex<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    together: usize,
    each: HashMap<From, usize>,
}

/// What one call has taken in; given back when nothing holds it any more.
#[derive(Debug)]
pub(crate) struct Taken {
    of: Arc<Budget>,
    from: From,
    bytes: AtomicUsize,
}

/// A body that is counted as it comes in.
#[derive(Debug)]
struct Counted {
    body: Body,
    taken: Arc<Taken>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            network: Budget::of(NETWORK_MAX),
            folder: Budget::of(FOLDER_MAX),
        }
    }
}

impl Bodies {
    /// The body of a call, counted for as long as the other value lives.
    pub(crate) fn count(&self, body: Body, by: Origin, from: From) -> (Body, Arc<Taken>) {
        let budget = match by {
            Origin::Network(_) => &self.network,
            Origin::Folder => &self.folder,
        };
        let taken = Arc::new(Taken {
            of: Arc::clone(budget),
            from,
            bytes: AtomicUsize::new(0),
        });
        let counted = Counted {
            body,
            taken: Arc::clone(&taken),
        };
        (Body::new(counted), taken)
    }
}

impl Budget {
    fn of(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From {
    fn most(&self) -> usize {
        match self {
            Self::Credential(_) => OF_ONE_CREDENTIAL_MAX,
            Self::Anyone => OF_ONE_OPEN_CALL_MAX,
        }
    }
}

impl Taken {
    /// Counts so many more, unless they are too many. Those that are refused are not held.
    fn more(&self, bytes: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        if self.from == From::Anyone {
            return self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.from.most();
        }
        let mut sums = self.of.lock();
        let own = sums.each.get(&self.from).copied().unwrap_or_default();
        if sums.together + bytes > self.of.most || own + bytes > self.from.most() {
            return false;
        }
        sums.together += bytes;
        sums.each.insert(self.from.clone(), own + bytes);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        if bytes == 0 || self.from == From::Anyone {
            return;
        }
        let mut sums = self.of.lock();
        sums.together -= bytes;
        if let Some(own) = sums.each.get_mut(&self.from) {
            *own -= bytes;
            if *own == 0 {
                sums.each.remove(&self.from);
            }
        }
    }
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        let bytes = match &polled {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        Poll::Ready(if self.taken.more(bytes) {
            polled
        } else {
            metrics::counter!("baton_bodies_refused_total").increment(1);
            Some(Err(Reason::QueueFull.into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::future::poll_fn;
    use std::net::Ipv4Addr;

    use http_body::Body as _;

    use super::*;

    const NETWORK: Origin = Origin::Network(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST));

    async fn read(mut body: Body) -> Result<usize, Status> {
        let mut bytes = 0;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(bytes)
    }

    /// Its pieces, one after the other.
    struct Pieces(VecDeque<usize>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            let piece = self.0.pop_front();
            Poll::Ready(piece.map(|length| Ok(Frame::data(vec![0; length].into()))))
        }
    }

    fn of(pieces: &[usize]) -> Body {
        Body::new(Pieces(pieces.iter().copied().collect()))
    }

    fn by(number: u8) -> From {
        From::Credential(CredentialId::from_bytes([number; 16]))
    }

    fn bodies(most: usize) -> Bodies {
        Bodies {
            network: Budget::of(most),
            folder: Budget::of(most),
        }
    }

    #[tokio::test]
    async fn bodies_that_are_too_much_together_are_refused_until_others_are_done_with() {
        let bodies = bodies(100);
        let (first, held) = bodies.count(of(&[60]), NETWORK, by(1));
        assert_eq!(read(first).await.unwrap(), 60);
        let (second, refused) = bodies.count(of(&[30, 30]), NETWORK, by(2));
        let status = read(second).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        assert_eq!(
            bodies.network.lock().together,
            90,
            "what is refused is not held"
        );
        let (folder, _) = bodies.count(of(&[100]), Origin::Folder, by(1));
        assert_eq!(read(folder).await.unwrap(), 100, "the folder has its own");
        drop(refused);
        let (small, answered) = bodies.count(of(&[40]), NETWORK, by(3));
        assert_eq!(read(small).await.unwrap(), 40);
        let (empty, _) = bodies.count(of(&[0, 0]), NETWORK, by(4));
        assert_eq!(
            read(empty).await.unwrap(),
            0,
            "there is always room for nothing"
        );
        // The call is answered, and an act of it is not decided.
        let act = Arc::clone(&held);
        drop((held, answered));
        let (again, _) = bodies.count(of(&[41]), NETWORK, by(5));
        assert!(read(again).await.is_err(), "what an act holds counts");
        drop(act);
        let (again, _) = bodies.count(of(&[100]), NETWORK, by(5));
        assert_eq!(read(again).await.unwrap(), 100);
        let sums = bodies.network.lock();
        assert_eq!(
            (sums.together, sums.each.len()),
            (0, 0),
            "all is given back"
        );
    }

    #[tokio::test]
    async fn one_credential_has_its_share_and_others_theirs() {
        let bodies = Bodies::default();
        let (all, _held) = bodies.count(of(&[OF_ONE_CREDENTIAL_MAX]), NETWORK, by(1));
        assert_eq!(read(all).await.unwrap(), OF_ONE_CREDENTIAL_MAX);
        let (more, _) = bodies.count(of(&[1]), NETWORK, by(1));
        assert!(read(more).await.is_err());
        let (other, _) = bodies.count(of(&[1]), NETWORK, by(2));
        assert_eq!(read(other).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_call_without_a_caller_is_small_and_leaves_all_to_others() {
        let bodies = bodies(100);
        let pieces = [OF_ONE_OPEN_CALL_MAX - 1, 1, 1];
        let (long, _held) = bodies.count(of(&pieces[..2]), NETWORK, From::Anyone);
        assert_eq!(read(long).await.unwrap(), OF_ONE_OPEN_CALL_MAX);
        let (longer, _held) = bodies.count(of(&pieces), NETWORK, From::Anyone);
        assert!(read(longer).await.is_err());
        let (another, _) = bodies.count(of(&[1]), NETWORK, From::Anyone);
        assert_eq!(read(another).await.unwrap(), 1, "from wherever it comes");
        let (callers, _) = bodies.count(of(&[100]), NETWORK, by(1));
        assert_eq!(read(callers).await.unwrap(), 100);
    }
}
