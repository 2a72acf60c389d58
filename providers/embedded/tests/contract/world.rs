//! The machine that the provider works on: loopback addresses, ports, and somebody else on them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaway_core::{
    Address, Affinity, Context, Family, Key, LbSpec, Mark, Node, Protocol, Provider, ServiceUid,
    SourceRanges, TrafficPolicy,
};
use seaway_pool::Ranges;
use seaway_provider_embedded::dataplane::{Balancer, Probe, Sources};
use seaway_provider_embedded::{Config, Embedded, Observed, Seat, connect};
use seaway_testkit::contract::PORTS;
use seaway_testkit::{Bench, Front, ManualClock, Served, SpecBuilder, Thing, cluster_id};
use tokio::runtime::Builder;

use crate::fleet::Fleet;
use crate::witness;

/// How many IPv4 addresses the pool has.
const POOL: u32 = 8;
/// Where somebody else listens, above the base. Nodes answer for it, at its NodePort 30080.
pub(crate) const FOREIGN: u16 = 10_080;
/// Where a restart of the controller is a new process: listeners and memory are gone with the old.
pub(crate) type Restarted = World<false>;
/// Where only the driver forgets: what listens goes on.
pub(crate) type Forgotten = World<true>;

/// A pool of addresses of its own, and ports that no other test has.
pub(crate) struct World<const PLANE_LIVES_ON: bool> {
    pub(crate) pool: Vec<IpAddr>,
    /// What is added to every port: root alone may have those below 1024.
    pub(crate) base: u16,
    /// Somebody else's listener; none once it has left.
    foreign: Mutex<Option<TcpListener>>,
    provider: Mutex<Option<Embedded>>,
    /// Keeps the base for this world.
    _base: Option<UdpSocket>,
}

/// A port of the pool that is open.
struct Open {
    at: SocketAddr,
    protocol: Protocol,
    owner: Option<ServiceUid>,
}

impl<const PLANE_LIVES_ON: bool> World<PLANE_LIVES_ON> {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // ::1 is there once only, so the ports on it are another in every world.
        let mine = u16::try_from(std::process::id() % 90).unwrap();
        let mut bases = (0..90).map(|n| 10_000 + 100 * ((mine + n) % 90));
        let lock = bases.find_map(|base| UdpSocket::bind((Ipv6Addr::LOCALHOST, base)).ok());
        let base = lock.as_ref().map_or(10_000, |lock| lock.local_addr().unwrap().port());
        loop {
            // The first addresses are those of the nodes.
            let first = 32 + NEXT.fetch_add(1, Ordering::Relaxed) % 124 * POOL;
            let mut pool: Vec<_> = (first..first + POOL).map(|n| Fleet::get().address(n)).collect();
            let Ok(foreign) = TcpListener::bind((pool[0], base + FOREIGN)) else { continue };
            pool.extend(lock.as_ref().map(|_| IpAddr::from(Ipv6Addr::LOCALHOST)));
            let (foreign, provider) = (Mutex::new(Some(foreign)), Mutex::default());
            return Self { pool, base, foreign, provider, _base: lock };
        }
    }

    /// Lets somebody else's listener go.
    pub(crate) fn foreign_leaves(&self) {
        *self.foreign.lock().unwrap() = None;
    }

    fn foreign(&self) -> Option<SocketAddr> {
        self.foreign.lock().unwrap().as_ref().map(|listener| listener.local_addr().unwrap())
    }

    fn running(&self) -> Option<Embedded> {
        self.provider.lock().unwrap().clone()
    }

    /// Who has what, as the provider tells.
    async fn seen(&self) -> BTreeMap<Key, Observed> {
        let cx = Context::new(Arc::new(ManualClock::default()));
        match self.running() {
            Some(provider) => provider.survey(&cx).await.unwrap(),
            None => BTreeMap::new(),
        }
    }

    /// What is open in the pool, as the operating system tells.
    fn open_ports(&self, seen: &BTreeMap<Key, Observed>) -> Vec<Open> {
        let owner = |at: SocketAddr| {
            let mut all = seen.values().flat_map(|seen| &seen.seats);
            let listens = |seat: &Seat| {
                let mut ports = seat.open.iter().flat_map(|open| &open.listeners);
                ports.any(|listener| listener.address == at)
            };
            all.find(|(_, seat)| listens(seat)).map(|(uid, _)| uid.clone())
        };
        let all =
            self.pool.iter().flat_map(|ip| PORTS.map(|(port, protocol)| (*ip, port, protocol)));
        all.map(|(ip, port, protocol)| (SocketAddr::new(ip, self.base + port), protocol))
            .filter(|(at, protocol)| witness::is_open(*at, *protocol))
            .map(|(at, protocol)| Open { at, protocol, owner: owner(at) })
            .collect()
    }
}

/// Its ports are closed before the next world may have them.
impl<const PLANE_LIVES_ON: bool> Drop for World<PLANE_LIVES_ON> {
    fn drop(&mut self) {
        let Some(provider) = self.running() else { return };
        // The test's own runtime is busy with this drop.
        let shutdown = move || {
            let runtime = Builder::new_current_thread().build().unwrap();
            runtime.block_on(provider.shutdown(Duration::ZERO));
        };
        std::thread::spawn(shutdown).join().unwrap();
    }
}

