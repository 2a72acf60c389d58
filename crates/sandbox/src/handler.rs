//! From a request to an answer.

use crate::{
    answer::{self, Body},
    cluster::{Cluster, Part},
    discovery,
    metrics::{Labels, Metrics},
    openapi,
    pages::Pages,
    representation,
    request::{Call, Target},
    status::Status,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// The largest body that the real server takes.
const BODY_LIMIT: usize = 3 * 1024 * 1024;
/// How much more is read of a body that is too large.
const REST_LIMIT: usize = 64 * 1024 * 1024;

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
        let body = read(body).await;
        self.authenticate(&parts.headers)?;
        let body = body?;
        let query = parts.uri.query().unwrap_or_default();
        let call = Call::new(parts.method, query, &parts.headers, body);
        if call.method == Method::GET
            && let Some(answer) = discovery::answer(path, &call).or_else(|| openapi::answer(path))
        {
            return Ok(answer);
        }
        if call.method == Method::GET && is_check(path) {
            return Ok(answer::text(200, "ok"));
        }
        if call.method == Method::GET && path == "/metrics" {
            return Ok(answer::typed(200, "text/plain; version=0.0.4", self.metrics.text()));
        }
        let answer = self.object(path, &call);
        if representation::is_yaml(&call) {
            let answer = answer.unwrap_or_else(|status| answer::refusal(&status));
            return Ok(answer::yaml(answer).await);
        }
        answer
    }

    /// What is answered on the path of an object, or of a list of them.
    fn object(&self, path: &str, call: &Call) -> Result<Response<Body>, Status> {
        if path.contains("//") {
            return Err(Status::no_such_path());
        }
        let target = Target::parse(path)?;
        self.metrics.count(Labels::of(call, &target));
        self.act(call, target)
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
                    Some("eviction") if call.method == Method::POST => {
                        return self.evict(call, &key);
                    }
                    Some("binding" | "eviction") => return Err(Status::method()),
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

/// Reads a body to its end. Whoever still sends does not listen, and finds a connection that closes on
/// it broken, so what is too large is read as well, up to a bound.
async fn read(mut body: Incoming) -> Result<Bytes, Status> {
    let refusal = match Limited::new(&mut body, BODY_LIMIT).collect().await {
        Ok(body) => return Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Status::too_large_body(BODY_LIMIT),
        Err(error) => return Err(Status::bad_request(error.to_string())),
    };
    let mut rest = Limited::new(body, REST_LIMIT);
    while let Some(Ok(_)) = rest.frame().await {}
    Err(refusal)
}

/// What the real server tells anybody.
fn open_path(method: &Method, path: &str) -> Option<Response<Body>> {
    if method != Method::GET {
        return None;
    }
    match path {
        "/healthz" | "/livez" | "/readyz" => Some(answer::text(200, "ok")),
        "/version" | "/version/" => Some(answer::value(200, &discovery::version())),
        _ => None,
    }
}

/// Whether the path is that of one of the checks of health, which are not for everybody.
fn is_check(path: &str) -> bool {
    let check = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    check.is_some_and(|(whole, check)| {
        ["healthz", "livez", "readyz"].contains(&whole) && ["ping", "log", "etcd"].contains(&check)
    })
}
