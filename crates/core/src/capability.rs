//! What a provider can do, as data, and the check of a spec against it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Family, IpMode, LbSpec, Protocol, ProviderError, SourceRanges};

/// What traffic is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetKind {
    /// A node's address and the NodePort of the Service.
    NodePort,
    /// The node itself: packets arrive still addressed to the load balancer.
    Node,
}

/// What a provider makes of `sessionAffinity: ClientIP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AffinitySupport {
    /// Nothing.
    None,
    /// A client stays with its node, but the timeout can't be set.
    ClientIp,
    /// A client stays with its node for as long as the Service says.
    ClientIpWithTimeout,
}

/// A version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProxyProtocol {
    /// Text.
    V1,
    /// Binary.
    V2,
}

/// An annotation that a provider takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingKey {
    /// The whole annotation key.
    pub key: String,
    /// What it does and which values it takes, in a line.
    pub doc: String,
}

/// What a provider can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, not a state")]
pub struct Capabilities {
    /// The protocols that it carries.
    pub protocols: BTreeSet<Protocol>,
    /// The providers that carry the other protocols: where to turn to.
    pub elsewhere: Vec<String>,
    /// Whether one address carries several protocols.
    pub mixed_protocols: bool,
    /// What it sends traffic to.
    pub target_kind: TargetKind,
    /// The families that it has addresses of.
    pub families: BTreeSet<Family>,
    /// Whether it enforces source ranges.
    pub source_ranges: bool,
    /// What it makes of client IP affinity.
    pub affinity: AffinitySupport,
    /// The versions of the PROXY protocol that it can send to targets.
    pub proxy_protocol: BTreeSet<ProxyProtocol>,
    /// Whether a Service may ask for an address.
    pub requested_addresses: bool,
    /// What its addresses are to kube-proxy.
    pub ip_mode: IpMode,
    /// The annotations that it takes.
    pub settings: Vec<SettingKey>,
    /// How long to gather changes before a pass over a shared load balancer.
    pub gather: Duration,
    /// By how much its listings lag behind its writes.
    pub listing_lag: Duration,
    /// Whether it keeps a ground.
    pub ground: bool,
    /// Whether it wants to know which nodes have a ready pod.
    pub local_nodes: bool,
    /// Whether a Service may have some of the nodes only.
    pub node_selection: bool,
    /// Whether what a Service has can outlive it.
    pub retain: bool,
    /// Whether a survey shows less than a look at one key: then drift is found by looking at every
    /// key now and then.
    pub shallow_survey: bool,
    /// Whether its load balancers live and die with the controller's process.
    pub in_process: bool,
    /// Whether its load balancers are on the machine that the controller runs on: then a controller
    /// runs on each of these machines, and every one writes its own.
    #[serde(default)]
    pub on_box: bool,
    /// How often the health of its targets may be asked for without being asked; none where each
    /// answer costs a call.
    pub health_every: Option<Duration>,
}

impl Default for Capabilities {
    /// The least: TCP to NodePorts on addresses of one's own.
    fn default() -> Self {
        Self {
            protocols: BTreeSet::from([Protocol::Tcp]),
            elsewhere: Vec::new(),
            mixed_protocols: false,
            target_kind: TargetKind::NodePort,
            families: BTreeSet::from([Family::IPv4]),
            source_ranges: false,
            affinity: AffinitySupport::None,
            proxy_protocol: BTreeSet::new(),
            requested_addresses: false,
            ip_mode: IpMode::Proxy,
            settings: Vec::new(),
            gather: Duration::ZERO,
            listing_lag: Duration::ZERO,
            ground: false,
            local_nodes: false,
            node_selection: false,
            retain: false,
            shallow_survey: false,
            in_process: false,
            on_box: false,
            health_every: None,
        }
    }
}

impl Capabilities {
    /// Checks that a provider with these capabilities can serve `spec`, all of it.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], or [`ErrorKind::InvalidSpec`] for ports without a NodePort, with
    /// a message that names the field, the value and what is allowed. `provider` is the name to put
    /// in it.
    pub fn check(&self, provider: &str, spec: &LbSpec) -> Result<(), ProviderError> {
        let refuse = |field: &'static str, message: String| {
            Err(ProviderError::new(ErrorKind::Unsupported, field, message))
        };
        for port in &spec.ports {
            if !self.protocols.contains(&port.protocol) {
                let hint = match self.elsewhere.as_slice() {
                    [] => String::new(),
                    names => format!(
                        "; for {}, name {} in the annotation seaway.dev/provider",
                        port.protocol,
                        names.join(" or ")
                    ),
                };
                return refuse(
                    "spec.ports",
                    format!(
                        "port {port}: provider {provider} carries {} only{hint}",
                        listed(&self.protocols)
                    ),
                );
            }
        }
        if !self.mixed_protocols && spec.protocols().len() > 1 {
            return refuse(
                "spec.ports",
                format!(
                    "{} on one address: provider {provider} carries one protocol per load balancer; \
                     use a Service per protocol",
                    listed(spec.protocols())
                ),
            );
        }
        if self.target_kind == TargetKind::NodePort
            && let Some(port) = spec.ports.iter().find(|port| port.node_port.is_none())
        {
            return Err(ProviderError::new(
                ErrorKind::InvalidSpec,
                "spec.ports",
                format!(
                    "port {port} has no nodePort, and provider {provider} sends traffic to \
                     NodePorts: set spec.allocateLoadBalancerNodePorts to true, or name a nodePort"
                ),
            ));
        }
        if !spec.families.iter().any(|family| self.families.contains(family)) {
            return refuse(
                "spec.ipFamilies",
                format!(
                    "{}: provider {provider} has {} addresses only",
                    listed(&spec.families),
                    listed(&self.families)
                ),
            );
        }
        if !self.source_ranges && spec.source_ranges != SourceRanges::Anyone {
            return refuse(
                "spec.loadBalancerSourceRanges",
                format!(
                    "{}: provider {provider} can't enforce source ranges, and serves no open load \
                     balancer in their place",
                    spec.source_ranges
                ),
            );
        }
        if self.affinity == AffinitySupport::None && spec.affinity.is_some() {
            return refuse(
                "spec.sessionAffinity",
                format!("ClientIP: provider {provider} has no client affinity; use None"),
            );
        }
        if !self.requested_addresses
            && let Some(address) = spec.requested_address
        {
            return refuse(
                "spec.loadBalancerIP",
                format!("{address}: provider {provider} chooses addresses itself"),
            );
        }
        if !self.node_selection
            && let Some(selection) = &spec.node_selection
        {
            return refuse(
                "seaway.dev/node-selector",
                format!(
                    "{:?}: the load balancers of provider {provider} share their targets; remove \
                     the annotation",
                    selection.selector
                ),
            );
        }
        if !self.retain && spec.retain {
            return refuse(
                "seaway.dev/retain",
                format!(
                    "\"true\": provider {provider} can't keep a load balancer without its Service; \
                     remove the annotation"
                ),
            );
        }
        Ok(())
    }
}

fn listed<T: fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    things.into_iter().map(|thing| thing.to_string()).collect::<Vec<_>>().join(" and ")
}
