use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::targets::{Member, Ring};
use super::{Balancer, Counts, TargetCounts};

/// What a balancer is at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerState {
    /// What it was last set to: its listeners are open.
    pub applied: Arc<Balancer>,
    /// Its targets, by node name; those that were removed aren't among them.
    pub targets: BTreeMap<String, TargetState>,
    /// What it has done.
    pub counts: Counts,
}

/// What a target is at this moment, for all listeners of its balancer together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// The node's address.
    pub address: IpAddr,
    /// It is to go, and gets nothing new: others are there.
    pub draining: bool,
    /// Healthy on every listener's target port.
    pub up: bool,
    /// What the last check, or connection, said if it is down.
    pub trouble: Option<String>,
    /// Connections and UDP flows open to it now.
    pub open: u64,
    /// Connections that it has taken, and UDP flows that were opened to it.
    pub served: u64,
    /// Connections that it didn't take, and flows that it refused.
    pub failed: u64,
    /// What came of its connections and flows.
    #[serde(default)]
    pub counts: TargetCounts,
}

/// What all balancers use up together at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaneState {
    /// TCP connections, from their accept on, those of closed listeners included.
    pub connections: u64,
    /// How many there may be.
    pub max_connections: u64,
    /// UDP flows.
    pub flows: u64,
    /// How many there may be.
    pub max_flows: u64,
}

impl BalancerState {
    pub(super) fn new(applied: Arc<Balancer>, counts: Counts) -> Self {
        let targets = applied.targets.iter().map(|(node, target)| {
            let state = TargetState {
                address: target.address,
                draining: target.draining,
                up: true,
                trouble: None,
                open: 0,
                served: 0,
                failed: 0,
                counts: TargetCounts::default(),
            };
            (node.clone(), state)
        });
        Self { targets: targets.collect(), counts, applied }
    }

    pub(super) fn add(&mut self, member: &Member, ring: &Ring) {
        // A member of a change that is just being made may be ahead of what was applied.
        let Some(target) = self.targets.get_mut(&*member.node) else { return };
        target.draining &= !ring.keeps(member);
        let trouble = member.trouble();
        target.up &= trouble.is_none();
        target.trouble = target.trouble.take().or(trouble);
        target.open += member.open.get();
        target.served += member.served.get();
        target.failed += member.failed.get();
        target.counts = target.counts.plus(&member.counters.read());
    }
}
