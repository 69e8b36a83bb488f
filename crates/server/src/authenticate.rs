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
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::api_key::ApiKey;
use crate::bodies::{Bodies, From as Whose};
use crate::connection::Peer;
use crate::limits::{Limits, Turned};
use crate::open_calls::{Lasting, is_open};
use crate::own_words::in_our_words;

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
    /// The service stops, and health has said so.
    pub(crate) told: CancellationToken,
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
            let until = Instant::now() + door.deadline;
            let Some(peer) = request.extensions().get::<Peer>().cloned() else {
                return Ok(turn_away(Reason::Unauthenticated.into(), request).await);
            };
            if is_open(request.uri().path()) {
                return match door.lasting(&peer) {
                    Ok(lasting) => {
                        let whose = Whose::Anyone;
                        let request = request.map(|body| lasting.clone().asked(body));
                        let answer = door.ask(&mut inner, request, (&peer, whose), until).await;
                        answer.map(|answer| answer.map(|body| lasting.answered(body)))
                    }
                    Err(turned) => Ok(turn_away(turned.into(), request).await),
                };
            }
            // Only what identifies the caller is held over the wait: a body is not shared.
            let bootstrap = request.uri().path() == BOOTSTRAP;
            let presented = presented(request.headers(), &peer);
            let known = timeout_at(until, door.known(&peer, presented, bootstrap)).await;
            match known.unwrap_or_else(|_| Err(Box::new(Reason::DeadlineExceeded.into()))) {
                Ok(known) => {
                    let whose = Whose::Credential(known.credential.clone());
                    request.extensions_mut().insert(known);
                    door.ask(&mut inner, request, (&peer, whose), until).await
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
    /// Asks the service, within the deadline. The bytes of the body count until it is answered,
    /// and as long as an act has them.
    async fn ask<S>(
        &self,
        inner: &mut S,
        request: Request<Body>,
        (peer, whose): (&Peer, Whose),
        until: Instant,
    ) -> Result<Response<Body>, S::Error>
    where
        S: Service<Request<Body>, Response = Response<Body>>,
    {
        let (mut head, body) = request.into_parts();
        let (body, taken) = self.bodies.count(body, peer.origin, whose);
        head.extensions.insert(Arc::clone(&taken));
        let answered = timeout_at(until, inner.call(Request::from_parts(head, body))).await;
        drop(taken);
        answered.map_or_else(
            |_| Ok(Status::from(Reason::DeadlineExceeded).into_http()),
            |answer| answer.map(in_our_words),
        )
    }

    /// A place for a call that needs no caller.
    fn lasting(&self, peer: &Peer) -> Result<Lasting, Turned> {
        self.limits.stranger(peer.origin)?;
        let place = peer.standing.open_call().ok_or(Turned::QueueFull)?;
        Ok(Lasting {
            place: Arc::new(place),
            told: self.told.clone(),
            aged: peer.standing.aged.clone(),
        })
    }

    async fn known(
        &self,
        peer: &Peer,
        presented: Option<Presented>,
        bootstrap: bool,
    ) -> Result<Known, Box<Problem>> {
        let turned = |turned: Turned| Box::new(Problem::from(turned));
        let (known, paid) = match &presented {
            None => (None, false),
            Some(presented) => self.find(peer, presented).await?,
        };
        let Some(known) = known.filter(|known| known.one_time == bootstrap) else {
            let presented = presented.is_some();
            if presented {
                peer.standing.presented_unknown();
            }
            if !paid {
                self.limits.stranger(peer.origin).map_err(turned)?;
            }
            tracing::info!(presented, "a call without a known caller");
            return Err(Box::new(Reason::Unauthenticated.into()));
        };
        if paid {
            self.limits.no_stranger(peer.origin);
        }
        let passed = self.limits.known(&known);
        passed.map_err(turned)?;
        if peer.standing.is_known_now(&known.credential) {
            Ok(known)
        } else {
            Err(turned(Turned::QueueFull))
        }
    }

    /// Who presents this, and whether the origin paid for the look-up. It pays before, and only for
    /// a credential that was never known here: so a stranger costs no look-up once its origin has
    /// nothing left, and a caller once known is not shut out by whom it shares an address with. A
    /// connection on which too many were not known is closed.
    async fn find(
        &self,
        peer: &Peer,
        presented: &Presented,
    ) -> Result<(Option<Known>, bool), Box<Problem>> {
        if self.ledger.has_known(presented) {
            return Ok((self.look_up(presented).await?, false));
        }
        let closed = || Err(Box::new(Problem::from(Reason::Unauthenticated)));
        if peer.standing.gives_up() {
            return closed();
        }
        let turn = self.limits.newcomer().await;
        // Another call may have presented the same meanwhile.
        let pays = !self.ledger.has_known(presented);
        if pays {
            if peer.standing.gives_up() {
                return closed();
            }
            if let Err(turned) = self.limits.stranger(peer.origin) {
                peer.standing.presented_unknown();
                return Err(Box::new(turned.into()));
            }
        }
        let known = self.look_up(presented).await;
        drop(turn);
        if known.is_err() && pays {
            // It was not told who it is.
            self.limits.no_stranger(peer.origin);
        }
        Ok((known?, pays))
    }

    async fn look_up(&self, presented: &Presented) -> Result<Option<Known>, Box<Problem>> {
        self.ledger.authenticate(presented).await.map_err(|error| {
            tracing::error!(%error, "callers cannot be looked up");
            Box::new(Problem::from(Reason::Unavailable))
        })
    }
}

/// An API key in the call wins over the certificate of the connection: it is the nearer intent.
fn presented(headers: &HeaderMap, peer: &Peer) -> Option<Presented> {
    let mut given = headers.get_all(http::header::AUTHORIZATION).iter();
    match (given.next(), given.next()) {
        // Whoever stands between may read the other one.
        (Some(_), Some(_)) => None,
        (Some(value), None) => {
            let key = ApiKey::parse(value.to_str().ok()?.strip_prefix("Bearer ")?)?;
            Some(Presented::Key {
                credential: key.credential,
                secret: key.secret,
            })
        }
        (None, _) => peer.spki.map(Presented::Certificate),
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
