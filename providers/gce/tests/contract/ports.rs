//! Ports come and go, and no forwarding rule that is there goes with them.

use seaway_testkit::rig::{Rig, pass, trouble};
use seaway_testkit::{SpecBuilder, spec};
use serde_json::json;

use crate::desk::Desk;
use crate::scene::{calls, names, settled, settled_with, things};

/// Converges, and returns how many forwarding rules were deleted.
async fn deleted(rig: &mut Rig<Desk>, spec: SpecBuilder) -> usize {
    rig.put(spec);
    rig.bench.mock.reset_counts();
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    calls(rig).get("forwardingRules.delete").copied().unwrap_or_default()
}

#[tokio::test]
async fn ports_come_one_at_a_time_and_no_rule_is_deleted() {
    let mut rig = settled().await;
    assert_eq!(deleted(&mut rig, spec("a").port(80)).await, 0);
    let address = rig.published("a");
    for last in 81..=87 {
        let ports = (80..=last).fold(spec("a"), SpecBuilder::port);
        assert_eq!(deleted(&mut rig, ports).await, 0, "{last}");
        assert_eq!(rig.published("a"), address);
    }
    let with_udp = (80..=87).fold(spec("a"), SpecBuilder::port).udp(53);
    assert_eq!(deleted(&mut rig, with_udp).await, 0);
    assert_eq!(rig.published("a"), address);
}

/// The firewall closes it at once; the rule goes with the last of its ports.
#[tokio::test]
async fn a_port_that_goes_leaves_the_rule_to_the_others() {
    let mut rig = settled().await;
    assert_eq!(deleted(&mut rig, spec("a").port(80).port(443)).await, 0);
    let rules = names(&rig, "forwardingRules", "a");
    assert_eq!(deleted(&mut rig, spec("a").port(443)).await, 0);
    assert_eq!(names(&rig, "forwardingRules", "a"), rules);
    assert_eq!(
        things(&rig, "firewalls", "a")[0]["allowed"],
        json!([{ "IPProtocol": "tcp", "ports": ["443"] }])
    );
    // It comes back, and costs a change of the firewall.
    assert_eq!(deleted(&mut rig, spec("a").port(80).port(443)).await, 0);
    assert_eq!(names(&rig, "forwardingRules", "a"), rules);
}

#[tokio::test]
async fn when_all_ports_are_others_the_address_stays() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let address = rig.published("a");
    assert_eq!(deleted(&mut rig, spec("a").port(443)).await, 1);
    assert_eq!(deleted(&mut rig, spec("a").udp(53)).await, 1);
    assert_eq!(rig.published("a"), address);
    assert_eq!(names(&rig, "backendServices", "a").len(), 1);
}

/// Where there may be no more rules, the one with the fewest ports gives them to a new one.
#[tokio::test]
async fn where_there_are_too_many_rules_they_are_joined() {
    let mut rig = settled_with("rules-per-protocol = 2").await;
    rig.put(spec("a").port(1));
    rig.converge().await.unwrap();
    let address = rig.published("a");
    assert_eq!(deleted(&mut rig, spec("a").port(1).port(2)).await, 0);
    assert_eq!(deleted(&mut rig, spec("a").port(1).port(2).port(3)).await, 1);
    assert_eq!(names(&rig, "forwardingRules", "a").len(), 2);
    assert_eq!(rig.published("a"), address);
    // Two rules of five ports are full.
    let ten = (1..=10).fold(spec("a"), SpecBuilder::port);
    deleted(&mut rig, ten).await;
    assert_eq!(names(&rig, "forwardingRules", "a").len(), 2);
    assert_eq!(rig.published("a"), address);
    rig.put((1..=11).fold(spec("a"), SpecBuilder::port));
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap().to_string();
    assert!(error.contains("11 ports of TCP") && error.contains("rules-per-protocol"), "{error}");
}

/// One rule is all that an address may have that is not reserved.
#[tokio::test]
async fn with_one_rule_the_address_is_kept_over_its_change() {
    let mut rig = settled_with("rules-per-protocol = 1").await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let address = rig.published("a");
    assert_eq!(deleted(&mut rig, spec("a").port(80).port(443)).await, 1);
    assert_eq!(rig.published("a"), address);
    assert_eq!(names(&rig, "addresses", "a").len(), 1);
}
