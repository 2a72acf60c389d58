//! Many clients, each with its node, while the daemon is reloaded and other nodes come and go.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{Cluster, figure, service, until, visit};
use serde_json::json;

use crate::answers::{comes_through, nodes_of, stays};
use crate::kind::Kind;
use crate::rig::Rig;

const CLIENTS: u8 = 100;
const NODES: [&str; 4] = ["node-1", "node-2", "node-3", "node-4"];
/// They come after the clients have their nodes. Each comes back under the same name.
const EXTRA: [&str; 2] = ["node-5", "node-6"];
const CHANGES: usize = 20;
const RELOADS: usize = 5;

/// Which client has which node.
struct Clients(BTreeMap<IpAddr, String>);

impl Clients {
    async fn come(cluster: &Cluster, at: SocketAddr) -> Self {
        let mut nodes = BTreeMap::new();
        for number in 1..=CLIENTS {
            let client = cluster.client_ip(number);
            nodes.insert(client, stays(client, at, 2).await);
        }
        Self(nodes)
    }

    /// Those who are not served by their node.
    async fn moved(&self, at: SocketAddr) -> Vec<String> {
        let mut moved = Vec::new();
        for (client, node) in &self.0 {
            let now = nodes_of(*client, at, 1).await;
            if !now.contains(node) {
                moved.push(format!("{client}: {node} -> {now:?}"));
            }
        }
        moved
    }
}

/// A node comes or goes, and a Service that knows no affinity tells when that is done.
async fn change(cluster: &Cluster, probe: SocketAddr, number: usize) {
    let name = EXTRA[number / 2 % EXTRA.len()];
    if number.is_multiple_of(2) {
        cluster.create_node(name).await;
        until(&format!("{name} has its share"), async || {
            visit(probe).await.ok().filter(|answer| answer.via == name)
        })
        .await;
    } else {
        cluster.delete_node(name).await;
        comes_through(probe, &NODES).await;
    }
}

/// Another Service comes or goes, which takes a reload: there are workers that were not there before.
async fn reload(rig: &Rig, number: usize) {
    let before = rig.daemon();
    if number.is_multiple_of(2) {
        rig.ask_for("other", 3).await;
        rig.cluster.serves("other").await;
    } else {
        rig.cluster.delete::<Service>("other").await;
        rig.cluster.is_gone("other").await;
    }
    let now = rig.daemon();
    assert_eq!(now.master, before.master, "it was started anew");
    assert!(!now.are_of(&before), "no reload: {before:?}, and then {now:?}");
}

#[tokio::test]
async fn a_hundred_clients_keep_their_node_through_5_reloads_and_20_changes() {
    let affinity = json!({ "sessionAffinity": "ClientIP" });
    let (mut rig, at) = Rig::web(Kind::Haproxy, NODES.len(), affinity).await;
    rig.cluster.create(&service("probe", "echo", json!({}))).await;
    let probe = rig.cluster.serves("probe").await;
    comes_through(probe, &NODES).await;
    let clients = Clients::come(&rig.cluster, at).await;

    let mut moved = Vec::new();
    for round in 0..RELOADS {
        reload(&rig, round).await;
        moved.extend(clients.moved(at).await);
        for number in 0..CHANGES / RELOADS {
            change(&rig.cluster, probe, round * (CHANGES / RELOADS) + number).await;
            moved.extend(clients.moved(at).await);
        }
    }
    figure("affinity.clients", clients.0.len(), "count");
    figure("affinity.moved", moved.len(), "count");
    assert_eq!(moved, [""; 0]);
    rig.stop().await;
}
