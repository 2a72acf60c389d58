//! From what is to what should be. Pure.

mod ground;
mod groups;
mod leave;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{
    Address, BalancerKey, ErrorKind, Goal, Needs, Plan, Planned, ProviderError, ServiceUid,
};

pub(crate) use self::ground::plan_ground;
pub use self::step::{Place, Step, Way};
use crate::api::{NewLoadBalancer, Rule, State};
use crate::design::{
    BalancerDesign, Design, PortDesign, Rules, balancer_default, design, differing,
};
use crate::limits::{GRACE, RULES};
use crate::mark;
use crate::observe::{Balancer, Front, Ground, Group, Observed, PROVISIONING};

/// The stages of a plan: what comes later needs what comes earlier.
#[derive(Debug, Default)]
struct Stages {
    /// Own security groups.
    firewalls: Vec<Planned<Step>>,
    /// Load balancer, target groups, rules, side by side.
    making: Vec<Planned<Step>>,
    /// What needs those: attributes, targets.
    filling: Vec<Planned<Step>>,
    /// Rules that no listener may come before the end of: they would let in others than its clients.
    narrowing: Vec<Planned<Step>>,
    /// Listeners.
    opening: Vec<Planned<Step>>,
    /// What is not wanted any more.
    closing: Vec<Planned<Step>>,
    /// What that was needed for.
    deleting: Vec<Planned<Step>>,
}

impl Stages {
    fn into_plan(self, mut plan: Plan<Step>) -> Plan<Step> {
        let stages = [
            self.firewalls,
            self.making,
            self.filling,
            self.narrowing,
            self.opening,
            self.closing,
            self.deleting,
        ];
        for stage in stages {
            plan.stage(stage);
        }
        plan
    }
}

/// The way to the load balancer that `goal` needs.
pub(crate) fn plan(
    rules: &Rules,
    key: &BalancerKey,
    goal: &Goal,
    seen: &Observed,
    ground: Option<&Ground>,
) -> Plan<Step> {
    let mut plan = Plan::default();
    if goal.members.is_empty() {
        return leave::leave(seen);
    }
    if goal.present().next().is_none() {
        return leave::leavers(goal, seen);
    }
    if let Some(trouble) = ground.and_then(|ground| ground.trouble.as_ref()) {
        plan.refused = goal.present().map(|(uid, _)| (uid.clone(), trouble.told())).collect();
        return plan;
    }
    let Some(ground) = ground.filter(|ground| ground.is_ready()) else {
        plan.needs = Needs::Ground;
        return plan;
    };
    let design = design(rules, key, goal, seen, ground);
    plan.refused.clone_from(&design.refused);
    for (uid, warning) in &design.warnings {
        plan.warn(uid, warning.clone());
    }
    let Some(wanted) = &design.balancer else {
        let leaving = leave::leavers(goal, seen);
        return Plan { refused: plan.refused, warnings: plan.warnings, ..leaving };
    };
    if !seen.is_deep() {
        plan.needs = Needs::CloserLook;
        return plan;
    }
    let Some((name, now)) = wanted.find(seen) else {
        return wanted.begin(&design, goal, seen).into_plan(plan);
    };
    if let State::Failed(reason) = &now.state {
        let message =
            format!("AWS could not make {name}: {reason}; delete it, and it is made again");
        plan.refused.insert(
            wanted.lead.clone(),
            ProviderError::new(ErrorKind::Unavailable, "CreateLoadBalancer", message),
        );
        return plan;
    }
    let mut stages = Stages::default();
    if wanted.adopt.is_none() {
        wanted.change(name, now, seen, ground, &mut stages);
    }
    let mut way = Ports { design: &design, name, now, goal, seen, plan: &mut plan };
    way.all(&mut stages);
    wanted.replace(name, now, goal, seen, &mut stages, &mut plan);
    if !now.is_active() {
        plan.needs = plan.needs.max_of(Needs::Refresh);
        plan.look_again_in(PROVISIONING);
    }
    stages.into_plan(plan)
}

/// The order of what a plan lacks: a closer look shows a state as well.
trait Lacking {
    fn max_of(self, other: Self) -> Self;
}

impl Lacking for Needs {
    fn max_of(self, other: Self) -> Self {
        if self == Self::Nothing { other } else { self }
    }
}

