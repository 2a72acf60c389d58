//! How a Service goes when not all goes as it should: nothing is left behind, and nobody is held up.

use std::time::Duration;

use seaway_controller::{FINALIZER, PROVISIONED};
use seaway_core::{ErrorKind, ProviderError};
use seaway_testkit::faults::Fate;
use serde_json::json;

use crate::lab::{Lab, Run};
use crate::rush::{Rush, calm};

/// The Service `web`, served by the cloud, and the controller that made it so.
async fn served() -> (Lab, Rush, Run) {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;
    (lab, rush, run)
}

async fn is_gone(lab: &Lab, rush: &Rush) {
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    lab.until("nothing is left of it", async || {
        let all = rush.cloud.inventory();
        (all.balancers.is_empty() && all.pools.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_while_nobody_was_there_is_taken_down() {
    let (lab, rush, run) = served().await;
    run.stop().await;
    lab.delete("web").await;
    assert!(lab.get("web").await.is_some(), "our finalizer waits for us");
    let run = rush.run(&lab).await;
    is_gone(&lab, &rush).await;
    lab.told("web", "DeletedLoadBalancer", "Deleted load balancer").await;
    run.stop().await;
}

#[tokio::test]
async fn a_type_that_was_changed_while_nobody_was_there_is_acted_on() {
    let (lab, rush, run) = served().await;
    run.stop().await;
    lab.patch("web", json!({ "spec": { "type": "ClusterIP" } })).await;
    let run = rush.run(&lab).await;
    lab.until("it is let go", async || {
        lab.get("web").await?["metadata"]["finalizers"].is_null().then_some(())
    })
    .await;
    assert!(rush.cloud.inventory().balancers.is_empty());
    assert_eq!(lab.shown("web").await, [""; 0]);
    assert_eq!(lab.condition("web", PROVISIONED).await, None, "nothing of ours is left on it");
    lab.patch("web", json!({ "spec": { "type": "LoadBalancer" } })).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    let finalizers = lab.get("web").await.unwrap()["metadata"]["finalizers"].clone();
    assert_eq!(finalizers, json!([FINALIZER]));
    run.stop().await;
}

#[tokio::test]
async fn a_service_whose_finalizer_somebody_strips_is_taken_down_all_the_same() {
    let (lab, rush, run) = served().await;
    {
        // As slow as a provider may be: the Service is gone before what it has.
        let _held_up = rush.passes.gate.write().await;
        lab.delete("web").await;
        lab.until("the pass begins", async || (!rush.passes.take().is_empty()).then_some(())).await;
        lab.patch("web", json!({ "metadata": { "finalizers": null } })).await;
        lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
        assert_eq!(rush.owners().len(), 1);
    }
    is_gone(&lab, &rush).await;
    run.stop().await;
}

#[tokio::test]
async fn a_service_recreated_by_the_same_name_gets_its_own_and_the_old_one_goes() {
    let (lab, rush, run) = served().await;
    let old = lab.shown("web").await;
    {
        let _held_up = rush.passes.gate.write().await;
        lab.delete("web").await;
        lab.patch("web", json!({ "metadata": { "finalizers": null } })).await;
        lab.put("web", &json!({})).await;
    }
    lab.says("web", PROVISIONED, "True Converged").await;
    let uid = lab.get("web").await.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    lab.until("only the new one is left", async || {
        (rush.owners() == std::slice::from_ref(&uid)).then_some(())
    })
    .await;
    assert_ne!(lab.shown("web").await, old);
    run.stop().await;
}

#[tokio::test]
async fn what_somebody_removed_already_or_in_part_is_no_obstacle() {
    for part in [false, true] {
        let (lab, rush, run) = served().await;
        rush.cloud.tamper(|all| {
            all.balancers.clear();
            if !part {
                all.pools.clear();
            }
        });
        lab.delete("web").await;
        is_gone(&lab, &rush).await;
        assert_eq!(lab.events("web", "SyncLoadBalancerFailed").await, [""; 0], "{part}");
        run.stop().await;
    }
}

#[tokio::test]
async fn a_deletion_that_fails_is_told_and_tried_again_and_the_service_waits() {
    let (lab, rush, run) = served().await;
    let error = || ProviderError::new(ErrorKind::Unavailable, "DeleteBalancer", "it hangs");
    // The first call of a pass may be a look; whichever it is, it goes wrong.
    rush.script.after(0, Fate::Refused(error()));
    lab.delete("web").await;
    lab.told("web", "SyncLoadBalancerFailed", "Error syncing load balancer: DeleteBalancer").await;
    let service = lab.get("web").await.unwrap();
    assert_eq!(service["metadata"]["finalizers"], json!([FINALIZER]));
    assert_eq!(rush.owners().len(), 1);
    is_gone(&lab, &rush).await;
    lab.told("web", "DeletedLoadBalancer", "Deleted load balancer").await;
    run.stop().await;
}

#[tokio::test]
async fn a_node_that_comes_during_a_deletion_brings_nothing_back() {
    let (lab, rush, run) = served().await;
    {
        let _held_up = rush.passes.gate.write().await;
        lab.delete("web").await;
        lab.until("the pass begins", async || (!rush.passes.take().is_empty()).then_some(())).await;
        lab.put_node(3, &json!({})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(rush.passes.take(), [], "one pass at a time over one load balancer");
    }
    is_gone(&lab, &rush).await;
    rush.rest(&lab).await;
    assert_eq!(rush.owners(), [""; 0]);
    run.stop().await;
}

#[tokio::test]
async fn who_had_nothing_is_told_of_no_deletion() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.boxed(&[])], calm()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "False QuotaExceeded").await;
    lab.put("refused", &json!({ "spec": { "loadBalancerIP": "2001:db8::1" } })).await;
    lab.says("refused", PROVISIONED, "False QuotaExceeded").await;
    for name in ["web", "refused"] {
        lab.delete(name).await;
        lab.until("it is gone", async || lab.get(name).await.is_none().then_some(())).await;
    }
    lab.quiet().await;
    for name in ["web", "refused"] {
        assert_eq!(lab.events(name, "DeletedLoadBalancer").await, [""; 0], "{name}");
    }
    run.stop().await;
}
