//! From a request to an answer.

use crate::{
    answer::{self, Body},
    cluster::{Cluster, Part},
    discovery,
    metrics::{Labels, Metrics},
    openapi,
    pages::Pages,
    request::{Call, Target},
    status::Status,
};
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// The largest body that the real server takes.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// What answers requests, shared by all connections.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) stopping: CancellationToken,
    pub(crate) token: String,
    pub(crate) bookmark_every: Duration,
    pub(crate) metrics: Metrics,
    pub(crate) pages: Pages,
}

impl Handler {
    pub(crate) async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let answer = self.answer(request).await;
        Ok(answer.unwrap_or_else(|status| answer::refusal(&status)))
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        if let Some(open) = open_path(&parts.method, path) {
            return Ok(open);
        }
        self.authenticate(&parts.headers)?;
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Status::too_large_body(BODY_LIMIT));
            }
            Err(error) => return Err(Status::bad_request(error.to_string())),
        };
        let query = parts.uri.query().unwrap_or_default();
        let call = Call::new(parts.method, query, &parts.headers, body);
        if call.method == Method::GET
            && let Some(answer) = discovery::answer(path, &call).or_else(|| openapi::answer(path))
        {
            return Ok(answer);
        }
        if call.method == Method::GET && path == "/metrics" {
            return Ok(answer::typed(200, "text/plain; version=0.0.4", self.metrics.text()));
        }
        let target = Target::parse(path)?;
        self.metrics.count(Labels::of(&call, &target));
        self.act(&call, target)
    }

    fn act(&self, call: &Call, target: Target) -> Result<Response<Body>, Status> {
        match target {
            Target::Collection { kind, namespace } => match call.method {
                Method::GET => self.list(call, kind, &namespace),
                Method::POST => self.create(call, kind, &namespace),
                Method::DELETE => self.delete_collection(call, kind, &namespace),
                _ => Err(Status::method()),
            },
            Target::Object { kind, key, subresource } => {
                let part = match subresource.as_deref() {
                    Some("binding") if call.method == Method::POST => {
                        return self.bind(call, &key);
                    }
                    Some("binding") => return Err(Status::method()),
                    Some(_) => Part::Status,
                    None => Part::Main,
                };
                match call.method {
                    Method::GET => self.get(call, kind, &key),
                    Method::PUT => self.put(call, kind, &key, part),
                    Method::PATCH => self.patch(call, kind, &key, part),
                    Method::DELETE if part == Part::Main => self.delete(call, kind, &key),
                    _ => Err(Status::method()),
                }
            }
        }
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), Status> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
        if given == Some(self.token.as_str()) { Ok(()) } else { Err(Status::unauthorized()) }
    }
}

/// What the real server tells anybody.
fn open_path(method: &Method, path: &str) -> Option<Response<Body>> {
    if method != Method::GET {
        return None;
    }
    match path {
        "/healthz" | "/livez" | "/readyz" => Some(answer::text(200, "ok")),
        "/version" => Some(answer::value(200, &discovery::version())),
        _ => None,
    }
}