impl BalancerDesign {
    /// The load balancer that is to be used, if it is there.
    fn find<'a>(&self, seen: &'a Observed) -> Option<(&'a String, &'a Balancer)> {
        match &self.adopt {
            Some(arn) => seen.balancers.iter().find(|(_, it)| it.arn == *arn),
            None => seen.balancers.get_key_value(&self.name),
        }
    }

    /// Everything that a load balancer which is not there yet begins with.
    fn begin(&self, design: &Design, goal: &Goal, seen: &Observed) -> Stages {
        let mut stages = Stages::default();
        if let Some(arn) = &self.adopt {
            stages.making.push(Planned::of(self.lead.clone(), Step::Adopt { arn: arn.clone() }));
            return stages;
        }
        let vpc = design.ports.values().map(|port| port.group.vpc.clone()).next();
        self.firewalls(seen, vpc.as_deref().unwrap_or_default(), &mut stages);
        let new = NewLoadBalancer {
            name: self.name.clone(),
            scheme: self.scheme,
            subnets: self.subnets.clone(),
            security_groups: self.groups.clone(),
            ip_address_type: self.ip_address_type,
            tags: self.tags.clone(),
        };
        let (uid, own) = (self.lead.clone(), self.own());
        stages.making.push(self.step(Step::CreateBalancer { uid, new: Box::new(new), own }));
        let attributes = differing(&self.attributes, &BTreeMap::default(), balancer_default);
        if !attributes.is_empty() {
            let balancer = self.name.clone();
            stages.filling.push(self.step(Step::SetBalancerAttributes { balancer, attributes }));
        }
        for port in design.ports.values() {
            groups::begin(port, goal, seen, &mut stages);
            stages.opening.push(port.listen(&self.name));
        }
        stages
    }

    /// What is to change of a load balancer that is there.
    fn change(
        &self,
        name: &str,
        now: &Balancer,
        seen: &Observed,
        ground: &Ground,
        stages: &mut Stages,
    ) {
        let balancer = || name.to_owned();
        self.firewalls(seen, &ground.vpc, stages);
        let mut groups = self.groups.clone();
        groups.extend(seen.own_groups(self.own()));
        let whole = seen.firewalls.range(..self.own()).count() == usize::from(self.own());
        if !whole || groups != now.security_groups {
            let (fixed, own) = (self.groups.clone(), self.own());
            let step = Step::SetSecurityGroups { balancer: balancer(), fixed, own };
            stages.filling.push(self.step(step));
        }
        for (number, firewall) in seen.firewalls.range(self.own()..) {
            let _ = firewall;
            let place = Place::Own(*number);
            stages.deleting.push(self.step(Step::DeleteFirewall { place }));
        }
        if self.frozen {
            return;
        }
        self.move_subnets(name, now, ground, stages);
        let Some(detail) = &now.detail else { return };
        let attributes = differing(&self.attributes, &detail.attributes, balancer_default);
        if !attributes.is_empty() {
            let step = Step::SetBalancerAttributes { balancer: balancer(), attributes };
            stages.making.push(self.step(step));
        }
        let tags = differing(&self.free_tags, &detail.tags, |_| None);
        if !tags.is_empty() {
            stages.making.push(self.step(Step::Tag { balancer: balancer(), tags }));
        }
        let added = detail.tags.get(mark::ADDED);
        let added = added.into_iter().flat_map(|keys| keys.split('='));
        let ours = added.chain(added_marker(&detail.tags)).chain([mark::RETAIN]);
        let keys: BTreeSet<_> = ours
            .filter(|key| detail.tags.contains_key(*key) && !self.free_tags.contains_key(*key))
            .map(str::to_owned)
            .collect();
        if !keys.is_empty() {
            stages.making.push(self.step(Step::Untag { balancer: balancer(), keys }));
        }
    }

    /// A zone can be added and removed in one call, but not given another subnet.
    fn move_subnets(&self, name: &str, now: &Balancer, ground: &Ground, stages: &mut Stages) {
        let wanted: BTreeSet<_> = self.subnets.iter().map(|it| it.subnet.clone()).collect();
        let ip_address_type = self.ip_address_type;
        if wanted == now.subnets {
            if ip_address_type != now.ip_address_type {
                let balancer = name.to_owned();
                let step = Step::SetIpAddressType { balancer, ip_address_type };
                stages.making.push(self.step(step));
            }
            return;
        }
        let zone = |id: &String| ground.subnets.get(id).map(|zone| zone.name.clone());
        let leaving: BTreeSet<_> = now.subnets.difference(&wanted).filter_map(zone).collect();
        let stays = |it: &&crate::api::SubnetMapping| {
            now.subnets.contains(&it.subnet)
                || zone(&it.subnet).is_none_or(|zone| !leaving.contains(&zone))
        };
        let first: Vec<_> = self.subnets.iter().filter(stays).cloned().collect();
        let step = |subnets| {
            let balancer = name.to_owned();
            self.step(Step::SetSubnets { balancer, subnets, ip_address_type })
        };
        if first.len() < self.subnets.len() && !first.is_empty() {
            stages.making.push(step(first));
            stages.filling.push(step(self.subnets.clone()));
        } else {
            stages.making.push(step(self.subnets.clone()));
        }
    }

    /// How many security groups of its own it is to have.
    fn own(&self) -> u8 {
        u8::try_from(self.rules.len().div_ceil(RULES)).unwrap_or(u8::MAX)
    }

    /// Its own security groups, with their rules.
    fn firewalls(&self, seen: &Observed, vpc: &str, stages: &mut Stages) {
        let all: Vec<_> = self.rules.iter().cloned().collect();
        for (number, wanted) in (0..self.own()).zip(all.chunks(RULES)) {
            let wanted: BTreeSet<Rule> = wanted.iter().cloned().collect();
            let place = Place::Own(number);
            let now = seen.firewalls.get(&number);
            if now.is_none() {
                let mut tags = self.tags.clone();
                // Others take a group with the cluster's tag for one of the nodes'.
                tags.retain(|key, _| !key.starts_with("kubernetes.io/"));
                tags.insert(mark::ROLE.to_owned(), format!("firewall-{number}"));
                let step = Step::CreateFirewall {
                    place: place.clone(),
                    name: format!("{}-{number}", self.name),
                    vpc: vpc.to_owned(),
                    uid: Some(self.lead.clone()),
                    tags,
                };
                stages.firewalls.push(self.step(step));
            }
            let have = now.map(|now| now.rules.clone()).unwrap_or_default();
            let (more, less) = (&wanted - &have, &have - &wanted);
            if !more.is_empty() {
                let step = Step::Authorize { place: place.clone(), rules: more };
                stages.making.push(self.step(step));
            }
            if !less.is_empty() {
                stages.narrowing.push(self.step(Step::Revoke { place, rules: less }));
            }
        }
    }

    /// Takes down what this one replaces, once the statuses show this one, and some time after.
    fn replace(
        &self,
        name: &str,
        now: &Balancer,
        goal: &Goal,
        seen: &Observed,
        stages: &mut Stages,
        plan: &mut Plan<Step>,
    ) {
        let shown = |address: &str| {
            goal.members
                .values()
                .any(|it| it.published.contains(&Address::Hostname(address.to_owned())))
        };
        if !now.is_active() || self.frozen {
            return;
        }
        for (old, it) in seen.balancers.iter().filter(|(old, _)| *old != name) {
            if !now.current {
                // Until now the address of the old one was the one to show.
                stages.closing.push(self.step(Step::Show { balancer: name.to_owned() }));
                return;
            }
            if shown(&it.dns_name) || !shown(&now.dns_name) {
                plan.look_again_in(Duration::from_secs(1));
                continue;
            }
            match it.retired {
                None => {
                    let step = Step::Retire { balancer: old.clone() };
                    stages.closing.push(self.step(step));
                }
                Some(since) if goal.now.since(since) >= GRACE => {
                    stages.closing.extend(leave::balancer(old, it, seen).map(|it| self.step(it)));
                }
                Some(since) => {
                    plan.look_again_in(GRACE.saturating_sub(goal.now.since(since)));
                }
            }
        }
    }

    /// A step that all members need; of a load balancer with one Service, that one.
    fn step(&self, step: Step) -> Planned<Step> {
        Planned::of(self.lead.clone(), step)
    }
}

