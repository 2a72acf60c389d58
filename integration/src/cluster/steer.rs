//! Virtual addresses: no machine has them, and a node gets what is sent to them because a router says
//! so, as behind a load balancer that passes packets on as they are.

use std::net::IpAddr;
use std::process::Command;

use k8s_openapi::api::core::v1::Node;
use kube::Api;

use super::{Cluster, Home, addresses};

/// What `seaway-cluster run` has its command find.
const PROGRAM: &str = "seaway-cluster";

impl Cluster {
    /// Sends what is for an address to a node, and no longer to another. It takes a real cluster; the
    /// next story finds no such way.
    pub async fn steer(&self, to: IpAddr, node: &str) {
        assert!(matches!(self.home, Home::Shared { .. }), "the sandbox has no routes: `make e2e`");
        let via = self.node_ip(node, to.is_ipv6()).await;
        steer(&[to, via]);
    }

    /// The same with every address that the status of a Service shows; returns them.
    pub async fn steer_status(&self, service: &str, node: &str) -> Vec<IpAddr> {
        let shown = addresses(&self.service(service).await.unwrap());
        assert!(!shown.is_empty(), "the status of {service} shows no address");
        for to in &shown {
            self.steer(*to, node).await;
        }
        shown
    }

    /// The address of a node, of this family.
    pub async fn node_ip(&self, name: &str, v6: bool) -> IpAddr {
        let node = Api::<Node>::all(self.client()).get(name).await.unwrap();
        let all = node.status.unwrap().addresses.unwrap().into_iter();
        let mut own =
            all.filter(|it| it.type_ == "InternalIP").map(|it| it.address.parse::<IpAddr>());
        own.find_map(|ip| ip.ok().filter(|ip| ip.is_ipv6() == v6)).unwrap()
    }
}

/// Sends nothing anywhere any more.
pub(super) fn forget() {
    steer(&[]);
}

fn steer(args: &[IpAddr]) {
    let args = args.iter().map(IpAddr::to_string);
    let output = Command::new(PROGRAM).arg("steer").args(args).output().unwrap();
    assert!(output.status.success(), "{PROGRAM} steer: {output:?}");
}
