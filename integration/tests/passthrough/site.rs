//! A Service on a real cluster, the addresses in its status, and their way to a node.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use k8s_openapi::api::core::v1::Service;
use kube::api::{Patch, PatchParams};
use seaway_integration::{Answer, Cluster, pod, service, until, visit, visit_from};
use serde_json::{Value, json};

/// Two nodes, of which the second has the pod, and the Service `web`, whose status says nothing yet.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    /// Where the Service is to be served.
    pub(crate) at: SocketAddr,
}

impl Site {
    /// Each story has an address of its own: for a moment, nodes still answer for that of the one before.
    pub(crate) async fn new(vip: IpAddr, spec: Value) -> Self {
        let cluster = Cluster::sandbox(2).await;
        let site = Self { cluster, at: (vip, 80).into() };
        site.starts("echo", "node-2").await;
        site.cluster.create(&service("web", "echo", spec)).await;
        site
    }

    /// Creates a pod of the Service, and waits until it is Ready.
    pub(crate) async fn starts(&self, name: &str, node: &str) {
        self.cluster.starts(&pod(name, "echo", Some(node))).await;
    }

    /// Writes the addresses into the status, as a provider does it.
    pub(crate) async fn shows(&self, ingress: Value) {
        let patch = Patch::Merge(json!({ "status": { "loadBalancer": { "ingress": ingress } } }));
        let params = PatchParams::default();
        self.cluster.api::<Service>().patch_status("web", &params, &patch).await.unwrap();
    }

    /// Writes the one address into the status, and sends what is for it to this node.
    pub(crate) async fn is_led_to(&self, node: &str) {
        self.shows(json!([{ "ip": self.at.ip(), "ipMode": "VIP" }])).await;
        assert_eq!(self.cluster.steer_status("web", node).await, [self.at.ip()]);
    }

    /// Waits until the Service answers at its address, by way of this node.
    pub(crate) async fn answers_by(&self, node: &str) -> Answer {
        until(&format!("{} answers by way of {node}", self.at), async || {
            visit(self.at).await.ok().filter(|answer| answer.via == node)
        })
        .await
    }

    /// The health check node port of the Service, on this node.
    pub(crate) async fn check(&self, node: &str) -> SocketAddr {
        let spec = self.cluster.service("web").await.unwrap().spec.unwrap();
        let port = u16::try_from(spec.health_check_node_port.unwrap()).unwrap();
        SocketAddr::new(self.cluster.node_ip(node, false).await, port)
    }
}

/// An address that no machine has (RFC 5737).
pub(crate) const fn vip(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, number))
}

/// Nobody says anything there, not even that there is nobody: the packets are dropped.
pub(crate) async fn is_silent(at: SocketAddr) {
    heard_nothing(&visit(at).await);
}

/// The same for one client.
pub(crate) async fn is_silent_for(client: IpAddr, at: SocketAddr) {
    heard_nothing(&visit_from(client, at).await);
}

fn heard_nothing(answer: &io::Result<Answer>) {
    let kind = answer.as_ref().map_err(io::Error::kind);
    assert_eq!(kind, Err(io::ErrorKind::TimedOut), "{answer:?}");
}
