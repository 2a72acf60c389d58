use std::collections::BTreeSet;
use std::fmt;

use seaway_core::{Lane, Urgency};

use super::Place;
use crate::api::{Attributes, HealthCheck, IpAddressType, Rule, SubnetMapping, Tags, Target};
use crate::limits::{CREATE, EC2, FREE, REGISTER};

/// A change whose answer tells no more than that it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Change {
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
    /// `ModifyTargetGroup`
    SetHealthCheck { group: String, check: HealthCheck },
    /// `ModifyTargetGroupAttributes`
    SetGroupAttributes { group: String, attributes: Attributes },
    /// `DeregisterTargets`
    Deregister { group: String, targets: BTreeSet<Target> },
    /// `DeleteListener`
    DeleteListener { balancer: String, port: u16 },
    /// `DeleteTargetGroup`
    DeleteGroup { group: String },
}

impl Change {
    /// Whose bucket it draws on, and how soon.
    pub(super) const fn pace(&self) -> (Lane, Urgency) {
        match self {
            Self::Deregister { .. } => (REGISTER, Urgency::Drain),
            Self::Authorize { .. } | Self::AuthorizeNodes { .. } => (EC2, Urgency::Create),
            Self::Revoke { .. } | Self::RevokeNodes { .. } | Self::DeleteFirewall { .. } => {
                (EC2, Urgency::Drain)
            }
            // They make no call.
            Self::Show { .. } | Self::Retire { .. } => (FREE, Urgency::Create),
            Self::SetBalancerAttributes { .. }
            | Self::SetSecurityGroups { .. }
            | Self::SetSubnets { .. }
            | Self::SetIpAddressType { .. }
            | Self::Tag { .. }
            | Self::Untag { .. }
            | Self::SetHealthCheck { .. }
            | Self::SetGroupAttributes { .. } => (CREATE, Urgency::Create),
            Self::DeleteBalancer { .. }
            | Self::DeleteListener { .. }
            | Self::DeleteGroup { .. } => (CREATE, Urgency::Drain),
        }
    }

    /// Whether it takes something away: one that is gone is done.
    pub(crate) const fn is_removal(&self) -> bool {
        matches!(self.pace().1, Urgency::Drain) || matches!(self, Self::Untag { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
            Self::SetHealthCheck { group, check } => {
                let port =
                    check.port.map_or_else(|| "traffic-port".to_owned(), |it| it.to_string());
                write!(f, "{group}: check health by {} on {port}", check.protocol.word())
            }
            Self::SetGroupAttributes { group, attributes } => {
                write!(f, "{group}: set {}", pairs(attributes))
            }
            Self::Deregister { group, targets } => {
                write!(f, "{group}: deregister {}", counted(targets, "target"))
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

pub(super) fn counted<T>(all: &BTreeSet<T>, noun: &str) -> String {
    match all.len() {
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    }
}
