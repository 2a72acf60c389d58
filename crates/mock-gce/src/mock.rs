//! The fake, as tests hold it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::call::Request;
use crate::fault::Fault;
use crate::journal::Call;
use crate::pattern::Pattern;
use crate::server::{self, Shared, lock};
use crate::state::{InUse, Link};
use crate::throttle::Rate;
use crate::world::{By, Outcome, Subnetwork, World, shown};

/// The project that [`MockGce::seed`] fills.
pub const PROJECT: &str = "seaway";
/// The region that everything is in; its zones are `-b`, `-c` and `-d`.
pub const REGION: &str = "europe-west1";

/// A fake Compute Engine, which serves until it is dropped.
pub struct MockGce {
    world: Shared,
    address: SocketAddr,
    _server: AbortOnDropHandle<()>,
}

impl MockGce {
    /// Serves on a free port of 127.0.0.1. There are zones, and nothing else; see [`MockGce::seed`].
    pub async fn start() -> Self {
        Self::start_on(0).await.expect("a free port")
    }

    /// Serves on this port of 127.0.0.1.
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let world: Shared = Arc::new(Mutex::new(World::new()));
        let server = tokio::spawn(server::run(listener, Arc::clone(&world)));
        Ok(Self { world, address, _server: AbortOnDropHandle::new(server) })
    }

    /// `http://127.0.0.1:port`; paths begin with `/compute/v1/`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The network "default" of the project [`PROJECT`] with three subnetworks in [`REGION`].
    ///
    /// `default` (10.0.0.0/20) has external IPv6 addresses, `second` (10.1.0.0/20) none, `internal6`
    /// (10.2.0.0/20) internal ones.
    pub fn seed(&self) {
        self.seed_network(PROJECT);
    }

    /// The same network in another project, as that of a shared VPC's host.
    pub fn seed_network(&self, project: &str) {
        let subnetworks = [
            ("default", "10.0.0.0/20", Some(("EXTERNAL", "2600:1900:4010:1::/64"))),
            ("second", "10.1.0.0/20", None),
            ("internal6", "10.2.0.0/20", Some(("INTERNAL", "fd20:0:0:2::/64"))),
        ];
        let mut world = lock(&self.world);
        for (name, range, ipv6) in subnetworks {
            let (network, region) = ("default", REGION);
            world.add_subnetwork(&Subnetwork { project, network, region, name, range, ipv6 });
        }
    }

    /// One more subnetwork of IPv4 addresses in [`REGION`], and its network if there is none.
    pub fn add_subnetwork(&self, project: &str, network: &str, name: &str, range: &str) {
        let (region, ipv6) = (REGION, None);
        let subnetwork = Subnetwork { project, network, region, name, range, ipv6 };
        lock(&self.world).add_subnetwork(&subnetwork);
    }

    /// One more zone, and its region: `us-east1-b`.
    pub fn add_zone(&self, zone: &str) {
        let mut world = lock(&self.world);
        if !world.zones.iter().any(|known| known == zone) {
            world.zones.push(zone.to_owned());
        }
        world.open_project(PROJECT);
    }

    /// An instance of [`PROJECT`], and its address; the subnetwork by its name, or by its path if it
    /// is another project's. An instance of this name is replaced.
    pub fn add_instance(&self, zone: &str, name: &str, subnetwork: &str) -> IpAddr {
        self.add_instance_of(PROJECT, zone, name, subnetwork)
    }

    /// The same of another project.
    pub fn add_instance_of(
        &self,
        project: &str,
        zone: &str,
        name: &str,
        subnetwork: &str,
    ) -> IpAddr {
        lock(&self.world).add_instance(project, zone, name, subnetwork)
    }

    /// An instance goes, as in a real project: its groups do not have it any longer.
    pub fn remove_instance(&self, zone: &str, name: &str) {
        let path = format!("projects/{PROJECT}/zones/{zone}/instances/{name}");
        let Some(link) = Link::parse(&path) else { return };
        let mut world = lock(&self.world);
        world.settle(Instant::now());
        world.forget_instance(&link);
    }

    /// How many calls there were of each method, `compute.forwardingRules.insert`. Looks at operations
    /// are `compute.regionOperations.wait` and the like.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        lock(&self.world).counts()
    }

    /// How many calls there were that were no looks at operations.
    pub fn count(&self) -> usize {
        let world = lock(&self.world);
        world.journal.calls().iter().filter(|call| !call.is_of_operations()).count()
    }

    /// All calls, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.world).journal.calls().to_vec()
    }

    /// Forgets all calls.
    pub fn reset_counts(&self) {
        lock(&self.world).journal.clear();
    }

    /// Where our own answers did not fit Google's schemas: tests assert that there is nothing.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.world).violations.clone()
    }

    /// Harms calls that are yet to come.
    pub fn inject(&self, fault: Fault) {
        lock(&self.world).faults.push(fault);
    }

    /// Ends all harms, rates and prohibitions.
    pub fn heal(&self) {
        let mut world = lock(&self.world);
        world.faults.clear();
        world.rates.clear();
        world.forbidden.clear();
    }

    /// How many harms are yet to come; one without an end counts as one.
    pub fn faults_left(&self) -> usize {
        lock(&self.world).faults.len()
    }

    /// Answers calls of these methods (patterns as of [`Fault::next`]) in this project 403 `forbidden`.
    pub fn forbid(&self, project: &str, pattern: &str) {
        lock(&self.world).forbidden.push((project.to_owned(), Pattern::new(pattern)));
    }

    /// Lets only so many calls through; several rates hold together.
    pub fn set_rate(&self, rate: Rate) {
        lock(&self.world).rates.push(rate);
    }

    /// How long operations take; at first 5 ms.
    pub fn set_operation_time(&self, time: Duration) {
        let mut world = lock(&self.world);
        world.settings.operation_time = time;
        world.settings.operation_looks = None;
    }

    /// Operations end with the n-th look at them, however long that takes.
    pub fn set_operation_looks(&self, looks: u32) {
        lock(&self.world).settings.operation_looks = Some(looks);
    }

    /// How long a call of `wait` is kept waiting before it is told that the operation runs; at first
    /// two minutes.
    pub fn set_wait_limit(&self, limit: Duration) {
        lock(&self.world).settings.wait = limit;
    }

    /// No page is larger than this, whatever is asked for.
    pub fn set_page_size(&self, size: usize) {
        lock(&self.world).settings.page = size;
    }

    /// A quota by Google's name: `FORWARDING_RULES`, `STATIC_ADDRESSES` …
    pub fn set_quota(&self, name: &str, limit: usize) {
        lock(&self.world).state.limits.quotas.insert(name.to_owned(), limit);
    }

    /// How many instances a group takes; at first 1,000.
    pub fn set_group_size(&self, size: usize) {
        lock(&self.world).state.limits.group_size = size;
    }

    /// In which of Google's ways the deletion of something in use is refused.
    pub fn set_in_use(&self, way: InUse) {
        lock(&self.world).state.limits.in_use = way;
    }

    /// Whether firewall ranges of one address are answered with a prefix length.
    pub fn set_prefix_of_single_addresses(&self, prefix: bool) {
        lock(&self.world).state.limits.prefix_of_single_addresses = prefix;
    }

    /// Whether an instance passes its health checks.
    pub fn set_healthy(&self, instance: &str, healthy: bool) {
        let mut world = lock(&self.world);
        let unhealthy = &mut world.state.limits.unhealthy;
        if healthy {
            unhealthy.remove(instance);
        } else {
            unhealthy.insert(instance.to_owned());
        }
    }

    /// A thing as a GET would see it, by its path (`projects/p/global/firewalls/f`) or URL.
    pub fn get(&self, path: &str) -> Option<Value> {
        let mut world = lock(&self.world);
        world.settle(Instant::now());
        world.state.get(&Link::parse(path)?).map(shown)
    }

    /// All things of a collection (`forwardingRules`), of all projects and places.
    pub fn list(&self, collection: &str) -> Vec<Value> {
        let mut world = lock(&self.world);
        world.settle(Instant::now());
        let all = world.state.things.iter().filter(|(link, _)| link.collection == collection);
        all.map(|(_, thing)| shown(thing)).collect()
    }

    /// How many operations run.
    pub fn running(&self) -> usize {
        let mut world = lock(&self.world);
        world.settle(Instant::now());
        world.operations.running()
    }

    /// A call behind the caller's back: it is not counted, meets no fault, and its operation ends at
    /// once. The path is without `/compute/v1/`; a body of null is none.
    pub fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            http: method.to_owned(),
            path: path.to_owned(),
            query: server::pairs(query),
            body: Ok(Some(body).filter(|body| !body.is_null())),
        };
        match lock(&self.world).serve(&request, By::Test) {
            Outcome::Answer(status, body) => (status, body),
            Outcome::Nothing | Outcome::Later(..) => (0, Value::Null),
        }
    }
}
