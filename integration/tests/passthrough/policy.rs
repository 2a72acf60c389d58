//! `externalTrafficPolicy`: whose pods answer, and whom they see.

use seaway_integration::{ask, until, visit};
use serde_json::{Value, json};

use crate::client::seen_as;
use crate::site::{Site, is_silent, vip};

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn a_node_answers_once_the_status_says_so_and_reaches_pods_on_other_nodes() {
    let site = Site::new(vip(10), json!({})).await;
    let at = site.at;
    site.cluster.steer(at.ip(), "node-1").await;
    let ports = site.cluster.service("web").await.unwrap().spec.unwrap().ports.unwrap();
    let node = site.cluster.node_ip("node-1", false).await;
    let port = u16::try_from(ports[0].node_port.unwrap()).unwrap();
    until("node-1 knows the Service", async || visit((node, port).into()).await.ok()).await;
    is_silent(at).await;

    site.is_led_to("node-1").await;
    assert_eq!(site.answers_by("node-1").await.on, "node-2");
    // The pod is to answer the node that knows where the packets came from.
    assert_eq!(seen_as(site.cluster.client_ip(1), at).await, node);

    // The router sends them to another node: each one answers.
    site.cluster.steer(at.ip(), "node-2").await;
    assert_eq!(site.answers_by("node-2").await.on, "node-2");

    site.shows(Value::Null).await;
    until("nobody answers any more", async || visit(at).await.err()).await;
    is_silent(at).await;
}

#[tokio::test]
#[ignore = "it needs a real kube-proxy: make e2e"]
async fn with_local_only_a_node_with_a_pod_answers_and_the_pod_sees_the_client() {
    let site = Site::new(vip(11), json!({})).await;
    let at = site.at;
    // Both nodes know the address before it matters who has a pod.
    site.is_led_to("node-2").await;
    site.answers_by("node-2").await;
    site.is_led_to("node-1").await;
    site.answers_by("node-1").await;

    site.cluster.patch_spec("web", json!({ "externalTrafficPolicy": "Local" })).await;
    until("node-1 answers no more", async || visit(at).await.err()).await;
    let check = site.check("node-1").await;
    until("node-1 says that it has no pod", async || {
        (ask(check, "GET /", "").await.code == 503).then_some(())
    })
    .await;
    is_silent(at).await;

    let client = site.cluster.client_ip(1);
    site.cluster.steer(at.ip(), "node-2").await;
    until("the pod sees the client", async || (seen_as(client, at).await == client).then_some(()))
        .await;
    assert_eq!(ask(site.check("node-2").await, "GET /", "").await.code, 200);
    assert_eq!(visit(at).await.unwrap().on, "node-2");

    // A pod comes to the node that had none.
    site.cluster.steer(at.ip(), "node-1").await;
    is_silent(at).await;
    site.starts("second", "node-1").await;
    assert_eq!(site.answers_by("node-1").await.pod, "second");
    assert_eq!(seen_as(client, at).await, client);
}
