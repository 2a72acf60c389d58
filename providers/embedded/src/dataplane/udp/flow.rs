use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use socket2::{SockAddr, SockRef};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio_util::task::AbortOnDropHandle;

use super::Desk;
use crate::dataplane::Protocol;
use crate::dataplane::error::{out_of_files, out_of_ports};
use crate::dataplane::front::Front;
use crate::dataplane::proxy::Header;
use crate::dataplane::recent::LastUse;
use crate::dataplane::room::Berth;
use crate::dataplane::targets::Member;

thread_local! {
    /// One buffer per thread, with room for the largest datagram that there is.
    pub(super) static DATAGRAM: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// One client's flow: ending it closes the line.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) line: Arc<Line>,
    pub(super) berth: Berth,
    pub(super) replies: AbortOnDropHandle<()>,
}

impl Flow {
    /// Returns when its socket is closed.
    pub(super) async fn end(self) {
        let Self { line, berth: _berth, replies } = self;
        drop(line);
        replies.abort();
        drop(replies.await);
    }
}

impl LastUse for Flow {
    fn last_use(&self) -> u64 {
        self.line.used.load(Relaxed)
    }
}

/// Why a line can't be opened.
#[derive(Debug)]
pub(super) enum Fault {
    /// No descriptor, or no local port, is left.
    Starved(io::Error),
    /// There is no way to the target, or something else is wrong with this machine.
    Way(io::Error),
}

impl Fault {
    /// Of an error of bind, which is what looks for a port: connect has it already, and says that an
    /// address is not available if there is none of ours to reach the target from.
    fn of_bind(error: io::Error) -> Self {
        if out_of_files(&error) || out_of_ports(&error) {
            Self::Starved(error)
        } else {
            Self::Way(error)
        }
    }
}

/// The connected socket of one flow: only its target can answer, and its errors are its own.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) client: SocketAddr,
    pub(super) member: Arc<Member>,
    /// On the clock of the desk.
    pub(super) used: AtomicU64,
    /// What the target is told of the client, if it is to be, at the beginning of each datagram: any
    /// may be the first that a pod gets, and receivers take no datagram without it.
    header: Option<Header>,
    socket: UdpSocket,
    front: Arc<Front>,
}

impl Line {
    pub(super) fn open(
        front: Arc<Front>,
        client: SocketAddr,
        member: Arc<Member>,
        (door, now): (Option<SocketAddr>, u64),
    ) -> Result<Self, Fault> {
        let any: IpAddr = match member.address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = std::net::UdpSocket::bind((any, 0)).map_err(Fault::of_bind)?;
        socket.connect(member.address).map_err(Fault::Way)?;
        socket.set_nonblocking(true).map_err(Fault::Way)?;
        let socket = UdpSocket::from_std(socket).map_err(Fault::Way)?;
        let header = door.map(|door| Header::new(Protocol::Udp, client, door));
        front.counters().flows_opened.one();
        front.counters().flows_open.one();
        member.open.one();
        member.served.one();
        Ok(Self { client, member, used: AtomicU64::new(now), header, socket, front })
    }

    /// Asks the kernel directly: tokio first learns in its next round that a new socket is ready.
    pub(super) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        let socket = SockRef::from(&self.socket);
        let told = self.front.rules.tuning.load().proxy_protocol;
        let sent = if let Some(header) = self.header.as_ref().filter(|_| told) {
            socket.send_vectored(&[IoSlice::new(header.bytes()), IoSlice::new(datagram)])
        } else {
            socket.send(datagram)
        };
        sent.map(drop)
    }

    /// The pending error; `WouldBlock`, which also has tokio wait for the next, if there is none.
    fn error(&self) -> io::Result<()> {
        self.socket.try_io(Interest::ERROR, || {
            Err(self.socket.take_error()?.unwrap_or_else(|| io::ErrorKind::WouldBlock.into()))
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.front.counters().flows_open.less_one();
        self.member.open.less_one();
    }
}

/// Sends what the target answers to the client, from the address that the client asked.
pub(super) async fn carry_replies(desk: Arc<Desk>, door: Arc<UdpSocket>, line: Arc<Line>) {
    let counters = desk.front.counters();
    let client = SockAddr::from(line.client);
    loop {
        // An ICMP error alone makes a UDP socket not readable.
        let received = match line.socket.ready(Interest::READABLE | Interest::ERROR).await {
            Ok(ready) if ready.is_error() => line.error(),
            Ok(_) => DATAGRAM.with_borrow_mut(|datagram| {
                let length = line.socket.try_recv(datagram)?;
                match SockRef::from(&*door).send_to(&datagram[..length], &client) {
                    Ok(_) => {
                        counters.datagrams_out.one();
                        counters.bytes_out.add(length);
                        line.member.counters.bytes_out.add(length);
                    }
                    Err(_) => counters.datagrams_dropped.one(),
                }
                Ok(())
            }),
            Err(error) => Err(error),
        };
        match received {
            Ok(()) => line.used.store(desk.now(), Relaxed),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return desk.refused(&line, &error),
        }
        tokio::task::coop::consume_budget().await;
    }
}
