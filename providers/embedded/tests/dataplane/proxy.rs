//! The PROXY protocol, as targets see it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener as StdListener};

use seaway_provider_embedded::dataplane::{Balancer, Tuning};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::lab::{Lab, ask, is_reset, listener, open, set, start, state, tcp, udp, until};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn told(balancer: Balancer) -> Balancer {
    Balancer { tuning: Tuning { proxy_protocol: true, ..Tuning::default() }, ..balancer }
}

/// What the specification has for IPv4; `transport` is 1 for streams and 2 for datagrams.
fn v4(transport: u8, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let octets = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(_) => unreachable!("{address} is no IPv4 address"),
    };
    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    let head = [0x21, 0x10 | transport, 0, 12];
    [SIGNATURE, &head, &octets(from), &octets(to), &ports].concat()
}

async fn next(node: &TcpListener, bytes: usize) -> Vec<u8> {
    let (mut stream, _) = node.accept().await.unwrap();
    let mut got = vec![0; bytes];
    stream.read_exact(&mut got).await.unwrap();
    got
}

#[tokio::test]
async fn a_target_learns_the_clients_address_before_the_client_says_a_word() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(1), 16);
    set(&plane, &told(lab.balancer(1))).await;
    let mut client = TcpStream::connect(lab.front()).await.unwrap();
    let (mut stream, _) = node.accept().await.unwrap();
    let header = v4(1, client.local_addr().unwrap(), lab.front());
    let mut got = vec![0; header.len()];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(got, header);
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"hello");
    drop(stream);
    until("it has ended", || state(&plane).counts.connections_open == 0).await;
    assert_eq!(state(&plane).counts.bytes_in, 5, "the header is ours, not the client's");
}

#[tokio::test]
async fn a_target_learns_an_ipv6_address() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let Ok(probe) = StdListener::bind("[::1]:0") else { return };
    let front = probe.local_addr().unwrap();
    drop(probe);
    let node = listener(lab.node(1), 16);
    set(&plane, &told(Balancer { listeners: vec![tcp(front)], ..lab.balancer(1) })).await;
    let client = TcpStream::connect(front).await.unwrap();
    let port = client.local_addr().unwrap().port();
    let home = Ipv6Addr::LOCALHOST.octets();
    let ports = [port.to_be_bytes(), front.port().to_be_bytes()].concat();
    let header = [SIGNATURE, &[0x21, 0x21, 0, 36], &home, &home, &ports].concat();
    assert_eq!(next(&node, header.len()).await, header);
}

#[tokio::test]
async fn a_node_that_refuses_does_not_cost_the_next_one_its_header() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = listener(lab.node(2), 16);
    set(&plane, &told(lab.balancer(2))).await;
    let client = TcpStream::connect(lab.front()).await.unwrap();
    let header = v4(1, client.local_addr().unwrap(), lab.front());
    assert_eq!(next(&node, header.len()).await, header);
    assert_eq!(state(&plane).targets["node-1"].counts.connect_refused, 1);
}

#[tokio::test]
async fn the_setting_holds_for_new_connections_and_leaves_open_ones_alone() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut early, _) = open(&lab).await;
    set(&plane, &told(lab.balancer(1))).await;
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    // This node echoes: it gives the header back.
    let (mut client, _) = open(&lab).await;
    let header = v4(1, client.stream().local_addr().unwrap(), lab.front());
    client.stream().shutdown().await.unwrap();
    assert_eq!(client.rest().await.unwrap(), [&header[..], b"bye"].concat());
    set(&plane, &lab.balancer(1)).await;
    assert_eq!(ask(lab.front()).await.unwrap(), "node-1");
}

#[tokio::test]
async fn who_is_reset_for_want_of_a_target_is_reset_with_the_protocol_too() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    set(&plane, &told(lab.balancer(1))).await;
    assert!(is_reset(&ask(lab.front()).await));
    assert_eq!(state(&plane).counts.unserved, 1);
}

/// A client of its own address, as it stands in headers.
async fn caller(lab: &Lab) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((lab.ip(15), 0)).await.unwrap();
    socket.connect(lab.front()).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

async fn receive(node: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 64 * 1024];
    let (length, from) = node.recv_from(&mut buffer).await.unwrap();
    buffer.truncate(length);
    (buffer, from)
}

#[tokio::test]
async fn each_datagram_to_a_target_begins_with_the_header_and_none_to_the_client_does() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let nodes =
        [UdpSocket::bind(lab.node(1)).await.unwrap(), UdpSocket::bind(lab.node(2)).await.unwrap()];
    let want = told(Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(2) });
    set(&plane, &want).await;
    let (client, address) = caller(&lab).await;
    let header = v4(2, address, lab.front());
    for sent in ["one", "two", ""] {
        client.send(sent.as_bytes()).await.unwrap();
        let (datagram, from) = receive(&nodes[0]).await;
        assert_eq!(datagram, [&header[..], sent.as_bytes()].concat());
        nodes[0].send_to(b"answer", from).await.unwrap();
        let mut answer = [0; 16];
        let length = client.recv(&mut answer).await.unwrap();
        assert_eq!(&answer[..length], b"answer");
    }
    // Its node drains: the flow is a new one at the next.
    let mut want = want;
    want.targets.get_mut("node-1").unwrap().draining = true;
    set(&plane, &want).await;
    client.send(b"three").await.unwrap();
    assert_eq!(receive(&nodes[1]).await.0, [&header[..], b"three"].concat());
    until("the header is not counted", || state(&plane).counts.bytes_in == 11).await;
}

#[tokio::test]
async fn the_setting_holds_for_an_open_flow_from_its_next_datagram_on() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = UdpSocket::bind(lab.node(1)).await.unwrap();
    let bare = Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(1) };
    let (client, address) = caller(&lab).await;
    let header = v4(2, address, lab.front());
    for (want, begin) in
        [(bare.clone(), &b""[..]), (told(bare.clone()), &header), (bare.clone(), b"")]
    {
        set(&plane, &want).await;
        client.send(b"word").await.unwrap();
        assert_eq!(receive(&node).await.0, [begin, b"word"].concat());
    }
    assert_eq!(state(&plane).counts.flows_opened, 1);
}

#[tokio::test]
async fn a_datagram_with_no_room_for_the_header_is_dropped_and_its_flow_goes_on() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let node = UdpSocket::bind(lab.node(1)).await.unwrap();
    let want = told(Balancer { listeners: vec![udp(lab.front())], ..lab.balancer(1) });
    set(&plane, &want).await;
    let (client, address) = caller(&lab).await;
    let header = v4(2, address, lab.front());
    let longest = vec![7; 65_507 - header.len()];
    client.send(&longest).await.unwrap();
    assert_eq!(receive(&node).await.0, [&header[..], &longest].concat());
    client.send(&vec![7; longest.len() + 1]).await.unwrap();
    until("it is dropped", || state(&plane).counts.datagrams_dropped == 1).await;
    client.send(b"small").await.unwrap();
    assert_eq!(receive(&node).await.0, [&header[..], b"small"].concat());
    let state = state(&plane);
    assert_eq!(state.counts.flows_opened, 1);
    assert_eq!((state.counts.flows_refused, state.targets["node-1"].failed), (0, 0));
}
