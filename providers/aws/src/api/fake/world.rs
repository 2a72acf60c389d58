//! All that there is in the account.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipnet::IpNet;
use seaway_core::Moment;

use super::super::{
    Arn, Attributes, HealthCheck, Ingress, IpAddressType, ListenerSpec, PublicSubnets, Scheme,
    SecurityGroup, Source, State, Subnet, SubnetMapping, Tags, Target, Transport,
};

/// All that there is, for tests to read and to change.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// When it was looked at.
    pub now: Moment,
    /// Quotas, and how long things take.
    pub limits: Limits,
    /// The load balancers.
    pub balancers: BTreeMap<Arn, Balancer>,
    /// The target groups.
    pub groups: BTreeMap<Arn, Group>,
    /// The security groups, by id.
    pub security_groups: BTreeMap<String, SecurityGroup>,
    /// The subnets, by id.
    pub subnets: BTreeMap<String, Subnet>,
    /// The VPCs, by id, with the subnets that reach an internet gateway.
    pub vpcs: BTreeMap<String, PublicSubnets>,
    /// The instances that are not running. All others are.
    pub stopped: BTreeSet<String>,
    /// The security groups that network interfaces of deleted load balancers still have, and until
    /// when.
    pub(super) interfaces: Vec<(BTreeSet<String>, Moment)>,
    /// The target groups that still count as in use, and until when.
    pub(super) releasing: BTreeMap<Arn, Moment>,
    /// The last number that was given to anything.
    pub(super) last: u64,
}

/// Quotas, and how long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What a page holds.
    pub page: usize,
    /// Targets of a target group.
    pub targets: usize,
    /// Listeners of a load balancer.
    pub listeners: usize,
    /// Rules of a security group.
    pub rules: usize,
    /// How long a new load balancer is provisioning.
    pub provisioning: Duration,
    /// How long a new target is initial.
    pub initial: Duration,
    /// How long the network interfaces of a deleted load balancer keep its security groups in use.
    pub interfaces: Duration,
    /// How long the target groups of a deleted load balancer stay in use.
    pub release: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page: 400,
            targets: 1000,
            listeners: 50,
            rules: 60,
            provisioning: Duration::from_secs(90),
            initial: Duration::from_secs(30),
            interfaces: Duration::from_mins(1),
            release: Duration::from_secs(5),
        }
    }
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    /// Its ARN.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// Its DNS name.
    pub dns_name: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Its VPC.
    pub vpc: String,
    /// Its subnets, by id.
    pub subnets: BTreeMap<String, SubnetMapping>,
    /// Its security groups.
    pub security_groups: BTreeSet<String>,
    /// It was made with security groups. If not, it can't ever have any.
    pub guarded: bool,
    /// Its address families.
    pub ip_address_type: IpAddressType,
    /// When it was made.
    pub created: Moment,
    /// How far it has come, if that is not a matter of time.
    pub state: Option<State>,
    /// All its attributes, those at their default too.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Its listeners, by port.
    pub listeners: BTreeMap<u16, Front>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// Its ARN.
    pub arn: Arn,
    /// What it does.
    pub spec: ListenerSpec,
    /// Its tags.
    pub tags: Tags,
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its ARN.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub protocol: Transport,
    /// The port of targets that are registered without one.
    pub port: u16,
    /// Its VPC.
    pub vpc: String,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// The family of its targets.
    pub ip_address_type: IpAddressType,
    /// All its attributes, those at their default too.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Its targets, and when each was registered.
    pub targets: BTreeMap<Target, Moment>,
    /// The targets that drain, and when each was deregistered.
    pub draining: BTreeMap<Target, Moment>,
    /// The targets that fail their health check. All others pass it.
    pub failing: BTreeSet<Target>,
}

impl World {
    /// Lets end what ends by itself.
    pub(super) fn settle(&mut self, now: Moment) {
        self.now = now;
        self.interfaces.retain(|(_, until)| *until > now);
        self.releasing.retain(|_, until| *until > now);
        for group in self.groups.values_mut() {
            let delay = group.delay();
            group.draining.retain(|_, since| *since + delay > now);
        }
    }

    /// A number that nothing has yet.
    pub(super) const fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// How far a load balancer has come.
    pub fn state_of(&self, balancer: &Balancer) -> State {
        let made = balancer.created + self.limits.provisioning <= self.now;
        let timely = if made { State::Active } else { State::Provisioning };
        balancer.state.clone().unwrap_or(timely)
    }

    /// The load balancers that lead to a target group, with the ports on which they do.
    pub fn fronts_of(&self, group: &Arn) -> Vec<(&Balancer, u16, &Front)> {
        let all = self.balancers.values();
        let all =
            all.flat_map(|it| it.listeners.iter().map(move |(port, front)| (it, *port, front)));
        all.filter(|(.., front)| front.spec.group.as_ref() == Some(group)).collect()
    }

    /// From where traffic to `port` comes through any of these security groups. UDP if `udp`, else
    /// TCP.
    pub fn sources<'a>(
        &self,
        groups: impl IntoIterator<Item = &'a String>,
        udp: bool,
        port: u16,
    ) -> BTreeSet<Source> {
        let lets_in = |ingress: Ingress| match ingress {
            Ingress::Tcp(range) => !udp && range.contains(port),
            Ingress::Udp(range) => udp && range.contains(port),
            Ingress::All => true,
            Ingress::Other => false,
        };
        let groups = groups.into_iter().filter_map(|id| self.security_groups.get(id));
        let rules = groups.flat_map(|group| &group.rules);
        rules.filter(|rule| lets_in(rule.ingress)).map(|rule| rule.source.clone()).collect()
    }

    /// The prefixes from which clients may come to `port` of a load balancer; none if it has no
    /// security group, so that everybody may.
    pub fn admits(&self, balancer: &Balancer, udp: bool, port: u16) -> Option<BTreeSet<IpNet>> {
        balancer.guarded.then(|| {
            let sources = self.sources(&balancer.security_groups, udp, port).into_iter();
            let prefix = |source| match source {
                Source::Prefix(prefix) => Some(prefix),
                Source::Group(_) => None,
            };
            sources.filter_map(prefix).collect()
        })
    }
}

impl Group {
    /// How long a target drains.
    pub(super) fn delay(&self) -> Duration {
        let seconds = self.attributes.get("deregistration_delay.timeout_seconds");
        Duration::from_secs(seconds.and_then(|it| it.parse().ok()).unwrap_or(300))
    }
}
