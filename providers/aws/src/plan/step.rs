use std::collections::BTreeSet;
use std::fmt;

use seaway_core::{Lane, ServiceUid, Urgency};

use crate::api::{
    Arn, Attributes, HealthCheck, IpAddressType, NewLoadBalancer, NewTargetGroup, Rule,
    SubnetMapping, Tags, Target, Transport,
};
use crate::limits::{CREATE, EC2, REGISTER};

/// Which security group of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one that every load balancer has.
    Backend,
    /// The one of load balancers that everybody may connect to.
    Open,
    /// One of a load balancer's own: its rules are spread over several.
    Own(u8),
}

/// One change: one writing call. Load balancers and target groups are named, not given by ARN:
/// `apply` finds the ARNs in what is known by then, so a plan sees past the first that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Step {
    /// `CreateSecurityGroup`
    CreateFirewall { place: Place, name: String, vpc: String, uid: Option<ServiceUid>, tags: Tags },
    /// `AuthorizeSecurityGroupIngress`
    Authorize { place: Place, rules: BTreeSet<Rule> },
    /// `RevokeSecurityGroupIngress`
    Revoke { place: Place, rules: BTreeSet<Rule> },
    /// `DeleteSecurityGroup`
    DeleteFirewall { place: Place },
    /// `AuthorizeSecurityGroupIngress`, on a group of the nodes.
    AuthorizeNodes { group: String, rules: BTreeSet<Rule> },
    /// `RevokeSecurityGroupIngress`, on a group of the nodes.
    RevokeNodes { group: String, rules: BTreeSet<Rule> },
    /// `CreateLoadBalancer`, with this many of its own security groups besides.
    CreateBalancer { uid: ServiceUid, new: Box<NewLoadBalancer>, own: u8 },
    /// Reads a load balancer that is not ours, to be lent.
    Adopt { arn: Arn },
    /// `ModifyLoadBalancerAttributes`
    SetBalancerAttributes { balancer: String, attributes: Attributes },
    /// `SetSecurityGroups`, with this many of its own besides.
    SetSecurityGroups { balancer: String, fixed: BTreeSet<String>, own: u8 },
    /// `SetSubnets`
    SetSubnets { balancer: String, subnets: Vec<SubnetMapping>, ip_address_type: IpAddressType },
    /// `SetIpAddressType`
    SetIpAddressType { balancer: String, ip_address_type: IpAddressType },
    /// `AddTags`
    Tag { balancer: String, tags: Tags },
    /// `RemoveTags`
    Untag { balancer: String, keys: BTreeSet<String> },
    /// No call: it takes the place of the others, and its address is shown from now on.
    Show { balancer: String },
    /// No call: the address of another is shown instead of its own.
    Retire { balancer: String },
    /// `DeleteLoadBalancer`
    DeleteBalancer { balancer: String },
    /// `CreateTargetGroup`
    CreateGroup { uid: ServiceUid, new: Box<NewTargetGroup> },
    /// `ModifyTargetGroup`
    SetHealthCheck { group: String, check: HealthCheck },
    /// `ModifyTargetGroupAttributes`
    SetGroupAttributes { group: String, attributes: Attributes },
    /// `RegisterTargets`; the first of a group go before others.
    Register { group: String, targets: BTreeSet<Target>, first: bool },
    /// `DeregisterTargets`
    Deregister { group: String, targets: BTreeSet<Target> },
    /// `CreateListener`
    CreateListener { balancer: String, port: u16, way: Way, tags: Tags },
    /// `ModifyListener`
    ModifyListener { balancer: String, port: u16, way: Way },
    /// `DeleteListener`
    DeleteListener { balancer: String, port: u16 },
    /// `DeleteTargetGroup`
    DeleteGroup { group: String },
}

/// What a listener is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it speaks.
    pub protocol: Transport,
    /// The name of the target group.
    pub group: String,
    /// With TLS: the certificate.
    pub certificate: Option<String>,
    /// With TLS: the security policy.
    pub policy: Option<String>,
}

