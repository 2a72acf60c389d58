//! Several providers in one controller.

use std::sync::Arc;

use seaway_testkit::toys::by_id::cloud::PROVISIONING;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::json;

use crate::lab::{Lab, by_id, cloud, often, one_file};

const PROVIDER: &str = "seaway.dev/provider";

#[tokio::test]
async fn the_class_picks_the_provider_then_the_annotation_then_the_default() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let (cloud, clock) = cloud();
    let pool = ["198.18.0.1", "198.18.0.2"];
    let run = lab.run(vec![one_file(&daemon, &pool), by_id(&cloud)], often()).await;
    let class = |name: &str| json!({ "spec": { "loadBalancerClass": name } });
    lab.put("default", &json!({})).await;
    lab.put("by-class", &class("seaway.dev/by-id")).await;
    let annotated = json!({ "metadata": { "annotations": { PROVIDER: "by-id" } } });
    lab.put("by-annotation", &annotated).await;
    let mut both = class("seaway.dev/one-file");
    both["metadata"] = annotated["metadata"].clone();
    lab.put("both", &both).await;
    for name in ["default", "both"] {
        assert!(lab.address(name).await.starts_with("198.18.0."), "{name}");
    }
    lab.until("two are being made", async || {
        (cloud.inventory().balancers.len() == 2).then_some(())
    })
    .await;
    clock.advance(PROVISIONING);
    for name in ["by-class", "by-annotation"] {
        assert!(lab.address(name).await.ends_with(".cloud.example"), "{name}");
    }
    run.stop().await;
}

#[tokio::test]
async fn a_service_moves_when_its_annotation_does_and_is_never_without_a_place() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let (cloud, clock) = cloud();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"]), by_id(&cloud)], often()).await;
    lab.put("web", &json!({})).await;
    let old = lab.address("web").await;
    lab.annotate("web", PROVIDER, Some("by-id")).await;
    lab.until("the new one is being made", async || {
        (!cloud.inventory().balancers.is_empty()).then_some(())
    })
    .await;
    lab.says("web", seaway_controller::PROVISIONED, "False Pending").await;
    assert_eq!(
        lab.shown("web").await,
        std::slice::from_ref(&old),
        "clients still go to the old place"
    );
    assert_eq!(daemon.state().running.unwrap().len(), 1, "which still serves");
    clock.advance(PROVISIONING);
    lab.until("the new place is shown", async || {
        lab.shown("web").await.first()?.ends_with(".cloud.example").then_some(())
    })
    .await;
    lab.until("the old one is gone", async || daemon.state().running?.is_empty().then_some(()))
        .await;
    // And back, to the address that is free again.
    lab.annotate("web", PROVIDER, None).await;
    lab.until("it is back", async || {
        (lab.shown("web").await == std::slice::from_ref(&old)).then_some(())
    })
    .await;
    lab.until("the cloud is empty", async || cloud.inventory().balancers.is_empty().then_some(()))
        .await;
    lab.delete("web").await;
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    assert!(daemon.state().running.unwrap().is_empty());
    run.stop().await;
}

#[tokio::test]
async fn a_move_survives_a_restart_in_the_middle() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let (cloud, clock) = cloud();
    let drivers = || vec![one_file(&daemon, &["198.18.0.1"]), by_id(&cloud)];
    let run = lab.run(drivers(), often()).await;
    lab.put("web", &json!({})).await;
    let old = lab.address("web").await;
    lab.annotate("web", PROVIDER, Some("by-id")).await;
    lab.until("the new one is being made", async || {
        (!cloud.inventory().balancers.is_empty()).then_some(())
    })
    .await;
    run.stop().await;
    clock.advance(PROVISIONING / 2);
    let run = lab.run(drivers(), often()).await;
    lab.quiet().await;
    assert_eq!(lab.shown("web").await, [old], "clients still go to the old place");
    assert_eq!(daemon.state().running.unwrap().len(), 1, "which still serves");
    clock.advance(PROVISIONING);
    lab.until("the new place is shown", async || {
        lab.shown("web").await.first()?.ends_with(".cloud.example").then_some(())
    })
    .await;
    lab.until("the old one is gone", async || daemon.state().running?.is_empty().then_some(()))
        .await;
    assert_eq!(cloud.inventory().balancers.len(), 1);
    run.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_not_served_is_named() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], often()).await;
    lab.put("web", &json!({ "metadata": { "annotations": { PROVIDER: "aws" } } })).await;
    let message = lab.says("web", seaway_controller::ACCEPTED, "False InvalidSpec").await;
    assert!(message.contains("\"aws\" is not served here; served are one-file"), "{message}");
    lab.annotate("web", PROVIDER, Some("one-file")).await;
    lab.address("web").await;
    lab.says("web", seaway_controller::ACCEPTED, "True Accepted").await;
    run.stop().await;
}
