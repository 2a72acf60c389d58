use super::{
    cluster::Key,
    http::{self, Body},
    listen,
    power::Wire,
    proxy::{Door, ProxyNode},
};
use hyper::{Response, StatusCode, header::HeaderValue};
use jiff::Timestamp;
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};
use tokio_util::sync::CancellationToken;

/// The answer of kube-proxy to a check of a Service with `externalTrafficPolicy: Local`.
pub(crate) fn service_answer(service: &Key, local: usize) -> Response<Body> {
    let body = json!({
        "service": { "namespace": &*service.namespace, "name": &*service.name },
        "localEndpoints": local,
        "serviceProxyHealthy": true,
    });
    let mut response = http::whole("application/json", body.to_string());
    if local == 0 {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("x-load-balancing-endpoint-weight", HeaderValue::from(local));
    response
}

/// The answer of kube-proxy for the node itself (KEP-3836).
pub(crate) fn node_answer(path: &str, to_be_deleted: bool) -> Response<Body> {
    let now = Timestamp::now().to_string();
    let known = matches!(path, "/healthz" | "/livez");
    let eligible = !to_be_deleted || path == "/livez";
    let body = json!({ "lastUpdated": now, "currentTime": now, "nodeEligible": !to_be_deleted });
    let mut response = if known {
        http::whole("application/json", body.to_string())
    } else {
        http::whole("text/plain; charset=utf-8", "404 page not found\n")
    };
    *response.status_mut() = match (known, eligible) {
        (false, _) => StatusCode::NOT_FOUND,
        (true, false) => StatusCode::SERVICE_UNAVAILABLE,
        (true, true) => StatusCode::OK,
    };
    response
}

/// Serves the health check port of a Service on one node.
pub(crate) async fn service(door: Door) {
    let listener = listen::tcp(door.address, |error| door.report(error)).await;
    let (power, closing) = (door.node.power.clone(), door.closing.clone());
    listen::accept(listener, &power, &closing, |stream, _| {
        let (door, wire) = (door.clone(), Wire::new(stream, power.clone()));
        power.spawn(http::serve(wire, door.closing.clone(), move |_| {
            let answer = service_answer(&door.route.service, door.local_ready());
            async move { answer }
        }));
    })
    .await;
}

/// Serves the health port of a node's kube-proxy.
pub(crate) async fn kube_proxy(node: Arc<ProxyNode>, address: SocketAddr) {
    let trouble = |error: &std::io::Error| {
        tracing::warn!(%address, %error, "the health port of {} is taken", node.name);
    };
    let listener = listen::tcp(address, trouble).await;
    let (power, never) = (node.power.clone(), CancellationToken::new());
    listen::accept(listener, &power, &never, |stream, _| {
        let (node, wire) = (Arc::clone(&node), Wire::new(stream, power.clone()));
        power.spawn(http::serve(wire, never.clone(), move |request| {
            let to_be_deleted = node.to_be_deleted.load(Ordering::Relaxed);
            let answer = node_answer(request.uri().path(), to_be_deleted);
            async move { answer }
        }));
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn a_node_without_local_endpoints_fails_the_check_of_the_service() {
        let key = Key { namespace: "shop".into(), name: "web".into() };
        let two = service_answer(&key, 2);
        assert_eq!(two.status(), 200);
        assert_eq!(two.headers()["X-Load-Balancing-Endpoint-Weight"], "2");
        let body = two.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            json!({
                "service": { "namespace": "shop", "name": "web" },
                "localEndpoints": 2,
                "serviceProxyHealthy": true,
            })
        );
        assert_eq!(service_answer(&key, 0).status(), 503);
    }

    #[test]
    fn a_node_that_the_autoscaler_will_delete_lives_but_is_not_eligible() {
        assert_eq!(node_answer("/healthz", false).status(), 200);
        assert_eq!(node_answer("/healthz", true).status(), 503);
        assert_eq!(node_answer("/livez", true).status(), 200);
        assert_eq!(node_answer("/", false).status(), 404);
    }
}
