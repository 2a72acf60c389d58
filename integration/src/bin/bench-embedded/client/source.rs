use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::AT_ONCE;

/// The ports that connections begin at.
const FIRST: u16 = 10_000;
const LAST: u16 = 60_000;

/// Where connections begin.
///
/// Whoever closes a connection first holds its ports for a minute (`TIME_WAIT`): the client here, and
/// so the load balancer towards the backend. A client has an address of its own for each of the
/// connections that it has at once, and goes through 50,000 ports at each: the kernel need not look
/// for one. A load balancer has one address, and some 28,000 ports for each backend, of which there
/// are several for that. Both may well come back to a port within the minute: on loopback Linux
/// lets them after a second (`tcp_tw_reuse` is 2 unless somebody has changed it). So each client
/// begins at the same port, and fewer of them are held: there is room for so many only
/// (`tcp_max_tw_buckets`), and beyond that connections end by a reset.
#[derive(Debug)]
pub(super) struct Sources {
    first: Ipv4Addr,
    ports: [u16; AT_ONCE],
}

impl Sources {
    pub(super) const fn new(first: Ipv4Addr) -> Self {
        Self { first, ports: [FIRST; AT_ONCE] }
    }

    /// The address of the connection with this number.
    pub(super) fn address(&self, number: usize) -> IpAddr {
        Ipv4Addr::from(u32::from(self.first) + u32::try_from(number).unwrap()).into()
    }

    /// Begins a connection, and does not wait for it.
    pub(super) fn connect(&mut self, number: usize, to: SocketAddr) -> io::Result<Socket> {
        let address = self.address(number);
        loop {
            let kind = Type::STREAM.nonblocking().cloexec();
            let socket = Socket::new(Domain::for_address(to), kind, Some(Protocol::TCP))?;
            // Otherwise a port is not given again before the minute is over, whoever it led to.
            socket.set_reuse_address(true)?;
            let from = SocketAddr::new(address, self.next(number));
            match socket.bind(&from.into()) {
                // Somebody listens there, at any address.
                Err(error) if error.kind() == ErrorKind::AddrInUse => continue,
                other => other?,
            }
            match socket.connect(&to.into()) {
                Ok(()) => return Ok(socket),
                Err(error) if is_under_way(&error) => return Ok(socket),
                // The last connection of these two ports is held still.
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn next(&mut self, number: usize) -> u16 {
        let port = &mut self.ports[number];
        *port = if *port == LAST { FIRST } else { *port + 1 };
        *port
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}
