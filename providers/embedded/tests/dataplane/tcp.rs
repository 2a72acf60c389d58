use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipnet::IpNet;
use seaway_provider_embedded::dataplane::{Balancer, Sources};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::lab::{
    Client, Lab, Node, ask, ask_from, is_reset, listener, open, set, start, state, tcp, until,
};

#[tokio::test]
async fn requests_go_to_all_nodes_in_turn() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=10).map(|n| lab.up(n)).collect();
    set(&plane, &lab.balancer(10)).await;
    let mut answers = BTreeMap::new();
    for _ in 0..100 {
        *answers.entry(ask(lab.front()).await.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(answers.len(), 10);
    assert!(answers.values().all(|&n| n == 10), "{answers:?}");
    let state = state(&plane);
    assert_eq!(state.counts.accepted, 100);
    assert!(state.targets.values().all(|target| target.served == 10));
}

#[tokio::test]
async fn who_has_said_all_still_hears_the_answer() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut client, _) = open(&lab).await;
    client.stream().write_all(b"hello").await.unwrap();
    client.stream().shutdown().await.unwrap();
    assert_eq!(client.rest().await.unwrap(), b"hellobye");
    until("the connection has ended", || state(&plane).counts.connections_open == 0).await;
    let counts = state(&plane).counts;
    assert_eq!((counts.client_broke, counts.target_broke, counts.ended), (0, 0, 0));
    assert_eq!(counts.bytes_in, 5);
    assert_eq!(counts.bytes_out, "node-1\nhellobye".len() as u64);
}

#[tokio::test]
async fn a_node_may_close_its_side_first() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &lab.balancer(1)).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await.unwrap(), b"");
    client.stream().write_all(b"late").await.unwrap();
    client.stream().shutdown().await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"late");
}

#[tokio::test]
async fn a_big_transfer_arrives_whole_in_both_directions() {
    const SIZE: usize = 32 << 20;
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (client, _) = open(&lab).await;
    let data: Vec<u8> =
        (0..SIZE).map(|i| u8::try_from((i * 31 + i / 251) % 256).unwrap()).collect();
    let mut client = client;
    let (mut read, mut write) = client.stream().split();
    let send = async {
        write.write_all(&data).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let receive = async {
        let mut got = Vec::with_capacity(SIZE + 3);
        read.read_to_end(&mut got).await.unwrap();
        got
    };
    let ((), got) = tokio::join!(send, receive);
    assert_eq!(got.len(), SIZE + 3);
    assert!(got[..SIZE] == data[..], "the bytes differ");
}

#[tokio::test]
async fn a_client_that_stops_reading_stops_its_node_and_nothing_is_lost() {
    // More than all sockets on the way may hold, however far the kernel lets them grow.
    const SIZE: usize = 64 << 20;
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &lab.balancer(1)).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    let sender = tokio::spawn(async move {
        stream.write_all(&vec![7; SIZE]).await.unwrap();
    });
    // Until the sockets on the way are full: the count then stands still below the whole.
    let mut before = 0;
    until("the stream stands still", || {
        let now = state(&plane).counts.bytes_out;
        std::mem::replace(&mut before, now) == now && now > 0
    })
    .await;
    assert!(!sender.is_finished());
    let rest = client.rest().await.unwrap();
    assert!(rest == vec![7; SIZE], "the bytes differ");
}

#[tokio::test]
async fn a_reset_by_the_client_reaches_the_node_as_a_reset() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &lab.balancer(1)).await;
    let client = TcpStream::connect(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    until("it is open", || state(&plane).counts.connections_open == 1).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_reset(&stream.read(&mut [0; 8]).await));
    until("it is counted", || state(&plane).counts.client_broke == 1).await;
    until("it has ended", || state(&plane).counts.connections_open == 0).await;
}

#[tokio::test]
async fn a_reset_by_the_node_reaches_the_client_as_a_reset() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &lab.balancer(1)).await;
    let mut client = Client::to(lab.front()).await.unwrap();
    let (stream, _) = node.accept().await.unwrap();
    until("it is open", || state(&plane).counts.connections_open == 1).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert!(is_reset(&client.rest().await));
    until("it is counted", || state(&plane).counts.target_broke == 1).await;
    let broke = || state(&plane).targets["node-1"].counts.broke == 1;
    until("it is counted for the node", broke).await;
}

