use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use seaway_box::{Daemon, Port};
use seaway_core::{Affinity, Health, Protocol, ProxyProtocol, SourceRanges};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::lab::{Client, Lab, NODE_PORT, PORT};

#[tokio::test]
async fn connections_reach_all_nodes_and_may_be_half_closed() {
    let lab = Lab::new().await;
    let (a, b) = (lab.node(11).await, lab.node(12).await);
    let entry = lab.entry(&[&a, &b]);
    lab.serve([entry]).await;
    let mut seen = BTreeSet::new();
    for _ in 0..64 {
        let client = Client::connect(lab.front()).await.unwrap();
        seen.insert(client.node.clone());
        assert_eq!(client.finish().await, "last words");
    }
    assert_eq!(seen, BTreeSet::from([a.name.clone(), b.name.clone()]));
}

#[tokio::test]
async fn datagrams_are_answered() {
    let lab = Lab::new().await;
    let node = UdpSocket::bind(SocketAddr::new(lab.ip(11), NODE_PORT)).await.unwrap();
    let tcp = lab.node(11).await;
    let mut entry = lab.entry(&[&tcp]);
    entry.ports.push(Port { port: PORT, protocol: Protocol::Udp, node_port: NODE_PORT });
    lab.serve([entry]).await;
    let client = UdpSocket::bind((lab.ip(2), 0)).await.unwrap();
    client.connect(lab.front()).await.unwrap();
    let mut from = BTreeSet::new();
    for _ in 0..3 {
        client.send(b"question").await.unwrap();
        let mut buffer = [0; 64];
        let (length, peer) = node.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"question");
        from.insert(peer);
        node.send_to(b"answer", peer).await.unwrap();
        let length = client.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"answer");
    }
    assert_eq!(from.len(), 1, "one session for one client");
    assert_eq!(Client::connect(lab.front()).await.unwrap().node, tcp.name, "TCP beside it");
}

#[tokio::test]
async fn source_ranges_are_enforced() {
    let lab = Lab::new().await;
    let node = lab.node(11).await;
    let mut entry = lab.entry(&[&node]);
    let prefix = format!("{}/32", lab.ip(7)).parse().unwrap();
    entry.sources = SourceRanges::Only(BTreeSet::from([prefix]));
    lab.serve([entry.clone()]).await;
    let from = async |last| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(lab.ip(last), 0)).unwrap();
        let mut name = String::new();
        let stream = socket.connect(lab.front()).await.unwrap();
        // Who is sent away sees the end, or a reset.
        let _ = BufReader::new(stream).read_line(&mut name).await;
        name.trim().to_owned()
    };
    assert_eq!(from(7).await, node.name);
    assert_eq!(from(8).await, "");
    entry.sources = SourceRanges::Only(BTreeSet::new());
    lab.serve([entry]).await;
    assert_eq!(from(7).await, "", "an empty list lets nobody in");
}

#[tokio::test]
async fn nodes_are_told_the_client_by_proxy_protocol() {
    let lab = Lab::new().await;
    let address = SocketAddr::new(lab.ip(11), NODE_PORT);
    let node = TcpListener::bind(address).await.unwrap();
    let mut entry = lab.entry(&[]);
    let target = seaway_box::Target { address: address.ip(), out: false };
    entry.targets.insert("node".into(), target);
    entry.tuning.proxy_protocol = Some(ProxyProtocol::V1);
    lab.serve([entry]).await;
    let client = TcpStream::connect(lab.front()).await.unwrap();
    let line = async {
        loop {
            let (stream, _) = node.accept().await.unwrap();
            let mut line = String::new();
            // A health check says nothing.
            let _ = BufReader::new(stream).read_line(&mut line).await;
            if !line.is_empty() {
                return line;
            }
        }
    };
    let line = timeout(Duration::from_secs(10), line).await.unwrap();
    let (front, port) = (lab.front(), client.local_addr().unwrap());
    let expected =
        format!("PROXY TCP4 {} {} {} {}\r\n", port.ip(), front.ip(), port.port(), front.port());
    assert_eq!(line, expected);
}

#[tokio::test]
async fn without_nodes_who_connects_is_sent_away() {
    let lab = Lab::new().await;
    let entry = lab.entry(&[]);
    lab.serve([entry.clone()]).await;
    let name = Client::connect(lab.front()).await.map(|client| client.node);
    assert!(matches!(name.as_deref(), Ok("") | Err(_)), "{name:?}");
    let node = lab.node(11).await;
    lab.serve([lab.entry(&[&node])]).await;
    assert_eq!(Client::connect(lab.front()).await.unwrap().node, node.name);
    lab.serve([]).await;
    assert!(TcpStream::connect(lab.front()).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_client_has_one_node_on_all_ports_and_keeps_it_when_others_go() {
    let lab = Lab::new().await;
    let nodes = [lab.node(11).await, lab.node(12).await, lab.node(13).await];
    let others: Vec<_> = {
        let mut others = Vec::new();
        for node in &nodes {
            let address = SocketAddr::new(node.address.ip(), NODE_PORT + 1);
            others.push(crate::lab::Node::start(address).await);
        }
        others
    };
    let mut entry = lab.entry(&[&nodes[0], &nodes[1], &nodes[2]]);
    entry.ports.push(Port { port: PORT + 1, protocol: Protocol::Tcp, node_port: NODE_PORT + 1 });
    entry.affinity = Some(Affinity { timeout: Duration::from_hours(3) });
    lab.serve([entry.clone()]).await;
    let ask = async |last: u8, port: u16| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(lab.ip(last), 0)).unwrap();
        let stream = socket.connect(SocketAddr::new(lab.ip(1), port)).await.unwrap();
        let mut name = String::new();
        BufReader::new(stream).read_line(&mut name).await.unwrap();
        name.trim().to_owned()
    };
    let mut homes = Vec::new();
    for last in 100..140 {
        let home = ask(last, PORT).await;
        assert_eq!(home, ask(last, PORT + 1).await, "one node on both ports");
        homes.push(home);
    }
    assert_eq!(homes.iter().collect::<BTreeSet<_>>().len(), 3);
    // A node that is out moves its own clients only, and so does one that is removed.
    let gone = nodes[1].name.clone();
    let mut out = entry.clone();
    out.targets.get_mut(&gone.as_str().into()).unwrap().out = true;
    let mut removed = entry.clone();
    removed.targets.remove(&gone.as_str().into());
    for entry in [out, removed] {
        lab.serve([entry]).await;
        for (last, home) in (100..140).zip(&homes) {
            let now = ask(last, PORT).await;
            assert!(now == *home || *home == gone, "{home} to {now}");
            assert_ne!(now, gone);
        }
    }
    drop(others);
}

#[tokio::test]
async fn nobody_checks_a_service_with_udp_alone() {
    let lab = Lab::new().await;
    let node = lab.node(11).await;
    let mut entry = lab.entry(&[&node]);
    entry.ports[0].protocol = Protocol::Udp;
    let file = lab.write([entry]).await;
    let targets = lab.nginx.targets(&file.site).await.unwrap();
    assert_eq!(targets[&"uid".into()][0].health, Health::Unknown);
}
