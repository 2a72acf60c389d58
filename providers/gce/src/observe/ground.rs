use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use seaway_core::Moment;

use crate::api::{Firewall, HealthCheck, Instance, Name, Subnet};

/// What all Services of a cluster share.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// The subnetworks of the region.
    pub subnets: Vec<Subnet>,
    /// Instance groups of ours.
    pub groups: BTreeMap<Name, Group>,
    /// Health checks of ours that all share, by name.
    pub checks: BTreeMap<String, HealthCheck>,
    /// Firewall rules of ours for health checks, by name.
    pub firewalls: BTreeMap<String, Firewall>,
    /// Instances that no group takes.
    pub rejected: BTreeMap<Instance, Rejected>,
}

/// An instance that no group takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// What Google said.
    pub why: String,
    /// When.
    pub at: Moment,
}

/// What we were refused is no state of Google's.
impl PartialEq for Ground {
    fn eq(&self, other: &Self) -> bool {
        self.subnets == other.subnets
            && self.groups == other.groups
            && self.checks == other.checks
            && self.firewalls == other.firewalls
    }
}

/// The instances of a group.
pub type Group = BTreeSet<Instance>;

impl Ground {
    /// The subnetwork that an address is in.
    pub(crate) fn subnet_of(&self, ip: IpAddr) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| match ip {
            IpAddr::V4(ip) => subnet.v4.is_some_and(|range| range.contains(&ip)),
            IpAddr::V6(ip) => subnet.v6.is_some_and(|range| range.contains(&ip)),
        })
    }

    /// The subnetwork of this name.
    pub(crate) fn subnet(&self, name: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.name == name)
    }
}
