//! What Compute Engine has, as far as load balancers need it.
//!
//! Names are short ones. What Google sets or keeps by itself (ids, fingerprints, links) stays behind
//! the door.

mod address;
mod backend_service;
mod firewall;
mod forwarding_rule;
mod group;
mod health_check;
mod subnet;

use std::fmt;

pub use self::address::{Address, Purpose};
pub use self::backend_service::{Affinity, BackendService};
pub use self::firewall::{Firewall, Open};
pub use self::forwarding_rule::ForwardingRule;
pub use self::group::{Instance, InstanceGroup};
pub use self::health_check::HealthCheck;
pub use self::subnet::{Subnet, SubnetAccess};

/// Where a load balancer can be reached from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// From everywhere.
    #[default]
    External,
    /// From its VPC network.
    Internal,
}

/// A network service tier, of external load balancers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Google's network, as far as it goes.
    #[default]
    Premium,
    /// The Internet, up to the region. IPv4 only.
    Standard,
}

/// Which thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A regional address.
    Address(String),
    /// A regional forwarding rule.
    ForwardingRule(String),
    /// A regional backend service.
    BackendService(String),
    /// A regional health check.
    HealthCheck(String),
    /// A firewall rule of the network.
    Firewall(String),
    /// An unmanaged instance group.
    InstanceGroup {
        /// Its zone.
        zone: String,
        /// Its name.
        name: String,
    },
}

/// A thing that can be made, changed and deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A reserved address.
    Address(Address),
    /// A forwarding rule.
    ForwardingRule(ForwardingRule),
    /// A backend service.
    BackendService(BackendService),
    /// A health check.
    HealthCheck(HealthCheck),
    /// A firewall rule.
    Firewall(Firewall),
    /// An instance group, without its instances.
    InstanceGroup(InstanceGroup),
}

impl Thing {
    /// Which thing it is.
    pub fn name(&self) -> Name {
        match self {
            Self::Address(it) => Name::Address(it.name.clone()),
            Self::ForwardingRule(it) => Name::ForwardingRule(it.name.clone()),
            Self::BackendService(it) => Name::BackendService(it.name.clone()),
            Self::HealthCheck(it) => Name::HealthCheck(it.name.clone()),
            Self::Firewall(it) => Name::Firewall(it.name.clone()),
            Self::InstanceGroup(it) => it.key(),
        }
    }

    /// Its description: where the mark of its owner is.
    pub fn description(&self) -> &str {
        match self {
            Self::Address(it) => &it.description,
            Self::ForwardingRule(it) => &it.description,
            Self::BackendService(it) => &it.description,
            Self::HealthCheck(it) => &it.description,
            Self::Firewall(it) => &it.description,
            Self::InstanceGroup(it) => &it.description,
        }
    }
}

impl Name {
    /// The short name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Address(name)
            | Self::ForwardingRule(name)
            | Self::BackendService(name)
            | Self::HealthCheck(name)
            | Self::Firewall(name)
            | Self::InstanceGroup { name, .. } => name,
        }
    }

    /// What it names.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::ForwardingRule(_) => "forwarding rule",
            Self::BackendService(_) => "backend service",
            Self::HealthCheck(_) => "health check",
            Self::Firewall(_) => "firewall rule",
            Self::InstanceGroup { .. } => "instance group",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.as_str())?;
        match self {
            Self::InstanceGroup { zone, .. } => write!(f, " in {zone}"),
            Self::Address(_)
            | Self::ForwardingRule(_)
            | Self::BackendService(_)
            | Self::HealthCheck(_)
            | Self::Firewall(_) => Ok(()),
        }
    }
}
