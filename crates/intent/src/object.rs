//! The Kubernetes objects, as far as they are read. What is not named here is skipped while
//! decoding: a Node of 16 KB becomes a few hundred bytes.

mod node;
mod service;
mod slice;

pub use node::{Node, NodeAddress, NodeSpec, NodeStatus, Taint};
pub use service::{
    ClientIpConfig, Condition, Ingress, LoadBalancerStatus, Service, ServicePort, ServiceSpec,
    ServiceStatus, SessionAffinityConfig,
};
pub use slice::{Endpoint, EndpointConditions, EndpointSlice};

use std::collections::BTreeMap;

use seaway_core::Moment;
use serde::{Deserialize, Serialize};

/// `metadata`, as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// Its namespace; empty for a Node.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
    /// When it was created.
    #[serde(skip)]
    pub created: Moment,
    /// Whether it is being deleted.
    #[serde(skip)]
    pub deleting: bool,
    /// What must happen before it goes.
    pub finalizers: Vec<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Counts the changes of its spec.
    pub generation: Option<i64>,
}
