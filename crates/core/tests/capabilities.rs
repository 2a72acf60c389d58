//! What a user is told of a Service that a provider can't serve.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{
    Affinity, AffinitySupport, Capabilities, ErrorKind, Family, LbSpec, Moment, NodeSelection,
    Port, Protocol, ServiceRef, SourceRanges, TargetKind, TrafficPolicy,
};

fn port(port: u16, protocol: Protocol) -> Port {
    Port { port, protocol, node_port: Some(30_080), name: None, app_protocol: None }
}

fn spec() -> LbSpec {
    LbSpec {
        service: ServiceRef { namespace: "ns".into(), name: "web".into(), uid: "uid".into() },
        created: Moment::default(),
        ports: vec![port(80, Protocol::Tcp)],
        families: vec![Family::IPv4],
        traffic_policy: TrafficPolicy::Cluster,
        affinity: None,
        source_ranges: SourceRanges::Anyone,
        requested_address: None,
        settings: BTreeMap::new(),
        node_selection: None,
        retain: false,
        local_nodes: None,
    }
}

/// Every capability that there is.
fn all() -> Capabilities {
    Capabilities {
        protocols: BTreeSet::from([Protocol::Tcp, Protocol::Udp, Protocol::Sctp]),
        mixed_protocols: true,
        families: BTreeSet::from([Family::IPv4, Family::IPv6]),
        source_ranges: true,
        affinity: AffinitySupport::ClientIpWithTimeout,
        requested_addresses: true,
        node_selection: true,
        retain: true,
        ..Capabilities::default()
    }
}

/// Refused by the least of providers, with this message; served by one that can do it all.
fn check(spec: &LbSpec, kind: ErrorKind, message: &str) {
    let error = Capabilities::default().check("toy", spec).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
}

fn unsupported(spec: &LbSpec, message: &str) {
    check(spec, ErrorKind::Unsupported, message);
    assert_eq!(all().check("toy", spec), Ok(()));
}

#[test]
fn the_least_is_served_by_the_least() {
    assert_eq!(Capabilities::default().check("toy", &spec()), Ok(()));
}

#[test]
fn a_protocol_is_refused_by_port() {
    unsupported(
        &LbSpec { ports: vec![port(80, Protocol::Tcp), port(53, Protocol::Udp)], ..spec() },
        "spec.ports: port 53/UDP: provider toy carries TCP only",
    );
}

#[test]
fn mixed_protocols_are_refused_with_the_remedy() {
    let both = LbSpec { ports: vec![port(53, Protocol::Tcp), port(53, Protocol::Udp)], ..spec() };
    let apart = Capabilities { mixed_protocols: false, ..all() };
    assert_eq!(
        apart.check("toy", &both).unwrap_err().to_string(),
        "spec.ports: TCP and UDP on one address: provider toy carries one protocol per load \
         balancer; use a Service per protocol"
    );
    assert_eq!(all().check("toy", &both), Ok(()));
}

#[test]
fn a_port_without_node_port_is_refused_with_the_remedy() {
    let bare = LbSpec {
        ports: vec![port(80, Protocol::Tcp), Port { node_port: None, ..port(443, Protocol::Tcp) }],
        ..spec()
    };
    check(
        &bare,
        ErrorKind::InvalidSpec,
        "spec.ports: port 443/TCP has no nodePort, and provider toy sends traffic to NodePorts: set \
         spec.allocateLoadBalancerNodePorts to true, or name a nodePort",
    );
    let nodes = Capabilities { target_kind: TargetKind::Node, ..Capabilities::default() };
    assert_eq!(nodes.check("toy", &bare), Ok(()));
}

#[test]
fn a_family_is_refused_only_if_there_is_no_other() {
    unsupported(
        &LbSpec { families: vec![Family::IPv6], ..spec() },
        "spec.ipFamilies: IPv6: provider toy has IPv4 addresses only",
    );
    let both = LbSpec { families: vec![Family::IPv6, Family::IPv4], ..spec() };
    assert_eq!(Capabilities::default().check("toy", &both), Ok(()));
}

#[test]
fn source_ranges_are_refused_rather_than_left_open() {
    let only = |prefixes: &[&str]| {
        SourceRanges::Only(prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect())
    };
    unsupported(
        &LbSpec { source_ranges: only(&["10.0.0.0/8", "2001:db8::/32"]), ..spec() },
        "spec.loadBalancerSourceRanges: 10.0.0.0/8, 2001:db8::/32: provider toy can't enforce \
         source ranges, and serves no open load balancer in their place",
    );
    unsupported(
        &LbSpec { source_ranges: only(&[]), ..spec() },
        "spec.loadBalancerSourceRanges: nobody: provider toy can't enforce source ranges, and \
         serves no open load balancer in their place",
    );
}

#[test]
fn affinity_is_refused_with_the_remedy() {
    unsupported(
        &LbSpec { affinity: Some(Affinity { timeout: Duration::from_mins(1) }), ..spec() },
        "spec.sessionAffinity: ClientIP: provider toy has no client affinity; use None",
    );
    let untimed = Capabilities { affinity: AffinitySupport::ClientIp, ..Capabilities::default() };
    let sticky = LbSpec { affinity: Some(Affinity { timeout: Duration::ZERO }), ..spec() };
    assert_eq!(untimed.check("toy", &sticky), Ok(()));
}

#[test]
fn a_requested_address_is_refused_by_name() {
    unsupported(
        &LbSpec { requested_address: Some([192, 0, 2, 1].into()), ..spec() },
        "spec.loadBalancerIP: 192.0.2.1: provider toy chooses addresses itself",
    );
}

#[test]
fn some_of_the_nodes_are_refused_where_all_share_their_targets() {
    let selection = NodeSelection { selector: "zone=a".to_owned(), nodes: BTreeSet::new() };
    let picky = LbSpec { node_selection: Some(selection), ..spec() };
    unsupported(
        &picky,
        "seaway.dev/node-selector: \"zone=a\": the load balancers of provider toy share their \
         targets; remove the annotation",
    );
}

#[test]
fn what_can_not_outlive_its_service_is_not_promised_to() {
    let kept = LbSpec { retain: true, ..spec() };
    unsupported(
        &kept,
        "seaway.dev/retain: \"true\": provider toy can't keep a load balancer without its Service; \
         remove the annotation",
    );
}
