//! Targets are the nodes themselves, as in a cloud that delivers packets unchanged: a group of nodes
//! that all Services share is the ground, several rules lead to one reserved address, and every
//! operation takes time.

pub mod cloud;
mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{
    Address, AffinitySupport, BalancerKey, Capabilities, ClusterId, Context, ErrorKind, Goal,
    IpMode, Key, LbSpec, Mark, Needs, Plan, Planned, Protocol, Provider, ProviderError, Readiness,
    ServiceUid, SettingKey, TargetKind,
};

use self::cloud::{Body, CHUNK, Cloud, OPERATION, Resource};
pub use self::desk::Desk;

/// The annotation for the network tier; only `gold` and `standard` make sense.
pub const TIER: &str = "toy.seaway.dev/tier";

/// What one key has: its things by name, and the names with an operation under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    owner: Option<ServiceUid>,
    things: BTreeMap<String, Body>,
    busy: BTreeSet<String>,
}

/// One change of the cloud, by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes a thing; its owner is a Service, or all share it.
    Insert(String, Body, Option<ServiceUid>),
    /// Replaces the body of a thing.
    Update(String, Body),
    /// Deletes a thing.
    Delete(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert(name, ..) => write!(f, "insert {name}"),
            Self::Update(name, _) => write!(f, "update {name}"),
            Self::Delete(name) => write!(f, "delete {name}"),
        }
    }
}

impl seaway_core::Step for Step {}

/// What the cloud answered.
#[derive(Clone, Debug)]
pub enum Fact {
    /// An operation is under way.
    Begun(String, Option<ServiceUid>),
    /// The thing is like this.
    Is(String, Body, Option<ServiceUid>),
    /// The thing is gone.
    Gone(String),
}

/// The provider.
#[derive(Debug)]
pub struct ByNode {
    cluster: ClusterId,
    cloud: Arc<Cloud>,
}

impl ByNode {
    /// A provider for `cluster` in `cloud`.
    pub const fn new(cluster: ClusterId, cloud: Arc<Cloud>) -> Self {
        Self { cluster, cloud }
    }

    fn name(&self, part: &str) -> String {
        format!("{}-{part}", self.cluster)
    }

    fn mark(&self, owner: Option<&ServiceUid>) -> String {
        Mark { cluster: self.cluster.clone(), service: owner.cloned() }.to_string()
    }

    /// What a thing of this name and body can't do without.
    fn refers(&self, body: &Body, owner: Option<&ServiceUid>) -> BTreeSet<String> {
        let own =
            |part: &str| self.name(&format!("{}-{part}", owner.map_or("", ServiceUid::as_str)));
        match body {
            Body::Backend { .. } => BTreeSet::from([self.name("group"), self.name("check")]),
            Body::Rule { .. } => BTreeSet::from([own("address"), own("backend")]),
            Body::Group(_) | Body::Check | Body::Address(_) | Body::Firewall(_) => BTreeSet::new(),
        }
    }

    /// Keeps every rule whose ports are all wanted, and puts the other ports into new ones, so that
    /// a new port touches no rule that there is.
    fn rules(&self, spec: &LbSpec, seen: &Observed) -> BTreeMap<String, Body> {
        let mut rules = BTreeMap::new();
        for protocol in spec.protocols() {
            let of = |port: &&seaway_core::Port| port.protocol == protocol;
            let mut left: BTreeSet<u16> =
                spec.ports.iter().filter(of).map(|port| port.port).collect();
            for (name, body) in &seen.things {
                if let Body::Rule { protocol: its, ports } = body
                    && *its == protocol
                    && ports.is_subset(&left)
                {
                    left.retain(|port| !ports.contains(port));
                    rules.insert(name.clone(), body.clone());
                }
            }
            let left: Vec<_> = left.into_iter().collect();
            for chunk in left.chunks(CHUNK) {
                let texts: Vec<_> = chunk.iter().map(ToString::to_string).collect();
                let part = format!("{}-{protocol}-{}", spec.service.uid, texts.join("-"));
                let ports = chunk.iter().copied().collect();
                rules.insert(self.name(&part), Body::Rule { protocol, ports });
            }
        }
        rules
    }

