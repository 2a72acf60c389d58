//! What keeps the plane standing: each limit has its counter.

use std::net::SocketAddr;
use std::time::Duration;

use seaway_provider_embedded::dataplane::{Balancer, BalancerId, BalancerState, DataPlane, Tuning};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::{
    Caller, Client, Lab, UdpNode, ask, is_reset, listener, open, set, start, state, tcp, udp, until,
};

fn at_most(connections: u32, balancer: Balancer) -> Balancer {
    let tuning = Tuning { max_connections: Some(connections), ..Tuning::default() };
    Balancer { tuning, ..balancer }
}

fn idle(millis: u64, balancer: Balancer) -> Balancer {
    let idle_timeout = Some(Duration::from_millis(millis));
    Balancer { tuning: Tuning { idle_timeout, ..Tuning::default() }, ..balancer }
}

fn state_of(plane: &DataPlane, id: &str) -> BalancerState {
    plane.state_of(&BalancerId::from(id)).unwrap()
}

#[tokio::test]
async fn a_full_balancer_resets_who_comes_and_keeps_who_is_there() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &at_most(2, lab.balancer(1))).await;
    let (mut first, _) = open(&lab).await;
    let (second, _) = open(&lab).await;
    for refused in 1..=3 {
        assert!(is_reset(&ask(lab.front()).await));
        until("it is counted", || state(&plane).counts.limit_refused == refused).await;
    }
    assert_eq!(first.echo("still here").await.unwrap(), "still here");

    // A place that becomes free is given anew.
    drop(second);
    until("a place is free", || plane.plane_state().connections == 1).await;
    let (_third, _) = open(&lab).await;
    assert!(is_reset(&ask(lab.front()).await));

    // A wider limit holds at once, a narrower one ends nobody.
    set(&plane, &at_most(3, lab.balancer(1))).await;
    let (_fourth, _) = open(&lab).await;
    set(&plane, &at_most(1, lab.balancer(1))).await;
    assert!(is_reset(&ask(lab.front()).await));
    assert_eq!(first.echo("still here").await.unwrap(), "still here");
    assert_eq!(state(&plane).counts.connections_open, 3);
    assert_eq!(state(&plane).counts.plane_limit_refused, 0);
}

#[tokio::test]
async fn all_balancers_together_have_a_limit_too() {
    let (lab, plane) = (Lab::new(), start(|options| options.max_connections = 2));
    let _node = lab.up(1);
    let mut other = lab.front();
    other.set_port(9090);
    set(&plane, &lab.balancer(1)).await;
    let second = Balancer { listeners: vec![tcp(other)], ..lab.balancer(1) };
    plane.set("second".into(), second).await.unwrap();
    let (early, _) = open(&lab).await;
    let mut there = Client::to(other).await.unwrap();
    there.name().await.unwrap();
    assert!(is_reset(&ask(other).await));
    until("it is counted", || state_of(&plane, "second").counts.plane_limit_refused == 1).await;
    assert_eq!(state_of(&plane, "second").counts.limit_refused, 0);
    let whole = plane.plane_state();
    assert_eq!((whole.connections, whole.max_connections), (2, 2));

    // Who waits for its target has a place already, and who was refused one holds none.
    drop(early);
    until("a place is free", || plane.plane_state().connections == 1).await;
    ask(other).await.unwrap();
}

#[tokio::test]
async fn a_silent_connection_ends_by_a_reset_on_both_sides() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &idle(40, lab.balancer(1))).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    assert!(is_reset(&client.rest().await));
    assert!(is_reset(&stream.read(&mut [0; 8]).await));
    until("it is counted", || state(&plane).counts.idle_ended == 1).await;
    let state = state(&plane);
    assert_eq!(state.targets["node-1"].counts.idle_ended, 1);
    // A client that never said a word can't complain of its target.
    assert_eq!(state.counts.target_silent, 0);
    until("no place is taken", || plane.plane_state().connections == 0).await;
}

