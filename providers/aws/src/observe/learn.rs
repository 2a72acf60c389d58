use std::collections::BTreeSet;

use seaway_core::Moment;

use super::{Balancer, Firewall, Front, Group, Members, Observed};
use crate::api::Target;
use crate::limits::BRAKE;
use crate::plan::{Place, Step};

/// What the answer to a step tells.
#[derive(Clone, Debug)]
pub enum Fact {
    /// There is a load balancer of this name now.
    Balancer(String, Box<Balancer>),
    /// There is a target group of this name now.
    Group(String, Box<Group>),
    /// There is a listener on a load balancer now.
    Listener(String, u16, Front),
    /// There is a security group now.
    Firewall(Place, Firewall),
    /// Targets were registered, but for the instances that AWS does not take.
    Registered {
        /// The target group.
        group: String,
        /// Those that it took.
        targets: Vec<Target>,
        /// The instances that it did not.
        rejected: Vec<String>,
        /// It takes no more.
        full: bool,
        /// When.
        at: Moment,
    },
    /// The step is done.
    Done(Step, Moment),
}

impl Observed {
    /// Folds the answer to a step.
    pub(crate) fn learn(&mut self, fact: Fact) {
        match fact {
            Fact::Balancer(name, balancer) => {
                self.balancers.insert(name, *balancer);
            }
            Fact::Group(name, group) => {
                self.groups.insert(name, *group);
            }
            Fact::Listener(name, port, front) => {
                let balancer = self.balancers.get_mut(&name);
                let arn = balancer.as_ref().map(|balancer| balancer.arn.clone());
                if let Some(arn) = arn
                    && let Some(group) =
                        self.groups.values_mut().find(|it| Some(&it.arn) == front.group.as_ref())
                {
                    group.balancers.insert(arn);
                }
                if let Some(detail) = balancer.and_then(|balancer| balancer.detail.as_mut()) {
                    detail.listeners.insert(port, front);
                }
            }
            Fact::Firewall(place, firewall) => self.put_firewall(&place, Some(firewall)),
            Fact::Registered { group, targets, rejected, full, at } => {
                let Some(group) = self.groups.get_mut(&group) else { return };
                group.full = full.then_some(at);
                group.rejected.extend(rejected.into_iter().map(|id| (id, at)));
                group.rejected.retain(|id, _| targets.iter().all(|it| it.instance != *id));
                group.detail.get_or_insert_default().targets.extend(targets);
            }
            Fact::Done(step, at) => self.done(step, at),
        }
    }

    fn done(&mut self, step: Step, at: Moment) {
        match step {
            Step::Authorize { place, rules } => {
                self.edit_firewall(&place, |it| it.rules.extend(rules));
            }
            Step::Revoke { place, rules } => {
                self.edit_firewall(&place, |it| it.rules.retain(|rule| !rules.contains(rule)));
            }
            Step::DeleteFirewall { place } => self.put_firewall(&place, None),
            Step::AuthorizeNodes { group, rules } => {
                if let Some(ground) = self.ground_mut() {
                    ground.nodes.entry(group).or_default().extend(rules);
                }
            }
            Step::RevokeNodes { group, rules } => {
                if let Some(ground) = self.ground_mut() {
                    ground.nodes.entry(group).or_default().retain(|rule| !rules.contains(rule));
                }
            }
            Step::SetBalancerAttributes { balancer, attributes } => {
                if let Some(detail) = self.detail(&balancer) {
                    detail.attributes.extend(attributes);
                }
            }
            Step::SetSecurityGroups { balancer, fixed, own } => {
                let mut all = fixed;
                all.extend(self.own_groups(own));
                if let Some(balancer) = self.balancers.get_mut(&balancer) {
                    balancer.security_groups = all;
                }
            }
            Step::SetSubnets { balancer, subnets, ip_address_type } => {
                if let Some(balancer) = self.balancers.get_mut(&balancer) {
                    balancer.subnets = subnets.into_iter().map(|it| it.subnet).collect();
                    balancer.ip_address_type = ip_address_type;
                }
            }
            Step::SetIpAddressType { balancer, ip_address_type } => {
                if let Some(balancer) = self.balancers.get_mut(&balancer) {
                    balancer.ip_address_type = ip_address_type;
                }
            }
            Step::Tag { balancer, tags } => {
                if let Some(detail) = self.detail(&balancer) {
                    detail.tags.extend(tags);
                }
                self.read_retained(&balancer);
            }
            Step::Untag { balancer, keys } => {
                if let Some(detail) = self.detail(&balancer) {
                    detail.tags.retain(|key, _| !keys.contains(key));
                }
                self.read_retained(&balancer);
            }
            Step::Show { balancer } => {
                for (name, it) in &mut self.balancers {
                    it.current = *name == balancer;
                    if it.current {
                        it.retired = None;
                    }
                }
            }
            Step::Retire { balancer } => {
                if let Some(balancer) = self.balancers.get_mut(&balancer) {
                    balancer.retired = Some(at);
                }
            }
            Step::DeleteBalancer { balancer } => {
                if let Some(gone) = self.balancers.remove(&balancer) {
                    for group in self.groups.values_mut() {
                        group.balancers.remove(&gone.arn);
                    }
                }
            }
            step @ (Step::SetHealthCheck { .. }
            | Step::SetGroupAttributes { .. }
            | Step::Deregister { .. }
            | Step::DeleteListener { .. }
            | Step::DeleteGroup { .. }
            | Step::CreateFirewall { .. }
            | Step::CreateBalancer { .. }
            | Step::Adopt { .. }
            | Step::CreateGroup { .. }
            | Step::Register { .. }
            | Step::CreateListener { .. }
            | Step::ModifyListener { .. }) => self.done_behind(step, at),
        }
    }

