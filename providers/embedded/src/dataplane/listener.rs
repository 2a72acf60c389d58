use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::balancer::{Door, Protocol};
use super::front::{Front, Rules};
use super::targets::Pool;
use super::{Options, tcp, udp};

/// A socket that is bound, but doesn't listen yet: nobody has noticed it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) door: Door,
    socket: Socket,
}

/// A socket that listens, but nobody accepts from it yet.
#[derive(Debug)]
pub(super) enum Opened {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// A listener that serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) front: Arc<Front>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    open: TaskTracker,
}

impl Bound {
    pub(super) fn bind(door: Door) -> io::Result<Self> {
        let (kind, protocol) = match door.protocol {
            Protocol::Tcp => (Type::STREAM, socket2::Protocol::TCP),
            Protocol::Udp => (Type::DGRAM, socket2::Protocol::UDP),
        };
        let socket = Socket::new(Domain::for_address(door.address), kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        if matches!(door.address, SocketAddr::V6(_)) {
            socket.set_only_v6(true)?;
        }
        if door.protocol == Protocol::Tcp {
            // Lets the port be opened again while old connections of it linger. Neither this on
            // UDP nor SO_REUSEPORT on either: two controllers would then share a port silently.
            socket.set_reuse_address(true)?;
        }
        socket.bind(&door.address.into())?;
        Ok(Self { door, socket })
    }

    /// Needs the context of the runtime that is to serve it.
    pub(super) fn listen(self, backlog: i32) -> io::Result<Opened> {
        match self.door.protocol {
            Protocol::Tcp => {
                self.socket.listen(backlog)?;
                TcpListener::from_std(self.socket.into()).map(Opened::Tcp)
            }
            Protocol::Udp => UdpSocket::from_std(self.socket.into()).map(Opened::Udp),
        }
    }
}

impl Opened {
    pub(super) fn serve(
        self,
        rules: Arc<Rules>,
        pool: Pool,
        options: Arc<Options>,
        (end, runtime): (CancellationToken, &Handle),
    ) -> Serving {
        let front = Arc::new(Front { rules, pool, options, end });
        let (stop, open) = (CancellationToken::new(), TaskTracker::new());
        let task = match self {
            Self::Tcp(socket) => {
                runtime.spawn(tcp::listen(socket, Arc::clone(&front), stop.clone(), open.clone()))
            }
            Self::Udp(socket) => {
                runtime.spawn(udp::listen(socket, Arc::clone(&front), stop.clone()))
            }
        };
        Serving { front, stop, task, open }
    }
}

impl Serving {
    /// Closes the port; it is free when this returns. Gives what is left: open connections.
    pub(super) async fn close(self) -> Leftover {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a listener ended badly");
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
