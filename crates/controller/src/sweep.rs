//! What carries our mark and belongs to no Service, where load balancers outlive the controller: it is
//! found, and taken down, without one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use seaway_core::{
    Class, Context, Goal, Key, Member, Nodes, ProviderError, Report, ServiceUid, SharedDriver,
};
use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::fetched::list;
use crate::inspect::Orphan;
use crate::object::{NodeObject, ServiceObject};
use crate::watch::Change;
use crate::{SystemClock, status};

/// How long one load balancer may take to go.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest pause before it is asked again whether it has gone.
const PAUSE: Duration = Duration::from_secs(5);

/// Why nothing can be said of what is nobody's.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A provider can't be read.
    #[error("can't read the provider {0}: {1}")]
    Provider(&'static str, ProviderError),
    /// The cluster can't be read.
    #[error("can't list Services and Nodes: {0}")]
    Cluster(#[from] kube::Error),
}

/// What became of something that was to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// What it was.
    pub orphan: Orphan,
    /// What was done, in order.
    pub steps: Vec<String>,
    /// Why it is there still.
    pub error: Option<ProviderError>,
}

/// Sweeps providers that outlive the controller.
pub struct Sweeper {
    drivers: BTreeMap<&'static str, SharedDriver>,
    client: Client,
    cx: Context,
}

/// The cluster and the providers, as they were read.
#[derive(Debug, Default)]
struct World {
    orphans: BTreeSet<Orphan>,
    /// The Services that have our finalizer: they may have something, or be about to.
    ours: BTreeSet<ServiceUid>,
    nodes: Nodes,
}

impl Sweeper {
    /// A sweeper of what `drivers` have made for the cluster behind `client`.
    pub fn new(client: Client, drivers: Vec<SharedDriver>) -> Self {
        let drivers = drivers.into_iter().map(|driver| (driver.name(), driver)).collect();
        Self { drivers, client, cx: Context::new(Arc::new(SystemClock)) }
    }

    /// What carries our mark and belongs to no Service. What is marked to stay without one is left
    /// out.
    ///
    /// # Errors
    /// If a provider or the cluster can't be read.
    pub async fn look(&self) -> Result<BTreeSet<Orphan>, SweepError> {
        Ok(self.read().await?.orphans)
    }

    /// Takes down those of `wanted` that are nobody's still, at a second look.
    ///
    /// # Errors
    /// If a provider or the cluster can't be read; nothing is taken down then.
    pub async fn sweep(&self, wanted: &BTreeSet<Orphan>) -> Result<Vec<Swept>, SweepError> {
        let world = self.read().await?;
        let doomed: Vec<_> = world.orphans.intersection(wanted).cloned().collect();
        let mut swept = Vec::new();
        for (provider, driver) in &self.drivers {
            let staying = |uid: &ServiceUid| {
                !doomed.iter().any(|it| it.provider == *provider && it.service == *uid)
            };
            let mine: Vec<_> = doomed.iter().filter(|it| it.provider == *provider).collect();
            let keys: BTreeSet<_> = mine.iter().map(|orphan| orphan.key.clone()).collect();
            if keys.is_empty() {
                continue;
            }
            let reports =
                take_down(driver, &self.cx, &keys, &world.nodes, &world.ours, staying).await;
            swept
                .extend(mine.into_iter().map(|orphan| of_report(orphan, reports.get(&orphan.key))));
        }
        Ok(swept)
    }

