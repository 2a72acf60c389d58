use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

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
