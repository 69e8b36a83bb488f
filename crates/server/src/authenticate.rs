//! The layer every call passes: who calls, and how fast. It stands at the server and not at each
//! service, so a service added later is covered at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use baton_store::{Known, Ledger, Presented};
use baton_wire::status::{Problem, Reason};
use http::{HeaderMap, Request, Response};
use http_body::Body as _;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::api_key::ApiKey;
use crate::bodies::Bodies;
use crate::connection::Peer;
use crate::limits::{Limits, Turned};
use crate::own_words::in_our_words;

/// Paths that need no caller: they tell nothing but that the service runs and what it speaks.
const OPEN: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// The one path the one-time token may take.
const BOOTSTRAP: &str = "/baton.v1.SettingService/Bootstrap";

/// Most that is taken in of a call that is turned away, in bytes, and for how long.
const DRAINED_BYTES_MAX: usize = 64 * 1024;
const DRAINED_FOR: Duration = Duration::from_secs(1);

/// Makes the layer's services.
#[derive(Debug, Clone)]
pub(crate) struct Authenticate {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) bodies: Arc<Bodies>,
    /// Longest a call may take until its answer begins.
    pub(crate) deadline: Duration,
}

impl<S> Layer<S> for Authenticate {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated {
            inner,
            door: self.clone(),
        }
    }
}

/// A service that only known callers reach.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated<S> {
    inner: S,
    door: Authenticate,
}

impl<S> Service<Request<Body>> for Authenticated<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone that was polled ready must be the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let door = self.door.clone();
        Box::pin(async move {
            let peer = request.extensions().get::<Peer>().cloned();
            if OPEN.contains(&request.uri().path()) {
                return match door.limits.stranger(peer.and_then(|peer| peer.address)) {
                    Ok(()) => inner.call(request).await,
                    Err(turned) => Ok(turn_away(turned.into(), request).await),
                };
            }
            // Only what identifies the caller is held over the wait: a body is not shared.
            let bootstrap = request.uri().path() == BOOTSTRAP;
            let presented = peer
                .as_ref()
                .and_then(|peer| presented(request.headers(), peer));
            match door.known(peer, presented, bootstrap).await {
                Ok(known) => {
                    request.extensions_mut().insert(known);
                    let (head, body) = request.into_parts();
                    // Held until the call is answered.
                    let (body, _taken) = door.bodies.count(body);
                    let request = Request::from_parts(head, body);
                    let answered = tokio::time::timeout(door.deadline, inner.call(request)).await;
                    answered.map_or_else(
                        |_| Ok(Status::from(Reason::DeadlineExceeded).into_http()),
                        |answer| answer.map(in_our_words),
                    )
                }
                Err(problem) => Ok(turn_away(*problem, request).await),
            }
        })
    }
}

async fn turn_away(problem: Problem, request: Request<Body>) -> Response<Body> {
    metrics::counter!("baton_calls_turned_away_total", "reason" => problem.reason.name())
        .increment(1);
    drain(request.into_body()).await;
    Status::from(problem).into_http()
}

/// Takes in the little that a call sent that is turned away. Answered without it, its stream would
/// end in a reset, and a connection with many of those is closed, with every other call on it.
async fn drain(mut body: Body) {
    let rest = async {
        let mut bytes = 0;
        while bytes < DRAINED_BYTES_MAX
            && let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
        {
            bytes += frame.data_ref().map_or(0, bytes::Bytes::len);
        }
    };
    let _ = tokio::time::timeout(DRAINED_FOR, rest).await;
}

impl Authenticate {
    async fn known(
        &self,
        peer: Option<Peer>,
        presented: Option<Presented>,
        bootstrap: bool,
    ) -> Result<Known, Box<Problem>> {
        let unknown = || Box::new(Problem::from(Reason::Unauthenticated));
        let peer = peer.ok_or_else(unknown)?;
        let known = match &presented {
            None => None,
            Some(presented) => self.ledger.authenticate(presented).await.map_err(|error| {
                tracing::error!(%error, "callers cannot be looked up");
                Box::new(Problem::from(Reason::Unavailable))
            })?,
        };
        match known.filter(|known| known.one_time == bootstrap) {
            Some(known) => {
                peer.standing.is_known_now();
                let turned = self.limits.known(&known.credential, &known.setting);
                turned
                    .map(|()| known)
                    .map_err(|turned| Box::new(turned.into()))
            }
            None => {
                self.limits
                    .stranger(peer.address)
                    .map_err(|turned| Box::new(turned.into()))?;
                tracing::info!(
                    presented = presented.is_some(),
                    "a call without a known caller"
                );
                Err(unknown())
            }
        }
    }
}

/// An API key in the call wins over the certificate of the connection: it is the nearer intent.
fn presented(headers: &HeaderMap, peer: &Peer) -> Option<Presented> {
    match headers.get(http::header::AUTHORIZATION) {
        Some(value) => {
            let key = ApiKey::parse(value.to_str().ok()?.strip_prefix("Bearer ")?)?;
            Some(Presented::Key {
                credential: key.credential,
                secret: key.secret,
            })
        }
        None => peer.spki.map(Presented::Certificate),
    }
}

impl From<Turned> for Problem {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::TooFast(wait) => Problem::from(Reason::RateLimited).retry_after(wait),
            Turned::TooManyRefusals => Problem::from(Reason::RefusalsLimited),
            Turned::QueueFull => Problem::from(Reason::QueueFull),
        }
    }
}
