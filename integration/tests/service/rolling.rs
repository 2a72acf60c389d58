//! A rolling restart while clients are served: one pod after the other is replaced, the new one
//! Ready before the old one is asked to go.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Cluster, Load, Tally, figure, is_steady, pod, service};
use serde_json::json;

const PODS: usize = 3;
/// What an owner is told to give a pod: the news that it goes takes a second or two to spread.
const GRACE: i64 = 8;
const WANTED_PERCENT: f64 = 99.0;

/// A pod of a generation, on its node, that ends no sooner than the news of it has spread.
fn web(generation: &str, number: usize) -> Pod {
    let node = format!("node-{number}");
    let mut pod = pod(&format!("{generation}-{number}"), "web", Some(&node));
    pod.spec.as_mut().unwrap().termination_grace_period_seconds = Some(GRACE);
    pod
}

async fn roll(policy: &str) -> Tally {
    let cluster = Cluster::sandbox(PODS).await;
    for number in 1..=PODS {
        cluster.starts(&web("old", number)).await;
    }
    let controller = cluster.run(1).await;
    let spec = json!({ "externalTrafficPolicy": policy });
    cluster.create(&service("web", "web", spec)).await;
    let at = cluster.serves("web").await;
    is_steady(at).await;

    let load = Load::start(at, 4, Duration::from_millis(5));
    load.serves(40).await;
    for number in 1..=PODS {
        cluster.starts(&web("new", number)).await;
        cluster.delete::<Pod>(&format!("old-{number}")).await;
        cluster.ends(&format!("old-{number}")).await;
    }
    load.serves(40).await;
    let tally = load.stop().await;
    controller.stop().await;
    tally
}

async fn hurts_nobody(policy: &str, name: &str) {
    let tally = roll(policy).await;
    let (served, failed) = (tally.served, tally.failures.len());
    let percent = 100.0 * share(served, served + failed);
    figure(&format!("{name}.requests"), served + failed, "count");
    figure(name, format!("{percent:.2}"), "%");
    assert!(percent >= WANTED_PERCENT, "{percent} % of {served} + {failed}: {:?}", tally.failures);
}

fn share(part: usize, all: usize) -> f64 {
    let exact = |count: usize| f64::from(u32::try_from(count).unwrap());
    exact(part) / exact(all)
}

#[tokio::test]
async fn a_rolling_restart_hurts_nobody() {
    hurts_nobody("Cluster", "rolling.cluster").await;
}

#[tokio::test]
async fn nor_does_it_where_each_node_answers_for_itself() {
    hurts_nobody("Local", "rolling.local").await;
}
