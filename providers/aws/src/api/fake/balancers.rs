//! Load balancers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Answer, Arn, Attributes, IpAddressType, LoadBalancer, NewLoadBalancer, Page, SubnetMapping,
    Which,
};
use super::pages::page;
use super::world::{Balancer, World};
use super::{defaults, names, refuse, tagging, unless};

/// The ARNs that a call may name.
const ARNS: usize = 20;
/// The security groups that a load balancer may have.
const SECURITY_GROUPS: usize = 5;

impl World {
    /// `DescribeLoadBalancers`
    pub(super) fn describe_balancers(&self, which: &Which) -> Answer<Page<LoadBalancer>> {
        let shown = |it: &Balancer| (it.arn.0.clone(), self.shown(it));
        let whole = |items| Ok(Page { items, next: None });
        match which {
            Which::Arns(arns) => {
                few(arns)?;
                let found: Answer<Vec<_>> =
                    arns.iter().map(|arn| Ok(self.shown(self.balancer(arn)?))).collect();
                whole(found?)
            }
            Which::Name(name) => match self.balancers.values().find(|it| it.name == *name) {
                Some(it) => whole(vec![self.shown(it)]),
                None => {
                    refuse("LoadBalancerNotFound", format!("Load balancers '[{name}]' not found"))
                }
            },
            Which::All(marker) => {
                page(self.balancers.values().map(shown), marker.as_deref(), self.limits.page)
            }
        }
    }

    /// `CreateLoadBalancer`
    pub(super) fn create_balancer(&mut self, new: &NewLoadBalancer) -> Answer<LoadBalancer> {
        names::check("load balancer", &new.name)?;
        unless(!new.name.starts_with("internal-"), "ValidationError", || {
            format!("The load balancer name '{}' cannot begin with 'internal-'", new.name)
        })?;
        if let Some(there) = self.balancers.values().find(|it| it.name == new.name) {
            unless(there.is(new), "DuplicateLoadBalancerName", || {
                format!(
                    "A load balancer with the same name '{}' exists, but with different settings",
                    new.name
                )
            })?;
            return Ok(self.shown(there));
        }
        let vpc = self.stand(new.scheme, &new.subnets, new.ip_address_type)?;
        self.guard(&new.security_groups, &vpc)?;
        tagging::check(&new.tags)?;
        let arn = self.add_balancer(new);
        Ok(self.shown(self.balancer(&arn)?))
    }

    /// `ModifyLoadBalancerAttributes`
    pub(super) fn set_balancer_attributes(
        &mut self,
        arn: &Arn,
        attributes: &Attributes,
    ) -> Answer<()> {
        let balancer = self.balancer_mut(arn)?;
        defaults::check_balancer(attributes)?;
        balancer.attributes.extend(attributes.clone());
        Ok(())
    }

    /// `SetSecurityGroups`
    pub(super) fn set_security_groups(
        &mut self,
        arn: &Arn,
        groups: &BTreeSet<String>,
    ) -> Answer<()> {
        let balancer = self.balancer(arn)?;
        // Nowhere does AWS say what it makes of an empty list. It is not to be relied on.
        unless(balancer.guarded && !groups.is_empty(), "InvalidConfigurationRequest", || {
            "Security groups can be changed on a load balancer only that was created with some, and \
             not all be removed"
        })?;
        self.guard(groups, &balancer.vpc)?;
        self.balancer_mut(arn)?.security_groups.clone_from(groups);
        Ok(())
    }

    /// `SetSubnets`
    pub(super) fn set_subnets(
        &mut self,
        arn: &Arn,
        subnets: &[SubnetMapping],
        kind: IpAddressType,
    ) -> Answer<()> {
        let balancer = self.balancer(arn)?;
        let vpc = self.stand(balancer.scheme, subnets, kind)?;
        unless(vpc == balancer.vpc, "InvalidConfigurationRequest", || {
            format!("The subnets must be of the VPC '{}'", balancer.vpc)
        })?;
        let zone = |id: &String| self.subnets.get(id).map(|subnet| subnet.zone.as_str());
        for new in subnets {
            let mut before = balancer.subnets.values();
            let before = before.find(|it| zone(&it.subnet) == zone(&new.subnet));
            let stays = before.is_none_or(|it| it.subnet == new.subnet);
            unless(stays, "InvalidConfigurationRequest", || {
                format!(
                    "The subnet in {} cannot be replaced",
                    zone(&new.subnet).unwrap_or("a zone")
                )
            })?;
            // Who names the subnet only leaves its address as it is.
            let same = before.is_none_or(|it| {
                it == new || (new.allocation.is_none() && new.private_ipv4.is_none())
            });
            unless(same, "InvalidConfigurationRequest", || {
                format!("The address in subnet '{}' cannot be changed", new.subnet)
            })?;
        }
        let balancer = self.balancer_mut(arn)?;
        let mut after = by_id(subnets);
        for (id, mapping) in &mut after {
            if let Some(before) = balancer.subnets.get(id) {
                mapping.clone_from(before);
            }
        }
        balancer.subnets = after;
        balancer.ip_address_type = kind;
        Ok(())
    }

