use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::{Node, Service};
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use seaway_integration::{Cluster, Controller, embedded};
use serde_json::json;

use super::Ground;
use super::ground::PORT;

/// The Service that is measured.
const NAME: &str = "bench";

/// The product as users run it: a Service, Nodes that nobody simulates, at the addresses of the
/// backends, and a controller of its own.
pub(super) async fn start(
    cluster: &Cluster,
    ground: &Ground,
    backends: &[SocketAddr],
) -> (SocketAddr, Controller) {
    for (number, backend) in backends.iter().enumerate() {
        register(cluster, &format!("node-{number}"), backend.ip()).await;
    }
    let node_port = backends[0].port();
    let port = |name: &str, protocol: &str| json!({ "name": name, "protocol": protocol, "port": PORT, "nodePort": node_port });
    let service: Service = serde_json::from_value(json!({
        "metadata": { "name": NAME },
        "spec": { "type": "LoadBalancer", "ports": [port("tcp", "TCP"), port("udp", "UDP")] },
    }))
    .unwrap();
    cluster.create(&service).await;
    let config = embedded(&ground.pool());
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    (SocketAddr::new(cluster.address(NAME).await, PORT), controller)
}

/// A Node as its kubelet reports it.
async fn register(cluster: &Cluster, name: &str, ip: IpAddr) {
    let nodes = Api::<Node>::all(cluster.client());
    let node = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
    nodes.create(&PostParams::default(), &node).await.unwrap();
    let status = json!({ "status": {
        "addresses": [{ "type": "InternalIP", "address": ip }],
        "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
    } });
    nodes.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
}
