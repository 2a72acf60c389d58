use std::time::Duration;

use ipnet::IpNet;
use seaway_provider_embedded::dataplane::{Balancer, Probe, Sources, Tuning};

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
async fn a_flow_may_be_silent_for_as_long_as_its_balancer_asks_for() {
    let (lab, plane) = (Lab::new(), start(|options| options.udp_idle = Duration::from_millis(50)));
    let _node = up(&lab, 1);
    let tuning = Tuning { idle_timeout: Some(Duration::from_hours(1)), ..Tuning::default() };
    set(&plane, &Balancer { tuning, ..balancer(&lab, 1) }).await;
    Caller::to(lab.front()).await.ask().await;
    // One that asks for nothing shows when the time of the plane is over.
    let other = Lab::new();
    let _other_node = up(&other, 1);
    plane.set("c".into(), balancer(&other, 1)).await.unwrap();
    Caller::to(other.front()).await.ask().await;
    let others = || plane.state_of(&"c".into()).unwrap().counts.flows_open;
    until("the other has ended", || others() == 0).await;
    assert_eq!(state(&plane).counts.flows_open, 1);
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

/// Each in a process of its own, which it starves.
#[cfg(target_os = "linux")]
mod starved {
    use std::fs::File;
    use std::net::UdpSocket as StdSocket;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use seaway_provider_embedded::dataplane::{Counts, DataPlane};
    use seaway_testkit::namespace::{alone, sysctl};
    use tokio::net::UdpSocket;

    use super::*;

    /// Two clients, whose own ports are none of those that there are few of.
    async fn both(lab: &Lab) -> [UdpSocket; 2] {
        let client = async |port| {
            let socket = UdpSocket::bind((lab.ip(9), port)).await.unwrap();
            socket.connect(lab.front()).await.unwrap();
            socket
        };
        [client(20_001).await, client(20_002).await]
    }

    /// A client sends a datagram, and the node's answer comes.
    async fn answered(client: &UdpSocket) {
        client.send(b"?").await.unwrap();
        let mut answer = [0; 16];
        let heard = tokio::time::timeout(Duration::from_secs(5), client.recv(&mut answer));
        let length = heard.await.expect("an answer comes").unwrap();
        assert_eq!(&answer[..length], b"node-1:?");
    }

    /// With nothing left there is no flow; with enough for one, whoever comes has it.
    async fn the_only_flow_is_handed_on(
        clients: &[UdpSocket; 2],
        plane: &DataPlane,
        short: fn(&Counts) -> u64,
        leave_one: impl FnOnce(),
    ) {
        clients[0].send(b"lost").await.unwrap();
        until("it is dropped", || state(plane).counts.datagrams_dropped == 1).await;
        assert_eq!(short(&state(plane).counts), 1);
        leave_one();
        for n in 0..20 {
            answered(&clients[n % 2]).await;
        }
        let counts = state(plane).counts;
        assert_eq!((counts.flows_evicted, counts.flows_opened), (19, 20));
        assert_eq!((short(&counts), counts.datagrams_dropped), (20, 1));
        assert_eq!((counts.datagrams_in, counts.connect_failed), (20, 0));
        until("one is open", || state(plane).counts.flows_open == 1).await;
        assert_eq!(state(plane).targets["node-1"].failed, 0);
    }

    #[test]
    fn without_a_local_port_the_flow_that_was_idle_longest_makes_room() {
        let name = "udp::starved::without_a_local_port_the_flow_that_was_idle_longest_makes_room";
        alone(name, async || {
            sysctl("net/ipv4/ip_local_port_range", "40000 40009");
            let (lab, plane) = (Lab::new(), start(|_| {}));
            let _node = up(&lab, 1);
            set(&plane, &balancer(&lab, 1)).await;
            let clients = both(&lab).await;
            let mut hoard = Vec::new();
            while let Ok(socket) = StdSocket::bind("0.0.0.0:0") {
                hoard.push(socket);
            }
            let leave_one = || drop(hoard.pop());
            the_only_flow_is_handed_on(&clients, &plane, |it| it.out_of_ports, leave_one).await;
        });
    }

    #[test]
    fn without_a_descriptor_the_flow_that_was_idle_longest_makes_room() {
        let name = "udp::starved::without_a_descriptor_the_flow_that_was_idle_longest_makes_room";
        alone(name, async || {
            let (lab, plane) = (Lab::new(), start(|_| {}));
            let _node = up(&lab, 1);
            set(&plane, &balancer(&lab, 1)).await;
            let clients = both(&lab).await;
            let limits = getrlimit(Resource::Nofile);
            setrlimit(Resource::Nofile, Rlimit { current: Some(100), ..limits }).unwrap();
            let mut hoard = Vec::new();
            while let Ok(file) = File::open("/dev/null") {
                hoard.push(file);
            }
            let leave_one = || drop(hoard.pop());
            the_only_flow_is_handed_on(&clients, &plane, |it| it.starved, leave_one).await;
        });
    }
}
