//! The HTTP server that callers see.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answer::{Answer, Refusal};
use super::world::{Outcome, World};
use super::{Call, JSON, Params, Service};

/// Serves a world for as long as it is not dropped.
pub(super) async fn run(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        connections.spawn(async move {
            let serve = service_fn(|request| serve(request, Arc::clone(&world)));
            // A caller that goes away breaks off, and that is all.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), serve)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    request: Request<Incoming>,
    world: Arc<World>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let call = match read(request).await? {
        Ok(call) => call,
        Err(answer) => return Ok(respond(answer)),
    };
    // A caller that goes away takes nothing back: what was asked is done to its end.
    let outcome = tokio::spawn(async move { world.serve(call).await });
    match outcome.await.map_err(io::Error::other)? {
        Outcome::Answer(answer) => Ok(respond(answer)),
        Outcome::Nothing => Err(io::ErrorKind::ConnectionReset.into()),
        Outcome::Silence => std::future::pending().await,
    }
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let json = answer.body.starts_with('{');
    let kind = if json { "application/x-amz-json-1.1" } else { "text/xml" };
    let response = Response::builder().status(answer.status).header("Content-Type", kind);
    response.body(Full::new(Bytes::from(answer.body))).unwrap()
}

/// The call in a request, or what is answered to one that is none.
async fn read(request: Request<Incoming>) -> Result<Result<Call, Answer>, io::Error> {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let refuse = |message: &str| {
        let refusal = Refusal::new("MissingAuthenticationToken", message);
        Ok(Err(Refusal { status: 403, ..refusal }.answer(Service::Elbv2)))
    };
    let Some(service) = Service::of(&header("Authorization")) else {
        return refuse("no service of this mock is in the scope of the credential");
    };
    if service == Service::Tagging {
        let target = header("X-Amz-Target");
        let action = target.rsplit('.').next().unwrap_or_default();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        return Ok(Ok(Call::new(service, action, Params::from([(JSON.to_owned(), body)]))));
    }
    let mut params: Params = form_urlencoded::parse(&bytes).into_owned().collect();
    params.remove("Version");
    match params.remove("Action") {
        Some(action) => Ok(Ok(Call::new(service, &action, params))),
        None => refuse("there is no Action"),
    }
}
