use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use seaway_controller::{NotRunning, SystemClock, fetch, outline_live};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::Ops;
use super::answer::{Refusal, answer};
use super::guard::guard;
use super::state::{Phase, Working};
use crate::plan::{self, Planned};

/// Manifests are no longer than this.
const LONGEST: usize = 64 << 20;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

type Answer = Result<Response, Refusal>;

pub(super) fn router(ops: &Arc<Ops>) -> Router {
    Router::new()
        .route("/v1/inspect", get(inspect))
        .route("/v1/sweep", post(sweep))
        .route("/v1/plan", post(planned))
        .fallback(async || {
            Refusal::new(StatusCode::NOT_FOUND, "there are /v1/inspect, /v1/sweep and /v1/plan")
        })
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(middleware::from_fn(guard))
        .with_state(Arc::clone(ops))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    namespace: Option<String>,
    name: Option<String>,
}

async fn inspect(State(ops): State<Arc<Ops>>, only: Result<Query<Only>, QueryRejection>) -> Answer {
    let Query(only) = only.map_err(|error| wrong(error.body_text()))?;
    let only = match (&only.namespace, &only.name) {
        (Some(namespace), Some(name)) => Some((namespace.as_str(), name.as_str())),
        (None, None) => None,
        _ => return Err(wrong("name both `namespace` and `name`, or neither")),
    };
    let phase = ops.phase();
    let working = working(&phase).await?;
    let found = within(working.inspector.inspect(only)).await?.map_err(ended)?;
    answer(working, &found)
}

async fn sweep(State(ops): State<Arc<Ops>>) -> Answer {
    let phase = ops.phase();
    let working = working(&phase).await?;
    if working.dry_run {
        let text = "this controller runs with --dry-run: it sweeps nothing";
        return Err(Refusal::new(StatusCode::CONFLICT, text));
    }
    let swept = within(working.inspector.sweep()).await?.map_err(ended)?;
    answer(working, &swept)
}

async fn planned(
    State(ops): State<Arc<Ops>>,
    documents: Result<Json<Vec<Value>>, JsonRejection>,
) -> Answer {
    let Json(documents) = documents.map_err(|error| wrong(error.body_text()))?;
    let phase = ops.phase();
    let working = working(&phase).await?;
    let mut fetched = within(fetch(&working.client)).await?.map_err(|error| {
        Refusal::new(StatusCode::BAD_GATEWAY, format!("can't read the cluster: {error}"))
    })?;
    let assumed =
        plan::overlay(&mut fetched, documents).map_err(|error| wrong(format!("{error:#}")))?;
    let (services, nodes) = (fetched.services(), fetched.nodes());
    let drivers = working.inspector.drivers();
    let clock = Arc::new(SystemClock);
    let rehearsing = outline_live(drivers, working.selection.clone(), fetched, clock);
    let rehearsal = within(rehearsing).await?;
    answer(working, &Planned { services, nodes, assumed, rehearsal })
}

/// The controller, if it works and has read the cluster.
async fn working(phase: &Phase) -> Result<&Working, Refusal> {
    if let Phase::Working(working) = phase
        && working.pulse.is_synced()
    {
        return Ok(working);
    }
    Err(Refusal::of(phase).await)
}

async fn within<T>(answer: impl Future<Output = T>) -> Result<T, Refusal> {
    timeout(PATIENCE, answer).await.map_err(|_| {
        let text = format!("no answer within {} s", PATIENCE.as_secs());
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, text)
    })
}

fn ended(error: NotRunning) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

fn wrong(text: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, text)
}
