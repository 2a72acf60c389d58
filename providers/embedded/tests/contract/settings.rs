//! What annotations and the config ask for holds on the wire.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use seaway_core::{
    Address, Context, Family, Goal, Key, Member, MemberReport, Protocol, Provider, Readiness,
    Subject, drive,
};
use seaway_pool::Ranges;
use seaway_provider_embedded::{Config, Embedded, connect};
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, ManualClock, SpecBuilder, uid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::fleet::Fleet;
use crate::witness::{ask, is_open, somebody};
use crate::world::{Restarted, config};

/// How PROXY protocol v2 begins, for a TCP connection over IPv4.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";

/// A node that does what the test says and nothing else: the contract has none with this number.
async fn silent(number: u8) -> TcpListener {
    TcpListener::bind((Fleet::get().node(number), 30_080)).await.unwrap()
}

/// The Service `a` asks for this by annotation, and runs on this node; where it is served.
async fn asks(rig: &mut Rig<Restarted>, (key, value): (&str, &str), node: u8) -> SocketAddr {
    rig.set_nodes([node]);
    rig.put(rig.bench.spec("a").port(80).setting(key, value));
    rig.converge().await.unwrap();
    let Some(Address::Ip(ip)) = rig.published("a").first().cloned() else { panic!() };
    SocketAddr::new(ip, rig.bench.base + 80)
}

/// Whether a client is broken off by a reset, at once or later.
async fn is_reset(at: SocketAddr) -> bool {
    let heard = async { TcpStream::connect(at).await?.read(&mut [0; 8]).await };
    heard.await.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

/// What reaches a node first, and the connection that brings it. Health checks come too, and bring
/// nothing.
async fn heard<const BYTES: usize>(node: &TcpListener) -> (TcpStream, [u8; BYTES]) {
    loop {
        let (mut stream, _) = node.accept().await.unwrap();
        let mut bytes = [0; BYTES];
        if stream.read_exact(&mut bytes).await.is_ok() {
            return (stream, bytes);
        }
    }
}

/// A client that has come through to a node.
async fn comes_through(at: SocketAddr, node: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = TcpStream::connect(at).await.unwrap();
    client.write_all(b"!").await.unwrap();
    (client, heard::<1>(node).await.0)
}

#[tokio::test]
async fn a_target_is_told_the_client_if_the_service_asks_for_it() {
    let mut rig = Rig::<Restarted>::open().await;
    let node = silent(20).await;
    let at = asks(&mut rig, ("seaway.dev/proxy-protocol", "v2"), 20).await;
    let client = TcpStream::connect(at).await.unwrap();
    let (_stream, told) = heard::<28>(&node).await;
    let of = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(_) => panic!("{address} is no IPv4 address"),
    };
    let from = client.local_addr().unwrap();
    let ports = [from.port().to_be_bytes(), at.port().to_be_bytes()].concat();
    assert_eq!(told.to_vec(), [V2, &of(from), &of(at), &ports].concat());
}

#[tokio::test]
async fn a_service_has_as_many_connections_as_it_asks_for() {
    let mut rig = Rig::<Restarted>::open().await;
    let node = silent(21).await;
    let at = asks(&mut rig, ("seaway.dev/max-connections", "1"), 21).await;
    let _first = comes_through(at, &node).await;
    assert!(is_reset(at).await);
}

#[tokio::test]
async fn a_connection_may_be_silent_for_as_long_as_its_service_asks_for() {
    let mut rig = Rig::<Restarted>::open().await;
    let _node = silent(22).await;
    let at = asks(&mut rig, ("seaway.dev/idle-timeout", "50ms"), 22).await;
    assert!(is_reset(at).await);
}

/// A provider with a config of its own, on the addresses and ports of a world.
struct Own {
    world: Rig<Restarted>,
    provider: Embedded,
    goal: Goal,
}

