//! Why a Service can't have a load balancer.

use seaway_core::LbSpec;

use crate::annotation::{NODE_SELECTOR, TARGET_NODE_LABELS};

/// A mistake in a Service that only its owner can mend. The text names the field, the value and what
/// is allowed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// There is nothing to listen on.
    #[error("spec.ports: there are none; a load balancer needs one at least")]
    NoPorts,
    /// A port number out of range.
    #[error("spec.ports[{index}].{field}: {value} is no port; allowed are 1 to 65535")]
    Port {
        /// Which port.
        index: usize,
        /// `port` or `nodePort`.
        field: &'static str,
        /// The number.
        value: i32,
    },
    /// A protocol that is not known.
    #[error("spec.ports[{index}].protocol: {value} is not known; allowed are TCP, UDP and SCTP")]
    Protocol {
        /// Which port.
        index: usize,
        /// The word.
        value: String,
    },
    /// Two ports with one number and protocol.
    #[error("spec.ports[{index}]: {port} stands there twice; a load balancer listens once on each")]
    DuplicatePort {
        /// Which port.
        index: usize,
        /// Its number and protocol.
        port: String,
    },
    /// Source ranges that can't be read: nobody is let in until they can (fail closed).
    #[error(
        "{field}: {value:?} is no prefix such as 192.0.2.0/24 or 2001:db8::/32; nobody is let in until it is mended"
    )]
    SourceRange {
        /// The field, or the annotation.
        field: &'static str,
        /// The entry.
        value: String,
        /// What the Service asks for otherwise, with nobody let in: what to make of a load balancer
        /// that is there already.
        closed: Box<LbSpec>,
    },
    /// A requested address that is none.
    #[error("spec.loadBalancerIP: {value:?} is no IP address")]
    RequestedAddress {
        /// The text.
        value: String,
    },
    /// An affinity that is not known.
    #[error("spec.sessionAffinity: {value} is not known; allowed are None and ClientIP")]
    Affinity {
        /// The word.
        value: String,
    },
    /// An affinity timeout out of range.
    #[error(
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds: {value} is out of range; allowed are 1 to 86400 seconds"
    )]
    AffinityTimeout {
        /// Seconds.
        value: i32,
    },
    /// A traffic policy that is not known.
    #[error("spec.externalTrafficPolicy: {value} is not known; allowed are Cluster and Local")]
    TrafficPolicy {
        /// The word.
        value: String,
    },
    /// A `Local` Service whose nodes can't say whether they have a pod.
    #[error(
        "spec.healthCheckNodePort: {value} is no port, and externalTrafficPolicy Local needs one to find the nodes that have a pod"
    )]
    HealthCheckNodePort {
        /// The number.
        value: i32,
    },
    /// A switch that is neither on nor off.
    #[error("{key}: {value:?} is not allowed; use \"true\" or \"false\"")]
    Switch {
        /// The annotation.
        key: &'static str,
        /// The text.
        value: String,
    },
    /// A node selector that can't be read.
    #[error(
        "seaway.dev/node-selector: {value:?} is no label selector, because of {term:?}; write it as for kubectl -l, such as \"zone=a,disk in (ssd)\""
    )]
    NodeSelector {
        /// The text.
        value: String,
        /// The term that is none.
        term: String,
    },
    /// A list of node labels that can't be read.
    #[error(
        "{TARGET_NODE_LABELS}: {value:?} is no list of labels, because of {term:?}; write it as \"zone=a,disk=ssd\""
    )]
    NodeLabels {
        /// The text.
        value: String,
        /// The entry that is none.
        term: String,
    },
    /// Two annotations that select nodes.
    #[error(
        "{NODE_SELECTOR} and {TARGET_NODE_LABELS}: both select the nodes of the Service; remove one of them"
    )]
    TwoNodeSelectors,
    /// A provider that this controller does not serve.
    #[error("seaway.dev/provider: {value:?} is not served here; served are {served}")]
    Provider {
        /// The name.
        value: String,
        /// Those that are.
        served: String,
    },
    /// A family that is not known.
    #[error("spec.ipFamilies: {value} is not known; allowed are IPv4 and IPv6")]
    Family {
        /// The word.
        value: String,
    },
}

impl Rejection {
    /// What to make of a load balancer that is there already; none to leave it as it is.
    pub fn fallback(&self) -> Option<&LbSpec> {
        if let Self::SourceRange { closed, .. } = self { Some(closed) } else { None }
    }
}
