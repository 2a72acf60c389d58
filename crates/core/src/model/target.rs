use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::NodeName;

/// Which nodes a Service asks for, by label (`seaway.dev/node-selector`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSelection {
    /// The selector, as it was written.
    pub selector: String,
    /// The nodes that it selects now. They are no part of the digest: nodes come and go.
    pub nodes: BTreeSet<NodeName>,
}

/// What a load balancer thinks of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Health {
    /// It gets traffic.
    Healthy,
    /// It gets none: a check failed.
    Unhealthy,
    /// It gets no new connections: it is about to go.
    Draining,
    /// Nobody has checked yet, or nobody checks.
    Unknown,
}

impl Health {
    /// The word for it, in tables and labels of metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "draining",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A target of a load balancer, as the load balancer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The node.
    pub node: NodeName,
    /// Where the node is reached, if the provider speaks of addresses.
    pub address: Option<IpAddr>,
    /// Whether it gets traffic.
    pub health: Health,
    /// Why not, in the load balancer's words.
    pub reason: Option<String>,
}