impl Own {
    fn new(world: Rig<Restarted>, config: Config) -> Self {
        let nodes = [world.bench.node(1)].into_iter().collect();
        let provider = connect(config).unwrap();
        Self { world, provider, goal: Goal { nodes, ..Goal::default() } }
    }

    fn spec(&self, name: &str) -> SpecBuilder {
        self.world.bench.spec(name)
    }

    /// What becomes of a Service.
    async fn put(&mut self, name: &str, spec: SpecBuilder) -> MemberReport {
        self.goal.members = [(uid(name), Member::present(spec))].into();
        let cx = Context::new(Arc::new(ManualClock::default()));
        let driver = drive(self.provider.clone());
        let report = driver.reconcile(&cx, &Key::own(uid(name)), &self.goal).await;
        report.members[&uid(name)].clone()
    }

    /// Where it is served, with so much added to the port.
    fn at(&self, ip: IpAddr, port: u16) -> SocketAddr {
        SocketAddr::new(ip, self.world.bench.base + port)
    }

    /// How much of a Service was refused for this reason.
    fn refused(&self, name: &str, reason: &'static str) -> u64 {
        self.measured("refused", name, &[("reason", reason)])
    }

    fn measured(&self, what: &str, name: &str, labels: &[(&'static str, &'static str)]) -> u64 {
        let all = self.provider.measures().into_iter().filter(|measure| measure.name == what);
        let mut all = all.flat_map(|measure| measure.readings);
        let wanted = Subject::Service(uid(name));
        all.find(|it| it.of == wanted && it.labels == labels).unwrap().value
    }

    async fn end(self) {
        self.provider.shutdown(std::time::Duration::ZERO).await;
    }
}

fn ready(addresses: &[IpAddr]) -> Readiness {
    Readiness::Ready(addresses.iter().copied().map(Address::Ip).collect())
}

#[tokio::test]
async fn addresses_come_from_the_pool_that_is_named_and_of_the_families_that_it_has() {
    let world = Rig::<Restarted>::open().await;
    let all = world.bench.pool.clone();
    let range = |from: usize, to: usize| Ranges::parse(&[format!("{}-{}", all[from], all[to])]);
    // Without IPv6 on this machine, there is a pool less.
    let six = all.iter().copied().find(IpAddr::is_ipv6);
    let pools = [
        Some(("front".to_owned(), range(2, 3).unwrap())),
        six.map(|ip| ("six".to_owned(), Ranges::parse(&[ip.to_string()]).unwrap())),
    ];
    let config = Config {
        pool: range(0, 1).unwrap(),
        pools: pools.into_iter().flatten().collect(),
        ..config(&["192.0.2.1"])
    };
    let mut own = Own::new(world, config);
    let named = |own: &Own, name: &str, pool: &str| {
        let dual = own.spec(name).port(80).families([Family::IPv4, Family::IPv6]);
        dual.setting("seaway.dev/address-pool", pool)
    };
    let plain = own.spec("a").port(80);
    assert_eq!(own.put("a", plain).await.readiness, ready(&all[..1]));
    let front = named(&own, "b", "front");
    assert_eq!(own.put("b", front).await.readiness, ready(&all[2..3]));
    assert!(ask(somebody(), own.at(all[2], 80), Protocol::Tcp).await.is_some());
    if let Some(ip) = six {
        let inside = named(&own, "c", "six");
        assert_eq!(own.put("c", inside).await.readiness, ready(&[ip]));
        assert!(is_open(own.at(ip, 80), Protocol::Tcp));
    }
    let both = format!("{}", all[3]);
    let asked = named(&own, "d", "front").setting("seaway.dev/load-balancer-ips", &both);
    assert_eq!(own.put("d", asked).await.readiness, ready(&all[3..4]));
    let full = named(&own, "e", "front");
    let error = own.put("e", full).await.error.unwrap();
    assert!(error.message().contains("providers.embedded.pools.front"), "{error}");
    own.end().await;
}