    fn wanted(&self, spec: &LbSpec, seen: &Observed) -> BTreeMap<String, Body> {
        let own = |part: &str| self.name(&format!("{}-{part}", spec.service.uid));
        let address = seen.things.get(&own("address")).cloned().unwrap_or(Body::Address(None));
        let backend = Body::Backend { affinity: spec.affinity, health: spec.traffic_policy };
        let mut wanted = self.rules(spec, seen);
        wanted.insert(own("address"), address);
        wanted.insert(own("backend"), backend);
        wanted.insert(own("firewall"), Body::Firewall(spec.source_ranges.clone()));
        wanted
    }

    /// The way from what is seen to what is wanted: what nothing refers to any more goes first, and
    /// what is referred to comes first.
    fn way(
        &self,
        wanted: &BTreeMap<String, Body>,
        seen: &Observed,
        owner: Option<&ServiceUid>,
    ) -> Plan<Step> {
        let planned = |step| Planned { step, serves: owner.cloned() };
        let idle = |name: &String| !seen.busy.contains(name);
        let mut plan = Plan::default();
        let unwanted =
            || seen.things.iter().filter(|(name, _)| !wanted.contains_key(*name) && idle(name));
        let in_use = |name: &str| {
            let all = seen.things.iter();
            all.into_iter().any(|(_, body)| self.refers(body, owner).contains(name))
        };
        plan.stage(
            unwanted()
                .filter(|(name, _)| !in_use(name))
                .map(|(name, _)| planned(Step::Delete(name.clone())))
                .collect(),
        );
        let mut making = Vec::new();
        for (name, body) in wanted.iter().filter(|(name, _)| idle(name)) {
            match seen.things.get(name) {
                Some(there) if there != body => {
                    making.push(planned(Step::Update(name.clone(), body.clone())));
                }
                Some(_) => {}
                None => {
                    let refers = self.refers(body, owner);
                    let own = refers.iter().filter(|name| wanted.contains_key(*name));
                    let ready = |name: &String| seen.things.contains_key(name) && idle(name);
                    if own.into_iter().all(ready) && !is_overlapped(body, wanted, seen) {
                        let insert = Step::Insert(name.clone(), body.clone(), owner.cloned());
                        making.push(planned(insert));
                    }
                }
            }
        }
        plan.stage(making);
        if !seen.busy.is_empty() {
            plan.needs = Needs::CloserLook;
            plan.look_again_in(OPERATION);
        }
        plan
    }
}

/// Whether a rule that is to go still has one of the ports.
fn is_overlapped(body: &Body, wanted: &BTreeMap<String, Body>, seen: &Observed) -> bool {
    let Body::Rule { protocol, ports } = body else { return false };
    seen.things.iter().any(|(name, there)| {
        !wanted.contains_key(name)
            && matches!(there, Body::Rule { protocol: its, ports: others }
                if its == protocol && !others.is_disjoint(ports))
    })
}

impl Provider for ByNode {
    type Observed = Observed;
    type Step = Step;
    type Fact = Fact;

