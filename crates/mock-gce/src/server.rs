//! The HTTP server that callers see.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::call::Request;
use crate::world::{By, Outcome, World};

/// A world that the server and the test share.
pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves a world for as long as it is not dropped.
pub(crate) async fn run(listener: TcpListener, world: Shared) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
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
    request: hyper::Request<Incoming>,
    world: Shared,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let request = read(request).await?;
    let outcome = lock(&world).serve(&request, By::Caller);
    let (status, body) = match outcome {
        Outcome::Answer(status, body) => (status, body),
        Outcome::Nothing => return Err(io::ErrorKind::ConnectionReset.into()),
        Outcome::Later(when, operation) => {
            sleep_until(when).await;
            (200, lock(&world).waited(&operation))
        }
    };
    let response = Response::builder()
        .status(status)
        .header("Content-Type", "application/json; charset=UTF-8");
    response.body(Full::new(Bytes::from(body.to_string()))).map_err(io::Error::other)
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, io::Error> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path().strip_prefix("/compute/v1/").unwrap_or_default();
    let query = head.uri.query().unwrap_or_default();
    Ok(Request {
        http: head.method.as_str().to_owned(),
        path: percent_decode_str(path).decode_utf8_lossy().into_owned(),
        query: pairs(query),
        body: json(&bytes),
    })
}

pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn json(bytes: &[u8]) -> Result<Option<Value>, String> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        Ok(_) => Err("Root element must be a message.".to_owned()),
        Err(why) => Err(why.to_string()),
    }
}
