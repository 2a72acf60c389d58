//! Of what there may be how much, and where the real thing is known to answer in more than one way.

use std::collections::{BTreeMap, BTreeSet};

/// Limits and ways, all settable.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// By Google's name, such as `FORWARDING_RULES` (per region); what is not named is not limited.
    pub quotas: BTreeMap<String, usize>,
    /// Instances of an instance group.
    pub group_size: usize,
    /// Discrete ports of a forwarding rule.
    pub ports_per_rule: usize,
    /// Forwarding rules on one internal address.
    pub rules_per_internal_address: usize,
    /// Backends of a backend service.
    pub backends_per_service: usize,
    /// Endpoints of one attach or detach.
    pub endpoints_per_call: usize,
    /// Source ranges of a firewall rule.
    pub firewall_ranges: usize,
    /// How the deletion of something in use is refused.
    pub in_use: InUse,
    /// Firewall ranges of one address are answered with their prefix length, `192.0.2.1/32`.
    pub prefix_of_single_addresses: bool,
    /// Names of instances that fail their health checks.
    pub unhealthy: BTreeSet<String>,
}

impl Default for Limits {
    fn default() -> Self {
        let quotas = [("FORWARDING_RULES", 500), ("STATIC_ADDRESSES", 500)];
        Self {
            quotas: quotas.map(|(name, limit)| (name.to_owned(), limit)).into(),
            group_size: 1000,
            ports_per_rule: 5,
            rules_per_internal_address: 10,
            backends_per_service: 50,
            endpoints_per_call: 500,
            firewall_ranges: 5000,
            in_use: InUse::default(),
            prefix_of_single_addresses: false,
            unhealthy: BTreeSet::new(),
        }
    }
}

/// How the deletion of something in use is refused: Google does it in all of these ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InUse {
    /// The operation fails with `RESOURCE_IN_USE_BY_ANOTHER_RESOURCE`.
    #[default]
    Operation,
    /// 400 `resourceInUseByAnotherResource` at once.
    BadRequest,
    /// 412 `conditionNotMet` at once, which says "being used by".
    Precondition,
}
