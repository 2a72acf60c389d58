use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{Address, Goal, Plan, Planned};

use super::{Change, Place, Stages, Step, groups, leave};
use crate::api::{NewLoadBalancer, Rule, SubnetMapping};
use crate::design::{BalancerDesign, Design, balancer_default, differing};
use crate::limits::{GRACE, RULES};
use crate::mark;
use crate::observe::{Balancer, Ground, Observed};

impl BalancerDesign {
    /// The load balancer that is to be used, if it is there.
    pub(super) fn find<'a>(&self, seen: &'a Observed) -> Option<(&'a String, &'a Balancer)> {
        match &self.adopt {
            Some(arn) => seen.balancers.iter().find(|(_, it)| it.arn == *arn),
            None => seen.balancers.get_key_value(&self.name),
        }
    }

    /// Everything that a load balancer which is not there yet begins with.
    pub(super) fn begin(
        &self,
        design: &Design,
        goal: &Goal,
        seen: &Observed,
        ground: &Ground,
        plan: &mut Plan<Step>,
    ) -> Stages {
        let mut stages = Stages::default();
        if let Some(arn) = &self.adopt {
            stages.making.push(self.step(Step::Adopt { arn: arn.clone() }));
            return stages;
        }
        self.firewalls(seen, ground, &mut stages);
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
            stages.filling.push(self.step(Change::SetBalancerAttributes { balancer, attributes }));
        }
        for port in design.ports.values() {
            groups::follow(port, goal, seen, plan, &mut stages);
            stages.opening.push(port.listen(&self.name));
        }
        stages
    }

    /// What is to change of a load balancer that is there.
    pub(super) fn change(
        &self,
        name: &str,
        now: &Balancer,
        seen: &Observed,
        ground: &Ground,
        stages: &mut Stages,
    ) {
        let balancer = || name.to_owned();
        self.firewalls(seen, ground, stages);
        let mut groups = self.groups.clone();
        groups.extend(seen.own_groups(self.own()));
        let whole = seen.firewalls.range(..self.own()).count() == usize::from(self.own());
        if !whole || groups != now.security_groups {
            let (fixed, own) = (self.groups.clone(), self.own());
            let step = Change::SetSecurityGroups { balancer: balancer(), fixed, own };
            stages.filling.push(self.step(step));
        }
        for (number, _) in seen.firewalls.range(self.own()..) {
            let place = Place::Own(*number);
            stages.deleting.push(self.step(Change::DeleteFirewall { place }));
        }
        if self.frozen {
            return;
        }
        self.move_subnets(name, now, ground, stages);
        let Some(detail) = &now.detail else { return };
        let attributes = differing(&self.attributes, &detail.attributes, balancer_default);
        if !attributes.is_empty() {
            let step = Change::SetBalancerAttributes { balancer: balancer(), attributes };
            stages.making.push(self.step(step));
        }
        let tags = differing(&self.free_tags, &detail.tags, |_| None);
        if !tags.is_empty() {
            stages.making.push(self.step(Change::Tag { balancer: balancer(), tags }));
        }
        let added = detail.tags.get(mark::ADDED);
        let added = added.into_iter().flat_map(|keys| keys.split('='));
        let ours = added.chain([mark::ADDED, mark::RETAIN]);
        let keys: BTreeSet<_> = ours
            .filter(|key| detail.tags.contains_key(*key) && !self.free_tags.contains_key(*key))
            .map(str::to_owned)
            .collect();
        if !keys.is_empty() {
            stages.making.push(self.step(Change::Untag { balancer: balancer(), keys }));
        }
    }

    /// A zone can be added and removed in one call, but not given another subnet.
    fn move_subnets(&self, name: &str, now: &Balancer, ground: &Ground, stages: &mut Stages) {
        let wanted: BTreeSet<_> = self.subnets.iter().map(|it| it.subnet.clone()).collect();
        let ip_address_type = self.ip_address_type;
        if wanted == now.subnets {
            if ip_address_type != now.ip_address_type {
                let balancer = name.to_owned();
                let step = Change::SetIpAddressType { balancer, ip_address_type };
                stages.making.push(self.step(step));
            }
            return;
        }
        let zone = |id: &String| ground.subnets.get(id).map(|zone| zone.name.clone());
        let leaving: BTreeSet<_> = now.subnets.difference(&wanted).filter_map(zone).collect();
        let stays = |it: &&SubnetMapping| {
            now.subnets.contains(&it.subnet)
                || zone(&it.subnet).is_none_or(|zone| !leaving.contains(&zone))
        };
        let first: Vec<_> = self.subnets.iter().filter(stays).cloned().collect();
        let step = |subnets| {
            let balancer = name.to_owned();
            self.step(Change::SetSubnets { balancer, subnets, ip_address_type })
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
    fn firewalls(&self, seen: &Observed, ground: &Ground, stages: &mut Stages) {
        let all: Vec<_> = self.rules.iter().cloned().collect();
        for (number, wanted) in (0..self.own()).zip(all.chunks(RULES)) {
            let wanted: BTreeSet<Rule> = wanted.iter().cloned().collect();
            let place = Place::Own(number);
            let now = seen.firewalls.get(&number);
            if now.is_none() {
                let mut tags = self.tags.clone();
                // Others take a group with the cluster's tag for one of the nodes'.
                tags.retain(|key, _| !key.starts_with("kubernetes.io/"));
                tags.insert(mark::ROLE.to_owned(), mark::firewall_role(number));
                let step = Step::CreateFirewall {
                    place: place.clone(),
                    name: format!("{}-{number}", self.name),
                    vpc: ground.vpc.clone(),
                    uid: Some(self.lead.clone()),
                    tags,
                };
                stages.firewalls.push(self.step(step));
            }
            let have = now.map(|now| now.rules.clone()).unwrap_or_default();
            let (more, less) = (&wanted - &have, &have - &wanted);
            if !more.is_empty() {
                let step = Change::Authorize { place: place.clone(), rules: more };
                stages.making.push(self.step(step));
            }
            if !less.is_empty() {
                stages.narrowing.push(self.step(Change::Revoke { place, rules: less }));
            }
        }
    }

    /// Takes down what this one replaces, once the statuses show this one, and some time after.
    pub(super) fn replace(
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
                stages.closing.push(self.step(Change::Show { balancer: name.to_owned() }));
                return;
            }
            if shown(&it.dns_name) || !shown(&now.dns_name) {
                plan.look_again_in(Duration::from_secs(1));
                continue;
            }
            match it.retired {
                None => {
                    let step = Change::Retire { balancer: old.clone() };
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
    fn step(&self, step: impl Into<Step>) -> Planned<Step> {
        Planned::of(self.lead.clone(), step.into())
    }
}
