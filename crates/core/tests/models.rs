//! The small parts of a spec.

use std::net::IpAddr;

use seaway_core::{BalancerKey, ClusterId, Family, Key, Mark, Member, Node, Nodes, SourceRanges};

#[test]
fn source_ranges_let_in_whom_they_name_and_nobody_else() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let only = SourceRanges::Only(
        ["10.0.0.0/8", "2001:db8::/32"].iter().map(|prefix| prefix.parse().unwrap()).collect(),
    );
    assert!(only.admit(ip("10.1.2.3")) && only.admit(ip("2001:db8::1")));
    assert!(!only.admit(ip("11.0.0.1")) && !only.admit(ip("2001:db9::1")));
    assert!(SourceRanges::Anyone.admit(ip("11.0.0.1")));
    assert!(!SourceRanges::Only([].into()).admit(ip("10.0.0.1")), "nobody named, nobody let in");
}

#[test]
fn a_node_has_the_first_address_of_a_family() {
    let node = |name: &str| Node {
        name: name.into(),
        provider_id: None,
        zone: None,
        addresses: ["2001:db8::1", "10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap()).into(),
        draining: false,
    };
    assert_eq!(node("a").address(Family::IPv4), Some([10, 0, 0, 1].into()));
    assert_eq!(node("a").address(Family::IPv6), "2001:db8::1".parse().ok());
    let forth: Nodes = [node("a"), node("b")].into_iter().collect();
    let back: Nodes = [node("b"), node("a")].into_iter().collect();
    assert_eq!(forth, back, "in whatever order they come");
}

#[test]
fn keys_and_marks_read_well() {
    assert_eq!(Key::Ground.to_string(), "ground");
    assert_eq!(Key::own("uid".into()).to_string(), "own/uid");
    assert_eq!(Key::Balancer(BalancerKey::Shared("box".into())), Key::shared("box"));
    assert_eq!(Key::shared("box").to_string(), "shared/box");
    let cluster = ClusterId::from("lab");
    assert_eq!(Mark::of(cluster.clone(), "uid".into()).to_string(), "lab/uid");
    assert_eq!(Mark::shared(cluster).to_string(), "lab/*");
}

/// A member on hold has no spec to serve, so no provider can mistake it for one to change.
#[test]
fn a_member_on_hold_has_no_spec() {
    let held = Member { want: seaway_core::Want::Hold, published: Vec::new(), applied: None };
    assert!(held.spec().is_none());
}
