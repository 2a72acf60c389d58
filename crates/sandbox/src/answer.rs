//! Answers on their way out.

use crate::status::Status;
use bytes::Bytes;
use futures::Stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use serde_json::Value;
use std::convert::Infallible;

/// The body of every answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Warnings longer than this are cut by clients; the real server stops here too.
const WARNINGS_LIMIT: usize = 4096;

pub(crate) fn json(code: u16, body: impl Into<Bytes>) -> Response<Body> {
    typed(code, "application/json", body)
}

pub(crate) fn value(code: u16, value: &Value) -> Response<Body> {
    json(code, crate::representation::encode(value))
}

pub(crate) fn text(code: u16, text: &'static str) -> Response<Body> {
    typed(code, "text/plain; charset=utf-8", text)
}

pub(crate) fn typed(code: u16, media: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

pub(crate) fn refusal(status: &Status) -> Response<Body> {
    let mut response = value(status.code, &status.to_json());
    if status.code == 401 {
        let scheme = HeaderValue::from_static("Bearer realm=\"seaway-sandbox\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    if let Some(seconds) = status.details["retryAfterSeconds"].as_u64() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    warn(&mut response, &status.warnings);
    response
}

/// The same answer, with YAML where it was JSON.
pub(crate) async fn yaml(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let value = serde_json::from_slice::<Value>(&body).ok();
    let text = value.and_then(|value| serde_saphyr::to_string(&value).ok());
    let Some(text) = text else {
        return Response::from_parts(parts, Full::new(body).boxed_unsync());
    };
    let media = HeaderValue::from_static("application/yaml");
    parts.headers.insert(header::CONTENT_TYPE, media);
    Response::from_parts(parts, Full::new(text.into()).boxed_unsync())
}

pub(crate) fn stream(chunks: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    use futures::StreamExt;
    let frames = chunks.map(|chunk| Ok(Frame::data(chunk)));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// Adds `Warning: 299` headers (RFC 7234, section 5.5).
pub(crate) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    let mut size = 0;
    for warning in warnings {
        size += warning.len();
        let text = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{text}\""))
            && size <= WARNINGS_LIMIT
        {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}
