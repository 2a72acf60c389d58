use std::collections::BTreeSet;

use seaway_box::Daemon;
use seaway_core::{Health, NodeName};
use seaway_provider_haproxy::Kind;

use crate::clients::{Client, ask};
use crate::rig::{Rig, lead, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_come_move_and_go_without_a_reload() {
    let rig = Rig::new("");
    let nodes = rig.nodes(3).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let running = rig.load(&site).await;
    let frame = rig.haproxy.render(&site).frame();
    assert_eq!(running, rig.haproxy.foresee(&site, &frame));
    let worker = rig.worker().await;
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-1");

    lead(&mut site, &[&nodes[0], &nodes[1], &nodes[2]]);
    assert_eq!(rig.steer(&site).await.len(), 2);
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        seen.insert(ask(rig.ip(9), at).await.unwrap());
    }
    assert_eq!(seen.len(), 3, "{seen:?}");

    // Its address changes: what was node-2 is where node-3 is.
    for entry in site.entries.values_mut() {
        entry.targets.retain(|node, _| node.as_str() == "node-2");
        entry.targets.values_mut().for_each(|target| target.address = nodes[2].at.ip());
    }
    let kinds: Vec<_> = rig.steer(&site).await.into_iter().map(|change| change.kind).collect();
    assert!(matches!(kinds[..], [Kind::Move(_), Kind::Maint, Kind::Maint]), "{kinds:?}");
    for _ in 0..4 {
        assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-3");
    }
    until("who left is deleted", async || {
        rig.steer(&site).await;
        rig.running().await.servers.values().all(|servers| servers.len() == 1)
    })
    .await;

    // The last one goes, and a new one comes to a backend that has none.
    lead(&mut site, &[]);
    rig.steer(&site).await;
    assert!(ask(rig.ip(9), at).await.is_err());
    lead(&mut site, &[&nodes[0]]);
    rig.steer(&site).await;
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-1");
    assert_eq!(rig.worker().await, worker, "no reload");
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_keeps_its_connections_and_is_deleted_after_the_last() {
    let rig = Rig::new("");
    let nodes = rig.nodes(2).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    rig.load(&site).await;
    let mut client = Client::connect(rig.ip(9), at).await.unwrap();
    assert_eq!(client.ask().await.unwrap(), "node-1");

    lead(&mut site, &[&nodes[1]]);
    assert_eq!(rig.steer(&site).await.len(), 2);
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2", "new ones go elsewhere");
    assert_eq!(client.ask().await.unwrap(), "node-1", "and it goes on");
    assert_eq!(rig.steer(&site).await, [], "nothing to do but wait");
    let pulse = rig.haproxy.pulse().await;

    // It comes back while its former self still has a connection.
    lead(&mut site, &[&nodes[0], &nodes[1]]);
    assert_eq!(rig.steer(&site).await.len(), 1);
    lead(&mut site, &[&nodes[1]]);
    rig.steer(&site).await;

    drop(client);
    until("the pulse turns", async || rig.haproxy.pulse().await != pulse).await;
    until("all is deleted", async || {
        rig.steer(&site).await;
        rig.running().await.servers.values().all(|servers| servers.len() == 1)
    })
    .await;
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_out_stays_out_when_the_daemon_starts_again() {
    let rig = Rig::new("");
    let nodes = rig.nodes(2).await;
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    rig.load(&site).await;
    let node = NodeName::from("node-1");
    let entry = site.entries.values_mut().next().unwrap();
    entry.targets.get_mut(&node).unwrap().out = true;
    assert_eq!(rig.steer(&site).await.len(), 1);
    let pulse = rig.haproxy.pulse().await;
    rig.load(&site).await;
    assert_eq!(rig.steer(&site).await, []);
    for _ in 0..4 {
        assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2");
    }
    let targets = rig.haproxy.targets(&site).await.unwrap();
    assert_eq!(targets.values().next().unwrap()[0].health, Health::Draining);
    assert_ne!(rig.haproxy.pulse().await, pulse, "another worker");
    site.entries.values_mut().next().unwrap().targets.get_mut(&node).unwrap().out = false;
    assert_eq!(rig.steer(&site).await.len(), 1);
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        seen.insert(ask(rig.ip(9), at).await.unwrap());
    }
    assert_eq!(seen.len(), 2);
    rig.close().await;
}
