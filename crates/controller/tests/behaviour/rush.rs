//! Worlds that live a hundred times as fast, in which every pass is counted and can be held up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use seaway_controller::Options;
use seaway_core::{
    BalancerKey, Capabilities, Claim, Context, Digest, Driver, Goal, Key, LbSpec, Measure,
    ProviderError, Readiness, Report, ServiceUid, SharedDriver, Target, drive,
};
use seaway_testkit::faults::{Script, Scripted};
use seaway_testkit::toys::by_id::ById;
use seaway_testkit::toys::by_id::cloud::Cloud;
use seaway_testkit::toys::by_node;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use seaway_testkit::{Hurry, ManualClock, cluster_id};
use tokio::sync::RwLock;

use crate::lab::{Lab, Run};

const TIMES: u32 = 100;

/// A cloud, a box, what goes wrong with the calls to either, and who passes over what.
pub(crate) struct Rush {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) daemon: Arc<Daemon>,
    pub(crate) script: Arc<Script>,
    pub(crate) passes: Arc<Passes>,
    hurry: Arc<Hurry>,
}

/// The passes so far.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    keys: Mutex<Vec<Key>>,
    /// Who has this lock for writing holds up every pass that begins.
    pub(crate) gate: RwLock<()>,
}

impl Passes {
    /// The keys that were passed over since they were last taken.
    pub(crate) fn seen(&self) -> Vec<Key> {
        self.keys.lock().unwrap().clone()
    }

    /// The keys that were passed over since this was asked last.
    pub(crate) fn take(&self) -> Vec<Key> {
        std::mem::take(&mut *self.keys.lock().unwrap())
    }
}

/// No inventory in between, and failures that are tried again soon.
pub(crate) fn calm() -> Options {
    Options { first_retry: Duration::from_millis(200), ..Options::default() }
}

impl Rush {
    pub(crate) fn new() -> Self {
        let clock = Arc::<ManualClock>::default();
        Self {
            cloud: Arc::new(Cloud::new(Arc::clone(&clock))),
            daemon: Arc::default(),
            script: Arc::default(),
            passes: Arc::default(),
            hurry: Arc::new(Hurry::new(clock, TIMES)),
        }
    }

    /// A driver of the cloud without memory.
    pub(crate) fn cloud(&self) -> SharedDriver {
        let provider = ById::new(cluster_id(), Arc::clone(&self.cloud));
        self.count(drive(
            Scripted::new(provider, Arc::clone(&self.script)).hurried(Arc::clone(&self.hurry)),
        ))
    }

    /// A driver, without memory, of a cloud with things that all Services share.
    pub(crate) fn grounded(&self) -> SharedDriver {
        let clock = Arc::<ManualClock>::default();
        let cloud = Arc::new(by_node::cloud::Cloud::new(Arc::clone(&clock)));
        let hurry = Arc::new(Hurry::new(clock, TIMES));
        let provider = by_node::ByNode::new(cluster_id(), cloud);
        self.count(drive(Scripted::new(provider, Arc::clone(&self.script)).hurried(hurry)))
    }

    /// A driver of the box without memory.
    pub(crate) fn boxed(&self, pool: &[&str]) -> SharedDriver {
        let pool = pool.iter().map(|ip| ip.parse().unwrap()).collect();
        let provider = OneFile::new(cluster_id(), Arc::clone(&self.daemon), pool);
        self.count(drive(
            Scripted::new(provider, Arc::clone(&self.script)).hurried(Arc::clone(&self.hurry)),
        ))
    }

    fn count(&self, inner: SharedDriver) -> SharedDriver {
        Arc::new(Counted { inner, passes: Arc::clone(&self.passes) })
    }

    /// A controller of the cloud.
    pub(crate) async fn run(&self, lab: &Lab) -> Run {
        lab.run(vec![self.cloud()], calm()).await
    }

    /// Waits until nothing is written to the API or to a provider any more, and forgets the passes.
    pub(crate) async fn rest(&self, lab: &Lab) {
        lab.quiet().await;
        self.passes.take();
    }

    /// The Services that have balancers.
    pub(crate) fn owners(&self) -> Vec<String> {
        let balancers = self.cloud.inventory().balancers;
        let owners = balancers.into_values().filter_map(|it| it.tag.service);
        owners.map(|uid| uid.to_string()).collect()
    }

    /// The targets of every pool.
    pub(crate) fn targets(&self) -> Vec<BTreeSet<String>> {
        let pools = self.cloud.inventory().pools.into_values();
        let machine = |target: &String| target.split(':').next().unwrap().to_owned();
        pools.map(|pool| pool.targets.iter().map(machine).collect()).collect()
    }

    /// Waits until every pool, of which there are some, has these targets.
    pub(crate) async fn leads_to(&self, lab: &Lab, nodes: &[&str]) {
        let wanted: BTreeSet<_> = nodes.iter().map(|&node| node.to_owned()).collect();
        lab.until(&format!("all lead to {nodes:?}"), async || {
            let all = self.targets();
            (!all.is_empty() && all.iter().all(|targets| *targets == wanted)).then_some(())
        })
        .await;
    }
}

#[derive(Debug)]
struct Counted {
    inner: SharedDriver,
    passes: Arc<Passes>,
}

#[async_trait]
impl Driver for Counted {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        self.inner.balancer(spec)
    }

    fn fingerprint(&self) -> Digest {
        self.inner.fingerprint()
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        self.inner.claim(claims);
    }

    async fn survey(&self, cx: &Context) -> Result<BTreeSet<Key>, ProviderError> {
        self.inner.survey(cx).await
    }

    async fn audit(&self, cx: &Context, keys: &[Key]) -> Result<BTreeSet<Key>, ProviderError> {
        self.inner.audit(cx, keys).await
    }

    fn holders(&self) -> BTreeMap<Key, BTreeSet<ServiceUid>> {
        self.inner.holders()
    }

    fn retained(&self) -> BTreeSet<ServiceUid> {
        self.inner.retained()
    }

    fn readiness(&self, key: &Key, uid: &ServiceUid) -> Readiness {
        self.inner.readiness(key, uid)
    }

    async fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        self.inner.targets(cx, key).await
    }

    fn measures(&self) -> Vec<Measure> {
        self.inner.measures()
    }

    async fn stirred(&self, cx: &Context) -> BTreeSet<Key> {
        self.inner.stirred(cx).await
    }

    async fn reconcile(&self, cx: &Context, key: &Key, goal: &Goal) -> Report {
        self.passes.keys.lock().unwrap().push(key.clone());
        let _open = self.passes.gate.read().await;
        self.inner.reconcile(cx, key, goal).await
    }

    async fn rehearse(&self, cx: &Context, goals: &[(Key, Goal)]) -> Vec<Report> {
        self.inner.rehearse(cx, goals).await
    }
}
