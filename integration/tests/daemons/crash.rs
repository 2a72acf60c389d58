//! Nodes that die without a word: nothing but a health check can help. With externalTrafficPolicy
//! Local every node answers for itself, so that no other node's kube-proxy plays a part.

use std::time::Duration;

use seaway_integration::{Load, figure, pod, service};
use serde_json::json;
use tokio::time::Instant;

use crate::answers::comes_through;
use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_node_crashes_under_load_and_the_failures_end,
    a_node_falls_silent_under_load_and_the_failures_end,
);

const DELAY: Duration = Duration::from_millis(40);
/// A few checks, each with its patience; the rest is for a machine that does other things.
const HEALTH_CHECK: Duration = Duration::from_secs(15);
const CRASH: &str = "sandbox.seaway.dev/crash";

async fn dies(kind: Kind, how: &str) {
    let mut rig = Rig::start(kind, 3, 2).await;
    for number in 1..=3 {
        let node = format!("node-{number}");
        rig.cluster.create(&pod(&format!("local-{number}"), "local", Some(&node))).await;
    }
    let local = json!({ "externalTrafficPolicy": "Local" });
    rig.cluster.create(&service("web", "local", local)).await;
    let at = rig.cluster.serves("web").await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;

    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    let crashed = Instant::now();
    rig.cluster.annotate_node("node-2", CRASH, how).await;
    let over = load.leaves("node-2", 200).await;
    let (failures, lasted) = (load.tally(crashed).failures.len(), over - crashed);
    let name = format!("{}.crash.{how}", kind.name());
    figure(&format!("{name}.failed_requests"), failures, "count");
    figure(&format!("{name}.last_failure"), lasted.as_millis(), "ms");
    assert!(lasted < HEALTH_CHECK, "it still hurts after {lasted:?}");
    let after = Instant::now();
    load.serves(200).await;
    // What the checks have found is not forgotten when another Service comes.
    rig.ask_for("other", 1).await;
    rig.cluster.address("other").await;
    load.serves(200).await;
    let after = load.tally(after);
    assert_eq!(after.failures, [""; 0]);
    assert!(!after.nodes.contains("node-2"), "{:?}", after.nodes);
    rig.stop().await;
}

async fn a_node_crashes_under_load_and_the_failures_end(kind: Kind) {
    dies(kind, "true").await;
}

async fn a_node_falls_silent_under_load_and_the_failures_end(kind: Kind) {
    dies(kind, "blackhole").await;
}
