//! What Services share: the instance groups, and a network that may be another project's.

use seaway_core::Key;
use seaway_mock_gce::{Fault, Harm, InUse, Refusal};
use seaway_testkit::rig::{Rig, pass, trouble, warnings};
use seaway_testkit::{Bench as _, spec};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::scene::{settled, settled_with, things};

/// The instance groups of ours, and how many instances each has.
fn groups(rig: &Rig<Desk>) -> Vec<u64> {
    let all = rig.bench.mock.list("instanceGroups").into_iter();
    let ours = |it: &Value| it["description"].as_str().is_some_and(|it| it.contains("testkit"));
    all.filter(ours).map(|it| it["size"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_instance_that_google_does_not_take_keeps_nobody_out() {
    let mut rig = settled().await;
    rig.bench.mock.remove_instance("europe-west1-c", "node-4");
    rig.put(spec("a").port(80));
    rig.set_nodes(1..=6);
    rig.pass(&Key::Ground).await;
    assert_eq!(groups(&rig).iter().sum::<u64>(), 5);
    let report = pass(&mut rig, "a").await;
    let told = warnings(&report, "a");
    assert!(
        told.iter().any(|it| it.starts_with("NodesLeftOut") && it.contains("node-4")),
        "{told:?}"
    );
    // The instance comes back, and is tried again after a minute.
    rig.bench.mock.add_instance("europe-west1-c", "node-4", "default");
    rig.clock.advance(std::time::Duration::from_mins(2));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(groups(&rig).iter().sum::<u64>(), 6);
}

/// An instance group takes instances of one subnetwork only.
#[tokio::test]
async fn each_subnetwork_has_its_groups() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(groups(&rig).len(), 3);
    let mut goal = rig.goal(&Key::Ground);
    let mut stray = rig.bench.node(9);
    rig.bench.mock.remove_instance("europe-west1-b", "node-9");
    rig.bench.mock.add_instance("europe-west1-b", "node-9", "second");
    stray.addresses = vec!["10.1.0.9".parse().unwrap()];
    goal.nodes = goal.nodes.values().cloned().chain([stray]).collect();
    let report = rig.driver().reconcile(&rig.cx, &Key::Ground, &goal).await;
    assert!(report.settled, "{report:?}");
    assert_eq!(groups(&rig).len(), 4);
}

/// A node in another load balancer's group can't be in ours: Google says so, and so do we.
#[tokio::test]
async fn a_node_of_another_load_balancers_group_is_told() {
    let mut rig = settled().await;
    rig.bench.balance_elsewhere("europe-west1-c", "node-4");
    rig.put(spec("a").port(80));
    rig.set_nodes(1..=4);
    rig.pass(&Key::Ground).await;
    let report = pass(&mut rig, "a").await;
    let told = warnings(&report, "a");
    assert!(
        told.iter().any(|it| it.contains("at most one load-balanced instance group")),
        "{told:?}"
    );
    assert_eq!(groups(&rig).iter().sum::<u64>(), 3);
}

/// Google takes such a node into a group that no load balancer has yet, and then no load balancer with
/// that group.
#[tokio::test]
async fn what_keeps_the_first_load_balancer_from_its_nodes_is_told() {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.balance_elsewhere("europe-west1-c", "node-4");
    rig.set_nodes([4]);
    rig.put(spec("a").port(80));
    rig.driver().survey(&rig.cx).await.unwrap();
    rig.pass(&Key::Ground).await;
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap().to_string();
    for part in ["node-4", "at most one load-balanced instance group", "out of the other group"] {
        assert!(error.contains(part), "{error} does not say {part}");
    }
    let theirs = "projects/seaway/regions/europe-west1/backendServices/theirs";
    rig.bench.mock.ask("DELETE", theirs, Value::Null);
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
}

/// A load balancer without any node is none: the Service waits, and says why.
#[tokio::test]
async fn where_no_node_can_be_had_nothing_is_begun() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    let key = Key::own(seaway_testkit::uid("a"));
    let mut goal = rig.goal(&key);
    let mut stray = rig.bench.node(9);
    stray.provider_id = None;
    goal.nodes = [stray].into_iter().collect();
    let report = rig.driver().reconcile(&rig.cx, &key, &goal).await;
    let error = trouble(&report, "a").unwrap().to_string();
    assert!(error.contains("none of 1 nodes") && error.contains("node-9"), "{error}");
    assert!(!report.wrote(), "{report:?}");
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

/// The load balancer is there, and the network's admin is told what to run.
#[tokio::test]
async fn a_shared_network_that_we_may_not_open_is_the_admins_to_open() {
    let mut rig = settled_with("network-project = 'host'").await;
    rig.bench.mock.forbid("host", "compute.firewalls.insert");
    rig.put(spec("a").port(80).source("192.0.2.0/24"));
    let report = pass(&mut rig, "a").await;
    assert_eq!(trouble(&report, "a"), None);
    let told = warnings(&report, "a").join("\n");
    for part in [
        "gcloud compute firewall-rules create sw-default-a-",
        "--project=host",
        "--network=default",
        "--allow=tcp:80",
        "--source-ranges=192.0.2.0/24",
        "--destination-ranges=",
    ] {
        assert!(told.contains(part), "{told} does not say {part}");
    }
    assert_eq!(rig.published("a").len(), 1, "the load balancer is reported all the same");
    // Once we may, we do it ourselves.
    rig.bench.mock.heal();
    rig.clock.advance(std::time::Duration::from_mins(6));
    rig.converge().await.unwrap();
    assert_eq!(things(&rig, "firewalls", "a").len(), 1);
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn nodes_that_are_no_instances_are_left_out_and_told() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let key = Key::own(seaway_testkit::uid("a"));
    let mut goal = rig.goal(&key);
    let mut stray = rig.bench.node(9);
    stray.provider_id = Some("aws:///eu-west-1a/i-1".to_owned());
    goal.nodes = goal.nodes.values().cloned().chain([stray]).collect();
    let report = rig.driver().reconcile(&rig.cx, &key, &goal).await;
    let told = warnings(&report, "a").join("\n");
    assert!(told.contains("node-9") && told.contains("aws:///eu-west-1a/i-1"), "{told}");
}

/// A load balancer that is reported has nodes behind it.
#[tokio::test]
async fn what_has_no_node_yet_is_not_begun() {
    let mut rig = Rig::<Desk>::open().await;
    let never = Harm::Refuse(Refusal::rate_limited());
    rig.bench.mock.inject(Fault::every(1, "compute.instanceGroups.addInstances", never));
    rig.put(spec("a").port(80));
    rig.driver().survey(&rig.cx).await.unwrap();
    rig.pass(&Key::Ground).await;
    let report = pass(&mut rig, "a").await;
    assert!(report.needs_ground && !report.wrote(), "{report:?}");
    rig.bench.mock.heal();
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
}

/// Google says "in use" in three ways, and each means "later".
#[tokio::test]
async fn what_others_still_use_goes_later() {
    for way in [InUse::Operation, InUse::BadRequest, InUse::Precondition] {
        let mut rig = settled().await;
        rig.bench.mock.set_in_use(way);
        let check = names_of(&rig, "healthChecks", "-nodes");
        let region = "projects/seaway/regions/europe-west1";
        let theirs = json!({
            "name": "theirs",
            "loadBalancingScheme": "EXTERNAL",
            "protocol": "TCP",
            "healthChecks": [format!("{region}/healthChecks/{check}")],
        });
        rig.bench.post(&format!("{region}/backendServices"), theirs);
        rig.delete("other");
        rig.pass(&Key::own(seaway_testkit::uid("other"))).await;
        let report = rig.pass(&Key::Ground).await;
        let error = report.error.unwrap();
        assert_eq!(error.kind(), seaway_core::ErrorKind::Unavailable, "{way:?}: {error}");
        assert!(rig.remembers("other"), "the finalizer stays");
        rig.bench.mock.ask("DELETE", &format!("{region}/backendServices/theirs"), Value::Null);
        rig.converge().await.unwrap();
        assert_eq!(groups(&rig), [0; 0]);
        assert!(!rig.remembers("other"));
    }
}

/// The name of the one thing of ours that ends so.
fn names_of(rig: &Rig<Desk>, kind: &str, end: &str) -> String {
    let mut names =
        rig.bench.mock.list(kind).into_iter().map(|it| it["name"].as_str().unwrap().to_owned());
    names.rfind(|name| name.ends_with(end)).unwrap()
}
