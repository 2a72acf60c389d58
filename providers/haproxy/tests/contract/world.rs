//! A box with a HAProxy of its own, which the provider starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use seaway_box::BoxProvider;
use seaway_core::{Address, Affinity, LbSpec, Protocol, ServiceUid, TrafficPolicy};
use seaway_provider_haproxy::{FILE, Haproxy, connect};
use seaway_testkit::machine::{Block, Home, Tenant, files, listeners};
use seaway_testkit::{Front, Served, Thing, cluster_id};

use crate::loaded::{Config, Server, ask, owner, servers, told};

/// The folder of what the next worker is told of the servers: a file for each backend.
const STATES: &str = "states";
/// The user's own config, which the same daemon loads.
const USERS: &str = "users.cfg";
/// Its contents. It spares each process the reading of all the certificates of the system.
const CONFIG: &str = "\
global
  .if feature(OPENSSL)
    httpclient.ssl.verify none
  .endif
defaults users
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend users from users
  server a 127.0.0.1:9 disabled
";
/// The longest that a table of clients can remember one is 2^31 ms.
const TOO_LONG: Duration = Duration::from_hours(24 * 30);

pub(crate) struct World;

/// The config, if the daemon runs with it.
fn loaded(home: &Home<World>) -> Option<Config> {
    let config = Config::parse(&home.file());
    let info = ask(&home.folder().join("haproxy.sock"), "show info")?;
    (told(&info, "description") == Some(config.stamp.as_str())).then_some(config)
}

fn running(home: &Home<World>) -> Vec<Server> {
    let answer = ask(&home.folder().join("haproxy.sock"), "show servers state");
    answer.map(|answer| servers(&answer)).unwrap_or_default()
}

/// The port of a backend, without the base, which is another in every world.
fn port(home: &Home<World>, backend: &str) -> u16 {
    let port: u16 = backend.split('_').nth(3).unwrap().parse().unwrap();
    port - home.block.base
}

impl Tenant for World {
    type Provider = BoxProvider<Haproxy>;

    const PROGRAM: &'static str = "haproxy";
    const FILE: &'static str = FILE;
    const FURNITURE: &'static [&'static str] =
        &["seaway.lock", "haproxy.pid", "haproxy.sock", "master.sock", STATES];
    const OTHERS: &'static [(&'static str, &'static str)] = &[
        (USERS, CONFIG),
        (
            "haproxy.cfg.old",
            "# seaway {\"form\":1,\"cluster\":\"other\"}\nfrontend seaway_default_a_0\n",
        ),
    ];

    async fn move_in(_: &Block) -> Self {
        Self
    }

    async fn provider(home: &Home<Self>) -> Self::Provider {
        let text = format!(
            "pool = {}\nfolder = '{}'\nbinary = '{}'\nstart = true\ninclude = ['{}']\n\
             most-connections = 100\ncheck-interval = '1h'",
            home.block.ranges(),
            home.folder().display(),
            home.program().display(),
            home.folder().join(USERS).display()
        );
        let config: seaway_provider_haproxy::Config = toml::from_str(&text).unwrap();
        config.check().unwrap();
        connect(config, cluster_id()).await.unwrap()
    }

    fn binds(home: &Home<Self>) -> BTreeMap<(SocketAddr, Protocol), ServiceUid> {
        let frontends = Config::parse(&home.file()).frontends.into_iter();
        let binds = frontends.flat_map(|(uid, frontend)| {
            frontend.binds.into_iter().map(move |at| ((at, Protocol::Tcp), uid.clone()))
        });
        binds.collect()
    }

    fn things(home: &Home<Self>) -> Vec<Thing> {
        let mut things = Vec::new();
        for (name, text) in files(&home.folder().join(STATES)) {
            let (backend, node_port) = name.rsplit_once('-').unwrap();
            let role = format!("states of port {} to {node_port}", port(home, backend));
            things.push(Thing::of(owner(backend), role, text));
        }
        for (uid, frontend) in Config::parse(&home.file()).frontends {
            things.push(Thing::of(uid, "frontend", frontend));
        }
        for server in running(home) {
            let kind = if server.maint { "leaving" } else { "running" };
            let role = format!("{kind} server {} of {}", server.at, port(home, &server.backend));
            things.push(Thing::of(owner(&server.backend), role, server));
        }
        things
    }

    fn served(home: &Home<Self>, uid: &ServiceUid) -> Option<Served> {
        let open = listeners(&home.block);
        let config = loaded(home)?;
        let frontend = config.frontends.get(uid)?;
        let servers = running(home);
        let mut served = Served::default();
        let is_open = |at: &&SocketAddr| open.contains(&(**at, Protocol::Tcp));
        for at in frontend.binds.iter().filter(is_open) {
            served.addresses.insert(Address::Ip(at.ip()));
            let backend = &frontend.backends[&at.port()];
            let of_backend = || servers.iter().filter(|server| server.backend == *backend);
            let health = of_backend().next().map(|server| {
                if config.backends[backend].http {
                    TrafficPolicy::Local { health_check_node_port: server.check_port }
                } else {
                    assert_eq!(server.check_port, 0, "{server:?}");
                    TrafficPolicy::Cluster
                }
            });
            let targets = of_backend().filter(|server| !server.maint);
            let front = Front {
                targets: targets.map(|server| server.at.clone()).collect(),
                admits: Some(frontend.admits()),
                affinity: Some(config.affinity(backend)),
                health,
            };
            served.fronts.insert((at.port(), Protocol::Tcp), front);
        }
        Some(served)
    }

    fn spoil(mut spec: LbSpec) -> Option<LbSpec> {
        spec.affinity = Some(Affinity { timeout: TOO_LONG });
        Some(spec)
    }
}
