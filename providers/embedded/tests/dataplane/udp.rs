use std::time::Duration;

use ipnet::IpNet;
use seaway_provider_embedded::dataplane::{Balancer, Probe, Sources};

use crate::lab::{Caller, Lab, UdpNode, ask_from, checks, set, start, state, tcp, udp, until};

fn balancer(lab: &Lab, nodes: u32) -> Balancer {
    Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(nodes) }
}

fn up(lab: &Lab, n: u32) -> UdpNode {
    UdpNode::at(lab.node(n), &format!("node-{n}"))
}

#[tokio::test]
async fn a_flow_stays_with_its_node_and_flows_go_round() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=3).map(|n| up(&lab, n)).collect();
    set(&plane, &balancer(&lab, 3)).await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let caller = Caller::to(lab.front()).await;
        let name = caller.ask().await;
        for _ in 0..5 {
            assert_eq!(caller.ask().await, name);
        }
        names.push(name);
    }
    names.sort();
    assert_eq!(names, ["node-1", "node-2", "node-3"]);
    until("all is counted", || state(&plane).counts.datagrams_out == 18).await;
    let counts = state(&plane).counts;
    assert_eq!((counts.flows_open, counts.flows_opened, counts.datagrams_in), (3, 3, 18));
}

#[tokio::test]
async fn a_datagram_of_any_size_arrives_whole() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = up(&lab, 1);
    set(&plane, &balancer(&lab, 1)).await;
    let caller = Caller::to(lab.front()).await;
    for size in [0, 1, 1472, 65_507 - "node-1:".len()] {
        let sent: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
        caller.send(&sent).await;
        assert_eq!(caller.receive().await, [b"node-1:", &sent[..]].concat());
    }
}

#[tokio::test]
async fn flows_are_bounded_and_the_longest_idle_goes_first() {
    let (lab, plane) = (Lab::new(), start(|options| options.udp_flows = 3));
    let _nodes: Vec<_> = (1..=4).map(|n| up(&lab, n)).collect();
    set(&plane, &balancer(&lab, 4)).await;
    let mut callers = Vec::new();
    for n in 1..=3 {
        let caller = Caller::to(lab.front()).await;
        assert_eq!(caller.ask().await, format!("node-{n}"));
        callers.push(caller);
    }
    // The first is used again, so the second is the one that was idle longest.
    assert_eq!(callers[0].ask().await, "node-1");
    let caller = Caller::to(lab.front()).await;
    assert_eq!(caller.ask().await, "node-4");
    let counts = state(&plane).counts;
    assert_eq!((counts.flows_opened, counts.flows_evicted), (4, 1));
    assert_eq!(callers[0].ask().await, "node-1");
    assert_eq!(callers[2].ask().await, "node-3");
    assert_eq!(state(&plane).counts.flows_opened, 4);
    for _ in 0..20 {
        Caller::to(lab.front()).await.ask().await;
    }
    until("only three are open", || state(&plane).counts.flows_open == 3).await;
    assert_eq!(state(&plane).counts.flows_evicted, 21);
}

#[tokio::test]
async fn an_idle_flow_ends() {
    let idle = Duration::from_millis(50);
    let (lab, plane) = (Lab::new(), start(|options| options.udp_idle = idle));
    let _node = up(&lab, 1);
    set(&plane, &balancer(&lab, 1)).await;
    let caller = Caller::to(lab.front()).await;
    caller.ask().await;
    until("it has ended", || state(&plane).counts.flows_open == 0).await;
    until("its target has none", || state(&plane).targets["node-1"].open == 0).await;
    caller.ask().await;
    assert_eq!(state(&plane).counts.flows_opened, 2);
}

#[tokio::test]
async fn flows_leave_a_draining_or_removed_node_with_their_next_datagram() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=3).map(|n| up(&lab, n)).collect();
    let mut want = balancer(&lab, 3);
    set(&plane, &want).await;
    let caller = Caller::to(lab.front()).await;
    let first = caller.ask().await;
    want.targets.get_mut(&first).unwrap().draining = true;
    set(&plane, &want).await;
    let second = caller.ask().await;
    assert_ne!(second, first);
    want.targets.remove(&second);
    set(&plane, &want).await;
    let third = caller.ask().await;
    assert!(third != first && third != second);
    until("the flow is closed there", || state(&plane).targets[&first].open == 0).await;
}

#[tokio::test]
async fn a_flow_that_its_node_refuses_goes_elsewhere() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = up(&lab, 2);
    let affinity = Some(Duration::from_hours(1));
    set(&plane, &Balancer { affinity, ..balancer(&lab, 2) }).await;
    let caller = Caller::to(lab.front()).await;
    // The first datagram goes to node-1, where nobody listens: lost, as on any network.
    caller.send(b"lost").await;
    until("it is refused", || state(&plane).counts.flows_refused == 1).await;
    assert_eq!(caller.ask().await, "node-2");
    let node = state(&plane).targets.remove("node-1").unwrap();
    assert_eq!((node.failed, node.counts.flows_refused), (1, 1));
}

#[tokio::test]
async fn udp_goes_by_the_tcp_check_and_shares_the_affinity_with_tcp() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let mut nodes: Vec<_> = (1..=3).map(|n| Some((lab.up(n), up(&lab, n)))).collect();
    let want = Balancer {
        listeners: vec![udp(lab.front()), tcp(lab.front())],
        affinity: Some(Duration::from_hours(1)),
        health: checks(Probe::Tcp),
        ..lab.balancer(3)
    };
    set(&plane, &want).await;
    for n in 13..=15 {
        let home = ask_from(lab.ip(n), lab.front()).await.unwrap();
        assert_eq!(Caller::from(lab.ip(n), lab.front()).await.ask().await, home);
    }
    let caller = Caller::to(lab.front()).await;
    let home = caller.ask().await;
    let index: usize = home.strip_prefix("node-").unwrap().parse().unwrap();
    nodes[index - 1] = None;
    until("it is down", || !state(&plane).targets[&home].up).await;
    assert_ne!(caller.ask().await, home);
}

#[tokio::test]
async fn datagrams_from_forbidden_sources_are_dropped() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = up(&lab, 1);
    set(&plane, &balancer(&lab, 1)).await;
    let caller = Caller::from(lab.ip(14), lab.front()).await;
    caller.ask().await;
    let sources = Sources::Only(vec![IpNet::from(lab.ip(15))]);
    set(&plane, &Balancer { sources, ..balancer(&lab, 1) }).await;
    caller.send(b"?").await;
    until("it is refused", || state(&plane).counts.source_refused == 1).await;
    assert_eq!(Caller::from(lab.ip(15), lab.front()).await.ask().await, "node-1");
    until("it is counted", || state(&plane).counts.datagrams_in == 2).await;
}

#[tokio::test]
async fn without_targets_datagrams_are_counted_and_dropped() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    set(&plane, &balancer(&lab, 0)).await;
    Caller::to(lab.front()).await.send(b"?").await;
    until("it is counted", || state(&plane).counts.no_target == 1).await;
}
