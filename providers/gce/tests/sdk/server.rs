use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_provider_gce::api::sdk::{Gce, Options, Patience};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
pub(crate) enum Reply {
    /// It answers with this status and body.
    Body(u16, String),
    /// It reads the request, and closes the connection.
    Drop,
    /// It reads the request, and says nothing.
    Hang,
}

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

impl Request {
    /// The method and the path.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A server that gives its replies in their order.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        let memory = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = receive(&mut stream).await;
                memory.lock().unwrap().push(request);
                match replies.pop_front() {
                    Some(Reply::Body(status, body)) => answer(&mut stream, status, &body).await,
                    Some(Reply::Hang) => silent.push(stream),
                    Some(Reply::Drop) | None => {}
                }
            }
        });
        Self { endpoint, seen }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The methods and paths that were asked for so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Request::line).collect()
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..read]);
        assert!(read > 0, "the request ended early");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        if body.len() == length {
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            return Request {
                method: method.to_owned(),
                path: path.strip_prefix("/compute/v1/projects/").unwrap().to_owned(),
                query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                headers,
                body: if body.is_empty() {
                    Value::Null
                } else {
                    serde_json::from_str(body).unwrap()
                },
            };
        }
    }
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
