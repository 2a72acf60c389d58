//! Who may ask at the admin address. It listens on loopback, but a browser on the same machine reaches
//! that too, on behalf of any page: so it must be asked by a loopback name, and what changes something
//! in a way that no page may use without being allowed to.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Refusal;

pub(super) async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !is_local(text(headers, &header::HOST)) {
        let text = "ask by the name localhost, 127.0.0.1 or [::1]";
        return Refusal::new(StatusCode::FORBIDDEN, text).into_response();
    }
    let kind = text(headers, &header::CONTENT_TYPE);
    if request.method() == Method::POST && !kind.starts_with("application/json") {
        let text = "a POST must have the header `Content-Type: application/json`";
        return Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response();
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether a `Host` header names this machine.
fn is_local(host: &str) -> bool {
    let port = |text: &str| text.is_empty() || text.starts_with(':');
    if let Some((ip, rest)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        return port(rest) && ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_local() {
        for good in ["localhost", "localhost:8384", "127.0.0.1:1", "127.0.0.1", "[::1]", "[::1]:8"]
        {
            assert!(is_local(good), "{good}");
        }
        for bad in
            ["", "evil.example:8384", "localhost.evil.example", "192.0.2.1:1", "[::2]:1", "[::1]x"]
        {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
