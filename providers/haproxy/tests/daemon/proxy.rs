use std::net::{IpAddr, SocketAddr};

use seaway_box::Check;
use seaway_core::ProxyProtocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use crate::rig::Rig;

/// What precedes the words of a client whose connection comes to `listener`; checks are passed over.
async fn header(listener: &TcpListener) -> Vec<u8> {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        while let Ok(1..) = stream.read_buf(&mut heard).await {
            if let Some(header) = heard.strip_suffix(b"who?") {
                stream.write_all(b"me").await.unwrap();
                return header.to_vec();
            }
        }
    }
}

/// Loads a Service that speaks `version`, and returns the client's address, the one that it connects
/// to, and what the node is told.
async fn told(version: ProxyProtocol) -> (SocketAddr, SocketAddr, Vec<u8>) {
    let rig = Rig::new("");
    let nodes = rig.nodes(1).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let listener = TcpListener::bind((rig.ip(120), 0)).await.unwrap();
    let entry = site.entries.values_mut().next().unwrap();
    entry.tuning.proxy_protocol = Some(version);
    assert_eq!(entry.check, Check::Connect);
    entry.ports[0].node_port = listener.local_addr().unwrap().port();
    entry.targets.values_mut().for_each(|target| target.address = rig.ip(120));
    let node = tokio::spawn(async move { header(&listener).await });
    rig.load(&site).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(rig.ip(9), 0)).unwrap();
    let mut client = socket.connect(at).await.unwrap();
    client.write_all(b"who?").await.unwrap();
    let mut answer = [0; 2];
    client.read_exact(&mut answer).await.unwrap();
    rig.close().await;
    (client.local_addr().unwrap(), at, node.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_of_the_proxy_protocol_tells_the_client() {
    let (client, at, told) = told(ProxyProtocol::V1).await;
    let (from, to) = (client.ip(), at.ip());
    let line = format!("PROXY TCP4 {from} {to} {} {}\r\n", client.port(), at.port());
    assert_eq!(String::from_utf8(told).unwrap(), line);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_2_of_the_proxy_protocol_tells_the_client() {
    let (client, at, told) = told(ProxyProtocol::V2).await;
    let octets = |at: SocketAddr| match at.ip() {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(ip) => panic!("{ip}"),
    };
    // The signature; version 2 and PROXY; TCP over IPv4; 12 bytes of addresses.
    let mut line = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    line.extend(octets(client).into_iter().chain(octets(at)));
    line.extend(client.port().to_be_bytes().into_iter().chain(at.port().to_be_bytes()));
    assert_eq!(told, line);
}
