use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seaway_core::{
    Address, AffinitySupport, BalancerKey, Capabilities, Claim, Context, Depth, Goal, IpMode, Key,
    LbSpec, Plan, Protocol, Provider, ProviderError, Readiness, ServiceUid, Target, TargetKind,
};

use crate::apply::Fact;
use crate::config::Config;
use crate::dataplane::{DataPlane, Options};
use crate::error;
use crate::observe::Observed;
use crate::plan::{self, Step};
use seaway_pool::{Pool, Refusal};

/// The checks run anyway: asking for what they found costs next to nothing.
const HEALTH_EVERY: Duration = Duration::from_secs(5);

/// Load balancers inside this process. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub(crate) config: Arc<Config>,
    pub(crate) plane: Arc<DataPlane>,
    pool: Arc<Mutex<Pool>>,
}

impl Embedded {
    pub(crate) fn start(config: Config) -> Result<Self, ProviderError> {
        let options = Options { listener_drain: config.drain(), ..Options::default() };
        let plane = DataPlane::start(options).map_err(|error| error::told("data plane", &error))?;
        let pool = Pool::new(crate::NAME, config.pool.clone());
        Ok(Self {
            config: Arc::new(config),
            plane: Arc::new(plane),
            pool: Arc::new(Mutex::new(pool)),
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
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            target_kind: TargetKind::NodePort,
            families: self.config.pool.families(),
            source_ranges: true,
            affinity: AffinitySupport::ClientIpWithTimeout,
            requested_addresses: true,
            ip_mode: IpMode::Proxy,
            local_nodes: true,
            node_selection: true,
            in_process: true,
            health_every: Some(HEALTH_EVERY),
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        let mut pool = self.pool();
        for (uid, claim) in claims {
            let ips = claim.published.iter().filter_map(|address| match address {
                Address::Ip(ip) => Some(*ip),
                Address::Hostname(_) => None,
            });
            for ip in ips {
                match pool.take(uid, ip) {
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
        plan::plan(&self.config, key, goal, seen)
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        _: &Observed,
        _: &Observed,
    ) -> Result<Fact, ProviderError> {
        self.make(step).await
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        seen.learn(fact);
    }

    fn foresee(&self, step: &Step, seen: &Observed, _: &Observed) -> Fact {
        step.foresee(seen)
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.owner.iter().cloned().collect()
    }

    fn readiness(&self, _: &ServiceUid, seen: &Observed) -> Readiness {
        seen.readiness()
    }

    async fn targets(
        &self,
        _: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let Key::Balancer(BalancerKey::Own(uid)) = key else { return Ok(BTreeMap::new()) };
        Ok(self.targets_of(uid).map(|targets| (uid.clone(), targets)).into_iter().collect())
    }
}
