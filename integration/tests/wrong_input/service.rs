//! A Service that asks for what can't be.

use seaway_integration::{
    Cluster, Controller, Gateway, addresses, embedded, is_refused, pod, service, until, visit_from,
};
use serde_json::{Value, json};

const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

#[tokio::test]
async fn a_service_without_node_ports_is_told_what_it_lacks_and_served_once_it_has_them() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(2).await;
    let none = json!({ "allocateLoadBalancerNodePorts": false });
    cluster.create(&service("bare", "echo", none)).await;
    let told = cluster.warns("bare", &["nodePort", "allocateLoadBalancerNodePorts"]).await;
    controller.process().complains(&["default/bare", "allocateLoadBalancerNodePorts"]).await;
    assert!(told.contains("80"), "which port it is: {told}");
    assert!(addresses(&cluster.service("bare").await.unwrap()).is_empty());
    cluster.patch_spec("bare", json!({ "allocateLoadBalancerNodePorts": true })).await;
    cluster.serves("bare").await;
    controller.stop().await;
}

/// The API server looks at the annotation too, but not every one did at all times: the controller is
/// told another word than the API server was.
#[tokio::test]
async fn source_ranges_that_can_not_be_read_close_what_is_open_and_open_nothing() {
    const WORD: &str = "203.0.113.99/32";
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(2).await);
    let gateway = Gateway::misspelling(cluster.seaways_client().await, WORD, "everybody").await;
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    let client = cluster.client_ip(1);
    let annotate = |value: &str| json!({ "metadata": { "annotations": { RANGES: value } } });

    cluster.create(&service("open", "echo", Value::Null)).await;
    let at = cluster.serves("open").await;
    cluster.patch("open", annotate(&format!("{client}/32, {WORD}"))).await;
    cluster.warns("open", &[RANGES, "everybody", "192.0.2.0/24"]).await;
    controller.process().complains(&["default/open", "everybody"]).await;
    until("it is closed to all", async || is_refused(at).await.then_some(())).await;
    assert_eq!(cluster.address("open").await, at.ip(), "the address stays");
    cluster.patch("open", annotate(&format!("{client}/32"))).await;
    until("it is open again", async || visit_from(client, at).await.ok()).await;

    let mut wrong = service("never", "echo", Value::Null);
    wrong.metadata.annotations = Some([(RANGES.to_owned(), WORD.to_owned())].into());
    cluster.create(&wrong).await;
    cluster.warns("never", &[RANGES, "everybody"]).await;
    assert!(addresses(&cluster.service("never").await.unwrap()).is_empty());
    controller.stop().await;
}

#[tokio::test]
async fn a_protocol_that_the_provider_does_not_have_is_told() {
    let cluster = Cluster::sandbox(1).await;
    let controller = cluster.run(2).await;
    let ports = json!([{ "port": 80, "protocol": "SCTP" }]);
    cluster.create(&service("phone", "echo", json!({ "ports": ports }))).await;
    cluster.warns("phone", &["SCTP", "embedded"]).await;
    controller.stop().await;
}
