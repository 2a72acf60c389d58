use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    AffinitySupport, BalancerKey, Capabilities, ClusterId, Context, Depth, Digest, Family, Goal,
    Health, IpMode, Key, LbSpec, Pace, Plan, Protocol, Provider, ProviderError, Readiness,
    ServiceUid, Target, TargetKind,
};
use seaway_pace::Listings;

use crate::api::Compute;
use crate::config::Settled;
use crate::design::Rules;
use crate::error::told;
use crate::foresee::foresee;
use crate::observe::{Fact, Observed};
use crate::plan;
use crate::settings;
use crate::step::Step;
use crate::survey::Listing;

/// Passthrough network load balancers of a project and region.
#[derive(Debug)]
pub struct PassthroughLb<A> {
    pub(crate) api: A,
    pub(crate) rules: Rules,
    pub(crate) listings: Listings<Listing>,
}

impl<A: Compute> PassthroughLb<A> {
    /// A provider for `cluster`, behind this door.
    pub fn new(api: A, cluster: ClusterId, config: Settled) -> Self {
        Self { api, rules: Rules { config, cluster }, listings: Listings::default() }
    }
}

impl<A: Compute> Provider for PassthroughLb<A> {
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
            target_kind: TargetKind::Node,
            families: BTreeSet::from([Family::IPv4, Family::IPv6]),
            source_ranges: true,
            affinity: AffinitySupport::ClientIp,
            requested_addresses: true,
            ip_mode: IpMode::Vip,
            settings: settings::declared(),
            ground: true,
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Box::pin(self.list()).await
    }

    async fn look(
        &self,
        _: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Box::pin(self.look_at(keys, depth)).await
    }

    fn merge(&self, known: &Observed, listed: Observed) -> Observed {
        Observed::merge(known, listed)
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
        plan::plan(&self.rules, key, goal, seen, ground)
    }

    async fn apply(
        &self,
        cx: &Context,
        step: &Step,
        _: &Observed,
        _: &Observed,
    ) -> Result<Fact, ProviderError> {
        Box::pin(self.make(cx, step)).await
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        seen.learn(&self.rules.cluster, fact);
    }

    fn foresee(&self, step: &Step, _: &Observed, _: &Observed) -> Fact {
        foresee(step)
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.holders()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        seen.readiness(uid, self.rules.config.manage_firewalls)
    }

    async fn targets(
        &self,
        cx: &Context,
        key: &Key,
    ) -> Result<BTreeMap<ServiceUid, Vec<Target>>, ProviderError> {
        let found = self.look(cx, std::slice::from_ref(key), Depth::Full).await?;
        let Some((uid, seen)) = found.get(key).and_then(|seen| Some((seen.owner.clone()?, seen)))
        else {
            return Ok(BTreeMap::new());
        };
        // A node is up if it is for one of the backend services: they ask it the same.
        let mut up = BTreeMap::<_, bool>::new();
        for service in seen.services.values() {
            for group in &service.groups {
                let health = self.api.health(&service.name, group).await;
                let health = health.map_err(|fault| told("getHealth", &fault))?;
                for (instance, healthy) in health {
                    *up.entry(instance).or_default() |= healthy;
                }
            }
        }
        let target = |(instance, healthy): (crate::api::Instance, bool)| Target {
            node: instance.name.into(),
            address: None,
            health: if healthy { Health::Healthy } else { Health::Unhealthy },
            reason: None,
        };
        Ok(BTreeMap::from([(uid, up.into_iter().map(target).collect())]))
    }
}
