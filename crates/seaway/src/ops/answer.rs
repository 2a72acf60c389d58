use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::state::{Phase, Working};

/// The header that tells which cluster an answer is about.
pub(crate) const CLUSTER: &str = "seaway-cluster";

/// Why there is no answer, as JSON.
#[derive(Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    body: Value,
}

impl Refusal {
    pub(super) fn new(code: StatusCode, text: impl Into<String>) -> Self {
        Self { code, body: json!({ "error": text.into() }) }
    }

    /// Only a controller that works has answers.
    pub(super) async fn of(phase: &Phase) -> Self {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        let Phase::Standby(standby) = phase else {
            let text = phase.unreadiness().unwrap_or("the controller gives no answer");
            return Self::new(code, text);
        };
        let leader = standby.leader().await;
        let who = leader.as_deref().unwrap_or("nobody yet, as far as is known");
        let text = format!("this controller stands by; the leader is {who}");
        Self { code, body: json!({ "error": text, "standby": true, "leader": leader }) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.code, Json(self.body)).into_response()
    }
}

/// An answer, with the cluster that it is about.
pub(super) fn answer(working: &Working, body: &impl Serialize) -> Result<Response, Refusal> {
    let text = serde_json::to_value(body)
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let mut response = Json(text).into_response();
    let cluster = working.cluster.as_deref().and_then(|id| HeaderValue::from_str(id).ok());
    if let Some(cluster) = cluster {
        response.headers_mut().insert(HeaderName::from_static(CLUSTER), cluster);
    }
    Ok(response)
}
