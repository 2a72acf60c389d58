use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

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

async fn metrics(State(ops): State<Arc<Ops>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], ops.metrics.encode())
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
