use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::spawn_blocking;

use super::Ops;

/// What `prometheus-client` writes: `OpenMetrics` 1.0, as its text encoder documents.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn router(ops: &Arc<Ops>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(Arc::clone(ops))
}

/// Thousands of load balancers take a while to write down: on a thread of its own, since the loop of
/// the controller has this one, and one after the other, however many ask.
async fn metrics(State(ops): State<Arc<Ops>>) -> Response {
    let _turn = ops.scrape.lock().await;
    let metrics = Arc::clone(&ops.metrics);
    match spawn_blocking(move || metrics.encode()).await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn healthz(State(ops): State<Arc<Ops>>) -> (StatusCode, String) {
    told(ops.phase().illness())
}

async fn readyz(State(ops): State<Arc<Ops>>) -> (StatusCode, String) {
    told(ops.phase().unreadiness().map(str::to_owned))
}

fn told(trouble: Option<String>) -> (StatusCode, String) {
    match trouble {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(text) => (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n")),
    }
}
