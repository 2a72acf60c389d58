//! A provider with a load balancer for each Service, which is made or changed in one call, as in the
//! cloud of the other side of the comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use seaway_core::{
    Address, BalancerKey, Capabilities, Context, Depth, Goal, Key, LbSpec, Nodes, Plan, Planned,
    Provider, ProviderError, Readiness, ServiceUid,
};

use super::cloud::{Balancers, Cloud};

/// The provider.
#[derive(Debug)]
pub(crate) struct Bench(Arc<Cloud>);

/// A load balancer: whose it is, and the nodes that it sends traffic to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observed {
    owner: Option<ServiceUid>,
    targets: Nodes,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Makes a load balancer with these nodes, or gives one that is there these nodes.
    Ensure(ServiceUid, Nodes),
    /// Takes one away.
    Delete(ServiceUid),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ensure(_, nodes) => write!(f, "send traffic to {} nodes", nodes.len()),
            Self::Delete(_) => f.write_str("delete the load balancer"),
        }
    }
}

impl seaway_core::Step for Step {}

impl Bench {
    /// The provider of this cloud.
    pub(crate) const fn new(cloud: Arc<Cloud>) -> Self {
        Self(cloud)
    }
}

impl Provider for Bench {
    type Observed = Observed;
    type Step = Step;
    type Fact = Observed;

    const NAME: &'static str = "bench";

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Ok(self.0.ask(|balancers| all(balancers)).await)
    }

    async fn look(
        &self,
        _: &Context,
        keys: &[Key],
        _: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let mut found = self.0.ask(|balancers| all(balancers)).await;
        found.retain(|key, _| keys.contains(key));
        Ok(found)
    }

    fn plan(&self, key: &BalancerKey, goal: &Goal, seen: &Observed, _: &Observed) -> Plan<Step> {
        self.0.touch();
        let mut plan = Plan::default();
        let BalancerKey::Own(uid) = key else { return plan };
        let step = match goal.members.get(uid) {
            Some(member) if member.spec().is_some() => (seen.owner.is_none()
                || seen.targets != goal.nodes)
                .then(|| Step::Ensure(uid.clone(), goal.nodes.clone())),
            Some(_) => None,
            None => seen.owner.is_some().then(|| Step::Delete(uid.clone())),
        };
        plan.stage(step.into_iter().map(|step| Planned::of(uid.clone(), step)).collect());
        plan
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        _: &Observed,
        _: &Observed,
    ) -> Result<Observed, ProviderError> {
        let change = |balancers: &mut Balancers| match step {
            Step::Ensure(uid, nodes) => balancers.insert(uid.clone(), nodes.clone()),
            Step::Delete(uid) => balancers.remove(uid),
        };
        self.0.ask(change).await;
        Ok(after(step))
    }

    fn learn(&self, seen: &mut Observed, fact: Observed) {
        *seen = fact;
    }

    fn foresee(&self, step: &Step, _: &Observed, _: &Observed) -> Observed {
        after(step)
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.owner.iter().cloned().collect()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        match &seen.owner {
            Some(owner) if owner == uid => Readiness::Ready(vec![address(uid)]),
            Some(_) | None => Readiness::Gone,
        }
    }
}

fn all(balancers: &Balancers) -> BTreeMap<Key, Observed> {
    let seen = |(uid, targets): (&ServiceUid, &Nodes)| {
        let observed = Observed { owner: Some(uid.clone()), targets: targets.clone() };
        (Key::own(uid.clone()), observed)
    };
    balancers.iter().map(seen).collect()
}

fn after(step: &Step) -> Observed {
    match step {
        Step::Ensure(uid, nodes) => Observed { owner: Some(uid.clone()), targets: nodes.clone() },
        Step::Delete(_) => Observed::default(),
    }
}

/// The first 24 bits of a uid are as good as any.
fn address(uid: &ServiceUid) -> Address {
    let bits = uid.as_str().get(..6).and_then(|text| u32::from_str_radix(text, 16).ok());
    Address::Ip(Ipv4Addr::from(0x0a00_0000 | bits.unwrap_or_default()).into())
}
