//! Requests to the API server, as cheap as they can be for who sends them: this process has the same
//! processors as those that are measured.

use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

/// The answer is wanted without spec and status.
const BRIEF: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// Sends it, and expects that it is done. What is gone already is as good as deleted.
pub(crate) async fn send(
    client: &Client,
    method: Method,
    path: &str,
    content_type: &str,
    body: Option<&Value>,
) {
    let body = body.map(ToString::to_string).unwrap_or_default();
    // Of a list there is no such thing.
    let accept = if method == Method::DELETE { JSON } else { BRIEF };
    let request = Request::builder()
        .method(&method)
        .uri(path)
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body.into_bytes()))
        .unwrap();
    let response = client.send(request).await.unwrap();
    let status = response.status();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let gone = method != Method::POST && status == StatusCode::NOT_FOUND;
    assert!(status.is_success() || gone, "{method} {path}: {}", String::from_utf8_lossy(&text));
}
