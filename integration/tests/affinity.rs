//! `sessionAffinity: ClientIP`: a client stays with its node.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use seaway_integration::{Cluster, is_closed, pod, service, until, visit_from};
use serde_json::json;

const NODES: usize = 4;

/// The nodes that answer so many requests of a client.
async fn nodes_of(client: IpAddr, at: SocketAddr, requests: usize) -> BTreeSet<String> {
    let mut nodes = BTreeSet::new();
    for _ in 0..requests {
        nodes.insert(visit_from(client, at).await.unwrap().via);
    }
    nodes
}

/// Waits until clients are served one after the other: each node hears of a Service in its own time.
async fn is_everywhere(cluster: &Cluster, at: SocketAddr) {
    until("it is served everywhere", async || {
        for client in 100..100 + 8 * u8::try_from(NODES).unwrap() {
            visit_from(cluster.client_ip(client), at).await.ok()?;
        }
        Some(())
    })
    .await;
}

/// Waits until a client is served by one node for so many requests in a row, and returns it. A real
/// kube-proxy may refuse for a moment while it rewrites its rules: then the client is moved once.
async fn stays(client: IpAddr, at: SocketAddr, requests: usize) -> String {
    until(&format!("{client} stays with a node"), async || {
        let mut nodes = nodes_of(client, at, requests).await;
        nodes.pop_first().filter(|_| nodes.is_empty())
    })
    .await
}

/// Waits until a client is served by this many nodes.
async fn roams(client: IpAddr, at: SocketAddr, nodes: usize) {
    until(&format!("a client is served by {nodes} nodes"), async || {
        (nodes_of(client, at, 4 * NODES).await.len() == nodes).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_keeps_its_node_and_it_is_switched_while_it_serves() {
    let cluster = Cluster::sandbox(NODES).await;
    for number in 0..2 {
        cluster.create(&pod(&format!("echo-{number}"), "echo", None)).await;
    }
    let controller = cluster.run(1).await;
    let first = cluster.client_ip(1);
    cluster.create(&service("web", "echo", json!({}))).await;
    let at = cluster.serves("web").await;
    is_everywhere(&cluster, at).await;
    roams(first, at, NODES).await;

    cluster.patch_spec("web", json!({ "sessionAffinity": "ClientIP" })).await;
    stays(first, at, 40).await;
    // Other clients have nodes of their own: they are shared out, and each keeps its one.
    let mut all = BTreeSet::new();
    for client in 2..2 + u8::try_from(2 * NODES).unwrap() {
        all.insert(stays(cluster.client_ip(client), at, 5).await);
    }
    assert_eq!(all.len(), NODES, "{all:?}");

    // Its node goes: it gets another, and keeps that.
    let gone = stays(first, at, 5).await;
    cluster.delete_node(&gone).await;
    until("the client has another node", async || {
        (!nodes_of(first, at, 1).await.contains(&gone)).then_some(())
    })
    .await;
    stays(first, at, 20).await;

    cluster.patch_spec("web", json!({ "sessionAffinity": "None" })).await;
    roams(first, at, NODES - 1).await;
    controller.stop().await;
    assert!(is_closed(at).await);
}

#[tokio::test]
async fn a_client_that_stays_away_for_longer_than_the_timeout_may_get_another_node() {
    let cluster = Cluster::sandbox(NODES).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(1).await;
    let affinity = json!({
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": { "clientIP": { "timeoutSeconds": 1 } },
    });
    cluster.create(&service("web", "echo", affinity)).await;
    let at = cluster.serves("web").await;
    let (ours, other) = (cluster.client_ip(9), cluster.client_ip(10));
    is_everywhere(&cluster, at).await;
    let first = stays(ours, at, 20).await;
    // Others come meanwhile, so that it is not its old node's turn again.
    until("the client is sent elsewhere", async || {
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        nodes_of(other, at, 1).await;
        (!nodes_of(ours, at, 1).await.contains(&first)).then_some(())
    })
    .await;
    controller.stop().await;
}
