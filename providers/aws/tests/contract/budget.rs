//! What things cost, in calls. AWS gives an account 3 to 4 writes a second, so each counts.

use std::time::Duration;

use seaway_core::Key;
use seaway_testkit::rig::{Rig, pass, trouble};
use seaway_testkit::{Bench as _, cluster_id, spec, uid};

use crate::desk::{Calls, Desk, key, settled, settled_with};

/// A cluster whose Services get all of their nodes, however many.
const ALL_NODES: &str = "subset-above = 1000";

const PORT: [(&str, usize); 4] = [
    ("CreateListener", 1),
    ("CreateTargetGroup", 1),
    ("ModifyTargetGroupAttributes", 1),
    ("RegisterTargets", 1),
];

fn with(more: &[(&'static str, usize)]) -> Calls {
    let mut calls: Calls = PORT.into();
    calls.extend(more.iter().copied());
    calls
}

async fn made(rig: &mut Rig<Desk>, name: &str) -> Calls {
    rig.bench.spent();
    let report = pass(rig, name).await;
    assert_eq!(trouble(&report, name), None);
    rig.bench.spent()
}

#[tokio::test]
async fn a_new_service_costs_five_writes_and_not_one_look() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    assert_eq!(made(&mut rig, "a").await, with(&[("CreateLoadBalancer", 1)]));
}

#[tokio::test]
async fn two_hundred_targets_are_registered_in_one_call() {
    for (nodes, calls) in [(199, 1), (200, 1), (201, 2)] {
        let mut rig = settled_with(ALL_NODES).await;
        rig.set_nodes(0..nodes);
        rig.put(spec("a").port(80));
        let expected = with(&[("CreateLoadBalancer", 1), ("RegisterTargets", calls)]);
        assert_eq!(made(&mut rig, "a").await, expected, "{nodes} nodes");
        assert_eq!(rig.bench.instances("a").len(), usize::from(nodes));
    }
}

#[tokio::test]
async fn without_connections_there_is_nothing_to_set() {
    let mut rig = settled().await;
    rig.put(spec("a").udp(53));
    let mut expected = with(&[("CreateLoadBalancer", 1)]);
    expected.remove("ModifyTargetGroupAttributes");
    assert_eq!(made(&mut rig, "a").await, expected);
}

#[tokio::test]
async fn source_ranges_cost_a_security_group_and_its_rules() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).source("10.0.0.0/8").source("192.168.0.0/16"));
    let expected = with(&[
        ("AuthorizeSecurityGroupIngress", 1),
        ("CreateLoadBalancer", 1),
        ("CreateSecurityGroup", 1),
    ]);
    assert_eq!(made(&mut rig, "a").await, expected);
}

#[tokio::test]
async fn an_attribute_that_is_not_the_default_costs_one_write() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).setting(&key("cross-zone-load-balancing-enabled"), "true"));
    let expected = with(&[("CreateLoadBalancer", 1), ("ModifyLoadBalancerAttributes", 1)]);
    assert_eq!(made(&mut rig, "a").await, expected);
}

#[tokio::test]
async fn one_more_port_costs_four_writes() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.put(spec("a").port(80).port(443));
    assert_eq!(made(&mut rig, "a").await, with(&[]));
}

#[tokio::test]
async fn another_node_port_costs_two_writes() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.put(spec("a").port(80).node_port(80, 31_999));
    let expected = Calls::from([("DeregisterTargets", 1), ("RegisterTargets", 1)]);
    assert_eq!(made(&mut rig, "a").await, expected);
}

#[tokio::test]
async fn where_nothing_changed_nothing_is_called() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.bench.spent();
    for key in rig.keys() {
        rig.pass(&key).await;
    }
    assert_eq!(rig.bench.spent(), Calls::new());
}

/// Works on everything once, and returns what that cost.
async fn once(rig: &mut Rig<Desk>) -> Calls {
    rig.bench.spent();
    for key in rig.keys() {
        let report = rig.pass(&key).await;
        assert!(report.settled, "{report:?}");
    }
    rig.bench.spent()
}

async fn three() -> Rig<Desk> {
    let mut rig = settled().await;
    for name in ["a", "b"] {
        rig.put(spec(name).port(80));
    }
    rig.converge().await.unwrap();
    rig
}

