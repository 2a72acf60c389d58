//! What clients meet, asked on the wire.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use seaway_core::Protocol;
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, UdpSocket};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether anybody listens there. A port that only lingers is free.
pub(crate) fn is_open(address: SocketAddr, protocol: Protocol) -> bool {
    let kind = if protocol == Protocol::Tcp { Type::STREAM } else { Type::DGRAM };
    let socket = Socket::new(Domain::for_address(address), kind, None).unwrap();
    if address.is_ipv6() {
        socket.set_only_v6(true).unwrap();
    }
    if protocol == Protocol::Tcp {
        socket.set_reuse_address(true).unwrap();
    }
    match socket.bind(&address.into()) {
        Ok(()) => false,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => true,
        Err(error) => panic!("can't look at {address}: {error}"),
    }
}

/// A client that was nobody before: affinity knows nothing of it.
pub(crate) fn somebody() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed) % 0xffff;
    Ipv4Addr::from((127 << 24) | (7 << 16) | n).into()
}

/// Who answers this client; none if it is turned away.
pub(crate) async fn ask(client: IpAddr, address: SocketAddr, protocol: Protocol) -> Option<String> {
    match protocol {
        Protocol::Tcp => ask_tcp(client, address).await,
        Protocol::Udp => ask_udp(client, address).await,
        Protocol::Sctp => panic!("nobody here speaks SCTP"),
    }
}

async fn ask_tcp(client: IpAddr, address: SocketAddr) -> Option<String> {
    let socket =
        if address.is_ipv4() { TcpSocket::new_v4().unwrap() } else { TcpSocket::new_v6().unwrap() };
    if address.is_ipv4() {
        socket.bind((client, 0).into()).unwrap();
    }
    let mut stream = socket.connect(address).await.ok()?;
    let mut name = String::new();
    let read = stream.read_to_string(&mut name);
    tokio::time::timeout(PATIENCE, read).await.expect("an answer or an end").ok()?;
    (!name.is_empty()).then_some(name)
}

async fn ask_udp(client: IpAddr, address: SocketAddr) -> Option<String> {
    let socket = UdpSocket::bind((client, 0)).await.unwrap();
    socket.connect(address).await.unwrap();
    socket.send(b"?").await.unwrap();
    let mut buffer = [0; 64];
    let length = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.ok()?.ok()?;
    Some(String::from_utf8(buffer[..length].to_vec()).unwrap())
}

/// Who answers there: asks until as many as are `expected` have, and a little longer.
pub(crate) async fn answers(
    address: SocketAddr,
    protocol: Protocol,
    expected: usize,
    sticky: bool,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut enough = 2;
    let began = Instant::now();
    while began.elapsed() < PATIENCE && enough > 0 {
        let client = somebody();
        // UDP has no way to turn a client away that one could wait for.
        if expected == 0 && protocol == Protocol::Udp {
            break;
        }
        let name = ask(client, address, protocol).await;
        if sticky && ask(client, address, protocol).await != name {
            seen.insert(format!("{client} does not stay with {name:?}"));
        }
        seen.extend(name);
        if seen.len() >= expected {
            enough -= 1;
        }
    }
    seen
}
