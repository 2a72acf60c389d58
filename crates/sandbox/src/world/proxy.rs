//! What kube-proxy does: every node listens on every NodePort and forwards to pods.

mod route;
mod tcp;
mod udp;

use self::route::{Route, Targets};
use super::{
    api::Writer,
    cluster::{Change, Cluster, Key, ServiceView, gather},
    conntrack::Conntrack,
    health,
    power::Power,
    protocol::Protocol,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Below the ephemeral ports of Linux and below the NodePorts.
const SOURCE_PORTS: std::ops::Range<u32> = 10_300..29_900;
const KUBE_PROXY_HEALTH: u16 = 10_256;

/// The listeners of all nodes, and the routes behind them.
#[derive(Debug)]
pub(crate) struct Proxy {
    cluster: Arc<Cluster>,
    conntrack: Arc<Conntrack>,
    writer: Writer,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    nodes: BTreeMap<Arc<str>, Arc<ProxyNode>>,
    routes: HashMap<Key, BTreeMap<Entrance, Opened>>,
}

/// A port on which each node listens for a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entrance {
    Port(Protocol, u16),
    Health(u16),
}

#[derive(Debug)]
struct Opened {
    route: Arc<Route>,
    closing: CancellationToken,
}

/// A running node as its proxy sees it.
#[derive(Debug)]
pub(crate) struct ProxyNode {
    pub(crate) name: Arc<str>,
    pub(crate) address: Ipv4Addr,
    pub(crate) power: Power,
    /// The autoscaler has announced that it will delete the node.
    pub(crate) to_be_deleted: AtomicBool,
    next_source_port: AtomicU32,
}

/// One listener: a route on a node.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) node: Arc<ProxyNode>,
    pub(crate) route: Arc<Route>,
    pub(crate) address: SocketAddr,
    pub(crate) closing: CancellationToken,
    conntrack: Arc<Conntrack>,
    writer: Writer,
}

impl ProxyNode {
    fn source_port(&self) -> u16 {
        let next = self.next_source_port.fetch_add(1, Ordering::Relaxed);
        let port = SOURCE_PORTS.start + next % (SOURCE_PORTS.end - SOURCE_PORTS.start);
        u16::try_from(port).unwrap_or(0)
    }
}

impl Door {
    /// Somebody else has the port: the user is told, and the listener goes on trying.
    pub(crate) fn report(&self, error: &io::Error) {
        let Self { node, address, route, .. } = self;
        let message = format!(
            "{} can't listen on {address}: {error}; it tries again until the port is free",
            node.name
        );
        tracing::warn!(service = %route.service, "{message}");
        self.writer.event(&node.power, &route.service, "NodePortInUse", message);
    }

    /// How many ready pods of the Service the node has.
    pub(crate) fn local_ready(&self) -> usize {
        self.route.targets().local_ready(&self.node.name)
    }
}

impl Proxy {
    pub(crate) fn new(cluster: Arc<Cluster>, conntrack: Arc<Conntrack>, writer: Writer) -> Self {
        Self { cluster, conntrack, writer, state: Mutex::default() }
    }

    /// Follows Services and their endpoints.
    pub(crate) async fn run(&self, mut changes: mpsc::UnboundedReceiver<Change>) {
        self.cluster.listed().await;
        let mut slices: HashMap<Key, Key> = HashMap::new();
        while let Some(batch) = gather(&mut changes).await {
            let mut services = BTreeSet::new();
            for change in batch {
                match change {
                    Change::Service(key) => {
                        services.insert(key);
                    }
                    Change::Slice(key) => {
                        let now = self.cluster.slices.get(&key).and_then(|slice| {
                            let name = slice.service.as_deref()?.into();
                            Some(Key { namespace: Arc::clone(&key.namespace), name })
                        });
                        let before = match &now {
                            Some(service) => slices.insert(key, service.clone()),
                            None => slices.remove(&key),
                        };
                        services.extend(now.into_iter().chain(before));
                    }
                    Change::Node(_) | Change::Pod(_) => {}
                }
            }
            let mut by_service: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
            for (slice, service) in slices.iter().filter(|(_, s)| services.contains(*s)) {
                by_service.entry(service).or_default().push(slice);
            }
            for service in &services {
                let slices = by_service.get(service).map(Vec::as_slice).unwrap_or_default();
                self.refresh(service, slices);
            }
        }
    }

