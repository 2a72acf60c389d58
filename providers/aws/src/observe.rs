//! What a key has now, as AWS shows it.

mod done;
mod firewall;
mod ground;
mod learn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Address, Moment, Readiness, ServiceUid};

pub use self::ground::{Ground, Trouble, Zone};
pub use self::learn::Fact;
use crate::api::{
    Arn, Attributes, HealthCheck, IpAddressType, Listener, LoadBalancer, Rule, Scheme,
    SecurityGroup, State, Tags, Target, TargetGroup, Transport,
};

/// How often a load balancer that is being made is looked at.
pub(crate) const PROVISIONING: Duration = Duration::from_secs(10);

/// What a key has now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The ground; only at its own key.
    pub ground: Option<Arc<Ground>>,
    /// Load balancers, by name. While the scheme changes there are two.
    pub balancers: BTreeMap<String, Balancer>,
    /// Target groups, by name.
    pub groups: BTreeMap<String, Group>,
    /// Its own security groups, by their place in the order of rules.
    pub firewalls: BTreeMap<u8, Firewall>,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct Balancer {
    /// What a listing shows.
    pub arn: Arn,
    /// Its DNS name.
    pub dns_name: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// How far it has come.
    pub state: State,
    /// Its subnets.
    pub subnets: BTreeSet<String>,
    /// Its security groups.
    pub security_groups: BTreeSet<String>,
    /// Its address families.
    pub ip_address_type: IpAddressType,
    /// The Service that it was made for; none if it is not ours, and only lent.
    pub maker: Option<ServiceUid>,
    /// It stays when the Service is deleted.
    pub retained: bool,
    /// It has taken the place of the others: its address is the one to show.
    pub current: bool,
    /// Since when another has taken its place, and its address is shown no more.
    pub retired: Option<Moment>,
    /// What a listing does not show.
    pub detail: Option<Detail>,
}

/// What a listing does not show of a load balancer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// Its attributes.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// Its listeners, by port.
    pub listeners: BTreeMap<u16, Front>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    /// Its ARN; none if only a digest vouches for it.
    pub arn: Option<Arn>,
    /// What it speaks.
    pub protocol: Transport,
    /// The ARN of its target group; none if that is not one.
    pub group: Option<Arn>,
    /// With TLS: the certificate.
    pub certificate: Option<String>,
    /// With TLS: the security policy.
    pub policy: Option<String>,
}

/// A target group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its ARN.
    pub arn: Arn,
    /// Whose it is.
    pub uid: ServiceUid,
    /// What it speaks.
    pub protocol: Transport,
    /// The port that clients connect to.
    pub port: u16,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// The load balancers that lead to it.
    pub balancers: BTreeSet<Arn>,
    /// What a listing does not show.
    pub detail: Option<Members>,
    /// Since when AWS takes no more targets.
    pub full: Option<Moment>,
    /// Instances that AWS does not take, and since when.
    pub rejected: BTreeMap<String, Moment>,
    /// How many instances were taken out within a minute, and since when.
    pub dropped: Option<(Moment, usize)>,
}

/// What a listing does not show of a target group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// Its attributes.
    pub attributes: Attributes,
    /// Its targets, without those that drain.
    pub targets: BTreeSet<Target>,
    /// The targets that it may have besides, if only a digest vouches for it.
    pub maybe: Option<BTreeSet<Target>>,
}

/// A security group.
#[derive(Clone, Debug, PartialEq)]
pub struct Firewall {
    /// Its id.
    pub id: String,
    /// Whose it is; none if all Services share it.
    pub uid: Option<ServiceUid>,
    /// Its rules.
    pub rules: BTreeSet<Rule>,
}

impl Balancer {
    /// What a listing shows of one.
    pub(crate) fn listed(it: LoadBalancer, maker: Option<ServiceUid>, retained: bool) -> Self {
        Self {
            arn: it.arn,
            dns_name: it.dns_name,
            scheme: it.scheme,
            state: it.state,
            subnets: it.subnets,
            security_groups: it.security_groups,
            ip_address_type: it.ip_address_type,
            maker,
            retained,
            current: false,
            retired: None,
            detail: None,
        }
    }

