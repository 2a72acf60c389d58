//! `sessionAffinity: ClientIP`: a client stays with its node.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use seaway_integration::{pod, until, visit};
use serde_json::{Value, json};

use crate::answers::{EXCLUDE, comes_through, nodes_of, stays};
use crate::kind::Kind;
use crate::rig::Rig;

with_both!(a_client_keeps_its_node_and_that_is_switched_while_it_serves);

const NODES: [&str; 4] = ["node-1", "node-2", "node-3", "node-4"];

/// Waits until a client is served by this many nodes.
async fn roams(client: IpAddr, at: SocketAddr, nodes: usize) {
    until(&format!("a client is served by {nodes} nodes"), async || {
        (nodes_of(client, at, 8 * NODES.len()).await.len() == nodes).then_some(())
    })
    .await;
}

async fn a_client_keeps_its_node_and_that_is_switched_while_it_serves(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, NODES.len(), json!({})).await;
    // One pod is left, whichever node goes.
    rig.cluster.create(&pod("echo-2", "echo", Some("node-2"))).await;
    comes_through(at, &NODES).await;
    let first = rig.cluster.client_ip(1);
    roams(first, at, NODES.len()).await;

    rig.cluster.patch_spec("web", json!({ "sessionAffinity": "ClientIP" })).await;
    stays(first, at, 40).await;
    // Other clients have nodes of their own: they are shared out, and each keeps its one.
    let mut all = BTreeSet::new();
    for client in 2..34 {
        all.insert(stays(rig.cluster.client_ip(client), at, 5).await);
    }
    assert_eq!(all.len(), NODES.len(), "{all:?}");

    // Its node goes: it gets another, and keeps that.
    let gone = stays(first, at, 5).await;
    rig.cluster.delete_node(&gone).await;
    until("the client has another node", async || {
        (!nodes_of(first, at, 1).await.contains(&gone)).then_some(())
    })
    .await;
    stays(first, at, 20).await;

    rig.cluster.patch_spec("web", json!({ "sessionAffinity": "None" })).await;
    roams(first, at, NODES.len() - 1).await;
    rig.stop().await;
}

fn timeout(seconds: u32) -> Value {
    json!({
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": { "clientIP": { "timeoutSeconds": seconds } },
    })
}

/// Clients are moved because their node goes, and do not go back with it: not before they have stayed
/// away.
#[tokio::test]
async fn on_haproxy_a_client_that_stays_away_for_longer_than_the_timeout_may_get_another_node() {
    const SECONDS: u32 = 4;
    let (mut rig, at) = Rig::web(Kind::Haproxy, 2, timeout(SECONDS)).await;
    rig.ask_for("probe", 3).await;
    let probe = rig.cluster.serves("probe").await;
    comes_through(probe, &NODES[..2]).await;
    let clients = || (9..25).map(|client| rig.cluster.client_ip(client));
    let all = async || {
        let mut nodes = BTreeSet::new();
        for client in clients() {
            nodes.append(&mut nodes_of(client, at, 1).await);
        }
        nodes
    };
    let (both, second) = (BTreeSet::from(["node-1", "node-2"]), BTreeSet::from(["node-2"]));
    until("they are shared out", async || (all().await == own(&both)).then_some(())).await;
    rig.cluster.label_node("node-1", EXCLUDE, Some("true")).await;
    until("all are moved", async || (all().await == own(&second)).then_some(())).await;
    rig.cluster.label_node("node-1", EXCLUDE, None).await;
    until("the other node is back", async || {
        assert_eq!(all().await, own(&second));
        visit(probe).await.ok().filter(|answer| answer.via == "node-1")
    })
    .await;
    assert_eq!(all().await, own(&second));
    until("some are sent elsewhere", async || {
        tokio::time::sleep(Duration::from_millis(u64::from(SECONDS) * 1000 + 100)).await;
        (all().await == own(&both)).then_some(())
    })
    .await;
    rig.stop().await;
}

fn own(nodes: &BTreeSet<&str>) -> BTreeSet<String> {
    nodes.iter().map(|node| (*node).to_owned()).collect()
}

#[tokio::test]
async fn on_nginx_the_owner_is_told_that_a_timeout_is_not_kept() {
    let (mut rig, at) = Rig::web(Kind::Nginx, 2, timeout(60)).await;
    rig.cluster.warns("web", &["timeout", "60"]).await;
    stays(rig.cluster.client_ip(9), at, 20).await;
    rig.stop().await;
}
