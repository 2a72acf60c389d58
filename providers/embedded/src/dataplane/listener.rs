use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::balancer::{Door, Protocol};
use super::front::{Front, Rules};
use super::room::Doors;
use super::targets::Pool;
use super::workers::{Worker, Workers};
use super::{Options, tcp, udp};

/// Workers that accept at one TCP listener, or receive at one of UDP: each takes a descriptor. What
/// is accepted is carried by all of them.
const ACCEPTORS: usize = 4;

/// A socket that is bound, but doesn't listen yet: nobody has noticed it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) door: Door,
    socket: Socket,
}

/// The sockets of one door, and the workers that they are with.
type OnWorkers<S> = Vec<(Arc<Worker>, S)>;

/// A socket that listens, but nobody accepts from it yet.
#[derive(Debug)]
pub(super) enum Opened {
    /// One socket, of which several workers have a descriptor: whoever has time accepts.
    Tcp(OnWorkers<TcpListener>),
    /// The kernel gives all datagrams of a client to the same one, so they stay in their order.
    Udp(OnWorkers<UdpSocket>),
}

/// A listener that serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) front: Arc<Front>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    open: TaskTracker,
    _doors: Doors,
}

impl Bound {
    pub(super) fn bind(door: Door, options: &Options) -> io::Result<Self> {
        let socket = socket(door)?;
        if door.protocol == Protocol::Tcp {
            // Lets the port be opened again while old connections of it linger. Neither this on
            // UDP nor SO_REUSEPORT on either: two controllers would then share a port silently.
            socket.set_reuse_address(true)?;
            // Whoever is accepted inherits it, without a call of his own.
            tcp::prepare(&SockRef::from(&socket), &options.keepalive)?;
        }
        socket.bind(&door.address.into())?;
        Ok(Self { door, socket })
    }

    pub(super) fn listen(self, backlog: i32, workers: &Workers) -> io::Result<Opened> {
        match self.door.protocol {
            Protocol::Tcp => {
                self.socket.listen(backlog)?;
                let staff = workers.some(ACCEPTORS).map(|worker| {
                    let _context = worker.handle.enter();
                    let listener = TcpListener::from_std(self.socket.try_clone()?.into())?;
                    Ok((worker, listener))
                });
                staff.collect::<io::Result<_>>().map(Opened::Tcp)
            }
            Protocol::Udp => {
                let most = if cfg!(target_os = "linux") { ACCEPTORS } else { 1 };
                let staff: Vec<_> = workers.some(most).collect();
                let sockets = self.with_siblings(staff.len())?;
                let staff = staff.into_iter().zip(sockets).map(|(worker, socket)| {
                    let _context = worker.handle.enter();
                    Ok((worker, UdpSocket::from_std(socket.into())?))
                });
                staff.collect::<io::Result<_>>().map(Opened::Udp)
            }
        }
    }

    /// So many sockets at this door, among which the kernel divides the clients. The first was bound
    /// without `SO_REUSEPORT`, so nobody was there before; of those who come later only who has the
    /// same user, and asks for it himself, can join.
    fn with_siblings(self, count: usize) -> io::Result<Vec<Socket>> {
        let mut sockets = vec![self.socket];
        #[cfg(target_os = "linux")]
        if count > 1 {
            sockets[0].set_reuse_port(true)?;
        }
        while sockets.len() < count {
            let socket = socket(self.door)?;
            #[cfg(target_os = "linux")]
            socket.set_reuse_port(true)?;
            socket.bind(&self.door.address.into())?;
            sockets.push(socket);
        }
        Ok(sockets)
    }
}

fn socket(door: Door) -> io::Result<Socket> {
    let (kind, protocol) = match door.protocol {
        Protocol::Tcp => (Type::STREAM, socket2::Protocol::TCP),
        Protocol::Udp => (Type::DGRAM, socket2::Protocol::UDP),
    };
    let socket = Socket::new(Domain::for_address(door.address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if matches!(door.address, SocketAddr::V6(_)) {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

impl Opened {
    pub(super) fn serve(
        self,
        rules: Arc<Rules>,
        pool: Pool,
        options: Arc<Options>,
        (end, workers): (CancellationToken, Arc<Workers>),
    ) -> Serving {
        let front = Arc::new(Front { rules, pool, options, end, workers });
        let (stop, open) = (CancellationToken::new(), TaskTracker::new());
        let house = Arc::clone(&front.rules.house);
        let tasks: Vec<_> = match self {
            Self::Tcp(staff) => staff
                .into_iter()
                .map(|(worker, listener)| {
                    let (front, stop, open) = (Arc::clone(&front), stop.clone(), open.clone());
                    let handle = worker.handle.clone();
                    handle.spawn(tcp::listen((worker, listener), front, stop, open))
                })
                .collect(),
            Self::Udp(staff) => {
                let desk = Arc::new(udp::Desk::new(Arc::clone(&front)));
                let listen = |(worker, socket): (Arc<Worker>, _)| {
                    let desk = Arc::clone(&desk);
                    worker.handle.spawn(udp::listen(socket, desk, stop.clone()))
                };
                staff.into_iter().map(listen).collect()
            }
        };
        let doors = Doors::take(&house, tasks.len() as u64);
        Serving { front, stop, tasks, open, _doors: doors }
    }
}

impl Serving {
    /// Closes the port; it is free when this returns. Gives what is left: open connections.
    pub(super) async fn close(self) -> Leftover {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a listener ended badly");
            }
        }
        self.front.pool.retire();
        self.open.close();
        Leftover { open: self.open, end: self.front.end.clone() }
    }
}

/// The open connections of a closed listener.
#[derive(Debug)]
pub(super) struct Leftover {
    open: TaskTracker,
    end: CancellationToken,
}

impl Leftover {
    /// Returns when all have ended: by themselves, or because `limit` has passed.
    pub(super) async fn drain(self, limit: Duration) {
        if tokio::time::timeout(limit, self.open.wait()).await.is_err() {
            self.end.cancel();
            self.open.wait().await;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_is_accepted_has_what_the_listener_was_given() {
        let address = "127.0.0.1:0".parse().unwrap();
        let options = Options::default();
        let bound = Bound::bind(Door { address, protocol: Protocol::Tcp }, &options).unwrap();
        bound.socket.listen(1).unwrap();
        let at = bound.socket.local_addr().unwrap().as_socket().unwrap();
        let _client = std::net::TcpStream::connect(at).unwrap();
        let (accepted, _) = bound.socket.accept().unwrap();
        assert!(accepted.tcp_nodelay().unwrap() && accepted.keepalive().unwrap());
        let keepalive = options.keepalive;
        assert_eq!(accepted.tcp_keepalive_time().unwrap(), keepalive.idle);
        assert_eq!(accepted.tcp_keepalive_interval().unwrap(), keepalive.interval);
        assert_eq!(accepted.tcp_keepalive_retries().unwrap(), keepalive.retries);
    }
}
