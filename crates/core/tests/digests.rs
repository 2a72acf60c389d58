//! The digest is written into statuses, so it must outlive a restart and an update of the controller.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{
    Affinity, Digest, Family, LbSpec, Moment, Port, Protocol, ServiceRef, SourceRanges,
    TrafficPolicy,
};

/// A spec that has everything a spec can have.
fn spec() -> LbSpec {
    let port = |port, protocol| Port {
        port,
        protocol,
        node_port: Some(31_002),
        name: Some("http".to_owned()),
        app_protocol: Some("kubernetes.io/h2c".to_owned()),
    };
    LbSpec {
        service: ServiceRef {
            namespace: "default".to_owned(),
            name: "tomcat-service".to_owned(),
            uid: "0c6e9bd0-6a5e-4a3c-8a3a-6c5d1f0c9a77".into(),
        },
        created: Moment::from_millis(1_700_000_000_000),
        ports: vec![port(53, Protocol::Udp), port(8080, Protocol::Tcp)],
        families: vec![Family::IPv6, Family::IPv4],
        traffic_policy: TrafficPolicy::Local { health_check_node_port: 31_999 },
        affinity: Some(Affinity { timeout: Duration::from_hours(3) }),
        source_ranges: SourceRanges::Only(BTreeSet::from(["10.0.0.0/8"
            .parse()
            .expect("a prefix")])),
        requested_address: Some([198, 18, 0, 200].into()),
        settings: BTreeMap::from([("seaway.dev/x".to_owned(), "y".to_owned())]),
        node_selection: None,
        retain: false,
        local_nodes: None,
    }
}

/// If this fails, the way a spec is serialised has changed: after the update every status names a
/// digest that nobody knows, and every load balancer is looked at in full, once. Change the literal
/// only if that is meant.
#[test]
fn the_digest_of_a_spec_is_the_same_in_every_version() {
    assert_eq!(spec().digest().as_str(), "3e31bb7c07881281cef625f72013e46a");
    let least = LbSpec {
        families: vec![Family::IPv4],
        traffic_policy: TrafficPolicy::Cluster,
        affinity: None,
        source_ranges: SourceRanges::Anyone,
        requested_address: None,
        settings: BTreeMap::new(),
        ..spec()
    };
    assert_eq!(least.digest().as_str(), "782306e89bf05f91668882c8a9a3deff");
}

#[test]
fn the_hint_about_local_nodes_does_not_count() {
    let hinted = LbSpec { local_nodes: Some(BTreeSet::from(["node-1".into()])), ..spec() };
    assert_eq!(hinted.digest(), spec().digest());
}

#[test]
fn whatever_is_asked_for_counts() {
    let others = [
        LbSpec { ports: spec().ports[..1].to_vec(), ..spec() },
        LbSpec { families: vec![Family::IPv4, Family::IPv6], ..spec() },
        LbSpec { traffic_policy: TrafficPolicy::Cluster, ..spec() },
        LbSpec { affinity: None, ..spec() },
        LbSpec { source_ranges: SourceRanges::Only(BTreeSet::new()), ..spec() },
        LbSpec { source_ranges: SourceRanges::Anyone, ..spec() },
        LbSpec { requested_address: None, ..spec() },
        LbSpec { settings: BTreeMap::new(), ..spec() },
    ];
    let mut digests: BTreeSet<_> = others.iter().map(LbSpec::digest).collect();
    digests.insert(spec().digest());
    assert_eq!(digests.len(), others.len() + 1);
}

#[test]
fn a_digest_is_read_back_and_nothing_else_is() {
    let digest = spec().digest();
    assert_eq!(Digest::parse(digest.as_str()), Some(digest.clone()));
    assert_eq!(digest.to_string(), digest.as_str());
    for text in ["", "abc", &"g".repeat(32), &"0".repeat(33), &"é".repeat(16)] {
        assert_eq!(Digest::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_spec_survives_json() {
    let json = serde_json::to_string(&spec()).unwrap();
    assert_eq!(serde_json::from_str::<LbSpec>(&json).unwrap(), spec());
}