    /// A node is up: it listens on every port that there is.
    pub(crate) fn attach(&self, name: &str, address: Ipv4Addr, power: Power) -> Arc<ProxyNode> {
        let node = Arc::new(ProxyNode {
            name: name.into(),
            address,
            power,
            to_be_deleted: AtomicBool::new(false),
            next_source_port: AtomicU32::new(rand::random()),
        });
        let own = SocketAddr::from((address, KUBE_PROXY_HEALTH));
        node.power.spawn(health::kube_proxy(Arc::clone(&node), own));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (entrance, opened) in state.routes.values().flatten() {
            self.open(&node, *entrance, opened);
        }
        state.nodes.insert(Arc::clone(&node.name), Arc::clone(&node));
        node
    }

    /// A node has failed or gone; its listeners end with its power.
    pub(crate) fn detach(&self, name: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).nodes.remove(name);
    }

    fn refresh(&self, service: &Key, slices: &[&Key]) {
        let view = self.cluster.services.get(service);
        let mut wanted = view.map(|view| self.targets(&view, slices)).unwrap_or_default();
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        let opened = state.routes.entry(service.clone()).or_default();
        opened.retain(|entrance, opened| {
            let targets = wanted.remove(entrance);
            let stays = targets.is_some();
            match targets {
                Some(targets) => opened.route.update(targets),
                None => opened.closing.cancel(),
            }
            stays
        });
        for (entrance, targets) in wanted {
            let route = Arc::new(Route::new(service.clone(), targets));
            let new = Opened { route, closing: CancellationToken::new() };
            for node in state.nodes.values() {
                self.open(node, entrance, &new);
            }
            opened.insert(entrance, new);
        }
        if opened.is_empty() {
            state.routes.remove(service);
        }
    }

    /// The ports that a Service wants open, each with its endpoints.
    fn targets(&self, service: &ServiceView, slices: &[&Key]) -> BTreeMap<Entrance, Targets> {
        let slices: Vec<_> = slices.iter().filter_map(|key| self.cluster.slices.get(key)).collect();
        let mut wanted = BTreeMap::new();
        for port in &service.ports {
            let Some(node_port) = port.node_port else { continue };
            let mut targets = Targets::new(service.policy, service.affinity);
            for slice in &slices {
                let found = slice
                    .ports
                    .iter()
                    .find(|(name, protocol, _)| *protocol == port.protocol && *name == port.name);
                let Some((_, _, number)) = found else { continue };
                for backend in &slice.backends {
                    let address = SocketAddr::from((backend.address, *number));
                    targets.push(address, backend.node.clone(), backend.ready);
                }
            }
            wanted.insert(Entrance::Port(port.protocol, node_port), targets);
        }
        if let Some(health_port) = service.health_port {
            // A pod counts once, however many slices and ports name it.
            let pods: BTreeMap<_, _> = slices
                .iter()
                .flat_map(|slice| &slice.backends)
                .map(|backend| (backend.address, backend))
                .collect();
            let mut targets = Targets::new(service.policy, None);
            for backend in pods.values() {
                let address = SocketAddr::from((backend.address, 0));
                targets.push(address, backend.node.clone(), backend.ready);
            }
            wanted.insert(Entrance::Health(health_port), targets);
        }
        wanted
    }

    fn open(&self, node: &Arc<ProxyNode>, entrance: Entrance, opened: &Opened) {
        let door = |port: u16| Door {
            node: Arc::clone(node),
            route: Arc::clone(&opened.route),
            address: SocketAddr::from((node.address, port)),
            closing: opened.closing.clone(),
            conntrack: Arc::clone(&self.conntrack),
            writer: self.writer.clone(),
        };
        // A listener that still waits for its port must end, too, when the Service is gone.
        let closing = opened.closing.clone();
        match entrance {
            Entrance::Port(Protocol::Tcp, port) => {
                node.power.spawn(until_given_up(closing, tcp::serve(door(port))));
            }
            Entrance::Port(Protocol::Udp, port) => {
                node.power.spawn(until_given_up(closing, udp::serve(door(port))));
            }
            Entrance::Health(port) => {
                node.power.spawn(until_given_up(closing, health::service(door(port))));
            }
        }
    }
}

/// Lets a listener end by itself when it is given up, and ends it if it doesn't.
async fn until_given_up(closing: CancellationToken, serve: impl Future<Output = ()>) {
    tokio::pin!(serve);
    tokio::select! {
        biased;
        () = &mut serve => {}
        () = closing.cancelled() => {
            // It had its chance: a listener sees the same token first.
        }
    }
}