fn only(lab: &Lab, sources: &[u32]) -> Sources {
    Sources::Only(sources.iter().map(|&n| IpNet::from(lab.ip(n))).collect())
}

#[tokio::test]
async fn source_ranges_hold_at_once_and_for_new_connections_alone() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &Balancer { sources: only(&lab, &[14]), ..lab.balancer(1) }).await;
    let mut early = Client::from(lab.ip(14), lab.front()).await.unwrap();
    early.name().await.unwrap();
    assert!(is_reset(&ask_from(lab.ip(15), lab.front()).await));
    assert_eq!(state(&plane).counts.source_refused, 1);

    set(&plane, &Balancer { sources: only(&lab, &[15]), ..lab.balancer(1) }).await;
    ask_from(lab.ip(15), lab.front()).await.unwrap();
    assert!(is_reset(&ask_from(lab.ip(14), lab.front()).await));
    assert_eq!(early.echo("still here").await.unwrap(), "still here");

    set(&plane, &Balancer { sources: Sources::Only(vec![]), ..lab.balancer(1) }).await;
    assert!(is_reset(&ask_from(lab.ip(15), lab.front()).await));
    set(&plane, &lab.balancer(1)).await;
    ask_from(lab.ip(14), lab.front()).await.unwrap();
}

#[tokio::test]
async fn without_targets_a_connection_is_reset_at_once() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    set(&plane, &lab.balancer(0)).await;
    assert!(is_reset(&ask(lab.front()).await));
    assert_eq!(state(&plane).counts.no_target, 1);
}

#[tokio::test]
async fn a_new_target_port_is_for_new_connections() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _old = lab.up(1);
    let mut address = lab.node(1);
    address.set_port(31003);
    let _new = Node::at(address, "new");
    let mut want = lab.balancer(1);
    set(&plane, &want).await;
    let (mut early, _) = open(&lab).await;
    want.listeners[0].target_port = 31003;
    set(&plane, &want).await;
    assert_eq!(ask(lab.front()).await.unwrap(), "new");
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
}

#[tokio::test]
async fn a_client_stays_with_its_node_across_ports_and_new_nodes() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=5).map(|n| lab.up(n)).collect();
    let mut other = lab.front();
    other.set_port(9090);
    let mut want = Balancer {
        listeners: vec![tcp(lab.front()), tcp(other)],
        affinity: Some(Duration::from_hours(1)),
        ..lab.balancer(4)
    };
    set(&plane, &want).await;
    let home = ask_from(lab.ip(15), lab.front()).await.unwrap();
    // Others come and go in between: without affinity the turn would be elsewhere.
    let mut others = BTreeSet::new();
    for n in 6..10 {
        others.insert(ask_from(lab.ip(n), lab.front()).await.unwrap());
    }
    assert_eq!(others.len(), 4);
    assert_eq!(ask_from(lab.ip(15), other).await.unwrap(), home);
    want.targets = lab.targets(1..=5);
    set(&plane, &want).await;
    assert_eq!(ask_from(lab.ip(15), lab.front()).await.unwrap(), home);

    // Its node drains: it moves, and stays where it moved when the node comes back.
    want.targets.get_mut(&home).unwrap().draining = true;
    set(&plane, &want).await;
    let second = ask_from(lab.ip(15), lab.front()).await.unwrap();
    assert_ne!(second, home);
    want.targets.get_mut(&home).unwrap().draining = false;
    set(&plane, &want).await;
    assert_eq!(ask_from(lab.ip(15), lab.front()).await.unwrap(), second);

    // Its node is removed.
    want.targets.remove(&second);
    set(&plane, &want).await;
    let third = ask_from(lab.ip(15), lab.front()).await.unwrap();
    assert_ne!(third, second);
    assert_eq!(ask_from(lab.ip(15), lab.front()).await.unwrap(), third);
}

#[tokio::test]
async fn a_client_that_stays_away_is_forgotten() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes: Vec<_> = (1..=2).map(|n| lab.up(n)).collect();
    let want = Balancer { affinity: Some(Duration::from_millis(50)), ..lab.balancer(2) };
    set(&plane, &want).await;
    let home = ask(lab.front()).await.unwrap();
    // Every answer from the same node renews the time, so it has to be let pass.
    let mut moved = false;
    for wait in [100, 200, 400, 800] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        moved |= ask(lab.front()).await.unwrap() != home;
    }
    assert!(moved);
}