impl seaway_core::Step for Step {
    fn lane(&self) -> Lane {
        match self {
            Self::Register { .. } | Self::Deregister { .. } => REGISTER,
            Self::CreateFirewall { .. }
            | Self::Authorize { .. }
            | Self::Revoke { .. }
            | Self::DeleteFirewall { .. }
            | Self::AuthorizeNodes { .. }
            | Self::RevokeNodes { .. } => EC2,
            // It makes no call, or only reads: a lane without a bucket.
            Self::Show { .. } | Self::Retire { .. } | Self::Adopt { .. } => Lane("free"),
            Self::CreateBalancer { .. }
            | Self::SetBalancerAttributes { .. }
            | Self::SetSecurityGroups { .. }
            | Self::SetSubnets { .. }
            | Self::SetIpAddressType { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::DeleteBalancer { .. }
            | Self::CreateGroup { .. }
            | Self::SetHealthCheck { .. }
            | Self::SetGroupAttributes { .. }
            | Self::CreateListener { .. }
            | Self::ModifyListener { .. }
            | Self::DeleteListener { .. }
            | Self::DeleteGroup { .. } => CREATE,
        }
    }

    fn urgency(&self) -> Urgency {
        match self {
            Self::Deregister { .. }
            | Self::Revoke { .. }
            | Self::RevokeNodes { .. }
            | Self::DeleteFirewall { .. }
            | Self::DeleteBalancer { .. }
            | Self::DeleteListener { .. }
            | Self::DeleteGroup { .. } => Urgency::Drain,
            Self::Register { first: true, .. } => Urgency::FirstTargets,
            Self::Register { first: false, .. } => Urgency::MoreTargets,
            Self::CreateFirewall { .. }
            | Self::Authorize { .. }
            | Self::AuthorizeNodes { .. }
            | Self::CreateBalancer { .. }
            | Self::Adopt { .. }
            | Self::SetBalancerAttributes { .. }
            | Self::SetSecurityGroups { .. }
            | Self::SetSubnets { .. }
            | Self::SetIpAddressType { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::Show { .. }
            | Self::Retire { .. }
            | Self::CreateGroup { .. }
            | Self::SetHealthCheck { .. }
            | Self::SetGroupAttributes { .. }
            | Self::CreateListener { .. }
            | Self::ModifyListener { .. } => Urgency::Create,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend => f.write_str("backend security group"),
            Self::Open => f.write_str("open security group"),
            Self::Own(number) => write!(f, "own security group {number}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateFirewall { place, .. } => write!(f, "create {place}"),
            Self::Authorize { place, rules } => {
                write!(f, "{place}: add {}", counted(rules, "rule"))
            }
            Self::Revoke { place, rules } => {
                write!(f, "{place}: remove {}", counted(rules, "rule"))
            }
            Self::DeleteFirewall { place } => write!(f, "delete {place}"),
            Self::AuthorizeNodes { group, .. } => {
                write!(f, "open node security group {group} to the load balancers")
            }
            Self::RevokeNodes { group, .. } => {
                write!(f, "close node security group {group} to the load balancers")
            }
            Self::CreateBalancer { new, .. } => {
                let count = new.subnets.len();
                let (name, scheme) = (&new.name, new.scheme.word());
                write!(f, "create {scheme} load balancer {name} in {count} zones")
            }
            Self::Adopt { arn } => write!(f, "use the existing load balancer {arn}"),
            Self::SetBalancerAttributes { balancer, attributes } => {
                write!(f, "{balancer}: set {}", pairs(attributes))
            }
            Self::SetSecurityGroups { balancer, .. } => {
                write!(f, "{balancer}: set security groups")
            }
            Self::SetSubnets { balancer, subnets, .. } => {
                let names: Vec<_> = subnets.iter().map(|it| it.subnet.as_str()).collect();
                write!(f, "{balancer}: set subnets {}", names.join(", "))
            }
            Self::SetIpAddressType { balancer, ip_address_type } => {
                write!(f, "{balancer}: set address type {}", ip_address_type.word())
            }
            Self::Tag { balancer, tags } => write!(f, "{balancer}: tag {}", pairs(tags)),
            Self::Untag { balancer, keys } => {
                let keys: Vec<_> = keys.iter().map(String::as_str).collect();
                write!(f, "{balancer}: remove tags {}", keys.join(", "))
            }
            Self::Show { balancer } => write!(f, "{balancer}: takes the place of the one before"),
            Self::Retire { balancer } => write!(f, "{balancer}: replaced, to be deleted"),
            Self::DeleteBalancer { balancer } => write!(f, "delete load balancer {balancer}"),
            Self::CreateGroup { new, .. } => {
                write!(f, "create target group {} for {}/{}", new.name, new.port, new.protocol)
            }
            Self::SetHealthCheck { group, check } => {
                let port =
                    check.port.map_or_else(|| "traffic-port".to_owned(), |it| it.to_string());
                write!(f, "{group}: check health by {} on {port}", check.protocol.word())
            }
            Self::SetGroupAttributes { group, attributes } => {
                write!(f, "{group}: set {}", pairs(attributes))
            }
            Self::Register { group, targets, .. } => {
                write!(f, "{group}: register {}", counted(targets, "target"))
            }
            Self::Deregister { group, targets } => {
                write!(f, "{group}: deregister {}", counted(targets, "target"))
            }
            Self::CreateListener { balancer, port, way, .. } => {
                write!(f, "{balancer}: listen on {port}/{} -> {}", way.protocol, way.group)
            }
            Self::ModifyListener { balancer, port, way } => {
                write!(f, "{balancer}: change {port}/{} -> {}", way.protocol, way.group)
            }
            Self::DeleteListener { balancer, port } => write!(f, "{balancer}: close {port}"),
            Self::DeleteGroup { group } => write!(f, "delete target group {group}"),
        }
    }
}

fn pairs(all: &Attributes) -> String {
    let pairs: Vec<_> = all.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(", ")
}

fn counted<T>(all: &BTreeSet<T>, noun: &str) -> String {
    match all.len() {
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    }
}

impl Step {
    /// Whether it takes something away: one that is gone is done.
    pub(crate) const fn is_removal(&self) -> bool {
        matches!(
            self,
            Self::Revoke { .. }
                | Self::RevokeNodes { .. }
                | Self::DeleteFirewall { .. }
                | Self::DeleteBalancer { .. }
                | Self::DeleteListener { .. }
                | Self::DeleteGroup { .. }
                | Self::Deregister { .. }
                | Self::Untag { .. }
        )
    }
}
