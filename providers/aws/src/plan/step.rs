use std::collections::BTreeSet;
use std::fmt;

use seaway_core::{Lane, ServiceUid, Urgency};

use super::Change;
use super::change::counted;
use crate::api::{Arn, NewLoadBalancer, NewTargetGroup, Tags, Target, Transport};
use crate::limits::{CREATE, EC2, FREE, REGISTER};

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

/// One step: at most one writing call. Load balancers and target groups are named, not given by ARN:
/// `apply` finds the ARNs in what is known by then, so a plan sees past the first that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Step {
    /// `CreateSecurityGroup`
    CreateFirewall { place: Place, name: String, vpc: String, uid: Option<ServiceUid>, tags: Tags },
    /// `CreateLoadBalancer`, with this many of its own security groups besides.
    CreateBalancer { uid: ServiceUid, new: Box<NewLoadBalancer>, own: u8 },
    /// Reads a load balancer that is not ours, to be lent.
    Adopt { arn: Arn },
    /// `CreateTargetGroup`
    CreateGroup { uid: ServiceUid, new: Box<NewTargetGroup> },
    /// `RegisterTargets`; the first of a group go before others.
    Register { group: String, targets: BTreeSet<Target>, first: bool },
    /// `CreateListener`
    CreateListener { balancer: String, port: u16, way: Way, tags: Tags },
    /// `ModifyListener`
    ModifyListener { balancer: String, port: u16, way: Way },
    /// What answers no more than that it is done.
    Change(Change),
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

impl From<Change> for Step {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

impl seaway_core::Step for Step {
    fn lane(&self) -> Lane {
        self.pace().0
    }

    fn urgency(&self) -> Urgency {
        self.pace().1
    }
}

impl Step {
    const fn pace(&self) -> (Lane, Urgency) {
        match self {
            Self::Register { first: true, .. } => (REGISTER, Urgency::FirstTargets),
            Self::Register { first: false, .. } => (REGISTER, Urgency::MoreTargets),
            Self::CreateFirewall { .. } => (EC2, Urgency::Create),
            // It only reads.
            Self::Adopt { .. } => (FREE, Urgency::Create),
            Self::CreateBalancer { .. }
            | Self::CreateGroup { .. }
            | Self::CreateListener { .. }
            | Self::ModifyListener { .. } => (CREATE, Urgency::Create),
            Self::Change(change) => change.pace(),
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
            Self::CreateBalancer { new, .. } => {
                let count = new.subnets.len();
                let (name, scheme) = (&new.name, new.scheme.word());
                write!(f, "create {scheme} load balancer {name} in {count} zones")
            }
            Self::Adopt { arn } => write!(f, "use the existing load balancer {arn}"),
            Self::CreateGroup { new, .. } => {
                write!(f, "create target group {} for {}/{}", new.name, new.port, new.protocol)
            }
            Self::Register { group, targets, .. } => {
                write!(f, "{group}: register {}", counted(targets, "target"))
            }
            Self::CreateListener { balancer, port, way, .. } => {
                write!(f, "{balancer}: listen on {port}/{} -> {}", way.protocol, way.group)
            }
            Self::ModifyListener { balancer, port, way } => {
                write!(f, "{balancer}: change {port}/{} -> {}", way.protocol, way.group)
            }
            Self::Change(change) => change.fmt(f),
        }
    }
}
