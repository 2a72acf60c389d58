use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seaway_core::{
    Address, AffinitySupport, BalancerKey, Capabilities, Claim, Context, Depth, Goal, IpMode, Key,
    LbSpec, Measure, Plan, Protocol, Provider, ProviderError, ProxyProtocol, Readiness, ServiceUid,
    Target, TargetKind,
};

use crate::apply::Fact;
use crate::config::Config;
use crate::dataplane::DataPlane;
use crate::error;
use crate::measure::{self, Floors};
use crate::observe::Observed;
use crate::plan::{self, Step, Terms};
use crate::{group, settings};
use seaway_pool::{Holder, Pool, Pools, Refusal, Request};

/// The checks run anyway: asking for what they found costs next to nothing.
const HEALTH_EVERY: Duration = Duration::from_secs(5);

/// Load balancers inside this process. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub(crate) config: Arc<Config>,
    pub(crate) plane: Arc<DataPlane>,
    pools: Arc<Pools>,
    pool: Arc<Mutex<Pool>>,
    floors: Arc<Mutex<Floors>>,
}

impl Embedded {
    pub(crate) fn start(config: Config) -> Result<Self, ProviderError> {
        let pools = config.pools()?;
        let options = config.options();
        let plane = DataPlane::start(options).map_err(|error| error::told("data plane", &error))?;
        let pool = Pool::new(crate::NAME, pools.clone()).keeping(config.keep());
        Ok(Self {
            config: Arc::new(config),
            plane: Arc::new(plane),
            pools: Arc::new(pools),
            pool: Arc::new(Mutex::new(pool)),
            floors: Arc::default(),
        })
    }

    /// Closes every listener, ends open connections after `grace` at the latest, and the threads.
    pub async fn shutdown(&self, grace: Duration) {
        self.plane.shutdown(grace).await;
    }

    /// The pool is whole between two statements, so a panic elsewhere does not spoil it.
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Embedded {
    type Observed = Observed;
    type Step = Step;
    type Fact = Fact;

    const NAME: &'static str = crate::NAME;

    fn capabilities(&self) -> Capabilities {
        let mut settings = settings::declared();
        settings.extend([
            Request::addresses_declared(),
            Request::pool_declared(),
            group::declared(),
        ]);
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            target_kind: TargetKind::NodePort,
            families: self.pools.families(),
            source_ranges: true,
            affinity: AffinitySupport::ClientIpWithTimeout,
            proxy_protocol: BTreeSet::from([ProxyProtocol::V2]),
            requested_addresses: true,
            settings,
            ip_mode: IpMode::Proxy,
            local_nodes: true,
            node_selection: true,
            in_process: true,
            health_every: Some(HEALTH_EVERY),
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        group::key(spec, self.config.cross_namespace_groups)
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        let mut pool = self.pool();
        for (uid, claim) in claims {
            let holder = match &claim.at {
                Some(key) => Holder::at(key, uid),
                None => Holder::own(uid.clone()),
            };
            let ips = claim.published.iter().filter_map(|address| match address {
                Address::Ip(ip) => Some(*ip),
                Address::Hostname(_) => None,
            });
            for ip in ips {
                match pool.take(&holder, ip) {
                    Ok(()) => {}
                    // It is another provider's, or of a pool of before: then it is given anew.
                    Err(Refusal::Foreign { .. }) => {
                        tracing::debug!(%uid, %ip, "a published address is not of this pool");
                    }
                    Err(refusal @ (Refusal::Taken { .. } | Refusal::UsedUp { .. })) => {
                        tracing::warn!(%uid, %ip, %refusal, "two Services show one address");
                    }
                }
            }
        }
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Ok(self.observe_all())
    }

    async fn look(
        &self,
        _: &Context,
        keys: &[Key],
        _: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Ok(self.observe(keys))
    }

    fn plan(&self, key: &BalancerKey, goal: &Goal, seen: &Observed, _: &Observed) -> Plan<Step> {
        plan::plan(Terms { config: &self.config, pools: &self.pools }, key, goal, seen)
    }

    async fn apply(
        &self,
        cx: &Context,
        step: &Step,
        _: &Observed,
        _: &Observed,
    ) -> Result<Fact, ProviderError> {
        self.make(step, cx.now()).await
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        seen.learn(fact);
    }

    fn foresee(&self, step: &Step, seen: &Observed, _: &Observed) -> Fact {
        step.foresee(seen)
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.seats.keys().cloned().collect()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        seen.readiness(uid)
    }

    async fn targets(
        &self,
        _: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let Key::Balancer(key) = key else { return Ok(BTreeMap::new()) };
        let services = self.services_at(key).into_iter();
        let targets = services.filter_map(|uid| {
            let targets = self.targets_of(&Holder::at(key, &uid))?;
            Some((uid, targets))
        });
        Ok(targets.collect())
    }

    fn measures(&self) -> Vec<Measure> {
        let mut floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        measure::measures(&self.plane, &mut floors)
    }
}
