use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use seaway_core::Protocol;

use super::{Block, THEIRS};

/// The ports of the contract's Services, above the base.
const PORTS: [(u16, Protocol); 15] = {
    use Protocol::{Tcp, Udp};
    [
        (THEIRS, Tcp),
        (53, Tcp),
        (53, Udp),
        (80, Tcp),
        (443, Tcp),
        (853, Tcp),
        (8000, Tcp),
        (8001, Tcp),
        (8002, Tcp),
        (8003, Tcp),
        (8004, Tcp),
        (8005, Tcp),
        (8006, Tcp),
        (8080, Tcp),
        (8081, Tcp),
    ]
};

/// Where somebody listens who may be a daemon of ours. The kernel's own list would tell of other ports
/// too, but takes 10 ms to read.
pub fn listeners(block: &Block) -> BTreeSet<(SocketAddr, Protocol)> {
    let theirs = block.theirs();
    let all = block.pool().flat_map(|ip| PORTS.map(|(port, protocol)| (ip, port, protocol)));
    all.map(|(ip, port, protocol)| (SocketAddr::new(ip, block.base + port), protocol))
        .filter(|(at, protocol)| !theirs.contains(at) && is_open(*at, *protocol))
        .collect()
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
