use crate::world::cluster::{Key, Policy};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// So many endpoints are tried for one connection.
const ATTEMPTS: usize = 8;
/// So many clients are remembered for session affinity, per route.
const REMEMBERED: usize = 65_536;

/// One NodePort of one Service: where its traffic goes, on every node alike.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) service: Key,
    targets: RwLock<Arc<Targets>>,
    cursor: AtomicUsize,
    sticky: Mutex<HashMap<Visit, Bond>>,
}

/// A client at a node: each node remembers for itself, as kube-proxy does.
type Visit = (Arc<str>, IpAddr);
/// The endpoint that serves a client, and when it last did.
type Bond = (SocketAddr, Instant);

/// The endpoints of a route.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    local_only: bool,
    affinity: Option<Duration>,
    all: Pool,
    by_node: HashMap<Arc<str>, Pool>,
}

/// Endpoints that are ready, and those that still serve while they terminate.
#[derive(Debug, Default)]
struct Pool {
    ready: Vec<SocketAddr>,
    terminating: Vec<SocketAddr>,
}

impl Pool {
    /// The terminating ones are used only if there are no others (KEP-1669).
    fn usable(&self) -> &[SocketAddr] {
        if self.ready.is_empty() { &self.terminating } else { &self.ready }
    }

    fn push(&mut self, address: SocketAddr, ready: bool) {
        if ready {
            self.ready.push(address);
        } else {
            self.terminating.push(address);
        }
    }
}

impl Targets {
    pub(crate) fn new(policy: Policy, affinity: Option<Duration>) -> Self {
        Self { local_only: policy == Policy::Local, affinity, ..Self::default() }
    }

    pub(crate) fn push(&mut self, address: SocketAddr, node: Option<Arc<str>>, ready: bool) {
        self.all.push(address, ready);
        if let Some(node) = node {
            self.by_node.entry(node).or_default().push(address, ready);
        }
    }

    /// How many ready endpoints the node has: the answer to the health check.
    pub(crate) fn local_ready(&self, node: &str) -> usize {
        self.by_node.get(node).map_or(0, |pool| pool.ready.len())
    }

    fn usable(&self, node: &str) -> &[SocketAddr] {
        if self.local_only {
            self.by_node.get(node).map_or(&[], Pool::usable)
        } else {
            self.all.usable()
        }
    }
}

impl Route {
    pub(crate) fn new(service: Key, targets: Targets) -> Self {
        Self {
            service,
            targets: RwLock::new(Arc::new(targets)),
            cursor: AtomicUsize::new(0),
            sticky: Mutex::default(),
        }
    }

    pub(crate) fn update(&self, targets: Targets) {
        *self.targets.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(targets);
    }

    pub(crate) fn targets(&self) -> Arc<Targets> {
        Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The endpoints to try in turn for a client that came to `node`: round robin, unless the
    /// client is bound to one.
    pub(crate) fn candidates(&self, node: &Arc<str>, client: IpAddr) -> Vec<SocketAddr> {
        let targets = self.targets();
        let usable = targets.usable(node);
        if usable.is_empty() {
            return Vec::new();
        }
        let start = self.cursor.fetch_add(1, Ordering::Relaxed) % usable.len();
        let bound = targets.affinity.and_then(|timeout| {
            let sticky = self.sticky.lock().unwrap_or_else(PoisonError::into_inner);
            let (address, last) = sticky.get(&(Arc::clone(node), client))?;
            (last.elapsed() < timeout && usable.contains(address)).then_some(*address)
        });
        let rotated = usable[start..].iter().chain(&usable[..start]).copied();
        bound.into_iter().chain(rotated.filter(|a| Some(*a) != bound)).take(ATTEMPTS).collect()
    }

    /// The client was served by this endpoint: with session affinity it stays there.
    pub(crate) fn served(&self, node: &Arc<str>, client: IpAddr, by: SocketAddr) {
        let Some(timeout) = self.targets().affinity else { return };
        let mut sticky = self.sticky.lock().unwrap_or_else(PoisonError::into_inner);
        if sticky.len() >= REMEMBERED {
            sticky.retain(|_, (_, last)| last.elapsed() < timeout);
        }
        sticky.insert((Arc::clone(node), client), (by, Instant::now()));
    }

    /// Whether traffic that came to `node` may still go to this endpoint.
    pub(crate) fn allows(&self, node: &str, endpoint: SocketAddr) -> bool {
        self.targets().usable(node).contains(&endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(last: u8) -> SocketAddr {
        SocketAddr::from(([127, 16, 16, last], 8080))
    }

    fn route(policy: Policy, affinity: Option<u64>, pods: &[(u8, &str, bool)]) -> Route {
        let mut targets = Targets::new(policy, affinity.map(Duration::from_secs));
        for (last, node, ready) in pods {
            targets.push(pod(*last), Some((*node).into()), *ready);
        }
        Route::new(Key::node("web"), targets)
    }

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn cluster_policy_goes_round_all_nodes() {
        let route =
            route(Policy::Cluster, None, &[(1, "a", true), (2, "b", true), (3, "b", false)]);
        let firsts: Vec<_> = (0..4).map(|_| route.candidates(&"a".into(), CLIENT)[0]).collect();
        assert_eq!(firsts, [pod(1), pod(2), pod(1), pod(2)]);
    }

    #[test]
    fn local_policy_stays_on_the_node_and_counts_only_ready_pods() {
        let route = route(Policy::Local, None, &[(1, "a", true), (2, "b", false), (3, "b", false)]);
        assert_eq!(route.candidates(&"a".into(), CLIENT), [pod(1)]);
        let mut on_b = route.candidates(&"b".into(), CLIENT);
        on_b.sort();
        assert_eq!(on_b, [pod(2), pod(3)]);
        assert_eq!(route.candidates(&"c".into(), CLIENT), []);
        assert_eq!(route.targets().local_ready("a"), 1);
        assert_eq!(route.targets().local_ready("b"), 0);
        assert!(!route.allows("a", pod(2)));
    }

    #[test]
    fn a_client_stays_with_its_pod_as_long_as_the_pod_is_there() {
        let node = "a".into();
        let route = route(Policy::Cluster, Some(60), &[(1, "a", true), (2, "b", true)]);
        route.served(&node, CLIENT, pod(2));
        assert!((0..4).all(|_| route.candidates(&node, CLIENT)[0] == pod(2)));
        route.update(Targets::new(Policy::Cluster, Some(Duration::from_mins(1))));
        assert_eq!(route.candidates(&node, CLIENT), []);
    }
}
