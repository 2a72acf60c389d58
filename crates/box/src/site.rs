use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use seaway_core::setting::Tuning;
use seaway_core::{Affinity, ClusterId, NodeName, Protocol, ServiceRef, ServiceUid, SourceRanges};
use serde::{Deserialize, Serialize};

/// What the daemon of a box is to have, or has: one entry a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Whose it is.
    pub cluster: ClusterId,
    /// The numbers of the nodes.
    pub numbers: Numbers,
    /// How often the file was made again after somebody had edited it: what the daemon has loaded in
    /// between, nobody knows, so it is to load the file again.
    pub repairs: u32,
    /// The Services.
    pub entries: BTreeMap<ServiceUid, Entry>,
}

impl Site {
    /// The site of a cluster that has nothing here.
    pub fn empty(cluster: ClusterId) -> Self {
        Self { cluster, numbers: Numbers::default(), repairs: 0, entries: BTreeMap::new() }
    }
}

/// What one Service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The Service.
    pub service: ServiceRef,
    /// Where it listens, the preferred address first. Never empty.
    pub addresses: Vec<IpAddr>,
    /// Its ports. Never empty.
    pub ports: Vec<Port>,
    /// The nodes that it leads to.
    pub targets: BTreeMap<NodeName, Target>,
    /// Who may connect.
    pub sources: SourceRanges,
    /// Whether a client stays with its node.
    pub affinity: Option<Affinity>,
    /// How nodes are checked.
    pub check: Check,
    /// What its annotations ask.
    pub tuning: Tuning,
}

/// A port of a Service, and where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Port {
    /// The port that clients connect to.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// The port of the nodes.
    pub node_port: u16,
}

/// A node that a Service leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where its NodePorts answer.
    pub address: IpAddr,
    /// It gets no new connections: it is about to go, or our own checks found it down.
    pub out: bool,
}

/// How the nodes of a Service are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Check {
    /// By a connection to the NodePort.
    Connect,
    /// By `GET /healthz` on this port of the node, answered with 200: `healthCheckNodePort`.
    Http(u16),
}

/// The numbers of nodes: each keeps its own for as long as it is a target of anything, and none is
/// given twice, so that what a daemon remembers of a client by the number of its node stays true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    last: u32,
    of: BTreeMap<NodeName, u32>,
}

impl Numbers {
    /// The number of a node, from 1 on; 0 if it has none.
    pub fn of(&self, node: &NodeName) -> u32 {
        self.of.get(node).copied().unwrap_or_default()
    }

    /// The same for these nodes: new ones get new numbers, others lose theirs.
    #[must_use]
    pub fn with(&self, nodes: &BTreeSet<&NodeName>) -> Self {
        let mut last = self.last;
        let of = nodes.iter().map(|node| {
            let number = self.of.get(*node).copied().unwrap_or_else(|| {
                last += 1;
                last
            });
            ((*node).clone(), number)
        });
        Self { of: of.collect(), last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_number_and_nobody_gets_one_that_was_given() {
        let (a, b, c) = (NodeName::from("a"), NodeName::from("b"), NodeName::from("c"));
        let first = Numbers::default().with(&BTreeSet::from([&a, &b]));
        assert_eq!((first.of(&a), first.of(&b), first.of(&c)), (1, 2, 0));
        let second = first.with(&BTreeSet::from([&a]));
        let third = second.with(&BTreeSet::from([&a, &b, &c]));
        assert_eq!((third.of(&a), third.of(&b), third.of(&c)), (1, 3, 4));
    }
}
