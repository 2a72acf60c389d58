use std::io;
use std::net::{IpAddr, SocketAddr};

use seaway_core::Protocol;
use socket2::{Domain, Socket, Type};

use super::{Door, Obstacle};

/// Whether this machine can listen on an address and port: a socket is bound to it, and closed at
/// once. So whatever makes an address local counts, such as an address of an interface, an `AnyIP`
/// route, or `ip_nonlocal_bind`.
///
/// The socket never listens: a TCP client is refused as before. UDP has no such difference: what
/// arrives in these microseconds is lost without a word, where else an ICMP message would tell.
///
/// # Errors
/// If it can't. [`Obstacle::Denied`] is about this process, and may not hold for the daemon.
pub fn try_listen(address: SocketAddr, protocol: Protocol) -> Result<(), Obstacle> {
    let door = Door { address, protocol };
    let (kind, number) = match protocol {
        Protocol::Tcp => (Type::STREAM, socket2::Protocol::TCP),
        Protocol::Udp => (Type::DGRAM, socket2::Protocol::UDP),
        Protocol::Sctp => {
            let message = "only TCP and UDP can be tried".to_owned();
            return Err(Obstacle::Other(door, message));
        }
    };
    bind(address, kind, number).map_err(|error| obstacle(door, &error))
}

/// Whether a daemon could be bound to this address on some port.
///
/// # Errors
/// If that can't be found out, say for lack of file descriptors.
pub fn is_local(ip: IpAddr) -> Result<bool, Obstacle> {
    match try_listen(SocketAddr::new(ip, 0), Protocol::Tcp) {
        Ok(()) => Ok(true),
        Err(Obstacle::NotLocal(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn bind(address: SocketAddr, kind: Type, protocol: socket2::Protocol) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // Old connections of the port may linger; they are in nobody's way. Neither this on UDP nor
        // SO_REUSEPORT on either: the port of somebody else would then look free.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())
}

fn obstacle(door: Door, error: &io::Error) -> Obstacle {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list is std's, and open-ended")]
    match error.kind() {
        io::ErrorKind::AddrInUse => Obstacle::InUse(door),
        io::ErrorKind::AddrNotAvailable => Obstacle::NotLocal(door),
        io::ErrorKind::PermissionDenied => Obstacle::Denied(door),
        _ => Obstacle::Other(door, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn a_port_that_somebody_listens_on_is_in_use() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Door { address: tcp.local_addr().unwrap(), protocol: Protocol::Tcp };
        assert_eq!(try_listen(door.address, door.protocol), Err(Obstacle::InUse(door)));

        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let door = Door { address: udp.local_addr().unwrap(), protocol: Protocol::Udp };
        assert_eq!(try_listen(door.address, door.protocol), Err(Obstacle::InUse(door)));
    }

    /// As `HAProxy` and Nginx open theirs, to hand ports over from one process to the next.
    #[test]
    fn a_port_that_would_be_shared_is_in_use() {
        for (kind, protocol) in [(Type::STREAM, Protocol::Tcp), (Type::DGRAM, Protocol::Udp)] {
            let other = Socket::new(Domain::IPV4, kind, None).unwrap();
            other.set_reuse_address(kind == Type::STREAM).unwrap();
            other.set_reuse_port(true).unwrap();
            other.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
            if kind == Type::STREAM {
                other.listen(1).unwrap();
            }
            let address = other.local_addr().unwrap().as_socket().unwrap();
            let door = Door { address, protocol };
            assert_eq!(try_listen(address, protocol), Err(Obstacle::InUse(door)));
        }
    }

    #[test]
    fn an_address_of_documentation_is_not_local_and_the_loopback_is() {
        assert_eq!(is_local("127.0.0.1".parse().unwrap()), Ok(true));
        assert_eq!(is_local("192.0.2.7".parse().unwrap()), Ok(false));
    }

    #[test]
    fn sctp_can_not_be_tried() {
        let address = "127.0.0.1:9".parse().unwrap();
        let tried = try_listen(address, Protocol::Sctp);
        assert!(matches!(tried, Err(Obstacle::Other(..))), "{tried:?}");
    }
}
