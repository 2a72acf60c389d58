//! The cloud makes the ids, as one does whose inventory is shared, listed shallowly and behind time,
//! throttled, and takes a few parts per call.
//!
//! Steps speak of ports, not of ids: `apply` finds the ids in what is known by then, so a plan can
//! be made, and foreseen, before there are any.

pub mod cloud;
mod desk;
mod seen;
mod step;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{
    Address, BalancerKey, Capabilities, ClusterId, Context, Depth, ErrorKind, Goal, Key, LbSpec,
    Mark, Measure, MeasureKind, Needs, Plan, Planned, Protocol, Provider, ProviderError, Readiness,
    Reading, ServiceUid, SettingKey, Subject,
};

use self::cloud::{Balancer, Cloud, Id, Inventory, LAG, Pool};
pub use self::desk::Desk;
pub use self::seen::{At, Back, Front, Observed};
pub use self::step::Step;
use self::way::{vouched, way};

/// The annotation for the scheme; only `internal` and `public` make sense.
pub const SCHEME: &str = "toy.seaway.dev/scheme";

/// What the cloud answered.
#[derive(Clone, Debug)]
pub enum Fact {
    /// There is a balancer now, in this state.
    Balancer(ServiceUid, Front),
    /// There is a pool for a port now, in this state.
    Pool(ServiceUid, At, Back),
    /// The step is done.
    Done(Step),
}

/// The provider.
#[derive(Debug)]
pub struct ById {
    cluster: ClusterId,
    cloud: Arc<Cloud>,
}

impl ById {
    /// A provider for `cluster` in `cloud`.
    pub const fn new(cluster: ClusterId, cloud: Arc<Cloud>) -> Self {
        Self { cluster, cloud }
    }

    fn mark(&self, uid: &ServiceUid) -> Mark {
        Mark::of(self.cluster.clone(), uid.clone())
    }

    fn sort(&self, inventory: Inventory, full: bool) -> BTreeMap<Key, Observed> {
        let mut found: BTreeMap<Key, Observed> = BTreeMap::new();
        for (id, it) in inventory.balancers {
            let Some(uid) = it.tag.service.clone() else { continue };
            let seen = found.entry(Key::own(uid.clone())).or_default();
            seen.owner = Some(uid);
            seen.balancer = Some(self.front(id, it, full));
        }
        for (id, it) in inventory.pools {
            let Some(uid) = it.tag.service.clone() else { continue };
            let seen = found.entry(Key::own(uid.clone())).or_default();
            seen.owner = Some(uid);
            seen.pools.insert(it.port, back(id, it, full));
        }
        found
    }

    fn front(&self, id: Id, balancer: Balancer, full: bool) -> Front {
        let active = self.cloud.is_active(&balancer);
        let kept = balancer.kept;
        Front { id, active, kept, detail: full.then_some((balancer.admits, balancer.listeners)) }
    }
}

fn back(id: Id, pool: Pool, full: bool) -> Back {
    Back { id, detail: full.then_some((pool.health, pool.targets)) }
}

impl Provider for ById {
    type Observed = Observed;
    type Step = Step;
    type Fact = Fact;

