use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

use seaway_box::{Check, Entry, Sick, Site};
use seaway_core::{Health, NodeName, Protocol, ServiceUid, Target};
use seaway_health::{CheckKey, HealthCheck, Probe, Watchlist};
use tokio::runtime::Handle;

use crate::config::Config;

/// How many checks may be under way at once.
const AT_ONCE: usize = 512;

/// Our own checks of the nodes of a site.
///
/// What can be asked follows from the Service: its health check node port, where it has one; else
/// one port for all, where the config names one; else a connection to each TCP NodePort. A Service
/// with UDP ports only has none of these by default, and nobody checks its nodes.
#[derive(Debug)]
pub(crate) struct Checks {
    watchlist: Watchlist<Sick>,
    connect: HealthCheck,
    config: Config,
}

impl Checks {
    /// Watches nothing yet; the checks will be tasks of `runtime`.
    pub(crate) fn new(config: &Config, runtime: Handle) -> Self {
        let watchlist = Watchlist::new(AT_ONCE, runtime);
        Self { watchlist, connect: config.health(Probe::Tcp), config: config.clone() }
    }

    /// Watches the nodes of this site from now on, and no others. Who is out stays so until a check
    /// passes.
    pub(crate) fn watch(&self, site: &Site) {
        let all = site.entries.iter().flat_map(|(uid, entry)| {
            self.keys(entry).map(|(node, key)| (Sick { service: uid.clone(), node }, key))
        });
        self.watchlist.set(all.collect::<Vec<_>>(), |name| {
            let targets = site.entries.get(&name.service).map(|entry| &entry.targets);
            targets.and_then(|targets| targets.get(&name.node)).is_none_or(|target| !target.out)
        });
    }

    /// Who is down.
    pub(crate) fn sick(&self) -> BTreeSet<Sick> {
        self.watchlist.down().into_keys().collect()
    }

    /// How often a check has turned so far.
    pub(crate) fn turns(&self) -> u64 {
        self.watchlist.turns()
    }

    /// Waits until a check turns.
    pub(crate) async fn turned(&self) {
        self.watchlist.turned(self.watchlist.turns()).await;
    }

    /// What the checks think of the nodes of a site.
    pub(crate) fn targets(&self, site: &Site) -> BTreeMap<ServiceUid, Vec<Target>> {
        let down = self.watchlist.down();
        let of = |(uid, entry): (&ServiceUid, &Entry)| {
            let checked: BTreeSet<_> = self.keys(entry).map(|(node, _)| node).collect();
            let targets = entry.targets.iter().map(|(node, target)| {
                let name = Sick { service: uid.clone(), node: node.clone() };
                let reason = down.get(&name).cloned();
                let health = match &reason {
                    Some(_) => Health::Unhealthy,
                    None if target.out => Health::Draining,
                    None if checked.contains(node) => Health::Healthy,
                    None => Health::Unknown,
                };
                Target { node: node.clone(), address: Some(target.address), health, reason }
            });
            (uid.clone(), targets.collect())
        };
        site.entries.iter().map(of).collect()
    }

    fn keys(&self, entry: &Entry) -> impl Iterator<Item = (NodeName, CheckKey)> {
        let port = match entry.check {
            Check::Http(port) => Some(port),
            Check::Connect => self.config.health_check_port.map(NonZeroU16::get),
        };
        let get = port.map(|port| {
            let path = "/healthz".to_owned();
            self.config.health(Probe::Http { port, path })
        });
        let tcp = entry.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
        let ports: BTreeSet<u16> = tcp.map(|port| port.node_port).collect();
        entry.targets.iter().flat_map(move |(node, target)| {
            let keys: Vec<_> = if let Some(get) = &get {
                vec![get.key(target.address, None)]
            } else {
                ports.iter().map(|port| self.connect.key(target.address, Some(*port))).collect()
            };
            keys.into_iter().map(|key| (node.clone(), key))
        })
    }
}
