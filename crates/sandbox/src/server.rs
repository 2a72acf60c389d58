//! The API server.

use crate::{
    cluster::Cluster, connection, error::Error, handler::Handler, kubeconfig, metrics::Metrics,
    pages::Pages, tls::Tls,
};
use ipnet::IpNet;
use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// How long a stop may take.
const STOP_WITHIN: Duration = Duration::from_millis(900);

/// How a sandbox is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen: on loopback; port 0 is any free one.
    pub listen: SocketAddr,
    /// What clients must show; random if absent.
    pub token: Option<String>,
    /// The networks of cluster addresses, at most one for each family, the preferred one first.
    pub service_cidrs: Vec<IpNet>,
    /// The ports that Services get on nodes.
    pub node_ports: RangeInclusive<u16>,
    /// How many changes of each kind a watch can be told of later.
    pub history: usize,
    /// How often an idle watch that asked for bookmarks gets one.
    pub bookmark_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let v4 = ipnet::Ipv4Net::new_assert(Ipv4Addr::new(10, 96, 0, 0), 16);
        let v6 = ipnet::Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0), 112);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
            service_cidrs: vec![v4.into(), v6.into()],
            node_ports: 30_000..=32_767,
            history: 8192,
            bookmark_every: Duration::from_mins(1),
        }
    }
}

/// A Kubernetes API in memory. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    token: String,
    authority: String,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Starts to listen. Must be called inside of a Tokio runtime.
    pub fn start(options: Options) -> Result<Self, Error> {
        let token = options.token.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
        if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Error::Token);
        }
        let cluster = Cluster::new(&options.service_cidrs, &options.node_ports, options.history)
            .map_err(|status| Error::Cluster(status.message))?;
        let tls = Tls::generate()?;
        let listener = listen(options.listen)?;
        let told = |source| Error::Listen { addr: options.listen, source };
        let addr = listener.local_addr().map_err(told)?;

        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let handler = Arc::new(Handler {
            cluster: Arc::new(cluster),
            stopping: stopping.clone(),
            token: token.clone(),
            bookmark_every: options.bookmark_every,
            metrics: Metrics::default(),
            pages: Pages::default(),
        });
        tasks.spawn(connection::accept(listener, tls.acceptor, handler, tasks.clone()));
        Ok(Self { addr, token, authority: tls.authority, stopping, tasks })
    }

    /// Where the API listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What clients must show: `Authorization: Bearer <token>`.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A kubeconfig for this server, in YAML; its context is `seaway-sandbox`.
    pub fn kubeconfig(&self) -> String {
        kubeconfig::text(self.addr, &self.token, &self.authority)
    }

    /// Writes the kubeconfig with mode 0600; a reader never sees half of it.
    pub fn write_kubeconfig(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        kubeconfig::write(path, &self.kubeconfig())
            .map_err(|source| Error::Kubeconfig { path: path.to_owned(), source })
    }

    /// Ends all watches and connections and closes the port, within a second.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        if timeout(STOP_WITHIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections were still open when the sandbox stopped");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

fn listen(addr: SocketAddr) -> Result<TcpListener, Error> {
    if !addr.ip().is_loopback() {
        return Err(Error::NotLoopback(addr));
    }
    let listener = std::net::TcpListener::bind(addr).and_then(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    listener.map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            Error::PortInUse(addr)
        } else {
            Error::Listen { addr, source }
        }
    })
}
