mod turn;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

type Answer = Response<UnsyncBoxBody<Bytes, kube::Error>>;

/// In which order a [`Gateway`] hands on what the API lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As it comes.
    Kept,
    /// The last one first.
    Reversed,
    /// The last one first, and lists that come as a stream are refused, as an API server does that
    /// has none (KEP-3157).
    ReversedPages,
}

/// What a [`Gateway`] hands on in place of what comes.
#[derive(Clone, Debug)]
struct Manner {
    order: Order,
    /// A word, and what is handed on in its place.
    spelling: Option<(String, String)>,
}

/// A proxy in front of the API: it counts writes, and may turn the order of lists around.
#[derive(Debug)]
pub struct Gateway {
    folder: TempDir,
    seen: Arc<Seen>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    writes: Mutex<Vec<(Instant, String)>>,
    leases: AtomicUsize,
    turned: AtomicUsize,
    cut: AtomicBool,
}

impl Gateway {
    /// Starts one in front of the API of `client`.
    pub async fn start(client: Client, order: Order) -> Self {
        Self::open(client, Manner { order, spelling: None }).await
    }

    /// Starts one that tells of `fact` in place of `word` in everything that is watched: what an API
    /// server would refuse today may have been stored by one of before.
    pub async fn misspelling(client: Client, word: &str, fact: &str) -> Self {
        let spelling = Some((word.to_owned(), fact.to_owned()));
        Self::open(client, Manner { order: Order::Kept, spelling }).await
    }

    async fn open(client: Client, manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let folder = TempDir::new().unwrap();
        let text = kubeconfig(listener.local_addr().unwrap());
        std::fs::write(folder.path().join("kubeconfig"), text).unwrap();
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(accept(listener, client, manner, Arc::clone(&seen)));
        Self { folder, seen, _task: AbortOnDropHandle::new(task) }
    }

    /// The kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> PathBuf {
        Path::join(self.folder.path(), "kubeconfig")
    }

    /// What was written through it: method and path. Leases are left out: those are written all the
    /// time.
    pub fn writes(&self) -> Vec<String> {
        self.journal().into_iter().map(|(_, write)| write).collect()
    }

    /// The same, with when it came.
    pub fn journal(&self) -> Vec<(Instant, String)> {
        self.seen.writes.lock().unwrap().clone()
    }

    /// How often a Lease was written.
    pub fn lease_writes(&self) -> usize {
        self.seen.leases.load(Ordering::SeqCst)
    }

    /// From now on nothing is answered any more, as if the API server could not be reached. What is
    /// asked is noted nevertheless, and watches go on.
    pub fn cut(&self) {
        self.seen.cut.store(true, Ordering::SeqCst);
    }

    /// Answers again.
    pub fn mend(&self) {
        self.seen.cut.store(false, Ordering::SeqCst);
    }

    /// How many objects it handed on in another order than they came.
    pub fn turned(&self) -> usize {
        self.seen.turned.load(Ordering::SeqCst)
    }
}

fn kubeconfig(at: SocketAddr) -> String {
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters: [{{ name: gateway, cluster: {{ server: \"http://{at}\" }} }}]\n\
         users: [{{ name: gateway, user: {{}} }}]\n\
         contexts: [{{ name: gateway, context: {{ cluster: gateway, user: gateway }} }}]\n\
         current-context: gateway\n"
    )
}

async fn accept(listener: TcpListener, client: Client, manner: Manner, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (client, manner, seen) = (client.clone(), manner.clone(), Arc::clone(&seen));
        connections.spawn(async move {
            let forward = service_fn(|request| {
                let (client, manner, seen) = (client.clone(), manner.clone(), Arc::clone(&seen));
                async move {
                    note(&request, &seen);
                    if seen.cut.load(Ordering::SeqCst) {
                        return Err(io::ErrorKind::ConnectionReset.into());
                    }
                    Ok::<_, io::Error>(forward(request, &client, manner, &seen).await)
                }
            });
            // A client that goes away breaks off, and that is all.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), forward)
                .await;
        });
    }
}

/// Notes what is written.
fn note(request: &Request<Incoming>, seen: &Seen) {
    let path = request.uri().path();
    if request.method() == Method::GET {
    } else if path.starts_with("/apis/coordination.k8s.io/") {
        seen.leases.fetch_add(1, Ordering::SeqCst);
    } else {
        let write = format!("{} {path}", request.method());
        seen.writes.lock().unwrap().push((Instant::now(), write));
    }
}

async fn forward(
    request: Request<Incoming>,
    client: &Client,
    manner: Manner,
    seen: &Arc<Seen>,
) -> Answer {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().clone();
    let query = path.query().unwrap_or_default();
    let streams = query.contains("sendInitialEvents=true");
    if streams && manner.order == Order::ReversedPages {
        return refusal();
    }
    let lists = parts.method == Method::GET && !query.contains("watch=");
    // A part of a list could not be turned around.
    let unlimited = query.split('&').filter(|part| !part.starts_with("limit="));
    let unlimited = unlimited.collect::<Vec<_>>().join("&");
    parts.uri = Uri::try_from(format!("{}?{unlimited}", path.path())).unwrap();
    parts.headers.remove(hyper::header::HOST);
    let body = Body::from(body.collect().await.unwrap().to_bytes().to_vec());
    match client.send(Request::from_parts(parts, body)).await {
        Err(error) => {
            let text = Full::new(Bytes::from(error.to_string())).map_err(|never| match never {});
            let mut answer = Response::new(text.boxed_unsync());
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
        Ok(answer) if streams => answer.map(|body| turn::stream(body, manner, Arc::clone(seen))),
        Ok(answer) if lists && manner.order != Order::Kept && answer.status().is_success() => {
            let (mut head, body) = answer.into_parts();
            head.headers.remove(hyper::header::CONTENT_LENGTH);
            Response::from_parts(head, turn::list(body, seen).await)
        }
        Ok(answer) => answer.map(BodyExt::boxed_unsync),
    }
}

/// What an API server says that does not know the parameter.
fn refusal() -> Answer {
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        "reason": "Invalid", "code": 422,
    });
    let body = Full::new(Bytes::from(status.to_string())).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    answer
}
