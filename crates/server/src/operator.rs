//! The operator's page: metrics, and whether the service is ready. Plain HTTP, no personal data.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use baton_store::Ledger;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// One recorder a process: the first server to ask for it installs it.
static METRICS: LazyLock<Option<PrometheusHandle>> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().ok());

pub(crate) async fn serve(listener: TcpListener, ledger: Arc<Ledger>, stop: CancellationToken) {
    let metrics = || async {
        METRICS.as_ref().map_or(String::new(), |handle| {
            handle.run_upkeep();
            handle.render()
        })
    };
    let ready = move || {
        let ledger = Arc::clone(&ledger);
        async move {
            match ledger.checkpoint().await {
                Ok(_) if ledger.without_policies().is_some() => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the policies in force do not load here: the log says why\n",
                ),
                Ok(_) if ledger.may_have_room() => (StatusCode::OK, "ready\n"),
                // Still ready: who is not sent here cannot withdraw, redirect or revoke either.
                Ok(_) => (
                    StatusCode::OK,
                    "ready, but the disk reserve is reached: only acts that take rights away pass\n",
                ),
                Err(_) => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the database cannot be read\n",
                ),
            }
        }
    };
    LazyLock::force(&METRICS);
    let page = Router::new()
        .route("/metrics", get(metrics))
        .route("/ready", get(ready));
    let served = axum::serve(listener, page)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if served.is_err() {
        tracing::error!("the operator's page ended with an error");
    }
}
