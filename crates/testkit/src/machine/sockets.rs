use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use seaway_core::Protocol;

use super::{Block, THEIRS};
use crate::contract::PORTS;

/// Where somebody listens who may be a daemon of ours. The kernel's own list would tell of other ports
/// too, but takes 10 ms to read.
pub fn listeners(block: &Block) -> BTreeSet<(SocketAddr, Protocol)> {
    let theirs = block.theirs();
    let all = block.pool().flat_map(|ip| ports().map(move |(port, protocol)| (ip, port, protocol)));
    all.map(|(ip, port, protocol)| (SocketAddr::new(ip, block.base + port), protocol))
        .filter(|(at, protocol)| !theirs.contains(at) && is_open(*at, *protocol))
        .collect()
}

/// Whether somebody listens there for a while yet: whoever only tried a port, in a run that was cut,
/// leaves it by himself.
pub(super) async fn stays_open(at: SocketAddr, protocol: Protocol) -> bool {
    for _ in 0..50 {
        if !is_open(at, protocol) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Those of the contract's Services, and the one where somebody else may listen.
fn ports() -> impl Iterator<Item = (u16, Protocol)> {
    [(THEIRS, Protocol::Tcp)].into_iter().chain(PORTS)
}

/// Whether somebody listens there. A port that only lingers is free.
fn is_open(at: SocketAddr, protocol: Protocol) -> bool {
    let bound = match protocol {
        Protocol::Tcp => TcpListener::bind(at).map(drop),
        Protocol::Udp => UdpSocket::bind(at).map(drop),
        Protocol::Sctp => panic!("nobody here speaks SCTP"),
    };
    match bound {
        Ok(()) => false,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => true,
        Err(error) => panic!("can't look at {at}: {error}"),
    }
}
