//! `allocateLoadBalancerNodePorts: false`: nothing is missing.

use seaway_integration::{ask, until};
use serde_json::json;

use crate::client::seen_as;
use crate::site::{Site, vip};

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn without_node_ports_the_address_is_served_with_either_policy() {
    let site = Site::new(vip(40), json!({ "allocateLoadBalancerNodePorts": false })).await;
    site.is_led_to("node-1").await;
    assert_eq!(site.answers_by("node-1").await.on, "node-2");

    let local = json!({ "externalTrafficPolicy": "Local" });
    let spec = site.cluster.patch_spec("web", local).await.spec.unwrap();
    assert_eq!(spec.ports.unwrap()[0].node_port, None);
    site.cluster.steer_status("web", "node-2").await;
    let client = site.cluster.client_ip(1);
    until("the pod sees the client", async || {
        (seen_as(client, site.at).await == client).then_some(())
    })
    .await;
    // What tells a load balancer where the pods are is a port of its own, and there all the same.
    let check = site.check("node-2").await;
    until("node-2 says that it has a pod", async || {
        (ask(check, "GET /", "").await.code == 200).then_some(())
    })
    .await;
}
