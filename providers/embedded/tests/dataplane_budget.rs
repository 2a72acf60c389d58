//! A process with few file descriptors, and more clients than they are enough for. Alone in its
//! process, whose limit it sets.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

#[expect(dead_code, reason = "the lab of all data plane tests")]
#[path = "dataplane/lab.rs"]
mod lab;

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use lab::{Caller, Client, Lab, UdpNode, ask, listener, set, start, tcp, udp, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaway_provider_embedded::dataplane::{Balancer, BalancerState, DataPlane};
use tokio::net::TcpStream;

/// Half of them are for traffic. A quarter, at least, is left to this test, which has the clients.
const LIMIT: u64 = 400;

fn state_of(plane: &DataPlane, id: &str) -> BalancerState {
    plane.state_of(&id.into()).unwrap()
}

fn starved(plane: &DataPlane, id: &str) -> u64 {
    state_of(plane, id).counts.starved
}

/// A balancer besides the first of the lab, at another port.
fn besides(lab: &Lab, port: u16) -> (SocketAddr, Balancer) {
    let at = SocketAddr::new(lab.ip(0), port);
    (at, Balancer { listeners: vec![tcp(at)], ..lab.balancer(1) })
}

#[tokio::test]
async fn neither_idle_clients_nor_flows_take_what_the_rest_of_the_process_needs() {
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(LIMIT), ..before }).unwrap();
    connections().await;
    flows().await;
}

async fn connections() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    // The kernel accepts for it, and nobody reads.
    let _silent = listener(lab.node(2), 1024);
    let (web, serving) = besides(&lab, 9001);
    plane.set("web".into(), serving).await.unwrap();
    set(&plane, &Balancer { targets: lab.targets([2]), ..lab.balancer(1) }).await;

    let mut idle: Vec<TcpStream> = Vec::new();
    while starved(&plane, "b") == 0 {
        assert!((idle.len() as u64) < LIMIT / 4, "a client too many has a place");
        idle.push(TcpStream::connect(lab.front()).await.unwrap());
        let all = idle.len() as u64;
        let is_in = || plane.plane_state().connections == all || starved(&plane, "b") > 0;
        until("it is served, or waits", is_in).await;
    }
    let places = plane.plane_state().connections;
    assert!(places > LIMIT / 5, "only {places} have a place");
    let waiting = TcpStream::connect(web).await.unwrap();
    until("it is noticed", || starved(&plane, "web") > 0).await;
    assert_eq!(plane.plane_state().connections, places);

    // A file, another balancer, and a change of one: all are there as ever.
    drop(File::open("/dev/null").unwrap());
    plane.set("other".into(), besides(&lab, 9002).1).await.unwrap();
    plane.remove("other".into()).await;

    for client in idle.drain(..8) {
        client.set_zero_linger().unwrap();
    }
    let mut waiting = Client::over(waiting);
    let name = tokio::time::timeout(Duration::from_secs(5), waiting.name()).await;
    assert_eq!(name.unwrap().unwrap(), "node-1");
    assert_eq!(waiting.echo("at last").await.unwrap(), "at last");
    plane.shutdown(Duration::ZERO).await;
}

async fn flows() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let (_node, _server) = (UdpNode::at(lab.node(1), "node-1"), lab.up(1));
    let (web, serving) = besides(&lab, 9001);
    plane.set("web".into(), serving).await.unwrap();
    set(&plane, &Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(1) }).await;
    let most = plane.plane_state().max_flows;
    assert!((LIMIT / 10..LIMIT / 4).contains(&most), "{most} flows");

    let mut callers = Vec::new();
    for _ in 0..most + 3 {
        let caller = Caller::to(lab.front()).await;
        assert_eq!(caller.ask().await, "node-1");
        callers.push(caller);
    }
    let counts = state_of(&plane, "b").counts;
    assert_eq!((counts.flows_evicted, plane.plane_state().flows), (3, most));
    assert_eq!(ask(web).await.unwrap(), "node-1");
    drop(File::open("/dev/null").unwrap());
    plane.shutdown(Duration::ZERO).await;
}
