//! Which nodes are targets, and what becomes of those that AWS does not take.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{ErrorKind, Node, Nodes};
use seaway_provider_aws::api::Fault;
use seaway_testkit::rig::{Rig, pass, trouble, warnings};
use seaway_testkit::spec;

use crate::desk::{Calls, Desk, key, machine, pass_with, settled, settled_with};

const MINUTE: Duration = Duration::from_mins(1);

fn machines(numbers: impl IntoIterator<Item = u16>) -> Nodes {
    numbers.into_iter().map(machine).collect()
}

fn ids(numbers: impl IntoIterator<Item = u16>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| format!("i-{number:04x}")).collect()
}

fn names() -> Vec<String> {
    (0..30).map(|number| format!("s{number}")).collect()
}

/// Works on every Service with these nodes, and returns what that cost.
async fn all(rig: &Rig<Desk>, nodes: &Nodes) -> Calls {
    rig.bench.spent();
    for name in names() {
        let report = pass_with(rig, &name, nodes).await;
        assert_eq!(trouble(&report, &name), None);
    }
    let mut calls = rig.bench.spent();
    calls.retain(|action, _| !action.starts_with("Describe"));
    calls
}

#[tokio::test]
async fn of_many_nodes_a_service_gets_fifty_and_a_change_moves_few() {
    let mut rig = settled().await;
    for name in names() {
        rig.put(spec(&name).port(80));
    }
    all(&rig, &machines(0..300)).await;
    let before: BTreeMap<_, _> =
        names().into_iter().map(|name| (name.clone(), rig.bench.instances(&name))).collect();
    for (name, chosen) in &before {
        assert_eq!(chosen.len(), 50, "{name}");
        let mut zones = BTreeMap::<u16, usize>::new();
        for id in chosen {
            *zones.entry(u16::from_str_radix(&id[2..], 16).unwrap() % 3).or_default() += 1;
        }
        assert!(zones.values().all(|count| [16, 17].contains(count)), "{name}: {zones:?}");
    }

    // A sixth of the Services want the new node, and nobody gives up another for it.
    let calls = all(&rig, &machines(0..301)).await;
    let more = names().iter().filter(|name| rig.bench.instances(name).len() == 51).count();
    assert!((1..=12).contains(&more), "{more}");
    assert_eq!(calls, [("RegisterTargets", more)].into());

    // One that goes is missed by those that had it, and they need no other.
    let had = names().iter().filter(|name| rig.bench.instances(name).contains("i-0007")).count();
    let calls = all(&rig, &machines((0..301).filter(|number| *number != 7))).await;
    assert!((1..=12).contains(&had), "{had}");
    assert_eq!(calls["DeregisterTargets"], had);
    assert!(calls.get("RegisterTargets").is_none_or(|count| *count <= had), "{calls:?}");
}

#[tokio::test]
async fn a_node_that_is_no_instance_is_named_and_left_out() {
    let mut rig = settled().await;
    rig.bench.shape(2, |node| node.provider_id = None);
    rig.bench.shape(3, |node| node.zone = Some("eu-west-1d".to_owned()));
    rig.set_nodes([1, 2, 3]);
    rig.put(spec("a").port(80));
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None);
    assert_eq!(rig.bench.instances("a"), ids([1]));
    let told = warnings(&report, "a");
    let says = |reason: &str, node: &str| {
        told.iter().any(|text| text.starts_with(reason) && text.contains(node))
    };
    assert!(says("NodeWithoutInstance", "node-2"), "{told:?}");
    assert!(says("NodeOutsideZones", "node-3"), "{told:?}");
}

/// Whoever answers the checks says that a node is about to go sooner than its target could be taken
/// out; where nobody does, it is taken out.
#[tokio::test]
async fn a_node_that_drains_goes_where_nobody_else_says_so() {
    let mut rig = settled().await;
    rig.put(spec("told").port(80));
    rig.put(spec("tcp").port(80).setting(&key("healthcheck-protocol"), "tcp"));
    rig.put(spec("proxied").port(80).setting(&key("proxy-protocol"), "*"));
    rig.put(spec("local").port(80).local(31_234));
    rig.converge().await.unwrap();
    rig.bench.shape(2, |node| node.draining = true);
    rig.set_nodes([1, 2, 3]);
    for (name, stays) in [("told", true), ("tcp", false), ("proxied", false), ("local", false)] {
        pass(&mut rig, name).await;
        assert_eq!(rig.bench.instances(name).contains("i-0002"), stays, "{name}");
    }
    // A new one gets none of it.
    rig.put(spec("new").port(80));
    pass(&mut rig, "new").await;
    assert_eq!(rig.bench.instances("new"), ids([1, 3]));
}

#[tokio::test]
async fn an_instance_that_does_not_run_keeps_out_nobody_else() {
    let mut rig = settled().await;
    rig.bench.cloud.stop("i-0002");
    rig.put(spec("a").port(80));
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None);
    assert_eq!(rig.bench.instances("a"), ids([1, 3]));
    let told = warnings(&report, "a");
    assert!(
        told.iter().any(|it| it.starts_with("InvalidTarget") && it.contains("i-0002")),
        "{told:?}"
    );
    assert!(report.look_again.is_some_and(|span| span <= MINUTE), "{report:?}");

    rig.bench.cloud.start("i-0002");
    rig.bench.spent();
    rig.clock.advance(MINUTE / 2);
    pass(&mut rig, "a").await;
    assert_eq!(rig.bench.spent().get("RegisterTargets"), None);
    rig.clock.advance(MINUTE / 2);
    let report = pass(&mut rig, "a").await;
    assert_eq!(rig.bench.spent().get("RegisterTargets"), Some(&1));
    assert_eq!(rig.bench.instances("a"), ids([1, 2, 3]));
    assert_eq!(warnings(&report, "a"), Vec::<String>::new());
}