#[tokio::test]
async fn the_limits_of_the_config_are_for_all_services_together() {
    let world = Rig::<Restarted>::open().await;
    let all = world.bench.pool.clone();
    let pool = Ranges::parse(&[format!("{}-{}", all[0], all[1])]).unwrap();
    let limits = Config { max_connections: 1, max_udp_flows: 1, ..config(&["192.0.2.1"]) };
    let mut own = Own::new(world, Config { pool, ..limits });
    let node = silent(23).await;
    own.goal.nodes = [own.world.bench.node(23)].into_iter().collect();
    for (name, ip) in [("a", &all[..1]), ("b", &all[1..2])] {
        let spec = own.spec(name).port(80).udp(53);
        assert_eq!(own.put(name, spec).await.readiness, ready(ip));
    }
    let _first = comes_through(own.at(all[0], 80), &node).await;
    assert!(is_reset(own.at(all[1], 80)).await);
    assert_eq!(own.refused("b", "plane_limit"), 1);

    let target = UdpSocket::bind((Fleet::get().node(23), 30_053)).await.unwrap();
    let client = UdpSocket::bind((somebody(), 0)).await.unwrap();
    client.send_to(b"one", own.at(all[0], 53)).await.unwrap();
    let mut got = [0; 8];
    assert_eq!(target.recv(&mut got).await.unwrap(), 3);
    // No flow is left for the other Service; that of the first goes on.
    client.send_to(b"lost", own.at(all[1], 53)).await.unwrap();
    while own.refused("b", "flow_limit") == 0 {
        tokio::task::yield_now().await;
    }
    client.send_to(b"two", own.at(all[0], 53)).await.unwrap();
    assert_eq!(target.recv(&mut got).await.unwrap(), 3, "and never what was lost");
    own.end().await;
}

#[tokio::test]
async fn a_service_without_tcp_ports_is_told_what_is_for_them_only() {
    let world = Rig::<Restarted>::open().await;
    let pool = Ranges::parse(&[world.bench.pool[0].to_string()]).unwrap();
    let mut own = Own::new(world, Config { pool, ..config(&["192.0.2.1"]) });
    let asks = |spec: SpecBuilder| spec.udp(53).setting("seaway.dev/max-connections", "1");
    let (udp, both) = (asks(own.spec("a")), asks(own.spec("a").port(80)));
    let told: Vec<_> = own.put("a", udp).await.warnings.into_iter().collect();
    assert!(told.len() == 1 && told[0].reason == "TcpSettingIgnored", "{told:?}");
    assert!(told[0].message.starts_with("seaway.dev/max-connections: "), "{told:?}");
    assert!(own.put("a", both).await.warnings.is_empty());
    own.end().await;
}

#[tokio::test]
async fn a_flow_may_be_silent_for_as_long_as_its_service_asks_for() {
    let world = Rig::<Restarted>::open().await;
    let all = world.bench.pool.clone();
    let pool = Ranges::parse(&[all[0].to_string()]).unwrap();
    let node = world.bench.node(24);
    let mut own = Own::new(world, Config { pool, ..config(&["192.0.2.1"]) });
    own.goal.nodes = [node].into_iter().collect();
    let target = UdpSocket::bind((Fleet::get().node(24), 30_053)).await.unwrap();
    let spec = own.spec("a").udp(53).setting("seaway.dev/idle-timeout", "50ms");
    assert_eq!(own.put("a", spec).await.readiness, ready(&all[..1]));
    let client = UdpSocket::bind((somebody(), 0)).await.unwrap();
    client.send_to(b"?", own.at(all[0], 53)).await.unwrap();
    assert_eq!(target.recv(&mut [0; 8]).await.unwrap(), 1);
    while own.measured("flows_open", "a", &[]) > 0 {
        tokio::task::yield_now().await;
    }
    own.end().await;
}
