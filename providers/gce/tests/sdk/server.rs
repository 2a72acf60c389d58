use std::collections::BTreeMap;
use std::time::Duration;

use seaway_provider_gce::api::sdk::{Gce, Options, Patience};
use seaway_testkit::canned::{self, Reply, Sent};
use serde_json::{Value, json};

pub(crate) type Server = canned::Server<Request>;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Behind `/compute/v1/projects/`.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl canned::Request for Request {
    const ANSWERS: &'static str = "application/json";

    fn read(sent: Sent) -> Self {
        let (path, query) = sent.target.split_once('?').unwrap_or((&sent.target, ""));
        Self {
            method: sent.method,
            path: path.strip_prefix("/compute/v1/projects/").unwrap().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: sent.headers,
            body: if sent.body.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&sent.body).unwrap()
            },
        }
    }
}

impl Request {
    /// The method and the path.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The methods and paths that were asked for so far.
pub(crate) fn lines(server: &Server) -> Vec<String> {
    server.seen().iter().map(Request::line).collect()
}

/// A project in a shared VPC.
pub(crate) fn options(endpoint: &str) -> Options {
    Options {
        project: "p".to_owned(),
        network_project: "host".to_owned(),
        region: "r1".to_owned(),
        network: "net".to_owned(),
        subnetwork: "sub".to_owned(),
        endpoint: Some(endpoint.to_owned()),
    }
}

/// The API, and the server that it talks to.
pub(crate) async fn talk(replies: impl IntoIterator<Item = Reply>) -> (Gce, Server) {
    talk_for(Duration::from_mins(1), replies).await
}

/// The same, with operations that may take so long.
pub(crate) async fn talk_for(
    operation: Duration,
    replies: impl IntoIterator<Item = Reply>,
) -> (Gce, Server) {
    let server = Server::start(replies).await;
    let patience = Patience { operation, pause: Duration::from_millis(1) };
    (Gce::patient(options(&server.endpoint), patience).await.unwrap(), server)
}

pub(crate) fn ok(body: &Value) -> Reply {
    Reply::Body(200, body.to_string())
}

/// An operation that has ended well.
pub(crate) fn done() -> Reply {
    ok(&json!({"kind": "compute#operation", "name": "op-1", "status": "DONE", "progress": 100}))
}

/// An operation that runs.
pub(crate) fn running() -> Reply {
    ok(&json!({"kind": "compute#operation", "name": "op-1", "status": "RUNNING", "id": "12"}))
}

/// A refusal as Compute Engine gives it.
pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Reply {
    let errors = json!([{"message": message, "domain": "global", "reason": reason}]);
    let error = json!({"code": status, "message": message, "errors": errors});
    Reply::Body(status, json!({"error": error}).to_string())
}
