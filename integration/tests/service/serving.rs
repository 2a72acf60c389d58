//! A Service that serves, and pods behind it.

use std::net::SocketAddr;

use seaway_integration::{Cluster, Controller, is_steady, pod, service};
use serde_json::Value;

/// A cluster with a pod, a controller and the Service `web`, and where that is served.
pub(crate) async fn web(nodes: usize, spec: Value) -> (Cluster, Controller, SocketAddr) {
    let cluster = Cluster::sandbox(nodes).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(2).await;
    cluster.create(&service("web", "echo", spec)).await;
    let at = cluster.serves("web").await;
    is_steady(at).await;
    (cluster, controller, at)
}
