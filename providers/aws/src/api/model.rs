use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
pub use seaway_core::PortRange;
use serde::Deserialize;

/// The Amazon resource name of a load balancer, target group or listener.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(pub String);

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; none after the last.
    pub next: Option<String>,
}

/// Tags, by key.
pub type Tags = BTreeMap<String, String>;

/// Attributes, by key.
pub type Attributes = BTreeMap<String, String>;

/// Where a load balancer can be reached from. It can't be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// From the VPC.
    Internal,
    /// From everywhere.
    InternetFacing,
}

impl Scheme {
    /// The vendor's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::InternetFacing => "internet-facing",
        }
    }
}

/// The address families of a load balancer or target group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpAddressType {
    /// IPv4.
    #[default]
    Ipv4,
    /// IPv4 and IPv6: load balancers only.
    Dualstack,
    /// IPv6: target groups only.
    Ipv6,
}

impl IpAddressType {
    /// The vendor's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// How far a load balancer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being made: minutes.
    Provisioning,
    /// It takes traffic.
    Active,
    /// It takes traffic, and could not be scaled.
    Impaired,
    /// It could not be made, for this reason.
    Failed(String),
}

/// What a listener or a target group speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Both, on one port number.
    TcpUdp,
    /// TLS.
    Tls,
}

impl Transport {
    /// The vendor's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::TcpUdp => "TCP_UDP",
            Self::Tls => "TLS",
        }
    }

    /// Whether it has connections that can be ended.
    pub const fn has_connections(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A load balancer, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: Arn,
    /// Its name, unique in the region of the account.
    pub name: String,
    /// Its DNS name.
    pub dns_name: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// How far it has come.
    pub state: State,
    /// Its VPC.
    pub vpc: String,
    /// Its subnets, one for each zone.
    pub subnets: BTreeSet<String>,
    /// Its security groups.
    pub security_groups: BTreeSet<String>,
    /// Its address families.
    pub ip_address_type: IpAddressType,
}

/// A subnet for a load balancer, with the address to have there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubnetMapping {
    /// The subnet.
    pub subnet: String,
    /// The allocation of an elastic IP address; internet-facing only.
    pub allocation: Option<String>,
    /// A private address; internal only.
    pub private_ipv4: Option<IpAddr>,
}

/// A load balancer to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLoadBalancer {
    /// Its name.
    pub name: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Its subnets.
    pub subnets: Vec<SubnetMapping>,
    /// Its security groups.
    pub security_groups: BTreeSet<String>,
    /// Its address families.
    pub ip_address_type: IpAddressType,
    /// Its tags.
    pub tags: Tags,
}

/// What a health check speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthProtocol {
    /// A connection is enough.
    Tcp,
    /// `GET`.
    Http,
    /// `GET`, over TLS.
    Https,
}

impl HealthProtocol {
    /// The vendor's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
        }
    }
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What it speaks.
    pub protocol: HealthProtocol,
    /// The port; none is the port that gets the traffic.
    pub port: Option<u16>,
    /// The path; with HTTP and HTTPS only.
    pub path: Option<String>,
    /// The codes that are well, e.g. `200-399`; with HTTP and HTTPS only.
    pub codes: Option<String>,
    /// Seconds from one check to the next: 5 to 300.
    pub interval: u16,
    /// Seconds to wait for an answer: 2 to 120.
    pub timeout: u16,
    /// Answers until it is well: 2 to 10.
    pub healthy: u8,
    /// Failures until it is not: 2 to 10.
    pub unhealthy: u8,
}

/// A target group, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: Arn,
    /// Its name, unique in the region of the account.
    pub name: String,
    /// What it speaks.
    pub protocol: Transport,
    /// The port of targets that are registered without one.
    pub port: u16,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// The load balancers that lead to it: one at most.
    pub balancers: BTreeSet<Arn>,
}

/// A target group to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTargetGroup {
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
    /// The family of its targets: [`IpAddressType::Ipv4`] or [`IpAddressType::Ipv6`].
    pub ip_address_type: IpAddressType,
    /// Its tags.
    pub tags: Tags,
}

/// A certificate of ACM or IAM, by ARN.
pub type Certificate = String;

/// What a listener does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerSpec {
    /// What it speaks.
    pub protocol: Transport,
    /// Where it leads; none if that is not a single target group.
    pub group: Option<Arn>,
    /// With TLS: the certificate.
    pub certificate: Option<Certificate>,
    /// With TLS: the security policy.
    pub policy: Option<String>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: Arn,
    /// Its port.
    pub port: u16,
    /// What it does.
    pub spec: ListenerSpec,
}

/// An instance, and the port that it gets traffic on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The id of the instance.
    pub instance: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.instance, self.port)
    }
}

/// What a load balancer thinks of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetState {
    /// The first checks are under way.
    Initial,
    /// It gets traffic.
    Healthy,
    /// It gets none.
    Unhealthy,
    /// It was deregistered, and old connections live on.
    Draining,
    /// Its zone, or its state, keeps it from traffic; or its group is not in use.
    Unused,
    /// Health checks are off.
    Unavailable,
}

/// A target, as its group sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// The target.
    pub target: Target,
    /// What the load balancer thinks of it.
    pub state: TargetState,
    /// Why, in the vendor's words.
    pub reason: Option<String>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its zone, e.g. `eu-west-1a`.
    pub zone: String,
    /// Whether it has an IPv6 prefix.
    pub ipv6: bool,
    /// Its tags.
    pub tags: Tags,
}

/// Where traffic comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A prefix.
    Prefix(IpNet),
    /// Whatever has this security group.
    Group(String),
}

/// A protocol and its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ingress {
    /// TCP to these ports.
    Tcp(PortRange),
    /// UDP to these ports.
    Udp(PortRange),
    /// Everything.
    All,
    /// What no rule of ours is.
    Other,
}

/// A rule for incoming traffic: one protocol, one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// What comes in.
    pub ingress: Ingress,
    /// From where.
    pub source: Source,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
    /// Its tags.
    pub tags: Tags,
    /// Its rules for incoming traffic.
    pub rules: BTreeSet<Rule>,
}
