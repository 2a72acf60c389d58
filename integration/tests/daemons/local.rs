//! `externalTrafficPolicy: Local`: traffic goes to nodes that have a pod, and stays on them.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Load, pod, service};
use serde_json::json;

use crate::answers::comes_through;
use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    only_nodes_with_a_pod_answer_and_it_follows_the_pods,
    a_reload_leads_nobody_to_a_node_without_a_pod,
    a_node_that_comes_without_a_pod_gets_no_client,
);

async fn only_nodes_with_a_pod_answer_and_it_follows_the_pods(kind: Kind) {
    let mut rig = Rig::start(kind, 3, 1).await;
    rig.cluster.create(&pod("echo-a", "echo", Some("node-1"))).await;
    rig.cluster.create(&pod("echo-b", "echo", Some("node-2"))).await;
    let local = json!({ "externalTrafficPolicy": "Local" });
    rig.cluster.create(&service("web", "echo", local)).await;
    let at = rig.cluster.serves("web").await;
    comes_through(at, &["node-1", "node-2"]).await;

    // A pod moves: another comes up, and one goes.
    rig.cluster.create(&pod("echo-c", "echo", Some("node-3"))).await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    rig.cluster.delete::<Pod>("echo-a").await;
    comes_through(at, &["node-2", "node-3"]).await;

    let cluster = json!({ "externalTrafficPolicy": "Cluster" });
    rig.cluster.patch_spec("web", cluster).await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    rig.stop().await;
}

/// What the checks have found is not forgotten when another Service comes.
async fn a_reload_leads_nobody_to_a_node_without_a_pod(kind: Kind) {
    let mut rig = Rig::start(kind, 3, 4).await;
    rig.cluster.create(&pod("echo", "echo", Some("node-1"))).await;
    let local = json!({ "externalTrafficPolicy": "Local" });
    rig.cluster.create(&service("web", "echo", local)).await;
    let at = rig.cluster.serves("web").await;
    comes_through(at, &["node-1"]).await;
    let load = Load::start(at, 6, Duration::ZERO);
    load.serves(60).await;
    for (name, number) in [("second", 2), ("third", 3)] {
        rig.ask_for(name, number).await;
        rig.cluster.serves(name).await;
        load.serves(200).await;
    }
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}

async fn a_node_that_comes_without_a_pod_gets_no_client(kind: Kind) {
    let mut rig = Rig::start(kind, 2, 4).await;
    rig.cluster.create(&pod("echo", "echo", Some("node-1"))).await;
    let local = json!({ "externalTrafficPolicy": "Local" });
    rig.cluster.create(&service("web", "echo", local)).await;
    rig.ask_for("probe", 3).await;
    let (at, probe) = (rig.cluster.serves("web").await, rig.cluster.serves("probe").await);
    comes_through(at, &["node-1"]).await;
    let load = Load::start(at, 6, Duration::ZERO);
    load.serves(60).await;
    rig.cluster.create_node("node-3").await;
    comes_through(probe, &["node-1", "node-2", "node-3"]).await;
    load.serves(200).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}
