use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use socket2::{SockAddr, SockRef};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio_util::task::AbortOnDropHandle;

use super::Desk;
use crate::dataplane::Protocol;
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
    pub(super) _replies: AbortOnDropHandle<()>,
}

impl LastUse for Flow {
    fn last_use(&self) -> u64 {
        self.line.used.load(Relaxed)
    }
}

/// The connected socket of one flow: only its target can answer, and its errors are its own.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) client: SocketAddr,
    pub(super) member: Arc<Member>,
    /// On the clock of the desk.
    pub(super) used: AtomicU64,
    /// What the target is told of the client, before the first datagram and in the same one.
    header: Option<Header>,
    greeted: AtomicBool,
    socket: UdpSocket,
    front: Arc<Front>,
}

impl Line {
    pub(super) fn open(
        front: Arc<Front>,
        client: SocketAddr,
        member: Arc<Member>,
        (door, now): (Option<SocketAddr>, u64),
    ) -> io::Result<Self> {
        let any: IpAddr = match member.address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = std::net::UdpSocket::bind((any, 0))?;
        socket.connect(member.address)?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let header = front.rules.tuning.load().proxy_protocol.then_some(door).flatten();
        let header = header.map(|door| Header::new(Protocol::Udp, client, door));
        front.counters().flows_opened.one();
        front.counters().flows_open.one();
        member.open.one();
        member.served.one();
        let (used, greeted) = (AtomicU64::new(now), AtomicBool::new(false));
        Ok(Self { client, member, used, header, greeted, socket, front })
    }

    /// Asks the kernel directly: tokio first learns in its next round that a new socket is ready.
    pub(super) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        let socket = SockRef::from(&self.socket);
        match &self.header {
            Some(header) if !self.greeted.load(Relaxed) => {
                let parts = [IoSlice::new(header.bytes()), IoSlice::new(datagram)];
                socket.send_vectored(&parts)?;
                // A datagram that was not sent has told nothing: the next one will.
                self.greeted.store(true, Relaxed);
                Ok(())
            }
            Some(_) | None => socket.send(datagram).map(|_| ()),
        }
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
