use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Family, NodeName};

/// A node that may be a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// `spec.providerID`: which machine of the cloud it is.
    pub provider_id: Option<String>,
    /// `topology.kubernetes.io/zone`.
    pub zone: Option<String>,
    /// Where its NodePorts answer, internal addresses first.
    pub addresses: Vec<IpAddr>,
    /// It is about to go (the autoscaler's taint): no new connections, if the provider can.
    pub draining: bool,
}

impl Node {
    /// The first address of `family`.
    pub fn address(&self, family: Family) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|ip| Family::of(*ip) == family)
    }
}

/// The nodes of a cluster that may be targets, cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nodes(Arc<BTreeMap<NodeName, Node>>);

impl FromIterator<Node> for Nodes {
    fn from_iter<I: IntoIterator<Item = Node>>(nodes: I) -> Self {
        Self(Arc::new(nodes.into_iter().map(|node| (node.name.clone(), node)).collect()))
    }
}

impl Deref for Nodes {
    type Target = BTreeMap<NodeName, Node>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
