use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use seaway_integration::{Cluster, Controller, Process, is_closed, until};
use tokio::time::Instant;

use super::backend;
use super::clients::Clients;
use super::fleet::Fleet;
use super::front::{Front, Sign};
use super::kept::Kept;
use super::node::Change;
use super::service::{self, PortChange, SERVICES, Service};
use super::talk::Talk;
use super::tally::Tally;

/// So many node changes are made side by side. Seaway gathers those of a second, so that one at a time
/// would take a second each; one comes at once, and those after it together.
const AT_ONCE: usize = 3;
/// So many connections enter by a port that comes, and live on when it goes.
const THROUGH_PASSING: usize = 8;
/// No port that is closed is to end a connection: that is a promise of `drain-seconds`, and the run is
/// shorter.
const DRAIN_SECONDS: u32 = 3600;

/// A cluster, its Seaway, and clients of it. Several know nothing of each other: to each its own API.
pub(super) struct Lane {
    number: usize,
    cluster: Cluster,
    controller: Controller,
    _machines: Process,
    fleet: Fleet,
    services: Vec<Service>,
    front: Arc<Front>,
    kept: Kept,
    tally: Arc<Tally>,
}

impl Lane {
    /// Starts everything, and opens so many connections that are to stay.
    pub(super) async fn start(number: usize, open: usize, tally: &Arc<Tally>) -> Self {
        let cluster = Cluster::sandbox(0).await;
        let addresses = u32::try_from(SERVICES).unwrap();
        let pool = cluster.pool(addresses).await;
        // The nodes have what the sandbox would have given to its own.
        let [a, b, ..] = pool.start().octets();
        let mut fleet = Fleet::after(Ipv4Addr::new(a, b, 0, 0));
        let machines = backend::start(&fleet.ips(), &Service::all_node_ports()).await;
        for (node, change) in fleet.all_come() {
            change.make(&cluster, &node).await;
        }
        let config = format!(
            "cluster-id = \"bench-{number}\"\ndefault-provider = \"embedded\"\n\
             leader-election.enabled = false\n[providers.embedded]\n\
             pool = [\"{}-{}\"]\ndrain-seconds = {DRAIN_SECONDS}\n",
            pool.start(),
            pool.end()
        );
        let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
        let (front, mut services) = (Arc::new(Front::default()), Vec::new());
        for number in 0..SERVICES {
            let service = Service::create(&cluster, number).await;
            for (at, node_port) in service.staying() {
                is_served(at).await;
                front.open(at, node_port);
            }
            services.push(service);
        }
        let kept = Kept::new(tally);
        let doors: Vec<_> = services.iter().flat_map(Service::staying).map(|(at, _)| at).collect();
        kept.open(&doors, open).await;
        let tally = Arc::clone(tally);
        Self {
            number,
            cluster,
            controller,
            _machines: machines,
            fleet,
            services,
            front,
            kept,
            tally,
        }
    }

    /// How many connections are open that are to stay.
    pub(super) fn held(&self) -> usize {
        self.kept.len()
    }

    /// Makes so many changes, each in effect before the next ones, under load.
    pub(super) async fn change(&mut self, nodes: usize, ports: usize) {
        let (clients, rounds) = (Clients::start(&self.front, &self.tally), self.kept.rounds());
        let steps = nodes.div_ceil(AT_ONCE);
        let (mut nodes_left, mut ports_made) = (nodes, 0);
        for step in 1..=steps {
            let now = nodes_left.min(AT_ONCE);
            nodes_left -= now;
            let made = Instant::now();
            let signs = self.change_nodes(now).await;
            // Spread over all steps.
            while ports_made < ports * step / steps {
                self.change_port(ports_made).await;
                ports_made += 1;
            }
            for (sign, since) in signs {
                self.front.shows(sign, since).await;
            }
            self.tally.took(made.elapsed());
            if step % 20 == 0 && self.number == 0 {
                let tally = &self.tally;
                eprintln!(
                    "changes: {} of {nodes} nodes, {ports_made} of {ports} ports; {} new \
                     connections, {} refused, {} broken",
                    nodes - nodes_left,
                    tally.new.get(),
                    tally.refused.get(),
                    tally.broken.get()
                );
            }
        }
        rounds.end().await;
        clients.end().await;
        self.kept.speak().await;
    }

    /// What clients are to see of the changes, and since when.
    async fn change_nodes(&mut self, count: usize) -> Vec<(Sign, Instant)> {
        let mut signs = Vec::new();
        for (node, change) in self.fleet.next(count) {
            if change.serves() {
                self.front.returns(node.ip);
            }
            Change::make(change, &self.cluster, &node).await;
            if !change.serves() {
                self.front.leaves(node.ip);
            }
            let sign = if change.serves() { Sign::In(node.ip) } else { Sign::Out(node.ip) };
            signs.push((sign, Instant::now()));
        }
        signs
    }

    /// Makes the port change with this number, and waits until it is in effect.
    async fn change_port(&mut self, number: usize) {
        let (service, change) = service::change(number);
        let service = &mut self.services[service];
        if change == PortChange::Remove {
            self.front.close(service.passing().0).await;
        }
        let (at, node_port) = service.make(&self.cluster, change, number).await;
        match change {
            PortChange::Add => {
                is_served(at).await;
                self.front.open(at, node_port);
                self.kept.open(&[at], THROUGH_PASSING).await;
            }
            PortChange::Remove => {
                let closed = async || is_closed(at).await.then_some(());
                until(&format!("{at} is closed"), closed).await;
            }
            PortChange::Move => {
                let since = Instant::now();
                self.front.moves(at, node_port);
                self.front.shows(Sign::Through(at, node_port), since).await;
            }
        }
    }

    /// Counts the connections that live through a port that was closed, and ends everything.
    pub(super) async fn end(self) {
        let passing: Vec<_> = self.services.iter().map(|service| service.passing().0).collect();
        self.tally.drained.add(self.kept.through(&passing));
        drop(self.kept);
        self.controller.stop().await;
    }
}

async fn is_served(at: SocketAddr) {
    until(&format!("{at} is served"), async || Talk::open(at, 0).await.ok()).await;
}
