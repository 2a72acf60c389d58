//! A cluster, a provider and its driver, run as the controller would run them.

mod memory;
mod round;
mod service;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use seaway_core::{
    Address, Capabilities, Claim, Context, Goal, Key, LbSpec, Node, Nodes, Provider as _, Report,
    ServiceUid, SharedDriver, drive,
};

pub use self::memory::{Known, Wish};
pub use self::round::Run;
pub(crate) use self::round::count;
pub use self::service::{pass, trouble, warnings};
use crate::faults::{Script, Scripted};
use crate::{Bench, ManualClock, Thing, uid};

/// Everything that one case needs. Foreign things are in the world from the start.
pub struct Rig<B: Bench> {
    /// The world.
    pub bench: B,
    /// Its time.
    pub clock: Arc<ManualClock>,
    /// What the driver brings along: unfenced, unless a case says otherwise.
    pub cx: Context,
    /// What goes wrong with the driver's calls, and what they were.
    pub script: Arc<Script>,
    /// Whether keys are worked on in reverse order.
    pub reversed: bool,
    /// How often a published address was replaced by another.
    pub moves: usize,
    driver: Option<SharedDriver>,
    surveyed: bool,
    nodes: Nodes,
    services: BTreeMap<ServiceUid, Known>,
    foreign: Vec<Thing>,
}

impl<B: Bench> Rig<B> {
    /// A new world with foreign things in it, a cluster of three nodes, and a driver that knows
    /// nothing yet.
    pub async fn open() -> Self {
        let clock = Arc::new(ManualClock::default());
        let bench = B::open(Arc::clone(&clock)).await;
        bench.plant_foreign().await;
        let foreign = foreign(&bench).await;
        assert!(!foreign.is_empty(), "plant_foreign() must leave foreign things in the inventory");
        let cx = Context::new(clock.clone());
        let mut rig = Self {
            bench,
            clock,
            cx,
            script: Arc::default(),
            reversed: false,
            moves: 0,
            driver: None,
            surveyed: false,
            nodes: Nodes::default(),
            services: BTreeMap::new(),
            foreign,
        };
        rig.set_nodes([1, 2, 3]);
        rig.restart().await;
        rig
    }

    /// Throws the driver away, with all that it knew, and starts another, which is told what the
    /// statuses show.
    pub async fn restart(&mut self) {
        self.driver = None;
        self.script = Arc::default();
        let provider = Scripted::new(self.bench.provider().await, Arc::clone(&self.script));
        let driver = drive(provider);
        let claim = |known: &Known| {
            let at = Some(driver.balancer(&known.spec));
            (known.spec.service.uid.clone(), Claim { published: known.published.clone(), at })
        };
        driver.claim(&self.services.values().map(claim).collect());
        self.driver = Some(driver);
        self.surveyed = false;
        for known in self.services.values_mut() {
            known.refused = None;
        }
    }

    /// A provider of its own, with empty memory. The driver is gone then, until the next
    /// [`restart`](Self::restart).
    pub async fn provider(&mut self) -> B::Provider {
        self.driver = None;
        self.bench.provider().await
    }

    /// The driver.
    pub fn driver(&self) -> SharedDriver {
        Arc::clone(self.driver.as_ref().expect("a driver was started"))
    }

    /// What the provider can do.
    pub fn capabilities(&self) -> Capabilities {
        self.driver().capabilities().clone()
    }

    /// The name of the provider.
    pub fn name() -> &'static str {
        B::Provider::NAME
    }

    /// Lets the cluster have the nodes with these numbers, and no others.
    pub fn set_nodes(&mut self, numbers: impl IntoIterator<Item = u8>) {
        self.nodes = numbers.into_iter().map(|number| self.bench.node(number)).collect();
    }

    /// Creates the Service, or changes it.
    pub fn put(&mut self, spec: impl Into<Arc<LbSpec>>) {
        let spec = spec.into();
        let known = self.services.entry(spec.service.uid.clone());
        let known = known.or_insert_with(|| Known::new(Arc::clone(&spec)));
        known.wish = Wish::Present;
        known.refused = None;
        known.spec = spec;
    }

    /// Marks the Service as deleted. It is remembered until nothing of it is left, as by a
    /// finalizer.
    pub fn delete(&mut self, name: &str) {
        self.service_mut(name).wish = Wish::Absent;
    }

    /// Asks that what the Service has stays as it is.
    pub fn hold(&mut self, name: &str) {
        self.service_mut(name).wish = Wish::Hold;
    }

    /// What Kubernetes knows of the Service.
    pub fn service(&self, name: &str) -> &Known {
        self.services.get(&uid(name)).expect("the Service exists")
    }

    /// The addresses that the status of the Service shows.
    pub fn published(&self, name: &str) -> Vec<Address> {
        self.services.get(&uid(name)).map(|known| known.published.clone()).unwrap_or_default()
    }

    /// Whether Kubernetes still has the Service.
    pub fn remembers(&self, name: &str) -> bool {
        self.services.contains_key(&uid(name))
    }

    /// Puts another digest into the status of the Service.
    pub fn set_applied(&mut self, name: &str, digest: Option<seaway_core::Digest>) {
        let nodes = self.nodes.clone();
        self.service_mut(name).applied = digest.map(|digest| (digest, nodes));
    }

    /// Takes the Service out of Kubernetes at once, finalizer and all.
    pub fn forget(&mut self, name: &str) {
        self.services.remove(&uid(name));
    }

    fn service_mut(&mut self, name: &str) -> &mut Known {
        self.services.get_mut(&uid(name)).expect("the Service exists")
    }

    /// The nodes of the cluster.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> + Clone {
        self.nodes.values()
    }

    /// What `key` is to reach.
    pub fn goal(&self, key: &Key) -> Goal {
        let driver = self.driver();
        let mine = |known: &&Known| match key {
            Key::Ground => true,
            Key::Balancer(key) => driver.balancer(&known.spec) == *key,
        };
        let members =
            self.services.values().filter(mine).filter_map(|known| {
                Some((known.spec.service.uid.clone(), known.member(&self.nodes)?))
            });
        Goal {
            now: seaway_core::Clock::now(&*self.clock),
            nodes: self.nodes.clone(),
            members: members.collect(),
            follows: false,
        }
    }

    /// Everything to work on: the ground, what the Services want, and what somebody holds.
    pub fn keys(&self) -> Vec<Key> {
        let driver = self.driver();
        let mut keys: std::collections::BTreeSet<_> = self
            .services
            .values()
            .map(|known| Key::Balancer(driver.balancer(&known.spec)))
            .collect();
        keys.extend(driver.holders().into_keys());
        keys.remove(&Key::Ground);
        let mut keys: Vec<_> = keys.into_iter().collect();
        if self.reversed {
            keys.reverse();
        }
        if driver.capabilities().ground {
            keys.insert(0, Key::Ground);
        }
        keys
    }

    /// What the driver says it would do for everything: the ground goes last if nobody needs it.
    pub async fn rehearse(&self) -> Vec<Report> {
        let mut keys = self.keys();
        if self.services.values().all(|known| known.wish == Wish::Absent) {
            keys.reverse();
        }
        let goals: Vec<_> = keys.iter().map(|key| (key.clone(), self.goal(key))).collect();
        self.driver().rehearse(&self.cx, &goals).await
    }
}

/// What there is in the world that is not ours.
async fn foreign<B: Bench>(bench: &B) -> Vec<Thing> {
    let mut things = bench.inventory().await;
    things.retain(|thing| !thing.is_ours());
    things.sort();
    things
}
