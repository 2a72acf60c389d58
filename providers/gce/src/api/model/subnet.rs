use ipnet::{Ipv4Net, Ipv6Net};

/// A subnetwork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its name.
    pub name: String,
    /// Its IPv4 range.
    pub v4: Option<Ipv4Net>,
    /// Its IPv6 range, internal or external.
    pub v6: Option<Ipv6Net>,
    /// Where its IPv6 addresses can be reached from.
    pub access: SubnetAccess,
}

/// Where the IPv6 addresses of a subnetwork can be reached from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubnetAccess {
    /// It has none.
    #[default]
    None,
    /// From the VPC network.
    Internal,
    /// From everywhere.
    External,
}