    const NAME: &'static str = "by-node";

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp]),
            mixed_protocols: true,
            target_kind: TargetKind::Node,
            source_ranges: true,
            affinity: AffinitySupport::ClientIp,
            ip_mode: IpMode::Vip,
            settings: vec![SettingKey { key: TIER.to_owned(), doc: "gold or standard".to_owned() }],
            ground: true,
            ..Capabilities::default()
        }
    }

    fn balancer(&self, spec: &LbSpec) -> BalancerKey {
        BalancerKey::Own(spec.service.uid.clone())
    }

    async fn survey(&self, _: &Context) -> Result<BTreeMap<Key, Observed>, ProviderError> {
        let shown = self.cloud.list().await?;
        let mut found: BTreeMap<Key, Observed> = BTreeMap::new();
        let prefix = format!("{}/", self.cluster);
        let key = |description: &str| {
            let owner = description.strip_prefix(&prefix)?;
            let owner = (owner != "*").then(|| ServiceUid::from(owner));
            Some((owner.clone().map_or(Key::Ground, Key::own), owner))
        };
        for (name, resource) in shown.resources {
            if let Some((key, owner)) = key(&resource.description) {
                let seen = found.entry(key).or_default();
                seen.owner = owner;
                seen.things.insert(name, resource.body);
            }
        }
        for (name, description) in shown.busy {
            if let Some((key, owner)) = key(&description) {
                let seen = found.entry(key).or_default();
                seen.owner = owner;
                seen.busy.insert(name);
            }
        }
        Ok(found)
    }

    fn plan_ground(&self, goal: &Goal, ground: &Observed) -> Plan<Step> {
        let mut wanted = BTreeMap::new();
        if !goal.members.is_empty() {
            wanted.insert(self.name("group"), Body::Group(goal.nodes.keys().cloned().collect()));
            wanted.insert(self.name("check"), Body::Check);
        }
        self.way(&wanted, ground, None)
    }

    fn plan(
        &self,
        key: &BalancerKey,
        goal: &Goal,
        seen: &Observed,
        ground: &Observed,
    ) -> Plan<Step> {
        let BalancerKey::Own(uid) = key else { return Plan::default() };
        let Some(member) = goal.members.get(uid) else {
            return self.way(&BTreeMap::new(), seen, Some(uid));
        };
        let Some(spec) = member.spec() else { return Plan::default() };
        if let Some(tier) =
            spec.settings.get(TIER).filter(|tier| !["gold", "standard"].contains(&tier.as_str()))
        {
            let why = format!("{tier:?} is neither standard nor gold");
            let error = ProviderError::new(ErrorKind::InvalidSpec, TIER, why);
            return Plan { refused: BTreeMap::from([(uid.clone(), error)]), ..Plan::default() };
        }
        let ready = |part| {
            let name = self.name(part);
            ground.things.contains_key(&name) && !ground.busy.contains(&name)
        };
        if !(ready("group") && ready("check")) {
            return Plan { needs: Needs::Ground, ..Plan::default() };
        }
        self.way(&self.wanted(spec, seen), seen, Some(uid))
    }

    async fn apply(
        &self,
        _: &Context,
        step: &Step,
        seen: &Observed,
        _: &Observed,
    ) -> Result<Fact, ProviderError> {
        let owner = seen.owner.clone();
        Ok(match step {
            Step::Insert(name, body, owner) => {
                let description = self.mark(owner.as_ref());
                let refers = self.refers(body, owner.as_ref());
                self.cloud
                    .insert(name, Resource { body: body.clone(), refers, description })
                    .await?;
                Fact::Begun(name.clone(), owner.clone())
            }
            Step::Update(name, body) => {
                self.cloud.update(name, body.clone()).await?;
                Fact::Is(name.clone(), body.clone(), owner)
            }
            Step::Delete(name) => {
                self.cloud.delete(name).await?;
                Fact::Begun(name.clone(), owner)
            }
        })
    }

    fn learn(&self, seen: &mut Observed, fact: Fact) {
        match fact {
            Fact::Begun(name, owner) => {
                seen.owner = owner;
                seen.busy.insert(name);
            }
            Fact::Is(name, body, owner) => {
                seen.owner = owner;
                seen.things.insert(name, body);
            }
            Fact::Gone(name) => {
                seen.things.remove(&name);
                if seen.things.is_empty() {
                    seen.owner = None;
                }
            }
        }
    }

    fn foresee(&self, step: &Step, seen: &Observed, _: &Observed) -> Fact {
        match step {
            Step::Insert(name, body, owner) => Fact::Is(name.clone(), body.clone(), owner.clone()),
            Step::Update(name, body) => Fact::Is(name.clone(), body.clone(), seen.owner.clone()),
            Step::Delete(name) => Fact::Gone(name.clone()),
        }
    }

    fn holds(&self, seen: &Observed) -> BTreeSet<ServiceUid> {
        seen.owner.iter().cloned().collect()
    }

    fn readiness(&self, uid: &ServiceUid, seen: &Observed) -> Readiness {
        if seen.owner.as_ref() != Some(uid) {
            return Readiness::Gone;
        }
        let own = |part: &str| self.name(&format!("{uid}-{part}"));
        let rule = seen.things.values().any(|body| matches!(body, Body::Rule { .. }));
        let firewall = seen.things.contains_key(&own("firewall"));
        match seen.things.get(&own("address")) {
            Some(Body::Address(Some(ip))) if rule && firewall => {
                Readiness::Ready(vec![Address::Ip(*ip)])
            }
            _ => Readiness::Pending { look_again: Duration::from_secs(1) },
        }
    }
}
