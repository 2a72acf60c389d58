//! A caller, and short words for what it asks.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use seaway_mock_gce::MockGce;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Where regional things are.
pub(crate) const REGIONAL: &str = "projects/seaway/regions/europe-west1";
/// Where global things are.
pub(crate) const GLOBAL: &str = "projects/seaway/global";

/// A fake with its network, and a caller of it.
pub(crate) struct Site {
    pub(crate) gce: MockGce,
}

impl Site {
    pub(crate) async fn open() -> Self {
        let gce = MockGce::start().await;
        gce.seed();
        Self { gce }
    }

    /// Status and answer; nothing if the connection was closed instead.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Option<(u16, Value)> {
        let endpoint = self.gce.endpoint();
        let address = endpoint.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(format!("/compute/v1/{path}"))
            .header("Host", address)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let response = sender.send_request(request).await.ok()?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&bytes).unwrap()))
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.try_call(method, path, &body).await.expect("an answer")
    }

    pub(crate) async fn read(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, Value::Null).await
    }

    /// Begins a change; it must be taken.
    pub(crate) async fn begin(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, operation) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{operation}");
        operation
    }

    /// Waits for the end of an operation.
    pub(crate) async fn end(&self, operation: &Value) -> Value {
        let link = operation["selfLink"].as_str().unwrap();
        let path = link.strip_prefix("https://www.googleapis.com/compute/v1/").unwrap();
        let (status, operation) = self.call("POST", &format!("{path}/wait"), json!({})).await;
        assert_eq!(status, 200, "{operation}");
        operation
    }

    /// Makes a change, to its end; it must succeed.
    pub(crate) async fn change(&self, method: &str, path: &str, body: Value) -> Value {
        let operation = self.begin(method, path, body).await;
        let ended = self.end(&operation).await;
        assert_eq!(ended["status"], "DONE", "{ended}");
        assert_eq!(ended["error"], Value::Null, "{ended}");
        ended
    }

    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, String, String) {
        let (status, answer) = self.call(method, path, body).await;
        let error = &answer["error"];
        assert_eq!(error["code"], status, "{answer}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (status, text(&error["errors"][0]["reason"]), text(&error["message"]))
    }

    /// Our own answers have fitted their schemas.
    pub(crate) fn close(self) {
        assert_eq!(self.gce.violations(), Vec::<String>::new());
    }
}

pub(crate) fn health_check(name: &str) -> Value {
    json!({
        "name": name,
        "type": "HTTP",
        "httpHealthCheck": {"port": 10256, "requestPath": "/healthz"},
    })
}

pub(crate) fn backend_service(name: &str, check: &str) -> Value {
    json!({
        "name": name,
        "loadBalancingScheme": "EXTERNAL",
        "protocol": "TCP",
        "healthChecks": [format!("{REGIONAL}/healthChecks/{check}")],
    })
}

pub(crate) fn forwarding_rule(name: &str, service: &str, port: u16) -> Value {
    json!({
        "name": name,
        "loadBalancingScheme": "EXTERNAL",
        "IPProtocol": "TCP",
        "ports": [port.to_string()],
        "backendService": format!("{REGIONAL}/backendServices/{service}"),
    })
}

pub(crate) fn firewall(name: &str) -> Value {
    json!({
        "name": name,
        "network": format!("{GLOBAL}/networks/default"),
        "allowed": [{"IPProtocol": "tcp", "ports": ["80", "8000-8080"]}],
        "sourceRanges": ["0.0.0.0/0"],
    })
}