    const NAME: &'static str = "by-id";

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            source_ranges: true,
            settings: vec![SettingKey { key: SCHEME.to_owned(), doc: "public, internal".into() }],
            listing_lag: LAG,
            node_selection: true,
            shallow_survey: true,
            retain: true,
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        Ok(self.sort(self.cloud.list(&self.cluster).await?, false))
    }

    async fn look(
        &self,
        cx: &Context,
        keys: &[Key],
        depth: Depth,
    ) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        if depth == Depth::Listed {
            return self.survey(cx).await;
        }
        let mut found = BTreeMap::new();
        for key in keys {
            if let Key::Balancer(BalancerKey::Own(uid)) = key {
                found.extend(self.sort(self.cloud.describe(&self.mark(uid)).await?, true));
            }
        }
        Ok(found)
    }

    fn merge(&self, known: &Observed, mut listed: Observed) -> Observed {
        if let (Some(known), Some(listed)) = (&known.balancer, &mut listed.balancer)
            && known.id == listed.id
        {
            listed.detail.clone_from(&known.detail);
        }
        for (port, pool) in &mut listed.pools {
            if let Some(known) = known.pools.get(port).filter(|known| known.id == pool.id) {
                pool.detail.clone_from(&known.detail);
            }
        }
        listed
    }

    fn plan(&self, key: &BalancerKey, goal: &Goal, seen: &Observed, _: &Observed) -> Plan<Step> {
        let BalancerKey::Own(uid) = key else { return Plan::default() };
        let mut plan = Plan::default();
        let mut stage = |steps: Vec<Step>| {
            plan.stage(steps.into_iter().map(|step| Planned::of(uid.clone(), step)).collect());
        };
        let Some(member) = goal.members.get(uid) else {
            stage(seen.balancer.iter().map(|_| Step::DeleteBalancer).collect());
            stage(seen.pools.keys().copied().map(Step::DeletePool).collect());
            return plan;
        };
        let Some(spec) = member.spec() else { return plan };
        if let Some(scheme) = spec.settings.get(SCHEME)
            && !["internal", "public"].contains(&scheme.as_str())
        {
            let why = format!("{scheme:?} is neither internal nor public");
            let error = ProviderError::new(ErrorKind::InvalidSpec, SCHEME, why);
            return Plan { refused: BTreeMap::from([(uid.clone(), error)]), ..plan };
        }
        let shallow = seen.balancer.as_ref().is_some_and(|front| front.detail.is_none())
            || seen.pools.values().any(|back| back.detail.is_none());
        if !shallow {
            way(spec, goal, seen).into_iter().for_each(stage);
        } else if !vouched(member, spec, seen) {
            plan.needs = Needs::CloserLook;
        }
        if seen.balancer.as_ref().is_some_and(|front| !front.active) {
            plan.needs = Needs::CloserLook;
            plan.look_again_in(Duration::from_secs(5));
        }
        plan
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        seen: &Observed,
        _: &Observed,
    ) -> Result<Fact, ProviderError> {
        let unknown = || ProviderError::new(ErrorKind::Unexpected, "apply", "no id is known");
        let pool = |at: &At| seen.pools.get(at).map(|back| back.id).ok_or_else(unknown);
        let balancer = || seen.balancer.as_ref().map(|front| front.id).ok_or_else(unknown);
        match step {
            Step::CreateBalancer(uid, admits) => {
                let token = format!("{}-{uid}", self.cluster);
                let tag = self.mark(uid);
                let made = self.cloud.create_balancer(&token, tag, admits.clone()).await?;
                return Ok(Fact::Balancer(uid.clone(), self.front(made.0, made.1, true)));
            }
            Step::CreatePool(uid, at, health) => {
                let (token, tag) =
                    (format!("{}-{uid}-{}-{}", self.cluster, at.0, at.1), self.mark(uid));
                let targets = BTreeSet::new();
                let pool = Pool { token, tag, port: *at, health: *health, targets };
                let made = self.cloud.create_pool(pool).await?;
                return Ok(Fact::Pool(uid.clone(), *at, back(made.0, made.1, true)));
            }
            Step::Keep(kept) => {
                self.cloud.modify_balancer(balancer()?, |it| it.kept = *kept).await?;
            }
            Step::Admit(ranges) => {
                let ranges = ranges.clone();
                self.cloud.modify_balancer(balancer()?, |it| it.admits = ranges).await?;
            }
            Step::SetHealth(at, health) => self.cloud.modify_pool(pool(at)?, *health).await?,
            Step::Register(at, some) => self.cloud.register(pool(at)?, some, true).await?,
            Step::Deregister(at, some) => self.cloud.register(pool(at)?, some, false).await?,
            Step::Listen(at) => {
                let (port, to) = (at.0, pool(at)?);
                self.cloud.modify_balancer(balancer()?, |it| it.lead(port, Some(to))).await?;
            }
            Step::Close(port) => {
                self.cloud.modify_balancer(balancer()?, |it| it.lead(*port, None)).await?;
            }
            Step::DeletePool(at) => self.cloud.delete_pool(pool(at)?).await?,
            Step::DeleteBalancer => self.cloud.delete_balancer(balancer()?).await?,
        }
        Ok(Fact::Done(step.clone()))
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        seen.learn(fact);
    }

    fn foresee(&self, step: &Step, _: &Observed, _: &Observed) -> Fact {
        match step {
            Step::CreateBalancer(uid, admits) => {
                let detail = Some((admits.clone(), BTreeMap::new()));
                Fact::Balancer(uid.clone(), Front { id: 0, active: true, kept: false, detail })
            }
            Step::CreatePool(uid, at, health) => {
                let detail = Some((*health, BTreeSet::new()));
                Fact::Pool(uid.clone(), *at, Back { id: 0, detail })
            }
            Step::Keep(_)
            | Step::Admit(_)
            | Step::SetHealth(..)
            | Step::Register(..)
            | Step::Deregister(..)
            | Step::Listen(_)
            | Step::Close(_)
            | Step::DeletePool(_)
            | Step::DeleteBalancer => Fact::Done(step.clone()),
        }
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.owner.iter().cloned().collect()
    }

    fn retained(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        let kept = seen.balancer.as_ref().is_some_and(|front| front.kept);
        seen.owner.iter().filter(|_| kept).cloned().collect()
    }

    fn measures(&self) -> Vec<Measure> {
        let mut ports: BTreeMap<Subject, u64> = BTreeMap::new();
        for pool in self.cloud.inventory().pools.into_values() {
            let Some(uid) = pool.tag.service else { continue };
            for target in pool.targets {
                let node = target.split_once(':').map_or(target.as_str(), |(node, _)| node);
                *ports.entry(Subject::Target(uid.clone(), node.into())).or_default() += 1;
            }
            *ports.entry(Subject::Service(uid)).or_default() += 1;
        }
        let reading = |(of, value)| Reading { of, labels: &[], value };
        vec![Measure {
            name: "ports",
            help: "Ports that lead there",
            unit: None,
            kind: MeasureKind::Gauge,
            readings: ports.into_iter().map(reading).collect(),
        }]
    }

    fn readiness(&self, _: &ServiceUid, seen: &Observed) -> Readiness {
        match &seen.balancer {
            None if seen.pools.is_empty() => Readiness::Gone,
            Some(front) if front.active => {
                Readiness::Ready(vec![Address::Hostname(cloud::dns_name(front.id))])
            }
            _ => Readiness::Pending { look_again: Duration::from_secs(5) },
        }
    }
}
