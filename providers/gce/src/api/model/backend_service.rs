use std::collections::BTreeSet;
use std::time::Duration;

use seaway_core::Protocol;

use super::{Name, Scheme};

/// A regional backend service of a passthrough load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendService {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// What it carries. Nothing of a passthrough load balancer carries both TCP and UDP and drains.
    pub protocol: Protocol,
    /// Its backends: instance groups, each with the balancing mode `CONNECTION`.
    pub groups: BTreeSet<Name>,
    /// The name of its one regional health check.
    pub health_check: String,
    /// Which client goes to which node.
    pub affinity: Affinity,
    /// How long connections to a node that was taken out may go on, in seconds.
    pub drain_seconds: u32,
    /// Whether nodes get traffic by their number of pods, as their health checks tell it
    /// (`WEIGHTED_MAGLEV`, or `WEIGHTED_GCP_RENDEZVOUS` of an internal one).
    pub weighted: bool,
}

/// Which client goes to which node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Affinity {
    /// By the five-tuple of each connection (`NONE`).
    #[default]
    None,
    /// By the client's address (`CLIENT_IP`).
    ClientIp,
    /// By the client's address, and tracked also where nodes come and go (`CLIENT_IP` with
    /// `enableStrongAffinity` and tracking `PER_SESSION`).
    Strong {
        /// How long an idle client is remembered.
        idle: Duration,
    },
}
