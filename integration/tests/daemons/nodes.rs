//! Nodes come and go while clients are served.

use std::time::Duration;

use seaway_integration::Load;
use serde_json::json;
use tokio::time::Instant;

use crate::answers::{EXCLUDE, comes_through};
use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_node_is_deleted_under_load_and_no_request_fails,
    a_node_that_is_excluded_may_die_unnoticed,
    a_node_that_comes_gets_its_share,
);

/// Requests take so long that some are always under way.
const DELAY: Duration = Duration::from_millis(40);
const CRASH: &str = "sandbox.seaway.dev/crash";

async fn a_node_is_deleted_under_load_and_no_request_fails(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 3, json!({})).await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    rig.cluster.delete_node("node-3").await;
    load.leaves("node-3", 100).await;
    let all = load.stop().await;
    assert_eq!(all.failures, [""; 0]);
    assert_eq!(all.nodes.len(), 3, "{:?}", all.nodes);
    rig.stop().await;
}

async fn a_node_that_is_excluded_may_die_unnoticed(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 3, json!({})).await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    let load = Load::start(at, 6, DELAY);
    load.serves(60).await;
    rig.cluster.label_node("node-3", EXCLUDE, Some("true")).await;
    load.leaves("node-3", 100).await;
    let since = Instant::now();
    rig.cluster.annotate_node("node-3", CRASH, "blackhole").await;
    load.serves(200).await;
    let after = load.tally(since);
    assert!(!after.nodes.contains("node-3"), "{:?}", after.nodes);
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}

async fn a_node_that_comes_gets_its_share(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    comes_through(at, &["node-1", "node-2"]).await;
    let load = Load::start(at, 4, DELAY);
    load.serves(40).await;
    rig.cluster.create_node("node-3").await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    // It goes, and comes back under the same name.
    rig.cluster.delete_node("node-3").await;
    comes_through(at, &["node-1", "node-2"]).await;
    rig.cluster.create_node("node-3").await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}
