//! `externalTrafficPolicy: Local`: traffic goes to nodes that have a pod, and stays on them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Cluster, Load, pod, service, until, visit};
use serde_json::json;

/// Waits until so many answers in a row come from these nodes, from all of them and no others, each
/// from a pod on the node that took the request.
async fn answered_by(at: SocketAddr, nodes: &[&str]) {
    const IN_A_ROW: usize = 20;
    let expected: BTreeSet<_> = nodes.iter().map(|node| (*node).to_owned()).collect();
    let (mut seen, mut count) = (BTreeSet::new(), 0);
    until(&format!("{nodes:?} and no others answer at {at}"), async || {
        match visit(at).await {
            Ok(answer) if expected.contains(&answer.via) && answer.via == answer.on => {
                seen.insert(answer.via);
                count += 1;
            }
            Ok(_) | Err(_) => (seen, count) = (BTreeSet::new(), 0),
        }
        (seen == expected && count >= IN_A_ROW).then_some(())
    })
    .await;
}

#[tokio::test]
async fn only_nodes_with_a_pod_answer_and_it_follows_the_pods() {
    let cluster = Cluster::sandbox(4).await;
    cluster.create(&pod("echo-a", "echo", Some("node-1"))).await;
    cluster.create(&pod("echo-b", "echo", Some("node-2"))).await;
    let controller = cluster.run(1).await;
    let local = json!({ "externalTrafficPolicy": "Local" });
    cluster.create(&service("local", "echo", local)).await;
    let at = cluster.serves("local").await;
    answered_by(at, &["node-1", "node-2"]).await;

    cluster.create(&pod("echo-c", "echo", Some("node-3"))).await;
    answered_by(at, &["node-1", "node-2", "node-3"]).await;

    // One goes while clients are served: the others take over.
    cluster.delete::<Pod>("echo-a").await;
    answered_by(at, &["node-2", "node-3"]).await;

    // The last ones go, and another comes up elsewhere.
    cluster.delete::<Pod>("echo-b").await;
    cluster.delete::<Pod>("echo-c").await;
    cluster.create(&pod("echo-d", "echo", Some("node-4"))).await;
    answered_by(at, &["node-4"]).await;
    controller.stop().await;
}

#[tokio::test]
async fn the_policy_is_switched_while_it_serves() {
    let cluster = Cluster::sandbox(3).await;
    cluster.create(&pod("echo", "echo", Some("node-2"))).await;
    let controller = cluster.run(1).await;
    cluster.create(&service("web", "echo", json!({}))).await;
    let at = cluster.serves("web").await;
    let mut nodes = BTreeSet::new();
    until("every node answers", async || {
        nodes.insert(visit(at).await.ok()?.via);
        (nodes.len() == 3).then_some(())
    })
    .await;
    cluster.patch_spec("web", json!({ "externalTrafficPolicy": "Local" })).await;
    answered_by(at, &["node-2"]).await;
    let load = Load::start(at, 2, Duration::ZERO);
    load.serves(50).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    cluster.patch_spec("web", json!({ "externalTrafficPolicy": "Cluster" })).await;
    let mut nodes = BTreeSet::new();
    until("every node answers again", async || {
        nodes.insert(visit(at).await.ok()?.via);
        (nodes.len() == 3).then_some(())
    })
    .await;
    controller.stop().await;
}
