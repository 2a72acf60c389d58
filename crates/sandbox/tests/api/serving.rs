//! The door: who gets in, where it is, and how it closes.

use crate::client::{CONFIG_MAPS, SERVICES, Sandbox};
use http::Method;
use seaway_sandbox::{Error, Options, Server};
use serde_json::json;
use std::{os::unix::fs::PermissionsExt, time::Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn plain(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn plain_http_needs_the_token_too() {
    let sandbox = Sandbox::start().await;
    let get = |path: &str, header: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}\r\n")
    };
    let refused = plain(&sandbox.server, &get(SERVICES, "")).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    assert!(refused.contains(r#""reason":"Unauthorized""#), "{refused}");
    let token = format!("Authorization: Bearer {}\r\n", sandbox.server.token());
    let served = plain(&sandbox.server, &get(SERVICES, &token)).await;
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
    let open = plain(&sandbox.server, &get("/readyz", "")).await;
    assert!(open.ends_with("ok"), "{open}");
    for (path, code) in [
        ("/livez/ping", 200),
        ("/healthz/etcd", 200),
        ("/version/", 200),
        ("/healthz/", 404),
        ("/api/v1//namespaces", 404),
    ] {
        let answer = plain(&sandbox.server, &get(path, &token)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")), "{path}: {answer}");
    }
    let stranger = plain(&sandbox.server, &get("/livez/ping", "")).await;
    assert!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");
    // The client would ask again and again.
    for path in [SERVICES, &format!("{SERVICES}/kubernetes")] {
        let later = get(&format!("{path}?resourceVersion=99999999"), &token);
        let later = plain(&sandbox.server, &later).await;
        assert!(later.starts_with("HTTP/1.1 504"), "{path}: {later}");
        assert!(later.contains("\r\nretry-after: 1\r\n"), "{path}: {later}");
        assert!(later.contains("Timeout: Too large resource version: 99999999, current: "));
    }
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let refused = Server::start(Options { listen, ..Options::default() }).unwrap_err();
    assert!(matches!(refused, Error::NotLoopback(_)));
    assert!(refused.to_string().contains("0.0.0.0:0"), "{refused}");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Server::start(Options::default()).unwrap();
    let again = Options { listen: first.addr(), ..Options::default() };
    let refused = Server::start(again).unwrap_err().to_string();
    assert!(refused.contains(&first.addr().port().to_string()), "{refused}");
    assert!(refused.contains("choose another port"), "{refused}");
}

#[tokio::test]
async fn the_kubeconfig_is_for_its_owner_only() {
    let server = Server::start(Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    server.write_kubeconfig(&path).unwrap();
    server.write_kubeconfig(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), server.kubeconfig());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("no/config");
    let refused = server.write_kubeconfig(&nowhere).unwrap_err().to_string();
    assert!(refused.contains(nowhere.to_str().unwrap()), "{refused}");
}

#[tokio::test]
async fn a_stop_ends_watches_and_closes_the_port() {
    let sandbox = Sandbox::start().await;
    let addr = sandbox.server.addr();
    let mut watch = sandbox.watch(&format!("{SERVICES}?watch=true")).await;
    watch.take(1).await;
    let begun = Instant::now();
    sandbox.server.stop().await;
    assert!(watch.next().await.is_none());
    assert!(begun.elapsed().as_secs_f32() < 1.0);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn what_is_absent_is_named() {
    let sandbox = Sandbox::start().await;
    for (method, path, code, message) in [
        (
            Method::GET,
            "/apis/apps/v1/namespaces/default/deployments",
            404,
            "seaway sandbox does not serve apps/v1 deployments",
        ),
        (
            Method::GET,
            "/api/v1/namespaces/default/pods/a/log",
            404,
            "seaway sandbox does not serve v1 pods/log",
        ),
        (Method::GET, "/apis/apps/v1", 404, "the server could not find the requested resource"),
        (Method::GET, "/nothing", 404, "the server could not find the requested resource"),
        (Method::GET, "/api/v1/nodes/a", 404, "nodes \"a\" not found"),
        (
            Method::GET,
            "/apis/coordination.k8s.io/v1/namespaces/default/leases/a",
            404,
            "leases.coordination.k8s.io \"a\" not found",
        ),
    ] {
        let answer = sandbox.call(method, path, None).await;
        assert_eq!(answer.code, code, "{path}");
        assert_eq!(answer.body["message"], message);
        assert_eq!(answer.body["kind"], "Status");
    }
}

#[tokio::test]
async fn protobuf_is_not_written_and_read_only_as_kubectl_create_sends_it() {
    let sandbox = Sandbox::start().await;
    let protobuf = "application/vnd.kubernetes.protobuf";
    let get = async |accept: &str| {
        sandbox.send(Method::GET, SERVICES, &[("accept", accept)], None).await.code
    };
    assert_eq!(get(&format!("{protobuf},application/json")).await, 200);
    assert_eq!(get(protobuf).await, 501);
    assert_eq!(get("text/html").await, 406);
    let header = [("content-type", protobuf)];
    assert_eq!(sandbox.send(Method::POST, SERVICES, &header, None).await.code, 415);
}

#[tokio::test]
async fn requests_are_counted() {
    let sandbox = Sandbox::start().await;
    for _ in 0..2 {
        sandbox.call(Method::GET, SERVICES, None).await;
    }
    let counts = sandbox.send(Method::GET, "/metrics", &[], None).await;
    let expected = "resource=\"services\",subresource=\"\",verb=\"LIST\"} 2";
    assert!(counts.body.as_str().unwrap().contains(expected), "{}", counts.body);
}

/// Sends all of a body before it reads, as `plain` does.
async fn send_at_once(sandbox: &Sandbox, token: &str, size: usize) -> String {
    let body = " ".repeat(size);
    let head = format!("Host: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n");
    let length = format!("Content-Type: application/json\r\nContent-Length: {size}\r\n");
    let request = format!("POST {SERVICES} HTTP/1.1\r\n{head}{length}\r\n{body}");
    plain(&sandbox.server, &request).await
}

#[tokio::test]
async fn who_sends_too_much_can_read_the_answer() {
    let sandbox = Sandbox::start().await;
    let limit = 3 * 1024 * 1024;
    let told = format!(r#""message":"Request entity too large: limit is {limit}""#);
    for size in [limit + 1, 4 * limit] {
        let refused = send_at_once(&sandbox, sandbox.server.token(), size).await;
        assert!(refused.starts_with("HTTP/1.1 413"), "{size}: {refused}");
        assert!(refused.contains(&told), "{size}: {refused}");
        assert!(refused.contains(r#""reason":"RequestEntityTooLarge""#), "{size}: {refused}");
        let stranger = send_at_once(&sandbox, "another", size).await;
        assert!(stranger.starts_with("HTTP/1.1 401"), "{size}: {stranger}");
    }
    let broken = send_at_once(&sandbox, sandbox.server.token(), limit).await;
    assert!(broken.starts_with("HTTP/1.1 400"), "{broken}");
    let map = json!({ "metadata": { "name": "a" }, "data": { "a": "x".repeat(limit) } });
    let refused = sandbox.call(Method::POST, CONFIG_MAPS, Some(map)).await;
    assert_eq!(refused.code, 413, "over TLS too");
}
