//! A node that goes dark while clients talk to it: nothing answers any more, not even a reset. It takes
//! a network of its own, which ends with the test.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "the lab of all data plane tests")]
#[path = "dataplane/lab.rs"]
mod lab;

use std::time::Duration;

use lab::{NODE_PORT, Node, PORT, checks, is_reset, set, start, state, tcp, until};
use seaway_provider_embedded::dataplane::{Balancer, Keepalive, Probe, Target};
use seaway_testkit::namespace::{alone, ip};
use tokio::io::AsyncWriteExt;

const FRONT: &str = "198.18.0.1";
const NODE: &str = "198.18.0.2";

#[test]
fn who_talks_to_a_node_that_goes_dark_is_reset_in_time() {
    alone("who_talks_to_a_node_that_goes_dark_is_reset_in_time", async || {
        for address in [FRONT, NODE] {
            ip(&format!("address add {address}/32 dev lo"));
        }
        let second = Duration::from_secs(1);
        let plane = start(|options| {
            options.keepalive = Keepalive { idle: second, interval: second, retries: 2 };
        });
        let _node = Node::at(format!("{NODE}:{NODE_PORT}").parse().unwrap(), "node-1");
        let front = format!("{FRONT}:{PORT}").parse().unwrap();
        let balancer = Balancer {
            listeners: vec![tcp(front)],
            targets: [("node-1".to_owned(), Target::new(NODE.parse().unwrap()))].into(),
            health: checks(Probe::None),
            ..Balancer::default()
        };
        set(&plane, &balancer).await;
        let mut talker = lab::Client::to(front).await.unwrap();
        let mut listener = lab::Client::to(front).await.unwrap();
        for client in [&mut talker, &mut listener] {
            assert_eq!(client.name().await.unwrap(), "node-1");
        }

        // Packets for it are lost on the way, and none comes from it.
        ip(&format!("route add blackhole {NODE}/32 table 99"));
        ip(&format!("rule add to {NODE} table 99 priority 0"));
        ip("rule add priority 1 lookup local");
        ip("rule delete priority 0 lookup local");
        talker.stream().write_all(b"are you there?").await.unwrap();
        // The one by what is not acknowledged, the other by keepalive.
        for client in [&mut talker, &mut listener] {
            assert!(is_reset(&client.rest().await));
        }
        until("both are counted", || state(&plane).counts.target_broke == 2).await;
        assert_eq!(state(&plane).targets["node-1"].counts.broke, 2);
    });
}