#[tokio::test]
async fn a_node_costs_one_write_for_each_target_group() {
    let mut rig = three().await;
    rig.set_nodes(1..=4);
    assert_eq!(once(&mut rig).await, [("RegisterTargets", 3)].into());
    rig.set_nodes(2..=4);
    assert_eq!(once(&mut rig).await, [("DeregisterTargets", 3)].into());
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

/// Takes away what is not ours: whose it is has to be read after a restart.
fn alone(rig: &Rig<Desk>) {
    rig.bench.cloud.edit(|world| {
        let ours = |tags: &seaway_provider_aws::api::Tags| {
            tags.get("seaway.dev/cluster").is_some_and(|it| it == cluster_id().as_str())
        };
        world.balancers.retain(|_, it| ours(&it.tags));
        world.groups.retain(|_, it| ours(&it.tags));
    });
}

#[tokio::test]
async fn a_restart_reads_lists_and_nothing_else() {
    for page in [400, 2] {
        let mut rig = three().await;
        for name in ["c", "d"] {
            rig.put(spec(name).port(80).udp(53).source("10.0.0.0/8"));
        }
        rig.converge().await.unwrap();
        alone(&rig);
        rig.bench.cloud.edit(|world| world.limits.page = page);
        rig.restart().await;
        rig.bench.spent();
        rig.driver().survey(&rig.cx).await.unwrap();
        let calls: Vec<_> = rig.bench.spent().into_iter().collect();
        let pages = |things: usize| things.div_ceil(page);
        // Security groups of ours are asked for, and those of the nodes: 4 and 1. The VPC has six
        // subnets. There are seven target groups.
        let expected = [
            ("DescribeLoadBalancers", pages(5)),
            ("DescribeSecurityGroups", pages(4) + pages(1)),
            ("DescribeSubnets", pages(6)),
            ("DescribeTargetGroups", pages(7)),
        ];
        assert_eq!(calls, expected, "pages of {page}");
        assert_eq!(once(&mut rig).await, Calls::new(), "pages of {page}");

        rig.set_nodes(1..=4);
        assert_eq!(once(&mut rig).await, [("RegisterTargets", 7)].into(), "pages of {page}");
    }
}

/// Whose a foreign thing is stands in its tags only. It is read once, 20 in a call.
#[tokio::test]
async fn foreign_things_cost_one_call_for_twenty_and_no_second() {
    let mut rig = three().await;
    rig.restart().await;
    rig.bench.spent();
    rig.driver().survey(&rig.cx).await.unwrap();
    assert_eq!(rig.bench.spent().get("DescribeTags"), Some(&1));
    rig.driver().survey(&rig.cx).await.unwrap();
    assert_eq!(rig.bench.spent().get("DescribeTags"), None);
}

/// The health of targets is asked for now, and only whose they are has to be listed besides.
#[tokio::test]
async fn the_health_of_targets_costs_the_lists_and_one_call_for_each_group() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).port(443));
    rig.converge().await.unwrap();
    rig.bench.spent();
    let targets = rig.driver().targets(&rig.cx, &Key::own(uid("a"))).await.unwrap();
    assert_eq!(targets[&uid("a")].len(), 2 * rig.bench.groups("a")[&80].targets.len());
    let expected = [
        ("DescribeLoadBalancers", 1),
        ("DescribeSecurityGroups", 1),
        ("DescribeTargetGroups", 1),
        ("DescribeTargetHealth", 2),
    ];
    assert_eq!(rig.bench.spent(), expected.into());
}

#[tokio::test]
async fn a_deletion_costs_one_write_and_one_for_each_port() {
    let mut rig = settled().await;
    rig.bench.release_at_once();
    rig.put(spec("a").port(80).port(443));
    rig.put(spec("b").port(80).source("10.0.0.0/8"));
    rig.converge().await.unwrap();
    for (name, groups) in [("a", 2), ("b", 1)] {
        rig.delete(name);
        let mut expected = Calls::from([("DeleteLoadBalancer", 1), ("DeleteTargetGroup", groups)]);
        if name == "b" {
            expected.insert("DeleteSecurityGroup", 1);
        }
        assert_eq!(made(&mut rig, name).await, expected, "{name}");
    }
}

#[tokio::test]
async fn load_balancers_that_come_up_together_are_asked_for_together() {
    let mut rig = settled().await;
    let names: Vec<_> = (0..30).map(|number| format!("s{number}")).collect();
    for name in &names {
        rig.put(spec(name).port(80));
        pass(&mut rig, name).await;
    }
    assert_eq!(rig.bench.spent().get("DescribeLoadBalancers"), None);
    for _ in 0..3 {
        rig.clock.advance(Duration::from_secs(10));
        for name in &names {
            pass(&mut rig, name).await;
        }
        assert_eq!(rig.bench.spent(), [("DescribeLoadBalancers", 2)].into());
    }
}

/// AWS answers a question about several load balancers with an error if one of them is gone.
#[tokio::test]
async fn one_that_is_deleted_while_it_comes_up_is_not_asked_for_any_more() {
    let mut rig = settled().await;
    rig.bench.release_at_once();
    let names = ["a", "b", "c", "d"];
    for name in names {
        rig.put(spec(name).port(80));
        pass(&mut rig, name).await;
    }
    rig.delete("a");
    pass(&mut rig, "a").await;
    // By hand, too.
    let gone = rig.bench.balancer("b").arn;
    rig.bench.cloud.edit(|world| world.balancers.remove(&gone));
    rig.bench.spent();
    let mut costs = Vec::new();
    for _ in 0..3 {
        rig.clock.advance(Duration::from_secs(10));
        for name in ["c", "d"] {
            rig.pass(&Key::own(uid(name))).await;
        }
        costs.push(rig.bench.spent()["DescribeLoadBalancers"]);
    }
    assert!(costs[1..] == [1, 1], "{costs:?}");
    assert!(rig.bench.served(&uid("c")).await.is_some());
}
