//! What a Service asks of the controller itself, by annotation.

use std::sync::Arc;

use std::time::Duration;

use seaway_controller::{ACCEPTED, Options, PROVISIONED};
use seaway_testkit::toys::by_id::cloud::PROVISIONING;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::json;

use crate::lab::{Lab, by_id, cloud, often, one_file};

#[tokio::test]
async fn a_paused_service_stays_as_it_is_even_when_it_is_deleted() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.address("web").await;
    lab.annotate("web", "seaway.dev/pause", Some("true")).await;
    lab.told("web", "PausedLoadBalancer", "Nothing is changed").await;
    lab.quiet().await;
    let before = daemon.state();
    lab.patch("web", json!({ "spec": { "ports": [{ "port": 81 }] } })).await;
    lab.put_node(3, &json!({})).await;
    lab.delete("web").await;
    lab.told("web", "PausedLoadBalancer", "The deletion waits").await;
    lab.quiet().await;
    assert_eq!(daemon.state(), before);
    assert!(lab.get("web").await.is_some());
    lab.annotate("web", "seaway.dev/pause", None).await;
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    assert!(daemon.state().running.unwrap().is_empty());
    run.stop().await;
}

#[tokio::test]
async fn only_the_selected_nodes_are_targets_and_labels_change_that() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    lab.put_node(3, &json!({ "edge": "yes" })).await;
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1", "198.18.0.2"])], often()).await;
    let some = json!({ "metadata": { "annotations": { "seaway.dev/node-selector": "edge=yes" } } });
    lab.put("some", &some).await;
    lab.address("some").await;
    let targets = || {
        let running = daemon.state().running.unwrap();
        let fronts = running.values().next().unwrap().fronts.clone();
        let all = fronts.into_iter().flat_map(|(_, _, targets)| targets);
        all.map(|target| target.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(targets(), ["192.0.2.3"]);
    lab.patch_node("node-1", json!({ "metadata": { "labels": { "edge": "yes" } } })).await;
    lab.until("two nodes", async || (targets() == ["192.0.2.1", "192.0.2.3"]).then_some(())).await;
    lab.patch_node("node-3", json!({ "metadata": { "labels": { "edge": "no" } } })).await;
    lab.until("one node", async || (targets() == ["192.0.2.1"]).then_some(())).await;
    lab.annotate("some", "seaway.dev/node-selector", None).await;
    lab.until("all nodes", async || (targets().len() == 3).then_some(())).await;
    lab.annotate("some", "seaway.dev/node-selector", Some("edge near yes")).await;
    let message = lab.says("some", ACCEPTED, "False InvalidSpec").await;
    assert!(message.contains("\"edge near yes\" is no label selector"), "{message}");
    assert_eq!(targets().len(), 3, "what it has stays");
    run.stop().await;
}

#[tokio::test]
async fn an_annotation_that_nobody_reads_is_told_once() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let drivers = || vec![one_file(&daemon, &["198.18.0.1"])];
    let run = lab.run(drivers(), often()).await;
    lab.put("web", &json!({ "metadata": { "annotations": { "seaway.dev/paused": "true" } } }))
        .await;
    lab.told("web", "UnknownAnnotation", "seaway.dev/paused").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    lab.quiet().await;
    run.stop().await;
    let run = lab.run(drivers(), often()).await;
    lab.quiet().await;
    assert_eq!(lab.events("web", "UnknownAnnotation").await.len(), 1);
    // Most are written to a Service that is there.
    lab.annotate("web", "seaway.dev/paused", None).await;
    lab.until("the condition has forgotten it", async || {
        let message = lab.says("web", ACCEPTED, "True Accepted").await;
        (!message.contains("seaway.dev/paused")).then_some(())
    })
    .await;
    lab.annotate("web", "seaway.dev/retian", Some("true")).await;
    lab.told("web", "UnknownAnnotation", "seaway.dev/retian").await;
    lab.until("the condition tells it", async || {
        let message = lab.says("web", ACCEPTED, "True Accepted").await;
        message.contains("nobody reads seaway.dev/retian").then_some(())
    })
    .await;
    run.stop().await;
}

#[tokio::test]
async fn what_a_provider_can_not_retain_is_refused_by_name() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({ "metadata": { "annotations": { "seaway.dev/retain": "true" } } }))
        .await;
    let message = lab.says("web", ACCEPTED, "False Unsupported").await;
    assert!(message.contains("seaway.dev/retain: \"true\": provider one-file can't"), "{message}");
    run.stop().await;
}

#[tokio::test]
async fn a_refusal_that_its_owner_takes_back_is_nobody_elses_change() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    lab.quiet().await;
    for _ in 0..3 {
        lab.annotate("web", "seaway.dev/retain", Some("true")).await;
        lab.says("web", ACCEPTED, "False Unsupported").await;
        lab.annotate("web", "seaway.dev/retain", None).await;
        lab.says("web", PROVISIONED, "True Converged").await;
        lab.says("web", ACCEPTED, "True Accepted").await;
    }
    lab.told("web", "UpdatedLoadBalancer", "").await;
    assert_eq!(lab.events("web", "RestoredStatus").await, [""; 0], "nobody else wrote it");
    run.stop().await;
}

#[tokio::test]
async fn what_is_retained_outlives_its_service_and_every_sweep() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    let swept = || Options { sweep: true, ..often() };
    let run = lab.run(vec![by_id(&cloud)], swept()).await;
    lab.put("web", &json!({})).await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(PROVISIONING);
    lab.address("web").await;
    lab.annotate("web", "seaway.dev/retain", Some("true")).await;
    lab.until("it is marked", async || {
        cloud.inventory().balancers.values().next()?.kept.then_some(())
    })
    .await;
    lab.delete("web").await;
    lab.until("the Service is gone", async || lab.get("web").await.is_none().then_some(())).await;
    lab.told("web", "RetainedLoadBalancer", "stays").await;
    clock.advance(Duration::from_mins(1));
    let left = cloud.inventory();
    lab.quiet().await;
    run.stop().await;
    let run = lab.run(vec![by_id(&cloud)], swept()).await;
    lab.quiet().await;
    assert_eq!(cloud.inventory(), left);
    assert_eq!(run.inspector.inspect(None).await.unwrap().orphans, []);
    run.stop().await;
}

#[tokio::test]
async fn a_deletion_that_waits_for_a_readable_pause_says_so() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.address("web").await;
    lab.annotate("web", "seaway.dev/pause", Some("yes")).await;
    lab.says("web", ACCEPTED, "False InvalidSpec").await;
    lab.delete("web").await;
    lab.told("web", "SyncLoadBalancerFailed", "the deletion waits until it is mended").await;
    lab.annotate("web", "seaway.dev/pause", Some("false")).await;
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    run.stop().await;
}
