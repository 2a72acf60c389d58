use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use seaway_box::{Daemon, Port};
use seaway_core::{Affinity, Protocol};

use crate::clients::{Client, ask};
use crate::rig::{Rig, entry, lead, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_breaks_no_connection_and_refuses_none() {
    let rig = Rig::new("most-connections = 4000");
    let nodes = rig.nodes(2).await;
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    rig.load(&site).await;
    let mut open = Vec::new();
    for number in 0..500_u16 {
        open.push(
            Client::connect(rig.ip(if number % 2 == 0 { 200 } else { 201 }), at).await.unwrap(),
        );
    }
    let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let stream = {
        let (done, count, from) = (Arc::clone(&done), Arc::clone(&count), rig.ip(9));
        tokio::spawn(async move {
            // At least 2,000, and some after the last reload.
            while !done.load(Ordering::Acquire) || count.load(Ordering::Acquire) < 2_000 {
                ask(from, at).await?;
                count.fetch_add(1, Ordering::Release);
            }
            std::io::Result::Ok(())
        })
    };
    for round in 0..5 {
        let port = rig.port().await;
        let port = Port { port, protocol: Protocol::Tcp, node_port: nodes[0].at.port() };
        let more = entry(&format!("more-{round}"), vec![rig.ip(2)], vec![port]);
        site.entries.insert(more.service.uid.clone(), more);
        lead(&mut site, &[&nodes[0], &nodes[1]]);
        rig.load(&site).await;
    }
    done.store(true, Ordering::Release);
    stream.await.unwrap().expect("no new connection fails");
    for client in &mut open {
        client.ask().await.expect("no open connection breaks");
    }
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_keeps_its_node_over_reloads_and_changes_of_others_on_all_ports() {
    let rig = Rig::new("");
    let nodes = rig.nodes(4).await;
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1], &nodes[2]]).await;
    let second = rig.port().await;
    let service = site.entries.values_mut().next().unwrap();
    service.affinity = Some(Affinity { timeout: Duration::from_hours(3) });
    let node_port = nodes[0].at.port();
    service.ports.push(Port { port: second, protocol: Protocol::Tcp, node_port });
    rig.load(&site).await;
    let mut homes = BTreeMap::new();
    for last in 10..60 {
        homes.insert(last, ask(rig.ip(last), at).await.unwrap());
    }
    for round in 0..5_u8 {
        // A node that none of them has comes and goes; then a reload.
        lead(&mut site, &[&nodes[0], &nodes[1], &nodes[2], &nodes[3]]);
        rig.steer(&site).await;
        lead(&mut site, &[&nodes[0], &nodes[1], &nodes[2]]);
        rig.steer(&site).await;
        let uid = site.entries.keys().next().unwrap().clone();
        let idle = Duration::from_secs(60 + u64::from(round));
        site.entries.get_mut(&uid).unwrap().tuning.idle_timeout = Some(idle);
        rig.load(&site).await;
        for (last, home) in homes.iter().rev() {
            assert_eq!(&ask(rig.ip(*last), at).await.unwrap(), home, "round {round}");
            let port = std::net::SocketAddr::new(at.ip(), second);
            assert_eq!(&ask(rig.ip(*last), port).await.unwrap(), home, "the other port");
        }
    }
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_was_started_before_is_taken_over() {
    let rig = Rig::new("");
    let nodes = rig.nodes(1).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let before = rig.load(&site).await;
    let next = seaway_provider_haproxy::Haproxy::new(rig.config.clone());
    next.adopt().await.unwrap();
    assert_eq!(next.running().await.unwrap(), Some(before));
    site.entries.values_mut().next().unwrap().tuning.max_connections = Some(7);
    rig.write(&site);
    next.reload(&next.render(&site).frame()).await.unwrap();
    assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-1");
    next.close(Duration::from_millis(100)).await;
    assert_eq!(next.running().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_worker_is_taught_who_has_which_node() {
    let rig = Rig::new("");
    let nodes = rig.nodes(4).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let service = site.entries.values_mut().next().unwrap();
    service.affinity = Some(Affinity { timeout: Duration::from_hours(3) });
    rig.load(&site).await;
    for last in 10..60 {
        assert_eq!(ask(rig.ip(last), at).await.unwrap(), "node-1");
    }
    // By the hash alone, three of four would be elsewhere from here on.
    lead(&mut site, &[&nodes[0], &nodes[1], &nodes[2], &nodes[3]]);
    rig.steer(&site).await;
    site.entries.values_mut().next().unwrap().tuning.max_connections = Some(1_000);
    rig.load(&site).await;
    until("it is taught", async || rig.ask("show table").await.contains("used:50")).await;
    for last in 10..60 {
        assert_eq!(ask(rig.ip(last), at).await.unwrap(), "node-1");
    }
    rig.close().await;
}
