use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use seaway_core::{
    AffinitySupport, BalancerKey, Capabilities, Claim, ClusterId, Context, Depth, Digest, Family,
    Goal, Health, IpMode, Key, LbSpec, Pace, Plan, Protocol, Provider, ProviderError,
    ProxyProtocol, Readiness, ServiceUid, Target, TargetKind,
};
use seaway_pace::Listings;

use crate::api::{Api, State, TargetState};
use crate::config::Config;
use crate::design::Rules;
use crate::error::told;
use crate::foresee::foresee;
use crate::limits::LAG;
use crate::observe::{Fact, Observed};
use crate::plan::{self, Step};
use crate::poll::Poller;
use crate::recall::recall;
use crate::settings;
use crate::survey::{Directory, Listing};

/// Network load balancers of an account and region.
#[derive(Debug)]
pub struct Nlb<A> {
    pub(crate) api: A,
    pub(crate) rules: Rules,
    pub(crate) listings: Listings<Listing>,
    directory: Mutex<Directory>,
    pub(crate) poller: Poller,
}

impl<A: Api> Nlb<A> {
    /// A provider for `cluster`, behind this door.
    pub fn new(api: A, cluster: ClusterId, config: Config) -> Self {
        Self {
            api,
            rules: Rules { config, cluster },
            listings: Listings::default(),
            directory: Mutex::default(),
            poller: Poller::default(),
        }
    }

    /// The directory is whole between two statements, so a panic elsewhere does not spoil it.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Api> Provider for Nlb<A> {
    type Observed = Observed;
    type Step = Step;
    type Fact = Fact;

    const NAME: &'static str = crate::NAME;

    fn fingerprint(&self) -> Digest {
        Digest::of(&(env!("CARGO_PKG_VERSION"), format!("{:?}", self.rules)))
    }

    fn pace(&self) -> Option<&dyn Pace> {
        self.api.pace()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            target_kind: TargetKind::NodePort,
            families: BTreeSet::from([Family::IPv4, Family::IPv6]),
            source_ranges: true,
            affinity: AffinitySupport::ClientIp,
            proxy_protocol: BTreeSet::from([ProxyProtocol::V2]),
            ip_mode: IpMode::Proxy,
            settings: settings::declared(),
            listing_lag: LAG,
            ground: true,
            local_nodes: true,
            node_selection: true,
            retain: true,
            shallow_survey: true,
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        match settings::group_name(spec) {
            Some(group) if self.rules.config.cross_namespace_groups => {
                BalancerKey::Shared(group.into())
            }
            Some(group) => {
                BalancerKey::Shared(format!("{}/{group}", spec.service.namespace).into())
            }
            None => BalancerKey::Own(spec.service.uid.clone()),
        }
    }

    fn claim(&self, claims: &BTreeMap<ServiceUid, Claim>) {
        self.directory().claim(claims);
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        // Unboxed, the futures of the SDK lie too deep in each other for the compiler.
        Box::pin(self.list()).await
    }

    async fn look(
        &self,
        _: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        match depth {
            Depth::Listed => Box::pin(self.list()).await,
            Depth::Full => Box::pin(self.look_closely(keys)).await,
        }
    }

    fn merge(&self, known: &Observed, listed: Observed) -> Observed {
        Observed::merge(known, listed)
    }

    fn recall(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        listed: &Observed,
        ground: &Observed,
    ) -> Option<Observed> {
        recall(&self.rules, key, goal, listed, ground.ground.as_deref()?)
    }

    async fn refresh(
        &self,
        cx: &Context,
        _: &Key,
        seen: &Observed,
    ) -> Result<Observed, ProviderError> {
        let mut fresh = seen.clone();
        for (name, balancer) in &seen.balancers {
            if balancer.state != State::Provisioning {
                continue;
            }
            let state = self.poller.state(&self.api, &balancer.arn, cx.now()).await;
            match state.map_err(|fault| told("DescribeLoadBalancers", &fault))? {
                Some(state) => {
                    if let Some(balancer) = fresh.balancers.get_mut(name) {
                        balancer.state = state;
                    }
                }
                None => {
                    fresh.balancers.remove(name);
                }
            }
        }
        Ok(fresh)
    }

    fn plan_ground(&self, goal: &Goal, ground: &Observed) -> Plan<Step> {
        plan::plan_ground(&self.rules, goal, ground)
    }

    fn plan(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        seen: &Observed,
        ground: &Observed,
    ) -> Plan<Step> {
        plan::plan(&self.rules, key, goal, seen, ground.ground.as_deref())
    }

    async fn apply(
        &self,
        cx: &Context,
        step: &Step,
        seen: &Observed,
        ground: &Observed,
    ) -> Result<Fact, ProviderError> {
        self.make(cx, step, seen, ground.ground.as_deref()).await
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        seen.learn(fact);
    }

    fn foresee(&self, step: &Step, seen: &Observed, _: &Observed) -> Fact {
        foresee(step, seen)
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.holders()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        seen.readiness(uid)
    }

    fn retained(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.retained()
    }

    async fn targets(
        &self,
        _: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let mut targets: BTreeMap<ServiceUid, Vec<Target>> = BTreeMap::new();
        let listing = self.listing().await?;
        for group in listing.by_key.get(key).into_iter().flat_map(|seen| seen.groups.values()) {
            let health = self.api.target_health(&group.arn).await;
            let health = health.map_err(|fault| told("DescribeTargetHealth", &fault))?;
            let all = targets.entry(group.uid.clone()).or_default();
            all.extend(health.into_iter().map(|it| Target {
                node: it.target.to_string().into(),
                address: None,
                health: match it.state {
                    TargetState::Healthy => Health::Healthy,
                    TargetState::Unhealthy | TargetState::Unused => Health::Unhealthy,
                    TargetState::Draining => Health::Draining,
                    TargetState::Initial | TargetState::Unavailable => Health::Unknown,
                },
                reason: it.reason,
            }));
        }
        Ok(targets)
    }
}
