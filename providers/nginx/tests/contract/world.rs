//! A box with an Nginx of its own, which the provider starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use seaway_box::BoxProvider;
use seaway_core::{Address, LbSpec, Node, Port, Protocol, ServiceUid};
use seaway_provider_nginx::{FILE_NAME, Nginx, connect};
use seaway_testkit::machine::{Block, Home, Tenant, listeners};
use seaway_testkit::{Served, Thing, cluster_id, node};

use crate::loaded::{Config, ask};
use crate::nodes::{HEALTH, NODES, Nodes};

pub(crate) struct World {
    _nodes: Nodes,
}

/// Where the workers tell which config they have.
fn frame(home: &Home<World>) -> SocketAddr {
    SocketAddr::new(home.block.ip(253), home.block.base)
}

/// The config, if the workers have it.
fn loaded(home: &Home<World>) -> Option<Config> {
    let config = Config::parse(&home.file());
    (ask(frame(home))? == config.stamp).then_some(config)
}

impl Tenant for World {
    type Provider = BoxProvider<Nginx>;

    const PROGRAM: &'static str = "nginx";
    const FILE: &'static str = FILE_NAME;
    const FURNITURE: &'static [&'static str] =
        &["seaway.lock", "nginx.conf", "nginx.pid", "check.conf", "check.pid"];
    const OTHERS: &'static [(&'static str, &'static str)] = &[
        ("users.conf", "upstream a { server 127.0.0.1:9; }\n"),
        ("seaway.conf.old", "# seaway {\"form\":1,\"cluster\":\"other\"}\n# default/a\n"),
    ];

    async fn move_in(block: &Block) -> Self {
        Self { _nodes: Nodes::start((1..=NODES).map(|number| block.ip(100 + number))).await }
    }

    async fn provider(home: &Home<Self>) -> Self::Provider {
        let text = format!(
            "pool = {}\nfolder = '{}'\nbinary = '{}'\nstart = true\nworkers = 1\n\
             worker-connections = 100\nframe-address = '{}'\ncheck-interval = '1h'\n\
             health-check-port = {HEALTH}",
            home.block.ranges(),
            home.folder().display(),
            home.program().display(),
            frame(home)
        );
        let config: seaway_provider_nginx::Config = toml::from_str(&text).unwrap();
        connect(config, cluster_id()).await.unwrap()
    }

    fn binds(home: &Home<Self>) -> BTreeMap<(SocketAddr, Protocol), ServiceUid> {
        let servers = Config::parse(&home.file()).servers.into_iter();
        let binds = servers.flat_map(|server| {
            server.binds.into_iter().map(move |bind| (bind, server.owner.clone()))
        });
        binds.collect()
    }

    fn things(home: &Home<Self>) -> Vec<Thing> {
        let servers = Config::parse(&home.file()).servers.into_iter();
        let things = servers.map(|server| {
            let (at, protocol) = server.binds[0];
            let role = format!("server of port {}/{protocol}", at.port() - home.block.base);
            Thing::of(server.owner.clone(), role, server)
        });
        things.collect()
    }

    fn served(home: &Home<Self>, uid: &ServiceUid) -> Option<Served> {
        let open = listeners(&home.block);
        let config = loaded(home)?;
        let mut served = Served::default();
        let mine: Vec<_> = config.servers.iter().filter(|server| server.owner == *uid).collect();
        for server in &mine {
            for (at, protocol) in server.binds.iter().filter(|bind| open.contains(bind)) {
                served.addresses.insert(Address::Ip(at.ip()));
                served.fronts.insert((at.port(), *protocol), config.front(server));
            }
        }
        (!mine.is_empty()).then_some(served)
    }

    /// Kubernetes has no such Service: Nginx takes no two upstreams of one name.
    fn spoil(mut spec: LbSpec) -> Option<LbSpec> {
        let twice: Port = spec.ports.first()?.clone();
        spec.ports.push(twice);
        Some(spec)
    }

    fn node(block: &Block, number: u8) -> Node {
        node(&format!("node-{number}")).at(&block.ip(100 + number).to_string()).build()
    }
}
