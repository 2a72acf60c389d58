//! What a change makes of what was known.

use std::collections::BTreeSet;
use std::sync::Arc;

use seaway_core::Moment;

use super::{Balancer, Detail, Ground, Group, Observed};
use crate::api::{Rule, Tags, Target};
use crate::limits::BRAKE;
use crate::mark;
use crate::plan::Change;

impl Observed {
    /// Folds a change that was made.
    pub(super) fn done(&mut self, change: Change, at: Moment) {
        match change {
            Change::Authorize { place, rules } => {
                self.edit_firewall(&place, |it| it.rules.extend(rules));
            }
            Change::Revoke { place, rules } => {
                self.edit_firewall(&place, |it| it.rules.retain(|rule| !rules.contains(rule)));
            }
            Change::DeleteFirewall { place } => self.change_firewall(&place, |_| None),
            Change::AuthorizeNodes { group, rules } => {
                self.edit_nodes(group, |it| it.extend(rules));
            }
            Change::RevokeNodes { group, rules } => {
                self.edit_nodes(group, |it| it.retain(|rule| !rules.contains(rule)));
            }
            Change::SetBalancerAttributes { balancer, attributes } => {
                self.edit_detail(&balancer, |it| it.attributes.extend(attributes));
            }
            Change::SetSecurityGroups { balancer, mut fixed, own } => {
                fixed.extend(self.own_groups(own));
                self.edit_balancer(&balancer, |it| it.security_groups = fixed);
            }
            Change::SetSubnets { balancer, subnets, ip_address_type } => {
                self.edit_balancer(&balancer, |it| {
                    it.subnets = subnets.into_iter().map(|it| it.subnet).collect();
                    it.ip_address_type = ip_address_type;
                });
            }
            Change::SetIpAddressType { balancer, ip_address_type } => {
                self.edit_balancer(&balancer, |it| it.ip_address_type = ip_address_type);
            }
            Change::Tag { balancer, tags } => {
                self.edit_tags(&balancer, |it| it.extend(tags));
            }
            Change::Untag { balancer, keys } => {
                self.edit_tags(&balancer, |it| it.retain(|key, _| !keys.contains(key)));
            }
            Change::Show { balancer } => self.show(&balancer),
            Change::Retire { balancer } => {
                self.edit_balancer(&balancer, |it| it.retired = Some(at));
            }
            Change::DeleteBalancer { balancer } => {
                if let Some(gone) = self.balancers.remove(&balancer) {
                    for group in self.groups.values_mut() {
                        group.balancers.remove(&gone.arn);
                    }
                }
            }
            Change::SetHealthCheck { group, check } => {
                self.edit_group(&group, |it| it.health_check = check);
            }
            Change::SetGroupAttributes { group, attributes } => {
                self.edit_group(&group, |it| {
                    if let Some(detail) = &mut it.detail {
                        detail.attributes.extend(attributes);
                    }
                });
            }
            Change::Deregister { group, targets } => {
                self.edit_group(&group, |it| it.take_out(&targets, at));
            }
            Change::DeleteListener { balancer, port } => self.close(&balancer, port),
            Change::DeleteGroup { group } => {
                self.groups.remove(&group);
            }
        }
    }

    fn show(&mut self, balancer: &str) {
        for (name, it) in &mut self.balancers {
            it.current = name == balancer;
            if it.current {
                it.retired = None;
            }
        }
    }

    fn close(&mut self, balancer: &str, port: u16) {
        let Some(balancer) = self.balancers.get_mut(balancer) else { return };
        let detail = balancer.detail.as_mut();
        let gone = detail.and_then(|detail| detail.listeners.remove(&port));
        let Some(group) = gone.and_then(|gone| gone.group) else { return };
        if let Some(led) = self.groups.values_mut().find(|it| it.arn == group) {
            led.balancers.remove(&balancer.arn);
        }
    }

    fn edit_balancer(&mut self, name: &str, edit: impl FnOnce(&mut Balancer)) {
        if let Some(balancer) = self.balancers.get_mut(name) {
            edit(balancer);
        }
    }

    fn edit_detail(&mut self, name: &str, edit: impl FnOnce(&mut Detail)) {
        self.edit_balancer(name, |it| {
            if let Some(detail) = &mut it.detail {
                edit(detail);
            }
        });
    }

    fn edit_tags(&mut self, name: &str, edit: impl FnOnce(&mut Tags)) {
        self.edit_balancer(name, |it| {
            if let Some(detail) = &mut it.detail {
                edit(&mut detail.tags);
                it.retained = mark::is_retained(&detail.tags);
            }
        });
    }

    fn edit_group(&mut self, name: &str, edit: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(name) {
            edit(group);
        }
    }

    fn edit_nodes(&mut self, group: String, edit: impl FnOnce(&mut BTreeSet<Rule>)) {
        if let Some(ground) = self.ground_mut() {
            edit(ground.nodes.entry(group).or_default());
        }
    }

    pub(super) fn ground_mut(&mut self) -> Option<&mut Ground> {
        self.ground.as_mut().map(Arc::make_mut)
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
