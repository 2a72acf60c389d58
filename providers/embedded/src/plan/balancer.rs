use std::net::{IpAddr, SocketAddr};

use seaway_core::{Goal, LbSpec, Protocol, SourceRanges, TrafficPolicy};

use crate::config::Config;
use crate::dataplane::{self, Balancer, Listener, Probe, Sources, Target, Tuning};

/// What is to listen on `addresses`, the preferred one first, where `open` does now.
pub(super) fn balancer(
    config: &Config,
    (spec, tuning): (&LbSpec, Tuning),
    goal: &Goal,
    open: Option<&Balancer>,
    addresses: &[IpAddr],
) -> Balancer {
    let local = match spec.traffic_policy {
        TrafficPolicy::Cluster => None,
        TrafficPolicy::Local { health_check_node_port } => Some(health_check_node_port),
    };
    let mut health = config.health(local);
    // Who expects a header takes a check without one for a broken client, and says so each time.
    if tuning.proxy_protocol && health.probe == Probe::Tcp {
        health.probe = Probe::ProxyV2;
    }
    let targets = goal.targets(spec).filter_map(|node| {
        // A NodePort answers on the families of its Service, and on no others.
        let address = spec.families.iter().find_map(|family| node.address(*family))?;
        // What was assumed matters only until the first check: it stays as it was, so that a pod
        // that comes or goes is no change.
        let known = open
            .filter(|open| open.health == health)
            .and_then(|open| open.targets.get(node.name.as_str()))
            .filter(|known| known.address == address);
        let serves = || {
            local.is_none()
                || spec.local_nodes.as_ref().is_some_and(|nodes| nodes.contains(&node.name))
        };
        let assume_up = known.map_or_else(serves, |known| known.assume_up);
        Some((node.name.to_string(), Target { address, draining: node.draining, assume_up }))
    });
    Balancer {
        listeners: addresses.iter().flat_map(|ip| listeners(spec, *ip)).collect(),
        targets: targets.collect(),
        sources: match &spec.source_ranges {
            SourceRanges::Anyone => Sources::Anyone,
            SourceRanges::Only(prefixes) => Sources::Only(prefixes.iter().copied().collect()),
        },
        affinity: spec.affinity.map(|affinity| affinity.timeout),
        health,
        tuning,
    }
}

fn listeners(spec: &LbSpec, ip: IpAddr) -> impl Iterator<Item = Listener> {
    spec.ports.iter().filter_map(move |port| {
        Some(Listener {
            address: SocketAddr::new(ip, port.port),
            protocol: match port.protocol {
                Protocol::Tcp => dataplane::Protocol::Tcp,
                Protocol::Udp => dataplane::Protocol::Udp,
                // Refused by the capabilities, as is a port without a NodePort.
                Protocol::Sctp => return None,
            },
            target_port: port.node_port?,
        })
    })
}