    /// Whether clients may come.
    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.state, State::Active | State::Impaired)
    }
}

impl Front {
    /// A listener as AWS tells it.
    pub(crate) fn read(listener: Listener) -> (u16, Self) {
        let spec = listener.spec;
        let front = Self {
            arn: Some(listener.arn),
            protocol: spec.protocol,
            group: spec.group,
            certificate: spec.certificate,
            policy: spec.policy,
        };
        (listener.port, front)
    }
}

impl Group {
    /// What a listing shows of one.
    pub(crate) fn listed(it: TargetGroup, uid: ServiceUid) -> Self {
        Self {
            arn: it.arn,
            uid,
            protocol: it.protocol,
            port: it.port,
            health_check: it.health_check,
            balancers: it.balancers,
            detail: None,
            full: None,
            rejected: BTreeMap::new(),
            dropped: None,
        }
    }
}

impl Firewall {
    /// A security group as AWS tells it.
    pub(crate) fn read(group: SecurityGroup, uid: Option<ServiceUid>) -> Self {
        Self { id: group.id, uid, rules: group.rules }
    }
}

impl Observed {
    /// Whether everything is known, also what no listing shows.
    pub(crate) fn is_deep(&self) -> bool {
        self.balancers.values().all(|balancer| balancer.detail.is_some())
            && self.groups.values().all(|group| group.detail.is_some())
    }

    /// What a listing does not show is kept from what was known before.
    pub(crate) fn merge(known: &Self, mut listed: Self) -> Self {
        for (name, balancer) in &mut listed.balancers {
            if let Some(known) = known.balancers.get(name).filter(|it| it.arn == balancer.arn) {
                balancer.detail.clone_from(&known.detail);
                balancer.current = known.current;
                balancer.retired = known.retired;
                // Whose tags are known is known better than by a listing.
                if known.detail.is_some() {
                    balancer.retained = known.retained;
                }
            }
        }
        for (name, group) in &mut listed.groups {
            if let Some(known) = known.groups.get(name).filter(|it| it.arn == group.arn) {
                group.detail.clone_from(&known.detail);
                group.full = known.full;
                group.rejected.clone_from(&known.rejected);
                group.dropped = known.dropped;
            }
        }
        listed
    }

    /// The Services that have something here. A load balancer counts for the one that it was made
    /// for until others have something on it.
    pub(crate) fn holders(&self) -> BTreeSet<ServiceUid> {
        let groups: BTreeSet<_> = self.groups.values().map(|group| group.uid.clone()).collect();
        if !groups.is_empty() {
            return groups;
        }
        let makers = self.balancers.values().filter_map(|balancer| balancer.maker.clone());
        let firewalls = self.firewalls.values().filter_map(|firewall| firewall.uid.clone());
        makers.chain(firewalls).collect()
    }

    /// The Services whose load balancers stay when they are deleted.
    pub(crate) fn retained(&self) -> BTreeSet<ServiceUid> {
        if self.balancers.values().any(|balancer| balancer.retained) {
            return self.holders();
        }
        BTreeSet::new()
    }

    /// How far a Service has come. While one load balancer takes the place of another, the old one
    /// counts until the new one takes traffic.
    pub(crate) fn readiness(&self, uid: &ServiceUid) -> Readiness {
        if !self.holders().contains(uid) {
            return Readiness::Gone;
        }
        let leads = |balancer: &&Balancer| {
            self.groups.values().any(|it| it.uid == *uid && it.balancers.contains(&balancer.arn))
        };
        let mut ready: Vec<_> =
            self.balancers.values().filter(|balancer| balancer.is_active()).filter(leads).collect();
        ready.sort_by_key(|balancer| (!balancer.current, balancer.retired.is_some()));
        match ready.first() {
            Some(balancer) => Readiness::Ready(vec![Address::Hostname(balancer.dns_name.clone())]),
            None => Readiness::Pending { look_again: PROVISIONING },
        }
    }
}