impl<const PLANE_LIVES_ON: bool> Bench for World<PLANE_LIVES_ON> {
    type Provider = Embedded;

    const SERVES_IN_PROCESS: bool = !PLANE_LIVES_ON;

    async fn open(_: Arc<ManualClock>) -> Self {
        Self::new()
    }

    async fn provider(&self) -> Embedded {
        if let Some(earlier) = self.running() {
            if PLANE_LIVES_ON {
                return earlier;
            }
            earlier.shutdown(Duration::ZERO).await;
        }
        let v4 = format!("{}-{}", self.pool[0], self.pool[POOL as usize - 1]);
        let v6 = self.pool.get(POOL as usize).map(ToString::to_string);
        let pool: Vec<_> = std::iter::once(v4).chain(v6).collect();
        let config = Config { drain_seconds: 1, ..config(&pool) };
        let provider = connect(config).unwrap();
        *self.provider.lock().unwrap() = Some(provider.clone());
        provider
    }

    async fn inventory(&self) -> Vec<Thing> {
        let seen = self.seen().await;
        let mark = |uid: &ServiceUid| Mark::of(cluster_id(), uid.clone());
        let mut things: Vec<_> =
            self.foreign().map(|at| Thing::new("their listener", None, at)).into_iter().collect();
        for (uid, seat) in seen.values().flat_map(|seen| &seen.seats) {
            for ip in &seat.addresses {
                let role = format!("{} address", Family::of(*ip));
                things.push(Thing::new(role, Some(mark(uid)), ip));
            }
        }
        for open in self.open_ports(&seen) {
            // Without the base, which is another in every world.
            let port = open.at.port() - self.base;
            let role = format!("{} port {port}/{}", Family::of(open.at.ip()), open.protocol);
            things.push(Thing::new(role, open.owner.as_ref().map(mark), open.at));
        }
        things
    }

    async fn served(&self, uid: &ServiceUid) -> Option<Served> {
        let seen = self.seen().await;
        let mut mine = seen.values().filter_map(|seen| seen.seats.get(uid));
        let balancer = mine.find_map(|seat| seat.open.clone())?;
        let mut served = Served::default();
        for open in self.open_ports(&seen).iter().filter(|open| open.owner.as_ref() == Some(uid)) {
            served.addresses.insert(Address::Ip(open.at.ip()));
            let front = front(&balancer, open).await;
            let other = served.fronts.insert((open.at.port(), open.protocol), front.clone());
            assert!(other.is_none_or(|other| other == front), "{uid}: addresses differ");
        }
        Some(served)
    }

    async fn plant_foreign(&self) {
        // Since `open`: it also keeps other tests away from this pool.
        assert!(self.foreign().is_some());
    }

    fn spec(&self, name: &str) -> SpecBuilder {
        seaway_testkit::spec(name).above(self.base)
    }

    fn node(&self, number: u8) -> Node {
        let at = Fleet::get().node(number).to_string();
        seaway_testkit::node(&format!("node-{number}")).at(&at).build()
    }

    fn spoil(&self, mut spec: LbSpec) -> Option<LbSpec> {
        spec.requested_address = Some([192, 0, 2, 99].into());
        Some(spec)
    }

    fn requestable(&self, family: Family) -> Option<(IpAddr, Option<IpAddr>)> {
        let good = self.pool.iter().rev().find(|ip| Family::of(**ip) == family)?;
        Some((*good, Some([192, 0, 2, 99].into())))
    }
}

/// A config with this pool, and all else as it is without being said.
pub(crate) fn config(pool: &[impl AsRef<str>]) -> Config {
    let read: Config = toml::from_str("pool = ['192.0.2.1']").unwrap();
    Config { pool: Ranges::parse(pool).unwrap(), ..read }
}

/// What clients find at an open port: nodes as they answer, and the rest as it was set.
async fn front(balancer: &Balancer, open: &Open) -> Front {
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for listener in balancer.listeners.iter().filter(|listener| listener.address == open.at) {
        let port = listener.target_port;
        expected.extend(
            balancer.targets.values().map(|to| SocketAddr::new(to.address, port).to_string()),
        );
    }
    let admits = match &balancer.sources {
        Sources::Anyone => SourceRanges::Anyone,
        Sources::Only(ranges) => SourceRanges::Only(ranges.iter().copied().collect()),
    };
    let targets = if admits.admit(witness::somebody()) {
        let sticky = balancer.affinity.is_some();
        witness::answers(open.at, open.protocol, expected.len(), sticky).await
    } else {
        // Who is shut out can't tell what is behind the door.
        let turned_away = witness::answers(open.at, open.protocol, 0, false).await;
        assert_eq!(turned_away, BTreeSet::new(), "{admits} is not enforced");
        expected
    };
    Front {
        targets,
        admits: Some(admits),
        affinity: Some(balancer.affinity.map(|timeout| Affinity { timeout })),
        health: Some(match balancer.health.probe {
            Probe::Http { port, .. } => TrafficPolicy::Local { health_check_node_port: port },
            Probe::Tcp | Probe::ProxyV2 | Probe::None => TrafficPolicy::Cluster,
        }),
    }
}
