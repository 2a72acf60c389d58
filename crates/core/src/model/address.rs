use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What clients connect to, and what lands in `status.loadBalancer.ingress`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Address {
    /// An IP address.
    Ip(IpAddr),
    /// A DNS name.
    Hostname(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Hostname(name) => name.fmt(f),
        }
    }
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// 32 bits.
    IPv4,
    /// 128 bits.
    IPv6,
}

impl Family {
    /// The family of `ip`.
    pub const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::IPv4,
            IpAddr::V6(_) => Self::IPv6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IPv4 => "IPv4",
            Self::IPv6 => "IPv6",
        })
    }
}

/// `status.loadBalancer.ingress[].ipMode` (KEP-1860): whether kube-proxy may answer for the address
/// inside the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IpMode {
    /// Packets reach the node still addressed to the load balancer: kube-proxy may short-circuit.
    #[serde(rename = "VIP")]
    Vip,
    /// The load balancer proxies or rewrites: traffic from inside the cluster must go through it.
    Proxy,
}

impl fmt::Display for IpMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vip => "VIP",
            Self::Proxy => "Proxy",
        })
    }
}
