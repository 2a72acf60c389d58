//! A Service that serves, and pods behind it.

use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Api;
use seaway_integration::{Cluster, Controller, pod, service, until, visit};
use serde_json::Value;

/// So many answers in a row mean that every node has heard of a Service: each kube-proxy takes its
/// time.
const IN_A_ROW: usize = 30;

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

/// Waits until requests are answered one after the other.
pub(crate) async fn is_steady(at: SocketAddr) {
    let mut count = 0;
    until(&format!("{at} answers steadily"), async || {
        count = if visit(at).await.is_ok() { count + 1 } else { 0 };
        (count >= IN_A_ROW).then_some(())
    })
    .await;
}

/// Creates a pod, and waits until it is Ready.
pub(crate) async fn starts(cluster: &Cluster, pod: &Pod) {
    cluster.create(pod).await;
    let name = pod.metadata.name.as_deref().unwrap();
    until(&format!("pod {name} is ready"), async || {
        let pod = cluster.api::<Pod>().get(name).await.ok()?;
        let mut conditions = pod.status?.conditions?.into_iter();
        conditions.any(|c| c.type_ == "Ready" && c.status == "True").then_some(())
    })
    .await;
}

/// Waits until a pod is gone.
pub(crate) async fn ends(cluster: &Cluster, name: &str) {
    let pods = cluster.api::<Pod>();
    until(&format!("pod {name} is gone"), async || {
        pods.get_opt(name).await.unwrap().is_none().then_some(())
    })
    .await;
}

/// The first address of a node.
pub(crate) async fn node_ip(cluster: &Cluster, name: &str) -> IpAddr {
    let node = Api::<Node>::all(cluster.client()).get(name).await.unwrap();
    let addresses = node.status.unwrap().addresses.unwrap();
    addresses.iter().find(|a| a.type_ == "InternalIP").unwrap().address.parse().unwrap()
}
