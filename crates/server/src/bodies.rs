//! Bytes of request bodies that are taken in at the same time, of all known callers together. A
//! message has its own limit, but there can be many; past this one a call is answered that it is
//! too much. Counted until the call is answered: what an act in the queue holds is bounded by the
//! queue alone.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use baton_wire::status::Reason;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

/// Bytes of all bodies together.
const TAKEN_IN_MAX: usize = 512 * 1024 * 1024;

/// Counts them.
#[derive(Debug)]
pub(crate) struct Bodies {
    taken: AtomicUsize,
    most: usize,
}

/// What one call has taken in; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    of: Arc<Bodies>,
    bytes: AtomicUsize,
}

/// A body that is counted as it comes in.
#[derive(Debug)]
pub(crate) struct Counted {
    body: Body,
    taken: Arc<Taken>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            most: TAKEN_IN_MAX,
        }
    }
}

impl Bodies {
    /// The body of a call, counted for as long as the other value lives.
    pub(crate) fn count(self: &Arc<Self>, body: Body) -> (Body, Arc<Taken>) {
        let taken = Arc::new(Taken {
            of: Arc::clone(self),
            bytes: AtomicUsize::new(0),
        });
        let counted = Counted {
            body,
            taken: Arc::clone(&taken),
        };
        (Body::new(counted), taken)
    }
}

impl Taken {
    fn fits(&self, bytes: usize) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.of.taken.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.of.most
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.of.taken.fetch_sub(bytes, Ordering::Relaxed);
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
        Poll::Ready(if self.taken.fits(bytes) {
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
    use std::future::poll_fn;

    use http_body::Body as _;

    use super::*;

    async fn read(mut body: Body) -> Result<usize, Status> {
        let mut bytes = 0;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(bytes)
    }

    /// All of it in one piece.
    struct Once(Option<Bytes>);

    impl http_body::Body for Once {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
        }
    }

    fn of(length: usize) -> Body {
        Body::new(Once(Some(vec![0; length].into())))
    }

    #[tokio::test]
    async fn bodies_that_are_too_much_together_are_refused_until_others_are_answered() {
        let bodies = Arc::new(Bodies {
            taken: AtomicUsize::new(0),
            most: 100,
        });
        let (first, held) = bodies.count(of(60));
        assert_eq!(read(first).await.unwrap(), 60);
        let (second, refused) = bodies.count(of(60));
        let status = read(second).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        drop(refused);
        let (small, answered) = bodies.count(of(40));
        assert_eq!(read(small).await.unwrap(), 40);
        drop((held, answered));
        let (again, _) = bodies.count(of(100));
        assert_eq!(read(again).await.unwrap(), 100);
        assert_eq!(bodies.taken.load(Ordering::Relaxed), 0, "all is given back");
    }
}