/// The tag that remembers which tags were asked for, if it is there.
fn added_marker(tags: &crate::api::Tags) -> Option<&'static str> {
    tags.contains_key(mark::ADDED).then_some(mark::ADDED)
}

impl PortDesign {
    fn way(&self) -> Way {
        Way {
            protocol: self.protocol,
            group: self.group.name.clone(),
            certificate: self.certificate.clone(),
            policy: self.policy.clone(),
        }
    }

    fn listen(&self, balancer: &str) -> Planned<Step> {
        let step = Step::CreateListener {
            balancer: balancer.to_owned(),
            port: self.group.port,
            way: self.way(),
            tags: self.group.tags.clone(),
        };
        Planned::of(self.uid.clone(), step)
    }
}

/// The way of the ports of a load balancer that is there.
struct Ports<'a> {
    design: &'a Design,
    name: &'a str,
    now: &'a Balancer,
    goal: &'a Goal,
    seen: &'a Observed,
    plan: &'a mut Plan<Step>,
}

impl<'a> Ports<'a> {
    fn all(&mut self, stages: &mut Stages) {
        let Some(detail) = &self.now.detail else { return };
        let mut spoilt = BTreeSet::new();
        for port in self.design.ports.values() {
            let front = detail.listeners.get(&port.group.port);
            if let Some(front) = front.filter(|front| self.is_foreign(front)) {
                let group = front.group.as_ref().map_or("somewhere", |arn| arn.0.as_str());
                let message = format!(
                    "port {} of {} has a listener that is not ours, and leads to {group}; delete it, or \
                     use another port",
                    port.group.port, self.name
                );
                let error = ProviderError::new(ErrorKind::Conflict, "spec.ports", message);
                self.plan.refused.insert(port.uid.clone(), error);
                spoilt.insert(port.uid.clone());
            }
        }
        for port in self.design.ports.values().filter(|port| !spoilt.contains(&port.uid)) {
            groups::follow(port, self.goal, self.seen, self.plan, stages);
            self.listener(port, detail.listeners.get(&port.group.port), stages);
        }
        for (number, front) in &detail.listeners {
            let group = self.group_of(front);
            let wanted = self.design.ports.get(number).is_some_and(|it| !spoilt.contains(&it.uid));
            if let Some((_, group)) = group
                && !wanted
                && !self.is_kept(&group.uid)
                && !spoilt.contains(&group.uid)
            {
                if front.arn.is_none() {
                    self.plan.needs = Needs::CloserLook;
                }
                let balancer = self.name.to_owned();
                let step = Step::DeleteListener { balancer, port: *number };
                stages.closing.push(Planned::of(group.uid.clone(), step));
            }
        }
        self.spare(&spoilt, stages);
    }

