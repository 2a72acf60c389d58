//! Target groups.

use super::super::{
    Answer, Arn, Attributes, HealthCheck, HealthProtocol, IpAddressType, NewTargetGroup, Page,
    TargetGroup, Which,
};
use super::balancers::few;
use super::pages::page;
use super::world::{Group, World};
use super::{defaults, names, refuse, tagging, unless};

impl World {
    /// `DescribeTargetGroups`
    pub(super) fn describe_groups(&self, which: &Which) -> Answer<Page<TargetGroup>> {
        let shown = |it: &Group| (it.arn.0.clone(), self.shown_group(it));
        let whole = |items| Ok(Page { items, next: None });
        match which {
            Which::Arns(arns) => {
                few(arns)?;
                let found: Answer<Vec<_>> =
                    arns.iter().map(|arn| Ok(self.shown_group(self.group(arn)?))).collect();
                whole(found?)
            }
            Which::Name(name) => match self.groups.values().find(|it| it.name == *name) {
                Some(it) => whole(vec![self.shown_group(it)]),
                None => refuse("TargetGroupNotFound", "One or more target groups not found"),
            },
            Which::All(marker) => {
                page(self.groups.values().map(shown), marker.as_deref(), self.limits.page)
            }
        }
    }

    /// `CreateTargetGroup`
    pub(super) fn create_group(&mut self, new: &NewTargetGroup) -> Answer<TargetGroup> {
        names::check("target group", &new.name)?;
        unless(new.port > 0, "ValidationError", || "A port is a number from 1 to 65535")?;
        check(&new.health_check)?;
        unless(
            new.ip_address_type != IpAddressType::Dualstack,
            "ValidationError",
            || "A target group is either ipv4 or ipv6",
        )?;
        if let Some(there) = self.groups.values().find(|it| it.name == new.name) {
            unless(there.is(new), "DuplicateTargetGroupName", || {
                format!(
                    "A target group with the same name '{}' exists, but with different settings",
                    new.name
                )
            })?;
            return Ok(self.shown_group(there));
        }
        unless(self.has_vpc(&new.vpc), "ValidationError", || {
            format!("The VPC ID '{}' is not found", new.vpc)
        })?;
        tagging::check(&new.tags)?;
        let arn = self.add_group(new);
        Ok(self.shown_group(self.group(&arn)?))
    }

    /// `ModifyTargetGroup`
    pub(super) fn set_health_check(&mut self, arn: &Arn, wanted: &HealthCheck) -> Answer<()> {
        let group = self.group_mut(arn)?;
        check(wanted)?;
        group.health_check.clone_from(wanted);
        Ok(())
    }

    /// `ModifyTargetGroupAttributes`
    pub(super) fn set_group_attributes(
        &mut self,
        arn: &Arn,
        attributes: &Attributes,
    ) -> Answer<()> {
        let group = self.group_mut(arn)?;
        defaults::check_group(group.protocol, attributes)?;
        group.attributes.extend(attributes.clone());
        Ok(())
    }

    /// `DeleteTargetGroup`
    pub(super) fn delete_group(&mut self, arn: &Arn) -> Answer<()> {
        let free = self.fronts_of(arn).is_empty() && !self.releasing.contains_key(arn);
        unless(free, "ResourceInUse", || {
            format!("Target group '{arn}' is currently in use by a listener or a rule")
        })?;
        self.groups.remove(arn);
        Ok(())
    }

    /// A target group.
    pub(super) fn group(&self, arn: &Arn) -> Answer<&Group> {
        self.groups.get(arn).map_or_else(|| refuse("TargetGroupNotFound", missing(arn)), Ok)
    }

    /// A target group, to be changed.
    pub(super) fn group_mut(&mut self, arn: &Arn) -> Answer<&mut Group> {
        self.groups.get_mut(arn).map_or_else(|| refuse("TargetGroupNotFound", missing(arn)), Ok)
    }

    fn shown_group(&self, it: &Group) -> TargetGroup {
        let fronts = self.fronts_of(&it.arn).into_iter();
        TargetGroup {
            arn: it.arn.clone(),
            name: it.name.clone(),
            protocol: it.protocol,
            port: it.port,
            health_check: it.health_check.clone(),
            balancers: fronts.map(|(balancer, ..)| balancer.arn.clone()).collect(),
        }
    }
}

impl Group {
    /// Whether it is what somebody asks for who asks for `new`.
    fn is(&self, new: &NewTargetGroup) -> bool {
        self.protocol == new.protocol
            && self.port == new.port
            && self.vpc == new.vpc
            && self.health_check == new.health_check
            && self.ip_address_type == new.ip_address_type
    }
}

fn missing(arn: &Arn) -> String {
    format!("Target group '{arn}' not found")
}

fn check(health: &HealthCheck) -> Answer<()> {
    let HealthCheck { interval, timeout, .. } = health;
    let fits = |what: &str, value: u16, from: u16, to: u16| {
        unless((from..=to).contains(&value), "ValidationError", || {
            format!("{what} '{value}' must be between {from} and {to}")
        })
    };
    fits("Health check interval", *interval, 5, 300)?;
    fits("Health check timeout", *timeout, 2, 120)?;
    fits("Healthy threshold count", health.healthy.into(), 2, 10)?;
    fits("Unhealthy threshold count", health.unhealthy.into(), 2, 10)?;
    if let Some(port) = health.port {
        fits("Health check port", port, 1, u16::MAX)?;
    }
    unless(timeout <= interval, "ValidationError", || {
        format!(
            "Health check timeout '{timeout}' must be smaller than or equal to the interval \
             '{interval}'"
        )
    })?;
    let speaks_http = match health.protocol {
        HealthProtocol::Tcp => false,
        HealthProtocol::Http | HealthProtocol::Https => true,
    };
    let silent = health.path.is_none() && health.codes.is_none();
    unless(
        speaks_http || silent,
        "ValidationError",
        || "A path and codes can be set for HTTP and HTTPS health checks only",
    )?;
    let fits = |path: &String| path.starts_with('/') && path.len() <= 1024;
    unless(
        health.path.as_ref().is_none_or(fits),
        "ValidationError",
        || "A health check path begins with '/' and has 1024 characters at most",
    )
}
