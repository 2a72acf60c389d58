//! What is left when the data plane is gone: nothing. Alone in its process, which it looks at.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "the lab of all data plane tests")]
#[path = "dataplane/lab.rs"]
mod lab;

use std::fs;
use std::time::{Duration, Instant};

use lab::{Caller, Lab, UdpNode, ask, checks, is_reset, open, set, start, tcp, udp, until};
use seaway_provider_embedded::dataplane::{Balancer, ErrorKind, Probe};

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    let names = names.map(|name| name.trim().to_owned());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("seaway-")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let lab = Lab::new();
    let _nodes: Vec<_> =
        (1..=3).map(|n| (lab.up(n), UdpNode::at(lab.node(n), &format!("node-{n}")))).collect();
    let want = Balancer {
        listeners: vec![tcp(lab.front()), udp(lab.front())],
        health: checks(Probe::Tcp),
        ..lab.balancer(3)
    };
    let bare = descriptors();

    let plane = start(|options| {
        options.threads = 2;
        options.listener_drain = Duration::from_millis(50);
    });
    // A thread takes its name once it runs.
    let wanted = ["seaway-health", "seaway-proxy-0", "seaway-proxy-1"];
    until("the threads have their names", || threads() == wanted).await;
    let idle = descriptors();

    // A balancer that comes and goes leaves no socket, drained connections and flows included.
    for _ in 0..3 {
        set(&plane, &want).await;
        let (mut client, _) = open(&lab).await;
        let caller = Caller::to(lab.front()).await;
        caller.ask().await;
        plane.remove("b".into()).await;
        assert!(is_reset(&client.rest().await));
        drop((client, caller));
        until("all sockets of a removed balancer are closed", || descriptors() <= idle).await;
    }

    // The shutdown waits for connections up to its deadline.
    set(&plane, &want).await;
    let (mut client, _) = open(&lab).await;
    let began = Instant::now();
    plane.shutdown(Duration::from_millis(200)).await;
    assert!((Duration::from_millis(200)..Duration::from_secs(2)).contains(&began.elapsed()));
    assert!(is_reset(&client.rest().await));
    assert!(ask(lab.front()).await.is_err());
    assert!(plane.state().is_empty());
    until("all threads have ended", || threads().is_empty()).await;
    let error = plane.set("b".into(), want.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    plane.remove("b".into()).await;
    plane.shutdown(Duration::ZERO).await;
    drop((plane, client));
    until("all sockets of a plane that was shut down are closed", || descriptors() <= bare).await;

    // Without connections it doesn't wait at all.
    let plane = start(|_| {});
    set(&plane, &want).await;
    let began = Instant::now();
    plane.shutdown(Duration::from_mins(1)).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(plane);

    // A plane that is dropped, even within a runtime, leaves nothing either.
    let plane = start(|_| {});
    set(&plane, &want).await;
    let (mut client, _) = open(&lab).await;
    drop(plane);
    assert!(client.rest().await.is_err() || ask(lab.front()).await.is_err());
    drop(client);
    until("all threads have ended", || threads().is_empty()).await;
    until("all sockets of a dropped plane are closed", || descriptors() <= bare).await;
}
