use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use seaway_health::blames_target;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::dataplane::error::{out_of_files, out_of_ports};
use crate::dataplane::front::Front;
use crate::dataplane::options::Keepalive;
use crate::dataplane::proxy::Header;
use crate::dataplane::targets::Member;
use crate::dataplane::{Protocol, Tuning};

/// Whose fault a failed connect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nobody listens on the target's port.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// The target, or the way to it.
    Target,
    /// This process has no descriptor, port or memory left.
    Starved,
    /// This machine, in another way.
    Ours,
}

impl Fault {
    fn of(error: &io::Error) -> Self {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the list is std's, and open-ended")]
        match error.kind() {
            _ if out_of_files(error) => Self::Starved,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            _ if blames_target(error) => Self::Target,
            // All local ports towards this target are taken.
            _ if out_of_ports(error) => Self::Starved,
            io::ErrorKind::OutOfMemory => Self::Starved,
            _ => Self::Ours,
        }
    }

    /// Whether it says nothing about the target.
    fn is_ours(self) -> bool {
        match self {
            Self::Starved | Self::Ours => true,
            Self::Refused | Self::TimedOut | Self::Target => false,
        }
    }
}

/// Connects to a target for this client: to the next one if that fails, as often as allowed.
pub(super) async fn any(
    front: &Front,
    client: &TcpStream,
    peer: SocketAddr,
    tuning: &Tuning,
) -> Option<(Arc<Member>, TcpStream)> {
    let counters = front.counters();
    // The client may be gone already: then it is nobody's loss that nothing is told of it.
    let door = tuning.proxy_protocol.then(|| client.local_addr().ok()).flatten();
    let header = door.map(|door| Header::new(Protocol::Tcp, peer, door));
    let patience = tuning.connect_timeout.unwrap_or(front.options.connect_timeout);
    let mut tried = Vec::new();
    while tried.len() < front.options.connect_tries.max(1) {
        let Some(member) = front.choose(peer.ip(), &tried) else { break };
        let dial = dial(member.address, &front.options.keepalive, header.as_ref());
        let fault = match tokio::time::timeout(patience, dial).await {
            Ok(Ok(stream)) => {
                member.served.one();
                return Some((member, stream));
            }
            Ok(Err(error)) => {
                let fault = Fault::of(&error);
                if fault == Fault::Starved {
                    front.rules.tell_starved(&error);
                }
                fault
            }
            Err(_) => Fault::TimedOut,
        };
        match fault {
            Fault::Refused => {
                counters.connect_refused.one();
                member.counters.connect_refused.one();
            }
            Fault::TimedOut => {
                counters.connect_timed_out.one();
                member.counters.connect_timed_out.one();
            }
            Fault::Target => {
                counters.connect_failed.one();
                member.counters.connect_failed.one();
            }
            Fault::Ours => counters.connect_failed.one(),
            Fault::Starved => {}
        }
        if !fault.is_ours() {
            member.failed.one();
            front.pool.suspect(&member);
        }
        tried.push(member);
    }
    let end = if tried.is_empty() { &counters.no_target } else { &counters.unserved };
    end.one();
    None
}

async fn dial(
    address: SocketAddr,
    keepalive: &Keepalive,
    header: Option<&Header>,
) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let socket = SockRef::from(&stream);
    prepare(&socket, keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(keepalive.patience()))?;
    if let Some(header) = header {
        stream.write_all(header.bytes()).await?;
    }
    Ok(stream)
}

/// Sets what every proxied connection has: no delay for small writes, and an end for dead peers.
pub(in crate::dataplane) fn prepare(socket: &SockRef<'_>, keepalive: &Keepalive) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    let probes = TcpKeepalive::new()
        .with_time(keepalive.idle)
        .with_interval(keepalive.interval)
        .with_retries(keepalive.retries);
    socket.set_tcp_keepalive(&probes)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn check(errno: i32, fault: Fault) {
        let error = io::Error::from_raw_os_error(errno);
        assert_eq!(Fault::of(&error), fault, "{error}");
    }

    #[test]
    fn what_this_machine_lacks_is_no_fault_of_the_target() {
        // Descriptors, memory and local ports.
        for errno in [23, 24, 12, 99, 11] {
            check(errno, Fault::Starved);
        }
        check(13, Fault::Ours);
        check(111, Fault::Refused);
        check(113, Fault::Target);
        assert!(Fault::Starved.is_ours() && !Fault::Refused.is_ours());
    }
}
