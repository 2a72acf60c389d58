//! Many Services on many nodes, on one driver: what the rig of the tests is for a few.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt as _;
use seaway_core::{
    Address, Claim, Context, Digest, Goal, Key, LbSpec, Member, Node, Readiness, ServiceUid,
    SharedDriver, Want, drive,
};
use seaway_testkit::{Bench as _, ManualClock, node, spec, uid};

use crate::calls::Counts;
use crate::desk::Desk;

/// How many Services and nodes there are.
pub(crate) const SERVICES: usize = 500;
const NODES: usize = 300;
const ZONES: [&str; 3] = ["europe-west1-b", "europe-west1-c", "europe-west1-d"];
/// How many Services are worked on at a time.
const AT_ONCE: usize = 16;
/// How often everything may be worked on until it rests.
const ROUNDS: usize = 8;

/// What Kubernetes knows of a Service.
struct Known {
    spec: Arc<LbSpec>,
    published: Vec<Address>,
    /// The digest that vouches for it, and for how many nodes.
    applied: Option<(Digest, usize)>,
}

/// A cluster, a project, and the driver between them.
pub(crate) struct Fleet {
    desk: Desk,
    cx: Context,
    driver: SharedDriver,
    nodes: BTreeMap<usize, Node>,
    services: BTreeMap<ServiceUid, Known>,
}

impl Fleet {
    /// All Services, at rest on all nodes.
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(ManualClock::default());
        let desk = Desk::open(Arc::clone(&clock)).await;
        for quota in ["FORWARDING_RULES", "STATIC_ADDRESSES"] {
            desk.mock.set_quota(quota, 2 * SERVICES);
        }
        let driver = drive(desk.provider().await);
        let cx = Context::new(clock);
        let (nodes, services) = (BTreeMap::new(), BTreeMap::new());
        let mut fleet = Self { desk, cx, driver, nodes, services };
        for _ in 0..NODES {
            fleet.join();
        }
        for number in 0..SERVICES {
            fleet.put(spec(&format!("service-{number}")).port(80));
        }
        fleet.resync().await;
        for _ in 0..ROUNDS {
            let counts = fleet.counts_of(Self::everything).await;
            if counts.0.is_empty() {
                return fleet;
            }
        }
        panic!("the Services do not come to rest: {:?}", fleet.desk.mock.counts());
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// One more node, in the next zone.
    pub(crate) fn join(&mut self) {
        let number = self.nodes.len();
        let (name, zone) = (format!("machine-{number}"), ZONES[number % ZONES.len()]);
        let ip = self.desk.mock.add_instance(zone, &name, "default");
        let mut node = node(&name).zone(zone).at(&ip.to_string()).build();
        node.provider_id = Some(format!("gce://seaway/{zone}/{name}"));
        self.nodes.insert(number, node);
    }

    /// Creates the Service, or changes it.
    pub(crate) fn put(&mut self, spec: impl Into<Arc<LbSpec>>) {
        let spec = spec.into();
        let known = self.services.entry(spec.service.uid.clone());
        let known = known.or_insert_with(|| Known {
            spec: Arc::clone(&spec),
            published: Vec::new(),
            applied: None,
        });
        (known.spec, known.applied) = (spec, None);
    }

    /// Deletes the Service, with all that it has.
    pub(crate) async fn forget(&mut self, name: &str) {
        self.services.remove(&uid(name));
        self.pass(name).await;
    }

    /// What is called meanwhile.
    pub(crate) async fn counts_of(&mut self, act: impl AsyncFnOnce(&mut Self)) -> Counts {
        self.desk.mock.reset_counts();
        act(self).await;
        Counts(self.desk.mock.counts())
    }

    /// Works on one Service, once.
    pub(crate) async fn pass(&mut self, name: &str) {
        self.work_on(vec![Key::own(uid(name))]).await;
    }

    /// Works on the ground and on each Service, once.
    pub(crate) async fn everything(&mut self) {
        self.work_on(vec![Key::Ground]).await;
        self.work_on(self.services.keys().cloned().map(Key::own).collect()).await;
    }

    /// Reads all that there is, and works on everything.
    pub(crate) async fn resync(&mut self) {
        self.driver.survey(&self.cx).await.unwrap();
        self.everything().await;
    }

    /// Throws the driver away, with all that it knew, and starts another, which is told what the
    /// statuses show.
    pub(crate) async fn restart(&mut self) {
        self.driver = drive(self.desk.provider().await);
        let claim = |known: &Known| Claim {
            published: known.published.clone(),
            at: Some(self.driver.balancer(&known.spec)),
        };
        let claims = self.services.iter().map(|(uid, known)| (uid.clone(), claim(known)));
        self.driver.claim(&claims.collect());
    }

    async fn work_on(&mut self, keys: Vec<Key>) {
        let goals: Vec<_> = keys.into_iter().map(|key| (self.goal(&key), key)).collect();
        let reports = futures::stream::iter(goals)
            .map(|(goal, key)| {
                let (driver, cx) = (Arc::clone(&self.driver), self.cx.clone());
                async move { driver.reconcile(&cx, &key, &goal).await }
            })
            .buffer_unordered(AT_ONCE);
        let reports: Vec<_> = reports.collect().await;
        for report in reports {
            assert!(report.error.is_none(), "{:?}", report.error);
            for (uid, member) in report.members {
                assert!(member.error.is_none(), "{uid}: {:?}", member.error);
                let Some(known) = self.services.get_mut(&uid) else { continue };
                if let Readiness::Ready(addresses) = member.readiness {
                    known.published = addresses;
                }
                if member.settled && report.settled {
                    known.applied = Some((known.spec.digest(), self.nodes.len()));
                }
            }
        }
    }

    /// What a key is to reach.
    fn goal(&self, key: &Key) -> Goal {
        let member = |known: &Known| Member {
            want: Want::Present(Arc::clone(&known.spec)),
            published: known.published.clone(),
            applied: known
                .applied
                .as_ref()
                .filter(|(_, nodes)| *nodes == self.nodes.len())
                .map(|(digest, _)| digest.clone()),
        };
        let mine = |uid: &ServiceUid| *key == Key::Ground || *key == Key::own(uid.clone());
        let members = self.services.iter().filter(|(uid, _)| mine(uid));
        Goal {
            now: self.cx.now(),
            nodes: self.nodes.values().cloned().collect(),
            members: members.map(|(uid, known)| (uid.clone(), member(known))).collect(),
            follows: false,
        }
    }
}
