//! What things cost, in calls. Waits for operations are counted apart.

use std::collections::BTreeMap;

use seaway_core::{Key, TrafficPolicy};
use seaway_testkit::rig::Rig;
use seaway_testkit::{SpecBuilder, spec};

use crate::desk::Desk;
use crate::scene::{calls, cost, settled};

fn with(more: &[(&'static str, usize)]) -> BTreeMap<String, usize> {
    more.iter().map(|(call, count)| ((*call).to_owned(), *count)).collect()
}

const CREATE: [(&str, usize); 4] = [
    ("firewalls.insert", 1),
    ("forwardingRules.get", 1),
    ("forwardingRules.insert", 1),
    ("regionBackendServices.insert", 1),
];

#[tokio::test]
async fn a_new_service_costs_three_writes_and_one_read() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).port(443));
    assert_eq!(cost(&mut rig, "a").await, with(&CREATE));
    let mut rig = settled().await;
    rig.put(spec("a").port(80).node_port(80, None));
    assert_eq!(cost(&mut rig, "a").await, with(&CREATE), "without NodePorts");
}

#[tokio::test]
async fn a_health_check_of_its_own_costs_one_write() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).local(31_000));
    let mut expected = with(&CREATE);
    expected.insert("regionHealthChecks.insert".to_owned(), 1);
    assert_eq!(cost(&mut rig, "a").await, expected);
}

#[tokio::test]
async fn six_ports_cost_an_address_and_a_rule_more() {
    let mut rig = settled().await;
    rig.put((1..=6).fold(spec("a"), SpecBuilder::port));
    let expected = with(&[
        ("addresses.get", 1),
        ("addresses.insert", 1),
        ("firewalls.insert", 1),
        ("forwardingRules.insert", 2),
        ("regionBackendServices.insert", 1),
    ]);
    assert_eq!(cost(&mut rig, "a").await, expected);
}

/// A change of the traffic policy leaves the forwarding rules alone.
#[tokio::test]
async fn the_traffic_policy_costs_a_health_check_and_a_change() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.put(spec("a").port(80).local(31_000));
    let expected = with(&[
        ("regionBackendServices.get", 1),
        ("regionBackendServices.update", 1),
        ("regionHealthChecks.insert", 1),
    ]);
    assert_eq!(cost(&mut rig, "a").await, expected);
    rig.put(spec("a").port(80));
    let expected = with(&[
        ("regionBackendServices.get", 1),
        ("regionBackendServices.update", 1),
        ("regionHealthChecks.delete", 1),
    ]);
    assert_eq!(cost(&mut rig, "a").await, expected);
    assert_eq!(rig.service("a").spec.traffic_policy, TrafficPolicy::Cluster);
}

#[tokio::test]
async fn a_node_costs_one_call_for_its_zone_however_many_services_there_are() {
    let mut rig = settled().await;
    for name in ["a", "b", "c"] {
        rig.put(spec(name).port(80).udp(53));
    }
    rig.converge().await.unwrap();
    rig.bench.mock.reset_counts();
    rig.set_nodes(1..=4);
    everything(&mut rig).await;
    assert_eq!(calls(&rig), with(&[("instanceGroups.addInstances", 1)]));
    rig.set_nodes(1..=9);
    everything(&mut rig).await;
    assert_eq!(calls(&rig), with(&[("instanceGroups.addInstances", 3)]), "three zones");
    rig.set_nodes(2..=9);
    everything(&mut rig).await;
    assert_eq!(calls(&rig), with(&[("instanceGroups.removeInstances", 1)]));
}

#[tokio::test]
async fn where_nothing_changed_nothing_is_called() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).udp(53).local(31_000));
    rig.converge().await.unwrap();
    rig.bench.mock.reset_counts();
    everything(&mut rig).await;
    assert_eq!(calls(&rig), BTreeMap::new());
}

/// One list of each kind, and one of the instances of each zone.
#[tokio::test]
async fn a_restart_reads_lists_and_nothing_else() {
    let mut rig = settled().await;
    for name in ["a", "b", "c", "d"] {
        rig.put(spec(name).port(80).port(443).udp(53));
    }
    rig.converge().await.unwrap();
    rig.restart().await;
    rig.bench.mock.reset_counts();
    rig.driver().survey(&rig.cx).await.unwrap();
    everything(&mut rig).await;
    let expected = with(&[
        ("addresses.list", 1),
        ("firewalls.list", 1),
        ("forwardingRules.list", 1),
        ("instanceGroups.aggregatedList", 1),
        ("instanceGroups.listInstances", 3),
        ("regionBackendServices.list", 1),
        ("regionHealthChecks.list", 1),
        ("subnetworks.list", 1),
    ]);
    assert_eq!(calls(&rig), expected);
}

#[tokio::test]
async fn deleting_costs_one_write_for_each_thing() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.delete("a");
    let expected = with(&[
        ("firewalls.delete", 1),
        ("forwardingRules.delete", 1),
        ("regionBackendServices.delete", 1),
    ]);
    assert_eq!(cost(&mut rig, "a").await, expected);
}

/// Works on everything once.
async fn everything(rig: &mut Rig<Desk>) {
    for key in rig.keys() {
        let report = rig.pass(&key).await;
        assert!(report.settled || key == Key::Ground, "{report:?}");
    }
}
