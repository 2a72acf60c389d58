//! What the proxy knows of a world, because moto does not, or knows it wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::attributes;

/// A target: the id of an instance or an address, and a port.
pub(super) type Target = (String, u16);

/// Load balancers by the target groups that they send to.
pub(super) type Users<'a> = BTreeMap<&'a str, BTreeSet<&'a String>>;

/// What a test can turn. It is read at each call, so that a change is seen by the next one.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) target_quota: usize,
    pub(super) listener_quota: usize,
    /// How long a load balancer is `provisioning`.
    pub(super) provisioning: Duration,
    /// By what the deregistration delay is multiplied.
    pub(super) drain: f64,
    /// How long a security group stays in use once its load balancer is deleted.
    pub(super) interfaces: Duration,
    /// The targets that are not healthy.
    pub(super) unhealthy: BTreeSet<String>,
    /// The instances that are terminated.
    pub(super) terminated: BTreeSet<String>,
    pub(super) certificates: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            target_quota: 1000,
            listener_quota: 50,
            provisioning: Duration::from_millis(50),
            drain: 0.001,
            interfaces: Duration::ZERO,
            unhealthy: BTreeSet::new(),
            terminated: BTreeSet::new(),
            certificates: BTreeSet::new(),
        }
    }
}

/// All that is there of `ELBv2`, by ARN, and what was looked up of EC2.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) balancers: BTreeMap<String, Balancer>,
    pub(super) listeners: BTreeMap<String, Listener>,
    pub(super) groups: BTreeMap<String, TargetGroup>,
    /// The zones of subnets.
    pub(super) zones: BTreeMap<String, String>,
    /// The addresses of elastic IPs, by their allocation.
    pub(super) elastic: BTreeMap<String, String>,
    /// The security groups of load balancers that were deleted, and when.
    pub(super) leaving: Vec<(Instant, BTreeSet<String>)>,
}

/// A load balancer.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    /// Those that were made earlier have a lower one.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) scheme: String,
    pub(super) ip_type: String,
    pub(super) subnets: Vec<Place>,
    pub(super) security_groups: BTreeSet<String>,
    /// Whether it was made with a security group: only then can it have others later.
    pub(super) guarded: bool,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) made: Instant,
}

/// Where a load balancer is in a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) subnet: String,
    pub(super) allocation: String,
    pub(super) private: String,
}

/// A listener.
#[derive(Clone, Debug, Default)]
pub(super) struct Listener {
    pub(super) balancer: String,
    pub(super) port: String,
    pub(super) protocol: String,
    pub(super) ssl_policy: String,
    /// The one that it was made with; empty unless it speaks TLS.
    pub(super) certificate: String,
    /// Those that were added.
    pub(super) others: BTreeSet<String>,
    pub(super) alpn: Vec<String>,
    /// The target groups that it forwards to.
    pub(super) groups: BTreeSet<String>,
}

/// A target group.
#[derive(Clone, Debug, Default)]
pub(super) struct TargetGroup {
    pub(super) name: String,
    /// By the names of the parameters that set them.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) targets: BTreeSet<Target>,
    /// Those that were deregistered, and when.
    pub(super) draining: BTreeMap<Target, Instant>,
}

impl State {
    /// The ARN of the load balancer of this name.
    pub(super) fn balancer_named(&self, name: &str) -> Option<&String> {
        self.balancers.iter().find(|(_, balancer)| balancer.name == name).map(|(arn, _)| arn)
    }

    /// The ARN of the target group of this name.
    pub(super) fn group_named(&self, name: &str) -> Option<&String> {
        self.groups.iter().find(|(_, group)| group.name == name).map(|(arn, _)| arn)
    }

    /// The listeners of a load balancer.
    pub(super) fn listeners_of(
        &self,
        balancer: &str,
    ) -> impl Iterator<Item = (&String, &Listener)> {
        self.listeners.iter().filter(move |(_, listener)| listener.balancer == balancer)
    }

    /// The load balancers that send to a target group.
    pub(super) fn users_of(&self, group: &str) -> BTreeSet<&String> {
        let users = self.listeners.values().filter(|listener| listener.groups.contains(group));
        users.map(|listener| &listener.balancer).collect()
    }

    /// The load balancers that send to each target group, for a list of many.
    pub(super) fn users(&self) -> Users<'_> {
        let mut users = Users::new();
        for listener in self.listeners.values() {
            for group in &listener.groups {
                users.entry(group).or_default().insert(&listener.balancer);
            }
        }
        users
    }

    /// Whether there is something of this ARN.
    pub(super) fn has(&self, arn: &str) -> bool {
        self.balancers.contains_key(arn)
            || self.listeners.contains_key(arn)
            || self.groups.contains_key(arn)
    }

    /// Whether a load balancer has a security group, or had it a moment ago.
    pub(super) fn guards(&self, security_group: &str, settings: &Settings) -> bool {
        let left = |at: &Instant| at.elapsed() < settings.interfaces;
        self.balancers.values().any(|each| each.security_groups.contains(security_group))
            || self.leaving.iter().any(|(at, ids)| left(at) && ids.contains(security_group))
    }
}

impl TargetGroup {
    /// What it is made with, or has been changed to.
    pub(super) fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// Whether a target that was deregistered still drains.
    pub(super) fn drains(&self, target: &Target, settings: &Settings) -> bool {
        let delay = attributes::seconds(&self.attributes, "deregistration_delay.timeout_seconds");
        let delay = delay.mul_f64(settings.drain);
        self.draining.get(target).is_some_and(|since| since.elapsed() < delay)
    }
}