/// What was known of its target groups is told also while the load balancer is not there yet.
#[tokio::test]
async fn a_load_balancer_that_is_made_again_hides_no_trouble_of_its_targets() {
    let mut rig = settled().await;
    rig.put(spec("full").port(80));
    pass(&mut rig, "full").await;
    rig.bench.cloud.stop("i-0002");
    rig.put(spec("stopped").port(80));
    pass(&mut rig, "stopped").await;
    rig.bench.cloud.edit(|world| world.limits.targets = 3);
    rig.set_nodes(1..=4);
    pass(&mut rig, "full").await;
    for (name, told) in [("stopped", "i-0002"), ("full", "targets per Availability Zone")] {
        let gone = rig.bench.balancer(name).arn;
        rig.bench.cloud.edit(|world| world.balancers.remove(&gone));
        rig.clock.advance(MINUTE / 4);
        rig.driver().survey(&rig.cx).await.unwrap();
        rig.bench.cloud.fail_next(Fault::refused("TooManyLoadBalancers", "50"));
        let report = pass(&mut rig, name).await;
        assert!(rig.bench.balancers(name).is_empty());
        let mut all = warnings(&report, name);
        all.extend(trouble(&report, name).map(|error| error.to_string()));
        assert!(all.iter().any(|text| text.contains(told)), "{name}: {all:?}");
        assert!(report.look_again.is_some(), "{name}: {report:?}");
    }
}

#[tokio::test]
async fn a_full_target_group_makes_room_and_says_when_there_is_none() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.bench.cloud.edit(|world| world.limits.targets = 3);
    rig.set_nodes([1, 2, 4]);
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None);
    assert_eq!(rig.bench.instances("a"), ids([1, 2, 4]));

    rig.set_nodes(1..=5);
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.message().contains("targets per Availability Zone"), "{error}");
    assert_eq!(rig.bench.instances("a"), ids([1, 2, 4]), "the rest stays");

    // It is not tried again and again.
    rig.bench.spent();
    rig.clock.advance(MINUTE);
    pass(&mut rig, "a").await;
    assert_eq!(rig.bench.spent(), Calls::new());
    rig.bench.cloud.edit(|world| world.limits.targets = 1000);
    rig.clock.advance(4 * MINUTE);
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None);
    assert_eq!(rig.bench.instances("a"), ids(1..=5));
}

/// Nodes that seem to vanish may be a mistake of whoever lists them.
#[tokio::test]
async fn never_more_than_half_of_the_targets_go_within_a_minute() {
    let mut rig = settled_with("subset-above = 1000").await;
    rig.set_nodes(1..=120);
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.instances("a").len(), 120);
    rig.set_nodes(1..=20);
    let mut left = Vec::new();
    for _ in 0..4 {
        let report = pass(&mut rig, "a").await;
        let told = warnings(&report, "a");
        let count = rig.bench.instances("a").len();
        let braked = told.iter().any(|it| it.starts_with("MassDeregistration"));
        assert_eq!(braked, count > 20, "{told:?}");
        assert_eq!(report.look_again.is_some_and(|span| span <= MINUTE), count > 20, "{report:?}");
        left.push(count);
        // In between nothing goes.
        rig.clock.advance(MINUTE / 2);
        pass(&mut rig, "a").await;
        assert_eq!(rig.bench.instances("a").len(), count);
        rig.clock.advance(MINUTE / 2);
    }
    assert_eq!(left, [60, 30, 20, 20]);
    assert_eq!(rig.bench.instances("a"), ids(1..=20));
}

/// They come back before the last of them is gone.
#[tokio::test]
async fn what_the_brake_kept_needs_no_second_registration() {
    let mut rig = settled_with("subset-above = 1000").await;
    rig.set_nodes(1..=120);
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.set_nodes(1..=20);
    pass(&mut rig, "a").await;
    rig.set_nodes(1..=120);
    rig.bench.spent();
    pass(&mut rig, "a").await;
    assert_eq!(rig.bench.spent(), [("RegisterTargets", 1)].into());
    rig.check_served_by("a").await.unwrap();
}

/// Another NodePort of the same instances takes nothing from the clients.
#[tokio::test]
async fn another_node_port_is_no_loss_of_nodes() {
    let mut rig = settled_with("subset-above = 1000").await;
    rig.set_nodes(1..=120);
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    rig.put(spec("a").port(80).node_port(80, 31_999));
    let report = pass(&mut rig, "a").await;
    assert_eq!(warnings(&report, "a"), Vec::<String>::new());
    // Nor does it slow down what goes right after.
    rig.set_nodes(1..=70);
    pass(&mut rig, "a").await;
    assert_eq!(rig.bench.instances("a"), ids(1..=70));
    rig.check_served_by("a").await.unwrap();
}

#[tokio::test]
async fn the_zone_of_a_node_without_a_label_is_in_its_provider_id() {
    let mut rig = settled().await;
    rig.bench.shape(1, |node: &mut Node| node.zone = None);
    rig.set_nodes([1, 2]);
    rig.put(spec("a").port(80).setting(&key("subnets"), "subnet-1-private-b"));
    let report = pass(&mut rig, "a").await;
    assert_eq!(rig.bench.instances("a"), ids([1]));
    let told = warnings(&report, "a");
    assert!(told[0].contains("node-2") && !told[0].contains("node-1"), "{told:?}");
}
