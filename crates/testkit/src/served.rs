//! What clients meet, in terms that all providers share.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    Address, Affinity, AffinitySupport, Capabilities, LbSpec, Node, Port, Protocol, SourceRanges,
    TrafficPolicy,
};

/// What clients of one Service meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Where they connect to.
    pub addresses: BTreeSet<Address>,
    /// What they find there, by port.
    pub fronts: BTreeMap<(u16, Protocol), Front>,
}

/// What clients find at one port. What the world can't tell is none, and is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Where it leads, written as [`Bench::target`](crate::Bench::target) does.
    pub targets: BTreeSet<String>,
    /// Who is let in.
    pub admits: Option<SourceRanges>,
    /// Whether a client stays with its node.
    pub affinity: Option<Option<Affinity>>,
    /// How the health of targets is told.
    pub health: Option<TrafficPolicy>,
}

impl Served {
    /// What clients of `spec` are to meet, the addresses aside.
    pub fn wanted(spec: &LbSpec, nodes: &[&Node], target: impl Fn(&Node, &Port) -> String) -> Self {
        let front = |port: &Port| Front {
            targets: nodes.iter().map(|node| target(node, port)).collect(),
            admits: Some(spec.source_ranges.clone()),
            affinity: Some(spec.affinity),
            health: Some(spec.traffic_policy),
        };
        let fronts =
            spec.ports.iter().map(|port| ((port.port, port.protocol), front(port))).collect();
        Self { addresses: BTreeSet::new(), fronts }
    }

    /// Compares what is there with what is wanted, as far as the world can tell.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn check(&self, wanted: &Self, capabilities: &Capabilities) -> Result<(), String> {
        let here: Vec<_> = self.fronts.keys().collect();
        let there: Vec<_> = wanted.fronts.keys().collect();
        if here != there {
            return Err(format!("serves ports {here:?}, wanted {there:?}"));
        }
        for (port, wanted) in &wanted.fronts {
            self.fronts[port]
                .check(wanted, capabilities)
                .map_err(|why| format!("port {}/{}: {why}", port.0, port.1))?;
        }
        Ok(())
    }
}

impl Front {
    fn check(&self, wanted: &Self, capabilities: &Capabilities) -> Result<(), String> {
        if self.targets != wanted.targets {
            return Err(format!("leads to {:?}, wanted {:?}", self.targets, wanted.targets));
        }
        if self.admits.is_some() && self.admits != wanted.admits {
            return Err(format!("admits {:?}, wanted {:?}", self.admits, wanted.admits));
        }
        if self.health.is_some() && self.health != wanted.health {
            return Err(format!("tells health by {:?}, wanted {:?}", self.health, wanted.health));
        }
        let (Some(here), Some(there)) = (self.affinity, wanted.affinity) else { return Ok(()) };
        let timed = capabilities.affinity == AffinitySupport::ClientIpWithTimeout;
        if here.is_some() != there.is_some() || (timed && here != there) {
            return Err(format!("keeps clients {here:?}, wanted {there:?}"));
        }
        Ok(())
    }
}
