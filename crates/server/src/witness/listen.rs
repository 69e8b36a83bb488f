//! The witness's HTTP: one call, small bodies, few connections, each for a short time.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answer, Witness};
use baton_domain::log::submission::MAX_BYTES;

/// Connections at the same time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 128;
/// Longest time for the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(5);
/// Longest age of a connection.
const CONNECTION_AGE: Duration = Duration::from_secs(30);

impl Witness {
    /// Serves `POST /add-checkpoint` until told to stop.
    pub async fn serve(self, listener: TcpListener, until: impl Future<Output = ()>) {
        let (witness, tasks) = (Arc::new(self), TaskTracker::new());
        let (stop, mut until) = (CancellationToken::new(), pin!(until));
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
                Some((listener.accept().await, slot))
            };
            let next = tokio::select! {
                () = &mut until => None,
                next = next => next,
            };
            match next {
                None => break,
                Some((Ok((stream, _)), slot)) => {
                    let connection = connection(Arc::clone(&witness), stream, slot);
                    let stop = stop.clone();
                    tasks.spawn(async move {
                        stop.run_until_cancelled(connection).await;
                    });
                }
                Some((Err(error), _)) => {
                    tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}

async fn connection(witness: Arc<Witness>, stream: TcpStream, _slot: OwnedSemaphorePermit) {
    let service = service_fn(|request| answer(Arc::clone(&witness), request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // However it ends, whoever asked knows; what was cosigned is on disk.
    let _ = tokio::time::timeout(CONNECTION_AGE, served).await;
}

async fn answer(
    witness: Arc<Witness>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/add-checkpoint" {
        return Ok(respond(Answer::text(404, "POST /add-checkpoint\n")));
    }
    if request.method() != Method::POST {
        let mut response = respond(Answer::text(405, "POST /add-checkpoint\n"));
        let allowed = HeaderValue::from_static("POST");
        response.headers_mut().insert(ALLOW, allowed);
        return Ok(response);
    }
    let Ok(body) = Limited::new(request.into_body(), MAX_BYTES).collect().await else {
        return Ok(respond(Answer::text(413, "at most 32 KiB\n")));
    };
    let body = body.to_bytes();
    // Who goes away before the answer has asked all the same: what was begun is written whole.
    let judged = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await;
    let failed = |_| Answer::text(500, "the witness failed: ask again\n");
    Ok(respond(judged.unwrap_or_else(failed)))
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
