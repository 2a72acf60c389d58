//! Nodes that go while clients are served.

use std::time::Duration;

use seaway_integration::{Cluster, Load, figure, pod, service};
use serde_json::json;
use tokio::time::Instant;

use crate::example::{NODES, demo};

/// Requests take so long that some are always under way.
const DELAY: Duration = Duration::from_millis(40);
/// A check is made every 2 s, waits for 1 s, and must fail twice in a row; the rest is for a machine
/// that does other things.
const HEALTH_CHECK: Duration = Duration::from_secs(12);
const CRASH: &str = "sandbox.seaway.dev/crash";

/// Says how much it hurt that a node went, and asserts that it was over soon.
fn hurt(how: &str, failures: usize, over: Duration) {
    figure(&format!("{how}.failed_requests"), failures, "count");
    figure(&format!("{how}.last_failure"), over.as_millis(), "ms");
    assert!(over < HEALTH_CHECK, "it still hurts after {over:?}");
}

#[tokio::test]
async fn a_node_is_deleted_under_load_and_no_request_fails() {
    let (cluster, at) = demo().await;
    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    cluster.delete_node("node-3").await;
    load.leaves("node-3", 100).await;
    let all = load.stop().await;
    assert_eq!(all.failures, [""; 0]);
    assert!(all.nodes.contains("node-3") && all.nodes.len() == NODES, "{:?}", all.nodes);
}

#[tokio::test]
async fn a_node_that_comes_gets_its_share() {
    let (cluster, at) = demo().await;
    let load = Load::start(at, 4, DELAY);
    cluster.create_node("node-11").await;
    crate::example::answered_by(at, NODES + 1).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
}

#[tokio::test]
async fn a_node_crashes_under_load_and_only_what_was_under_way_fails() {
    let (cluster, at) = demo().await;
    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    let crashed = Instant::now();
    cluster.annotate_node("node-4", CRASH, "true").await;
    let over = load.leaves("node-4", 100).await;
    let failures = load.tally(crashed).failures;
    hurt("crash", failures.len(), over - crashed);
    // At most the requests under way: by node-4, or in a pod there.
    assert!(failures.len() <= 6, "{failures:?}");
    let after = Instant::now();
    load.serves(100).await;
    let after = load.tally(after);
    assert_eq!(after.failures, [""; 0]);
    assert!(!after.nodes.contains("node-4"), "{:?}", after.nodes);
}

/// With externalTrafficPolicy Local every node answers for itself, so that nothing but the health
/// check of the load balancer can help.
#[tokio::test]
async fn a_node_falls_silent_under_load_and_the_failures_end_with_the_health_check() {
    let cluster = Cluster::demo(3).await;
    for number in 1..=3 {
        let node = format!("node-{number}");
        cluster.create(&pod(&format!("local-{number}"), "local", Some(&node))).await;
    }
    let spec = json!({ "externalTrafficPolicy": "Local" });
    cluster.create(&service("local", "local", spec)).await;
    let at = cluster.serves("local").await;
    crate::example::answered_by(at, 3).await;

    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    let silent = Instant::now();
    cluster.annotate_node("node-2", CRASH, "blackhole").await;
    let over = load.leaves("node-2", 200).await;
    let failures = load.tally(silent).failures;
    hurt("silence", failures.len(), over - silent);
    let after = Instant::now();
    load.serves(200).await;
    let after = load.tally(after);
    assert_eq!(after.failures, [""; 0]);
    assert!(!after.nodes.contains("node-2"), "{:?}", after.nodes);
}

#[tokio::test]
async fn a_crashed_node_that_boots_again_serves_again() {
    let cluster = Cluster::demo(3).await;
    let at = cluster.serves(crate::example::SERVICE).await;
    crate::example::answered_by(at, 3).await;
    let load = Load::start(at, 2, Duration::ZERO);
    load.serves(20).await;
    cluster.annotate_node("node-2", CRASH, "true").await;
    load.leaves("node-2", 50).await;
    drop(load);
    cluster.annotate_node("node-2", CRASH, "false").await;
    crate::example::answered_by(at, 3).await;
}
