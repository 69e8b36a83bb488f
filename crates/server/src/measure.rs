//! Counts and times of calls, by method and outcome. Nothing of who or what.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use baton_wire::methods;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

/// Label of a path that is no call of the contract: a caller must not make labels up.
const OTHER: &str = "other";

/// Makes the layer's services.
#[derive(Debug, Clone)]
pub(crate) struct Measure;

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner }
    }
}

/// A service whose calls are counted.
#[derive(Debug, Clone)]
pub(crate) struct Measured<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Measured<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let known = methods::paths().get(request.uri().path());
        let method = known.map_or(OTHER, String::as_str);
        let begun = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            // A failed call has its code in the head; a stream that fails later counts as begun.
            let code = match &answer {
                Ok(response) => response
                    .headers()
                    .get("grpc-status")
                    .and_then(|code| code.to_str().ok()?.parse::<u8>().ok())
                    .unwrap_or(0),
                Err(_) => 2,
            };
            metrics::counter!("baton_calls_total", "method" => method, "code" => code.to_string())
                .increment(1);
            metrics::histogram!("baton_call_seconds", "method" => method)
                .record(begun.elapsed().as_secs_f64());
            answer
        })
    }
}
