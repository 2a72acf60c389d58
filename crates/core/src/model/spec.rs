use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Digest, Family, Moment, NodeName, NodeSelection, Port, Protocol, ServiceUid, SourceRanges,
};

/// Which Service a spec came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: ServiceUid,
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// `spec.externalTrafficPolicy`: which nodes serve, and how a load balancer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrafficPolicy {
    /// Every node serves, for pods on all nodes.
    Cluster,
    /// Only nodes with a pod of the Service serve; the others answer 503 to `GET /healthz` here.
    Local {
        /// `spec.healthCheckNodePort`.
        health_check_node_port: u16,
    },
}

/// `spec.sessionAffinity: ClientIP`: a client stays with its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Affinity {
    /// For how long after its last connection.
    pub timeout: Duration,
}

/// What one Service asks of its load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LbSpec {
    /// Whose it is.
    pub service: ServiceRef,
    /// When the Service was created: in a conflict over a shared thing the older Service wins.
    pub created: Moment,
    /// Its ports, sorted by number and protocol. Never empty.
    pub ports: Vec<Port>,
    /// The families to serve, the preferred one first. Never empty.
    pub families: Vec<Family>,
    /// Which nodes serve.
    pub traffic_policy: TrafficPolicy,
    /// Whether a client stays with its node.
    pub affinity: Option<Affinity>,
    /// Who may connect.
    pub source_ranges: SourceRanges,
    /// The address that the user asked for.
    pub requested_address: Option<IpAddr>,
    /// The annotations that the provider declared, copied unread.
    pub settings: BTreeMap<String, String>,
    /// The nodes that it may have as targets, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_selection: Option<NodeSelection>,
    /// What it has is to stay when the Service is deleted (`seaway.dev/retain`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retain: bool,
    /// The nodes that have a ready pod, where that is known and matters (`externalTrafficPolicy:
    /// Local`). A hint that spares the first health check: the check itself decides.
    pub local_nodes: Option<BTreeSet<NodeName>>,
}

impl LbSpec {
    /// The fingerprint of what was asked, which goes to the status once it is converged. The hint
    /// about local nodes is left out, and which nodes a selector selects: pods and nodes come and go,
    /// and ask nothing of the load balancer.
    pub fn digest(&self) -> Digest {
        if self.local_nodes.is_none() && self.node_selection.is_none() {
            return Digest::of(self);
        }
        let mut asked = Self { local_nodes: None, ..self.clone() };
        if let Some(selection) = &mut asked.node_selection {
            selection.nodes.clear();
        }
        Digest::of(&asked)
    }

    /// Whether `node` may be a target of it.
    pub fn selects(&self, node: &NodeName) -> bool {
        self.node_selection.as_ref().is_none_or(|selection| selection.nodes.contains(node))
    }

    /// The protocols in use.
    pub fn protocols(&self) -> BTreeSet<Protocol> {
        self.ports.iter().map(|port| port.protocol).collect()
    }
}
