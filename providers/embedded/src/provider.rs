use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use seaway_core::{
    Address, AffinitySupport, BalancerKey, Capabilities, Claim, Context, Depth, Goal, IpMode, Key,
    LbSpec, Measure, Plan, Protocol, Provider, ProviderError, ProxyProtocol, Readiness, ServiceUid,
    Target, TargetKind,
};

use crate::apply::Fact;
use crate::config::Config;
use crate::dataplane::{Balancer, DataPlane, Listener};
use crate::error;
use crate::measure::{self, Floors};
use crate::observe::{self, Observed};
use crate::plan::{self, Step, Terms};
use crate::presence::is_here;
use crate::{group, settings};
use seaway_pool::{Holder, Pool, Pools, Refusal, Request};

/// The checks run anyway: asking for what they found costs next to nothing.
const HEALTH_EVERY: Duration = Duration::from_secs(5);

/// How often is looked whether the addresses are on this machine.
const ADDRESSES_EVERY: Duration = Duration::from_secs(1);
/// At most this part of the time is spent on that.
const SHARE: u32 = 100;

/// Load balancers inside this process. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub(crate) config: Arc<Config>,
    pub(crate) plane: Arc<DataPlane>,
    pools: Arc<Pools>,
    pool: Arc<Mutex<Pool>>,
    floors: Arc<Mutex<Floors>>,
    /// The addresses of Services that were not on this machine when it was looked last.
    absent: Arc<Mutex<BTreeSet<IpAddr>>>,
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
            absent: Arc::default(),
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

    fn absent(&self) -> MutexGuard<'_, BTreeSet<IpAddr>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first listener whose address is not on this machine. That is news to nobody then: only once
    /// the address comes, something stirs.
    pub(crate) fn note_absent<'a>(&self, balancer: &'a Balancer) -> Option<&'a Listener> {
        let absent = observe::absent(balancer);
        let first = balancer.listeners.iter().find(|it| absent.contains(&it.address.ip()));
        self.absent().extend(absent);
        first
    }

    /// The keys whose addresses have come or gone since this was asked last.
    async fn moved(&self) -> BTreeSet<Key> {
        let held = self.pool().all().clone();
        let all: BTreeSet<IpAddr> = held.values().flatten().copied().collect();
        let mut now = BTreeSet::new();
        for (n, ip) in all.into_iter().enumerate() {
            if !is_here(ip) {
                now.insert(ip);
            }
            // There may be thousands, and others have something to do too.
            if n % 100 == 99 {
                tokio::task::yield_now().await;
            }
        }
        let before = std::mem::replace(&mut *self.absent(), now.clone());
        let turned = |ip: &IpAddr| before.contains(ip) != now.contains(ip);
        let moved = held.iter().filter(|(_, addresses)| addresses.iter().any(turned));
        moved.map(|(holder, _)| observe::key(holder)).collect()
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

    /// An address was taken off this machine, or put there.
    async fn stirred(&self, _: &Context) -> BTreeSet<Key> {
        let mut pause = ADDRESSES_EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let began = Instant::now();
            let keys = self.moved().await;
            if !keys.is_empty() {
                return keys;
            }
            pause = ADDRESSES_EVERY.max(began.elapsed() * SHARE);
        }
    }

    fn measures(&self) -> Vec<Measure> {
        let mut floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        measure::measures(&self.plane, &mut floors)
    }
}