    /// Deletes target groups that nothing leads to.
    fn spare(&self, spoilt: &BTreeSet<ServiceUid>, stages: &mut Stages) {
        let wanted: BTreeSet<_> = self.design.ports.values().map(|it| &it.group.name).collect();
        for (name, group) in &self.seen.groups {
            let elsewhere = self.seen.balancers.values().any(|balancer| {
                balancer.arn != self.now.arn && group.balancers.contains(&balancer.arn)
            });
            let kept = self.is_kept(&group.uid) || spoilt.contains(&group.uid);
            if !wanted.contains(name) && !kept && !elsewhere {
                let step = Step::DeleteGroup { group: name.clone() };
                stages.deleting.push(Planned::of(group.uid.clone(), step));
            }
        }
    }

    fn listener(&mut self, port: &PortDesign, front: Option<&Front>, stages: &mut Stages) {
        let Some(front) = front else {
            stages.opening.push(port.listen(self.name));
            return;
        };
        let group = self.seen.groups.get(&port.group.name).map(|group| &group.arn);
        let tls =
            |seen: &Option<String>, wanted: &Option<String>| wanted.is_none() || seen == wanted;
        if front.protocol == port.protocol
            && front.group.as_ref() == group
            && group.is_some()
            && tls(&front.certificate, &port.certificate)
            && tls(&front.policy, &port.policy)
        {
            return;
        }
        if front.arn.is_none() {
            self.plan.needs = Needs::CloserLook;
        }
        let balancer = self.name.to_owned();
        let step = Step::ModifyListener { balancer, port: port.group.port, way: port.way() };
        stages.opening.push(Planned::of(port.uid.clone(), step));
    }

    /// Whether a listener leads to what is not ours.
    fn is_foreign(&self, front: &Front) -> bool {
        self.group_of(front).is_none()
    }

    fn group_of(&self, front: &Front) -> Option<(&'a String, &'a Group)> {
        let arn = front.group.as_ref()?;
        self.seen.groups.iter().find(|(_, group)| group.arn == *arn)
    }

    /// Whether the things of a Service stay as they are.
    fn is_kept(&self, uid: &ServiceUid) -> bool {
        self.design.kept.contains(uid)
    }
}
