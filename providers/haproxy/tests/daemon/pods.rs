//! Services that are served by nodes with a pod only (`externalTrafficPolicy: Local`): what comes to
//! another node is dropped there, so no client may be led to one, not even for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use seaway_box::{Check, Port, Site};
use seaway_core::{NodeName, Protocol};

use crate::clients::{Client, ask};
use crate::node::Node;
use crate::rig::{Rig, entry, lead, until};

/// So long that nothing here is right because a check came soon.
const SELDOM: &str = "check-interval = '30s'";
/// A client that waits this long was led to a node without a pod.
const PATIENCE: Duration = Duration::from_secs(3);

fn local(site: &mut Site, nodes: &[Node]) {
    let port = nodes[0].at.port();
    site.entries.values_mut().for_each(|entry| entry.check = Check::Http(port));
}

/// Any difference that takes a reload.
fn differ(site: &mut Site, round: u64) {
    let service = site.entries.values_mut().next().unwrap();
    service.tuning.idle_timeout = Some(Duration::from_secs(100 + round));
}

async fn served(rig: &Rig, at: std::net::SocketAddr) -> bool {
    let asked = tokio::time::timeout(PATIENCE, ask(rig.ip(9), at)).await;
    asked.expect("nobody is led to a node without a pod").is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_led_to_a_node_without_a_pod_while_the_daemon_reloads() {
    let rig = Rig::new(SELDOM);
    let nodes = rig.nodes(2).await;
    nodes[1].set_healthy(false);
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    local(&mut site, &nodes);
    rig.load(&site).await;
    until("the first check was good", async || served(&rig, at).await).await;
    let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let stream = {
        let (done, count, from) = (Arc::clone(&done), Arc::clone(&count), rig.ip(9));
        tokio::spawn(async move {
            while !done.load(Ordering::Acquire) || count.load(Ordering::Acquire) < 1_000 {
                tokio::time::timeout(PATIENCE, ask(from, at)).await??;
                count.fetch_add(1, Ordering::Release);
            }
            std::io::Result::Ok(())
        })
    };
    for round in 0..5 {
        differ(&mut site, round);
        rig.load(&site).await;
    }
    done.store(true, Ordering::Release);
    stream.await.unwrap().expect("each client is served");
    assert_eq!(nodes[1].asked(), 0);
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_service_is_served_within_a_second_by_who_has_a_pod() {
    let rig = Rig::new(SELDOM);
    let nodes = rig.nodes(10).await;
    let (mut site, first) = rig.site(&nodes.iter().collect::<Vec<_>>()).await;
    let (without, with) = (&nodes[..9], &nodes[9]);
    for node in without {
        node.set_healthy(false);
    }
    local(&mut site, &nodes);
    rig.load(&site).await;
    until("the first Service is served", async || served(&rig, first).await).await;
    let mut client = Client::connect(rig.ip(9), first).await.unwrap();

    let number =
        Port { port: rig.port().await, protocol: Protocol::Tcp, node_port: nodes[0].at.port() };
    let new = entry("another", vec![rig.ip(2)], vec![number]);
    let at = std::net::SocketAddr::new(rig.ip(2), number.port);
    site.entries.insert(new.service.uid.clone(), new);
    lead(&mut site, &nodes.iter().collect::<Vec<_>>());
    local(&mut site, &nodes);
    rig.load(&site).await;
    assert!(served(&rig, first).await, "who is served stays so");
    let begun = Instant::now();
    until("the new one is served", async || served(&rig, at).await).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(without.iter().map(Node::asked).sum::<u32>(), 0);
    assert_eq!(client.ask().await.unwrap(), with.name);
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_gets_nobody_before_its_first_good_check() {
    let rig = Rig::new("check-interval = '1s'");
    let nodes = rig.nodes(3).await;
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    let name = NodeName::from("node-2");
    let entry = site.entries.values_mut().next().unwrap();
    entry.targets.get_mut(&name).unwrap().out = true;
    local(&mut site, &nodes);
    rig.load(&site).await;
    until("the first check was good", async || served(&rig, at).await).await;
    // One is new, and one comes back.
    nodes[1..].iter().for_each(|node| node.set_healthy(false));
    lead(&mut site, &[&nodes[0], &nodes[1], &nodes[2]]);
    assert_eq!(rig.steer(&site).await.len(), 2);
    for _ in 0..20 {
        assert!(served(&rig, at).await);
    }
    assert_eq!((nodes[1].asked(), nodes[2].asked()), (0, 0));
    nodes[1..].iter().for_each(|node| node.set_healthy(true));
    until("both serve", async || {
        assert!(served(&rig, at).await);
        nodes[1].asked() > 0 && nodes[2].asked() > 0
    })
    .await;
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_behind_does_no_harm() {
    let rig = Rig::new("check-interval = '1s'");
    let nodes = rig.nodes(2).await;
    let (site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    rig.load(&site).await;
    let folder = rig.config.folder.join("states");
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let backend = rig.running().await.servers.into_keys().next().unwrap();
    let port = nodes[0].at.port();
    let gone = format!("0 {backend} 7 node-7:7 - 0 0 1 1 0 8 2 0 6 0 0 1 - {port} - 0 0 - - 0\n");
    let both = format!("{gone}{}", gone.replace("7 node-7:7", "1 node-1:1"));
    for left in
        ["", "no state file\n", &format!("1\n{both}"), &format!("1\n{}", &both[..both.len() - 9])]
    {
        std::fs::write(&file, left).unwrap();
        let worker = rig.worker().await;
        rig.order("reload").await;
        until("it is another worker", async || rig.worker().await != worker).await;
        let begun = Instant::now();
        let all = async || {
            let states = rig.ask("show servers state").await;
            states.lines().filter(|line| line.contains(" 2 0 1 1 ")).count() == 2
        };
        until("both nodes are up", all).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{left:?}");
        assert!(served(&rig, at).await);
    }
    std::fs::remove_dir_all(folder).unwrap();
    let mut site = site;
    differ(&mut site, 0);
    rig.load(&site).await;
    assert!(served(&rig, at).await);
    rig.close().await;
}