    /// Reads the providers first: what is made meanwhile for a Service that comes is not seen then, and
    /// can't be taken for nobody's.
    async fn read(&self) -> Result<World, SweepError> {
        for (name, driver) in &self.drivers {
            driver.survey(&self.cx).await.map_err(|error| SweepError::Provider(name, error))?;
        }
        let services = list::<ServiceObject>(&self.client).await?;
        let mut cluster = Cluster::default();
        cluster.fold_nodes(Change::Restarted(list::<NodeObject>(&self.client).await?));
        let living: BTreeSet<ServiceUid> =
            services.iter().map(|seen| crate::write::uid(&seen.object.metadata)).collect();
        let mut orphans = BTreeSet::new();
        for (provider, driver) in &self.drivers {
            let retained = driver.retained();
            for (key, uids) in driver.holders() {
                let nobodys = uids.into_iter().filter(|uid| !living.contains(uid));
                let nobodys = nobodys.filter(|uid| !retained.contains(uid));
                orphans.extend(nobodys.map(|service| Orphan {
                    provider: (*provider).to_owned(),
                    key: key.clone(),
                    service,
                }));
            }
        }
        let ours = services.iter().map(|seen| &seen.object.metadata);
        let ours = ours.filter(|meta| status::is_ours(meta)).map(crate::write::uid).collect();
        Ok(World { orphans, ours, nodes: cluster.targets() })
    }
}

fn of_report(orphan: &Orphan, report: Option<&Report>) -> Swept {
    let Some(report) = report else {
        return Swept { orphan: orphan.clone(), steps: Vec::new(), error: None };
    };
    let steps = report.steps.iter().map(|step| step.step.clone()).collect();
    let member = report.members.get(&orphan.service).and_then(|member| member.error.clone());
    let error = report.error.clone().or(member);
    let error = error.filter(|_| report.holds.contains(&orphan.service) || report.error.is_some());
    Swept { orphan: orphan.clone(), steps, error }
}

/// Takes down what stands at `keys` for anybody but those of whom `staying` holds, and returns what was
/// reported of each key. As long as there is any of `ours`, the ground stays.
pub(crate) async fn take_down(
    driver: &SharedDriver,
    cx: &Context,
    keys: &BTreeSet<Key>,
    nodes: &Nodes,
    ours: &BTreeSet<ServiceUid>,
    staying: impl Fn(&ServiceUid) -> bool,
) -> BTreeMap<Key, Report> {
    let holders = driver.holders();
    let mut reports = BTreeMap::new();
    for key in keys.iter().filter(|key| **key != Key::Ground) {
        let at = holders.get(key).into_iter().flatten();
        let goal = holding(at.filter(|uid| staying(uid)).cloned(), cx, nodes);
        reports.insert(key.clone(), converge(driver, cx, key, goal).await);
    }
    if driver.capabilities().ground {
        let held = driver.holders().into_values().flatten().filter(|uid| staying(uid));
        let held = held.chain(ours.iter().filter(|uid| staying(uid)).cloned());
        let goal = holding(held, cx, nodes);
        reports.insert(Key::Ground, converge(driver, cx, &Key::Ground, goal).await);
    }
    reports
}

/// Passes over a key until nothing is left to do, or it does not get better.
async fn converge(driver: &SharedDriver, cx: &Context, key: &Key, goal: Goal) -> Report {
    let end = Instant::now() + PATIENCE;
    let mut steps = Vec::new();
    loop {
        let mut report = driver.reconcile(cx, key, &Goal { now: cx.now(), ..goal.clone() }).await;
        steps.append(&mut report.steps);
        let hopeless =
            report.error.as_ref().is_some_and(|error| matches!(error.class(), Class::Terminal));
        let over = report.settled && report.error.is_none();
        if over || hopeless || Instant::now() >= end {
            report.steps = steps;
            return report;
        }
        let wait = report.look_again.unwrap_or(Duration::from_secs(1));
        sleep(wait.min(PAUSE)).await;
    }
}

/// A goal in which only these have what they have, and everybody else nothing.
pub(crate) fn holding(
    uids: impl IntoIterator<Item = ServiceUid>,
    cx: &Context,
    nodes: &Nodes,
) -> Goal {
    Goal {
        now: cx.now(),
        nodes: nodes.clone(),
        members: uids.into_iter().map(|uid| (uid, Member::held())).collect(),
        follows: false,
    }
}
