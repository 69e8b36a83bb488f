//! Calls that need no caller: health and reflection. They tell nothing but that the service runs
//! and what it speaks. Few of them on a connection, small, and not for ever.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use baton_wire::status::Reason;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

const PATHS: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// Largest message of such a call, in bytes: the name of a service, a file or a symbol.
pub(crate) const OPEN_REQUEST_BYTES_MAX: usize = 4 * 1024;
/// Such calls on one connection at the same time.
pub(crate) const AT_ONCE_MAX: usize = 8;
/// Longest such a call goes on. Who watches asks again.
const LASTING_MAX: Duration = Duration::from_hours(1);

pub(crate) fn is_open(path: &str) -> bool {
    PATHS.contains(&path)
}

/// The place of such a call, and when it is over.
#[derive(Debug, Clone)]
pub(crate) struct Lasting {
    pub(crate) place: Arc<OwnedSemaphorePermit>,
    /// The service stops, and health has said so.
    pub(crate) told: CancellationToken,
    /// Its connection has reached its age.
    pub(crate) aged: CancellationToken,
}

impl Lasting {
    /// What is asked: past the end of the call nothing more is read.
    pub(crate) fn asked(self, body: Body) -> Body {
        Body::new(Ending::new(self, body, LASTING_MAX, Err))
    }

    /// What is answered: past the end of the call the client is told to ask again.
    pub(crate) fn answered(self, body: Body) -> Body {
        Body::new(Ending::new(self, body, LASTING_MAX, |status| {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers)?;
            Ok(Frame::trailers(trailers))
        }))
    }
}

type Said = Result<Frame<Bytes>, Status>;

/// A body that is ended if it does not end.
#[derive(Debug)]
struct Ending {
    /// None once it is ended.
    body: Option<Body>,
    /// The last word, if it is ended.
    last: fn(Status) -> Said,
    until: Pin<Box<Sleep>>,
    told: Pin<Box<WaitForCancellationFutureOwned>>,
    aged: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Ending {
    fn new(lasting: Lasting, body: Body, longest: Duration, last: fn(Status) -> Said) -> Self {
        Self {
            body: Some(body),
            last,
            until: Box::pin(sleep(longest)),
            told: Box::pin(lasting.told.cancelled_owned()),
            aged: Box::pin(lasting.aged.cancelled_owned()),
            _place: lasting.place,
        }
    }
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Said>> {
        let this = self.get_mut();
        let over = this.until.as_mut().poll(cx).is_ready();
        // Asked before the body: what was to be told is in it by now, and goes out first.
        let told = this.told.as_mut().poll(cx).is_ready();
        let aged = this.aged.as_mut().poll(cx).is_ready();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(cx);
        if over || ((told || aged) && polled.is_pending()) {
            this.body = None;
            return Poll::Ready(Some((this.last)(Reason::Unavailable.into())));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http_body::Body as _;
    use tokio::sync::Semaphore;

    use super::*;

    /// Says the same for ever.
    struct Endless;

    impl http_body::Body for Endless {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Said>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"again")))))
        }
    }

    #[tokio::test]
    async fn what_does_not_end_is_ended_with_a_status_and_gives_its_place_back() {
        let places = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&places).try_acquire_owned().unwrap();
        let lasting = Lasting {
            place: Arc::new(place),
            told: CancellationToken::new(),
            aged: CancellationToken::new(),
        };
        let last = |status: Status| {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers)?;
            Ok(Frame::trailers(trailers))
        };
        let moment = Duration::from_millis(10);
        let mut body = Ending::new(lasting, Body::new(Endless), moment, last);
        let mut next = async || poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let status = loop {
            let frame = next().await.expect("it does not end by itself").unwrap();
            if let Ok(trailers) = frame.into_trailers() {
                break Status::from_header_map(&trailers).unwrap();
            }
            // Time passes for who yields.
            tokio::task::yield_now().await;
        };
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(next().await.is_none());
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(places.available_permits(), 1);
    }
}
