//! The answer to "why is it pending?".

use std::sync::Arc;

use seaway_controller::{ACCEPTED, PORTS_ERROR, PROVISIONED, SERVING};
use seaway_testkit::toys::by_id::cloud::PROVISIONING;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::json;

use crate::lab::{Lab, by_id, cloud, often, one_file};

#[tokio::test]
async fn what_is_being_made_says_so_until_it_is_there() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", ACCEPTED, "True Accepted").await;
    lab.says("web", PROVISIONED, "False Pending").await;
    lab.says("web", SERVING, "False Pending").await;
    clock.advance(PROVISIONING);
    lab.says("web", PROVISIONED, "True Converged").await;
    lab.says("web", SERVING, "True Serving").await;
    assert_eq!(lab.condition("web", PORTS_ERROR).await, None);
    run.stop().await;
}

#[tokio::test]
async fn a_creation_costs_three_writes() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.told("web", "EnsuredLoadBalancer", "198.18.0.1").await;
    let expected = [
        "PATCH /api/v1/namespaces/default/services/web/status",
        "PATCH /api/v1/namespaces/default/services/web/status",
        "POST /api/v1/namespaces/default/events",
    ];
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(lab.writes(), expected);
    run.stop().await;
}

#[tokio::test]
async fn mixed_protocols_that_can_not_be_have_a_condition_of_their_own() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    let ports = json!([
        { "name": "tcp", "port": 53, "protocol": "TCP" },
        { "name": "udp", "port": 53, "protocol": "UDP" },
    ]);
    lab.put("dns", &json!({ "spec": { "ports": ports } })).await;
    let message = lab.says("dns", PORTS_ERROR, "True LoadBalancerMixedProtocolNotSupported").await;
    assert!(message.contains("use a Service per protocol"), "{message}");
    lab.says("dns", ACCEPTED, "False Unsupported").await;
    lab.told("dns", "SyncLoadBalancerFailed", "use a Service per protocol").await;
    assert!(cloud.inventory().balancers.is_empty(), "nothing is half made");
    let ports = json!([{ "name": "udp", "port": 53, "protocol": "UDP" }]);
    lab.patch("dns", json!({ "spec": { "ports": ports } })).await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(PROVISIONING);
    lab.says("dns", ACCEPTED, "True Accepted").await;
    lab.says("dns", PORTS_ERROR, "False Supported").await;
    run.stop().await;
}

#[tokio::test]
async fn a_pool_that_is_full_is_told_and_the_next_free_address_is_taken() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("first", &json!({})).await;
    lab.address("first").await;
    lab.put("second", &json!({})).await;
    let message = lab.says("second", PROVISIONED, "False QuotaExceeded").await;
    assert!(message.contains("no free IPv4 address left"), "{message}");
    lab.says("second", ACCEPTED, "True Accepted").await;
    lab.delete("first").await;
    lab.says("second", PROVISIONED, "True Converged").await;
    run.stop().await;
}

#[tokio::test]
async fn without_nodes_nobody_is_served_and_it_is_said() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    for node in ["node-1", "node-2"] {
        let label = json!({ "node.kubernetes.io/exclude-from-external-load-balancers": "" });
        lab.patch_node(node, json!({ "metadata": { "labels": label } })).await;
    }
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", SERVING, "False NoNodes").await;
    lab.told("web", "UnAvailableLoadBalancer", "no available nodes").await;
    lab.put_node(3, &json!({})).await;
    lab.says("web", SERVING, "True Serving").await;
    run.stop().await;
}

#[tokio::test]
async fn a_refusal_takes_its_words_back_when_the_service_changes_its_type() {
    let lab = Lab::start().await;
    let (cloud, _) = cloud();
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    lab.put("web", &json!({ "spec": { "sessionAffinity": "ClientIP" } })).await;
    lab.says("web", ACCEPTED, "False Unsupported").await;
    lab.patch("web", json!({ "spec": { "type": "ClusterIP" } })).await;
    lab.until("nothing of ours is left", async || {
        lab.condition("web", ACCEPTED).await.is_none().then_some(())
    })
    .await;
    run.stop().await;
}