    /// The same for target groups and listeners.
    fn done_behind(&mut self, step: Step, at: Moment) {
        match step {
            Step::SetHealthCheck { group, check } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.health_check = check;
                }
            }
            Step::SetGroupAttributes { group, attributes } => {
                if let Some(detail) = self.members(&group) {
                    detail.attributes.extend(attributes);
                }
            }
            Step::Deregister { group, targets } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.take_out(&targets, at);
                }
            }
            Step::DeleteListener { balancer, port } => {
                let arn = self.balancers.get(&balancer).map(|balancer| balancer.arn.clone());
                let gone = self.detail(&balancer).and_then(|it| it.listeners.remove(&port));
                let group = gone.and_then(|gone| gone.group);
                let led = self.groups.values_mut().find(|it| Some(&it.arn) == group.as_ref());
                if let (Some(arn), Some(group)) = (arn, led) {
                    group.balancers.remove(&arn);
                }
            }
            Step::DeleteGroup { group } => {
                self.groups.remove(&group);
            }
            // These answer with what they made.
            Step::CreateFirewall { .. }
            | Step::CreateBalancer { .. }
            | Step::Adopt { .. }
            | Step::CreateGroup { .. }
            | Step::Register { .. }
            | Step::CreateListener { .. }
            | Step::ModifyListener { .. }
            // And these were seen to before.
            | Step::Authorize { .. }
            | Step::Revoke { .. }
            | Step::DeleteFirewall { .. }
            | Step::AuthorizeNodes { .. }
            | Step::RevokeNodes { .. }
            | Step::SetBalancerAttributes { .. }
            | Step::SetSecurityGroups { .. }
            | Step::SetSubnets { .. }
            | Step::SetIpAddressType { .. }
            | Step::Tag { .. }
            | Step::Untag { .. }
            | Step::Show { .. }
            | Step::Retire { .. }
            | Step::DeleteBalancer { .. } => {}
        }
    }

    /// The ids of the first security groups of its own.
    pub(crate) fn own_groups(&self, count: u8) -> impl Iterator<Item = String> {
        let own: Vec<_> = self.firewalls.range(..count).map(|(_, it)| it.id.clone()).collect();
        own.into_iter()
    }

    fn detail(&mut self, balancer: &str) -> Option<&mut super::Detail> {
        self.balancers.get_mut(balancer)?.detail.as_mut()
    }

    fn members(&mut self, group: &str) -> Option<&mut Members> {
        self.groups.get_mut(group)?.detail.as_mut()
    }

    fn read_retained(&mut self, balancer: &str) {
        if let Some(balancer) = self.balancers.get_mut(balancer)
            && let Some(detail) = &balancer.detail
        {
            balancer.retained = detail.tags.get(crate::mark::RETAIN).is_some_and(|it| it == "true");
        }
    }

    fn ground_mut(&mut self) -> Option<&mut super::Ground> {
        self.ground.as_mut().map(std::sync::Arc::make_mut)
    }

    fn edit_firewall(&mut self, place: &Place, edit: impl FnOnce(&mut Firewall)) {
        let firewall = match place {
            Place::Own(number) => self.firewalls.get_mut(number),
            Place::Backend => self.ground_mut().and_then(|ground| ground.backend.as_mut()),
            Place::Open => self.ground_mut().and_then(|ground| ground.open.as_mut()),
        };
        if let Some(firewall) = firewall {
            edit(firewall);
        }
    }

    fn put_firewall(&mut self, place: &Place, firewall: Option<Firewall>) {
        match place {
            Place::Own(number) => match firewall {
                Some(firewall) => {
                    self.firewalls.insert(*number, firewall);
                }
                None => {
                    self.firewalls.remove(number);
                }
            },
            Place::Backend => {
                if let Some(ground) = self.ground_mut() {
                    ground.backend = firewall;
                }
            }
            Place::Open => {
                if let Some(ground) = self.ground_mut() {
                    ground.open = firewall;
                }
            }
        }
    }
}

impl Group {
    /// What is taken out within a minute is counted together, for the brake.
    fn take_out(&mut self, targets: &BTreeSet<Target>, at: Moment) {
        let Some(detail) = &mut self.detail else { return };
        detail.targets.retain(|target| !targets.contains(target));
        let staying: BTreeSet<_> = detail.targets.iter().map(|it| &it.instance).collect();
        let lost = targets.iter().filter(|it| !staying.contains(&it.instance)).count();
        self.dropped = match self.dropped {
            Some((since, count)) if at.since(since) < BRAKE => Some((since, count + lost)),
            Some(_) | None => Some((at, lost)),
        };
        self.full = None;
    }
}
