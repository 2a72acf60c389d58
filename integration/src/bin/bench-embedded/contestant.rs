//! Who carries the traffic.
//!
//! ```text
//! seaway  the product: `seaway run` on a sandbox
//! haproxy Debian's HAProxy
//! nginx   Debian's Nginx
//! daemon  one of these as a process
//! ground  the addresses that nobody else has
//! ```

mod daemon;
mod ground;
mod haproxy;
mod nginx;
mod seaway;

use std::fmt;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use seaway_integration::{Cluster, Controller, until};

use self::daemon::Daemon;
pub(crate) use self::daemon::cores;
pub(crate) use self::ground::Ground;
use crate::measurement::Measurement;

/// How many times in a row everybody must answer before anything is measured: each node's turn comes
/// in them, and none is out.
const TRIES: usize = 50;

/// Who can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Seaway,
    HAProxy,
    Nginx,
    /// Nobody: the clients go to the backends, which shows what the machine can do.
    Direct,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Seaway, Self::HAProxy, Self::Nginx, Self::Direct];
    /// Whom Seaway is compared with.
    pub(crate) const OTHERS: [Self; 2] = [Self::HAProxy, Self::Nginx];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seaway => "seaway",
            Self::HAProxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Direct => "direct",
        })
    }
}

/// One of them, as long as it runs.
pub(crate) struct Contestant {
    pub(crate) kind: Kind,
    /// Where clients go.
    pub(crate) at: Vec<SocketAddr>,
    held: Held,
}

/// What must live as long as a contestant.
enum Held {
    Nothing,
    Daemon(Daemon),
    Controller { _controller: Controller },
}

impl Contestant {
    /// Starts it in front of these backends, and returns once it serves.
    pub(crate) async fn start(
        kind: Kind,
        cluster: &Cluster,
        ground: &Ground,
        backends: &[SocketAddr],
    ) -> Self {
        let (at, held) = match kind {
            Kind::Direct => (backends.to_vec(), Held::Nothing),
            Kind::HAProxy => {
                let daemon = haproxy::start(ground.haproxy(), backends);
                (vec![ground.haproxy()], Held::Daemon(daemon))
            }
            Kind::Nginx => {
                let daemon = nginx::start(ground.nginx(), backends);
                (vec![ground.nginx()], Held::Daemon(daemon))
            }
            Kind::Seaway => {
                let (at, controller) = seaway::start(cluster, ground, backends).await;
                (vec![at], Held::Controller { _controller: controller })
            }
        };
        let mut contestant = Self { kind, at, held };
        contestant.serves().await;
        contestant
    }

    async fn serves(&mut self) {
        let (kind, at) = (self.kind, self.at[0]);
        let mut good = 0;
        until(&format!("{kind} answers at {at}"), async || {
            if let Held::Daemon(daemon) = &mut self.held {
                daemon.runs();
            }
            let udp = !Measurement::Udp.is_for(kind) || echoes_datagrams(at).is_some();
            good = if udp && echoes(at).is_some() { good + 1 } else { 0 };
            (good == TRIES).then_some(())
        })
        .await;
    }
}

/// Whether a connection is answered.
fn echoes(at: SocketAddr) -> Option<()> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"?").ok()?;
    stream.read_exact(&mut [0]).ok()
}

/// Whether a datagram is.
fn echoes_datagrams(at: SocketAddr) -> Option<()> {
    let any: IpAddr = [127, 0, 0, 1].into();
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    socket.connect(at).ok()?;
    socket.send(b"?").ok()?;
    socket.recv(&mut [0]).ok().map(drop)
}