#[tokio::test]
async fn a_target_that_accepts_and_never_answers_is_found_out() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    // The kernel accepts for it, and nobody reads.
    let _node = listener(lab.node(1), 16);
    set(&plane, &idle(40, lab.balancer(1))).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    client.stream().write_all(b"is anybody there?").await.unwrap();
    assert!(is_reset(&client.rest().await));
    until("it is counted", || state(&plane).counts.target_silent == 1).await;
    let state = state(&plane);
    assert_eq!(state.counts.idle_ended, 1);
    assert_eq!(state.targets["node-1"].counts.silent, 1);
    assert_eq!(state.targets["node-1"].counts.bytes_in, 17);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_ended_after_the_idle_timeout() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &idle(200, lab.balancer(1))).await;
    let client = Client::to(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    let sent = stream.write_all(&vec![7; 64 << 20]).await;
    assert!(sent.is_err(), "the sockets on the way would have to hold it all");
    until("it is counted", || state(&plane).counts.client_stalled == 1).await;
    // It is nobody else's doing.
    assert_eq!(state(&plane).counts.idle_ended, 0);
    assert_eq!(state(&plane).targets["node-1"].counts.idle_ended, 0);
    drop(client);
}

#[tokio::test]
async fn a_slow_target_may_have_a_timeout_of_its_own() {
    let (lab, plane) = (Lab::new(), start(|options| options.connect_tries = 1));
    let hole = crate::health::black_hole(lab.node(1)).await;
    let tuning = Tuning { connect_timeout: Some(Duration::from_millis(10)), ..Tuning::default() };
    set(&plane, &Balancer { tuning, ..lab.balancer(1) }).await;
    assert!(is_reset(&ask(lab.front()).await));
    let state = state(&plane);
    assert_eq!((state.counts.connect_timed_out, state.counts.unserved), (1, 1));
    assert_eq!(state.targets["node-1"].counts.connect_timed_out, 1);
    drop(hole);
}

fn flows(lab: &Lab, front: SocketAddr) -> Balancer {
    Balancer { listeners: vec![udp(front)], ..lab.balancer(1) }
}

#[tokio::test]
async fn flows_of_all_listeners_together_are_bounded() {
    let (lab, plane) = (Lab::new(), start(|options| options.max_flows = 2));
    let _node = UdpNode::at(lab.node(1), "node-1");
    let mut other = lab.front();
    other.set_port(9090);
    set(&plane, &flows(&lab, lab.front())).await;
    plane.set("second".into(), flows(&lab, other)).await.unwrap();
    let callers = [Caller::to(lab.front()).await, Caller::to(lab.front()).await];
    for caller in &callers {
        caller.ask().await;
    }
    // Another listener has no flow to give up: its datagram is dropped.
    Caller::to(other).await.send(b"?").await;
    let refused = || state_of(&plane, "second").counts.flows_limit_refused == 1;
    until("it is refused", refused).await;
    // One that has gives up its own.
    let third = Caller::to(lab.front()).await;
    third.ask().await;
    assert_eq!(state(&plane).counts.flows_evicted, 1);
    assert_eq!(callers[1].ask().await, "node-1");
    assert_eq!(state(&plane).counts.flows_opened, 3);
    let whole = plane.plane_state();
    assert_eq!((whole.flows, whole.max_flows), (2, 2));

    // What a closed listener held is free again.
    plane.remove("b".into()).await;
    until("it is free", || plane.plane_state().flows == 0).await;
    assert_eq!(Caller::to(other).await.ask().await, "node-1");
}

#[tokio::test]
async fn every_counter_has_its_name() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut client, _) = open(&lab).await;
    assert_eq!(client.echo("four").await.unwrap(), "four");
    // It is counted once it is sent, and so may be here first.
    until("all is counted", || state(&plane).targets["node-1"].counts.bytes_out == 11).await;
    let state = state(&plane);
    let of = |name| state.counts.named().find(|(known, _)| *known == name).map(|(_, n)| n);
    assert_eq!(
        (of("accepted"), of("connections_open"), of("bytes_in")),
        (Some(1), Some(1), Some(4))
    );
    let target: Vec<_> = state.targets["node-1"].counts.named().collect();
    assert!(target.contains(&("bytes_in", 4)) && target.contains(&("bytes_out", 11)), "{target:?}");
}