    /// `SetIpAddressType`
    pub(super) fn set_ip_address_type(&mut self, arn: &Arn, kind: IpAddressType) -> Answer<()> {
        let balancer = self.balancer(arn)?;
        let subnets: Vec<_> = balancer.subnets.values().cloned().collect();
        self.stand(balancer.scheme, &subnets, kind)?;
        self.balancer_mut(arn)?.ip_address_type = kind;
        Ok(())
    }

    /// `DeleteLoadBalancer`
    pub(super) fn delete_balancer(&mut self, arn: &Arn) -> Answer<()> {
        let Ok(balancer) = self.balancer(arn) else { return Ok(()) };
        let protected = balancer.attributes.get("deletion_protection.enabled");
        unless(protected.is_none_or(|it| it != "true"), "OperationNotPermitted", || {
            format!(
                "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            )
        })?;
        let Some(gone) = self.balancers.remove(arn) else { return Ok(()) };
        let groups = gone.listeners.into_values().filter_map(|front| front.spec.group);
        let released = self.now + self.limits.release;
        self.releasing.extend(groups.map(|group| (group, released)));
        self.interfaces.push((gone.security_groups, self.now + self.limits.interfaces));
        let now = self.now;
        self.settle(now);
        Ok(())
    }

    /// A load balancer.
    pub(super) fn balancer(&self, arn: &Arn) -> Answer<&Balancer> {
        let missing = || refuse("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
        self.balancers.get(arn).map_or_else(missing, Ok)
    }

    /// A load balancer, to be changed.
    pub(super) fn balancer_mut(&mut self, arn: &Arn) -> Answer<&mut Balancer> {
        let missing = || refuse("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"));
        self.balancers.get_mut(arn).map_or_else(missing, Ok)
    }

    /// Refuses security groups that a load balancer can't have.
    fn guard(&self, groups: &BTreeSet<String>, vpc: &str) -> Answer<()> {
        unless(groups.len() <= SECURITY_GROUPS, "InvalidConfigurationRequest", || {
            format!("A load balancer can have {SECURITY_GROUPS} security groups at most")
        })?;
        for id in groups {
            let Some(group) = self.security_groups.get(id) else {
                let why = format!("The security group '{id}' does not exist");
                return refuse("InvalidSecurityGroup", why);
            };
            unless(group.vpc == vpc, "InvalidConfigurationRequest", || {
                format!("The security group '{id}' is not of the VPC '{vpc}'")
            })?;
        }
        Ok(())
    }

    fn shown(&self, it: &Balancer) -> LoadBalancer {
        LoadBalancer {
            arn: it.arn.clone(),
            name: it.name.clone(),
            dns_name: it.dns_name.clone(),
            scheme: it.scheme,
            state: self.state_of(it),
            vpc: it.vpc.clone(),
            subnets: it.subnets.keys().cloned().collect(),
            security_groups: it.security_groups.clone(),
            ip_address_type: it.ip_address_type,
        }
    }
}

impl Balancer {
    /// Whether it is what somebody asks for who asks for `new`.
    fn is(&self, new: &NewLoadBalancer) -> bool {
        self.scheme == new.scheme
            && self.subnets == by_id(&new.subnets)
            && self.security_groups == new.security_groups
            && self.ip_address_type == new.ip_address_type
    }
}

/// Refuses more ARNs than a call may name.
pub(super) fn few(arns: &[Arn]) -> Answer<()> {
    unless(arns.len() <= ARNS, "ValidationError", || {
        format!("{} ARNs were named; {ARNS} can be described in one call", arns.len())
    })
}

pub(super) fn by_id(subnets: &[SubnetMapping]) -> BTreeMap<String, SubnetMapping> {
    subnets.iter().map(|it| (it.subnet.clone(), it.clone())).collect()
}
