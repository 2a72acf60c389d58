use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use seaway_controller::{Inspection, Orphan};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::args::{Admin, Listen};
use crate::ops::CLUSTER;
use crate::plan::Planned;

/// How long a connection may take: it stays on this machine.
const REACH: Duration = Duration::from_secs(2);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running controller, asked at its admin address.
pub(crate) struct Live {
    at: Listen,
    /// The cluster that answers must be about.
    cluster: Option<String>,
}

/// Why a running controller can't be asked.
#[derive(Debug)]
pub(crate) enum Unseen {
    /// Nobody is to be asked.
    Off,
    /// Nobody listens there.
    Nobody(SocketAddr),
    /// Somebody listens, and has no answer: a standby, or one that has just started.
    Refused(SocketAddr, String),
    /// What answers is no Seaway, or another version of it.
    Odd(SocketAddr, String),
    /// It works on another cluster.
    Elsewhere(SocketAddr),
}

impl std::error::Error for Unseen {}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("no controller is asked (--admin off)"),
            Self::Nobody(at) => write!(f, "no controller answers at {at}"),
            Self::Refused(at, text) => write!(f, "the controller at {at} says: {text}"),
            Self::Odd(at, text) => write!(f, "what answers at {at} is no controller: {text}"),
            Self::Elsewhere(at) => {
                write!(f, "the controller at {at} works on another cluster")
            }
        }
    }
}

impl Live {
    /// The controller at this address, if it works on this cluster. Where the cluster is not known,
    /// any is.
    pub(crate) fn new(admin: &Admin, cluster: Option<String>) -> Self {
        Self { at: admin.at, cluster }
    }

    /// What it knows; the targets of `only`.
    pub(crate) async fn inspect(&self, only: Option<(&str, &str)>) -> Result<Inspection, Unseen> {
        let path = only.map_or_else(
            || "/v1/inspect".to_owned(),
            // Names of Kubernetes need no escaping.
            |(namespace, name)| format!("/v1/inspect?namespace={namespace}&name={name}"),
        );
        self.ask(Method::GET, &path, String::new()).await
    }

    /// Has it take down what is nobody's.
    pub(crate) async fn sweep(&self) -> Result<Vec<Orphan>, Unseen> {
        self.ask(Method::POST, "/v1/sweep", String::new()).await
    }

    /// What it would do, if these objects were there.
    pub(crate) async fn plan(&self, objects: &[Value]) -> Result<Planned, Unseen> {
        self.ask(Method::POST, "/v1/plan", Value::from(objects).to_string()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<T, Unseen> {
        let Listen::At(at) = self.at else { return Err(Unseen::Off) };
        let Ok(Ok(stream)) = timeout(REACH, TcpStream::connect(at)).await else {
            return Err(Unseen::Nobody(at));
        };
        let odd = |error: &dyn fmt::Display| Unseen::Odd(at, error.to_string());
        let exchange = async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::HOST, at.to_string())
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from(body)));
            // A request of fixed words is always well-formed.
            let request = request.unwrap_or_default();
            let (head, body) = sender.send_request(request).await?.into_parts();
            Ok::<_, hyper::Error>((head, body.collect().await?.to_bytes()))
        };
        let answer = timeout(PATIENCE, exchange).await;
        let (head, bytes) = answer.map_err(|error| odd(&error))?.map_err(|error| odd(&error))?;
        if head.status != StatusCode::OK {
            let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            return Err(match told["error"].as_str() {
                Some(text) => Unseen::Refused(at, text.to_owned()),
                None => Unseen::Odd(at, format!("it answers {}", head.status)),
            });
        }
        let theirs = head.headers.get(CLUSTER).and_then(|value| value.to_str().ok());
        if let (Some(ours), Some(theirs)) = (self.cluster.as_deref(), theirs)
            && ours != theirs
        {
            return Err(Unseen::Elsewhere(at));
        }
        serde_json::from_slice(&bytes).map_err(|error| odd(&error))
    }
}
