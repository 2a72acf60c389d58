use std::collections::BTreeSet;
use std::net::IpAddr;

use seaway_core::{Family, Protocol};

use super::{Scheme, Tier};

/// A regional forwarding rule that leads to a backend service, by ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardingRule {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Its family.
    pub family: Family,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its ports: one to five. They can't be changed.
    pub ports: BTreeSet<u16>,
    /// Its address, without a prefix length; none in a rule to be made that leaves the choice to
    /// Google, for as long as the rule lives.
    pub ip: Option<IpAddr>,
    /// The tier of an external one.
    pub tier: Option<Tier>,
    /// The subnetwork of an internal one, or of one of IPv6.
    pub subnet: Option<String>,
    /// Whether an internal one can be reached from other regions.
    pub global_access: bool,
    /// The name of the backend service.
    pub backend_service: String,
}
