//! What goes wrong with a provider or the API server, and what is made of it.

use std::time::{Duration, Instant};

use http::Method;
use seaway_controller::{FINALIZER, PROVISIONED, SERVING};
use seaway_core::{ErrorKind, Key, ProviderError};
use seaway_testkit::faults::Fate;
use serde_json::json;

use crate::lab::{Lab, often};
use crate::rush::{Rush, calm};

const STALE: &str = "Operation cannot be fulfilled on services \"web\": the object has been modified; \
                     please apply your changes to the latest version and try again";
const STATUS: (Method, &str) = (Method::PATCH, "/services/web/status");

#[tokio::test]
async fn nothing_is_done_before_services_and_nodes_were_listed() {
    for missing in ["/services", "/nodes"] {
        let lab = Lab::start().await;
        let rush = Rush::new();
        rush.run(&lab).await.stop().await;
        lab.put("web", &json!({})).await;
        lab.doors.close((Method::GET, missing), (500, "etcd is gone"), usize::MAX);
        let run = lab.begin(vec![rush.cloud()], calm());
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert!(!run.pulse.is_synced(), "{missing}");
        assert_eq!(lab.writes(), [""; 0], "{missing}");
        assert_eq!((rush.passes.take(), rush.script.writes()), (Vec::new(), 0), "{missing}");
        lab.doors.open();
        lab.says("web", PROVISIONED, "True Converged").await;
        rush.leads_to(&lab, &["node-1", "node-2"]).await;
        run.stop().await;
    }
}

#[tokio::test]
async fn a_conflict_on_the_status_is_told_and_tried_again() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    lab.doors.close(STATUS, (409, STALE), 1);
    lab.put("web", &json!({})).await;
    let what = "failed to add load balancer cleanup finalizer";
    lab.told("web", "SyncLoadBalancerFailed", &format!("load balancer: {what}: ")).await;
    lab.until("it has the finalizer", async || {
        let finalizers = lab.get("web").await?["metadata"]["finalizers"].clone();
        (finalizers == json!([FINALIZER])).then_some(())
    })
    .await;
    lab.says("web", PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;

    lab.doors.close(STATUS, (409, STALE), 1);
    lab.patch("web", json!({ "spec": { "ports": [{ "port": 81 }] } })).await;
    let what = "failed to update load balancer status";
    lab.told("web", "SyncLoadBalancerFailed", &format!("load balancer: {what}: ")).await;
    lab.told("web", "UpdatedLoadBalancer", "Updated load balancer with new spec").await;
    assert_eq!(lab.events("web", "RestoredStatus").await, [""; 0], "nobody else wrote it");

    lab.doors.close(STATUS, (409, STALE), 1);
    lab.delete("web").await;
    let what = "failed to remove load balancer cleanup finalizer";
    lab.told("web", "SyncLoadBalancerFailed", &format!("load balancer: {what}: ")).await;
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    run.stop().await;
}

#[tokio::test]
async fn a_service_that_is_gone_when_its_status_is_written_is_no_error() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;
    for (port, answer) in [
        (81, (404, "services \"web\" not found")),
        (82, (409, "Precondition failed: UID in precondition: a, UID in object meta: b")),
        (83, (422, "metadata.uid: Invalid value: \"a\": field is immutable")),
    ] {
        lab.doors.close(STATUS, answer, 1);
        lab.patch("web", json!({ "spec": { "ports": [{ "port": port }] } })).await;
        lab.until("it was refused", async || (!lab.doors.is_closed()).then_some(())).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(lab.events("web", "SyncLoadBalancerFailed").await, [""; 0]);
    run.stop().await;
}

#[tokio::test]
async fn a_plain_error_is_tried_again_later_and_later() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    let error = || ProviderError::new(ErrorKind::Unavailable, "CreateBalancer", "it hangs");
    // Two calls of one pass go side by side, and the next pass begins with a look.
    for ahead in 0..3 {
        rush.script.after(ahead, Fate::Refused(error()));
    }
    let began = Instant::now();
    lab.put("web", &json!({})).await;
    lab.told("web", "SyncLoadBalancerFailed", "Error syncing load balancer: CreateBalancer").await;
    let message = lab.says("web", PROVISIONED, "False Unavailable").await;
    assert!(message.contains("it hangs"), "{message}");
    lab.says("web", PROVISIONED, "True Converged").await;
    // 200 and 400 ms.
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
    let view = run.inspector.inspect(Some(("default", "web"))).await.unwrap().services.remove(0);
    assert_eq!(view.trouble, None, "a success forgets them");
    run.stop().await;
}

/// Each Service waits for what all share: it says why, and does not hurry the next try.
#[tokio::test]
async fn a_ground_that_fails_is_tried_again_later_and_later() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.grounded()], calm()).await;
    rush.rest(&lab).await;
    let error = ProviderError::new(ErrorKind::PermissionDenied, "CreateGroup", "not you");
    rush.script.refuse_steps(error);
    let began = Instant::now();
    for name in ["web", "other"] {
        lab.put(name, &json!({})).await;
    }
    for name in ["web", "other"] {
        let message = lab.says(name, PROVISIONED, "False PermissionDenied").await;
        assert!(message.contains("not you"), "{message}");
    }
    lab.until("the ground was tried five times", async || {
        let tries = rush.passes.seen().into_iter().filter(|key| *key == Key::Ground).count();
        (tries >= 5).then_some(())
    })
    .await;
    // Each Service may have had it tried when it came; then there were 200 and 400 ms at least.
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
    rush.script.clear();
    for name in ["web", "other"] {
        lab.says(name, PROVISIONED, "True Converged").await;
    }
    run.stop().await;
}

#[tokio::test]
async fn who_is_told_when_to_come_back_does_not_come_sooner() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    let wait = Duration::from_millis(500);
    let error = ProviderError::new(ErrorKind::Throttled, "CreateBalancer", "rate exceeded");
    rush.script.after(0, Fate::Refused(error.retry_after(wait)));
    let began = Instant::now();
    lab.put("web", &json!({})).await;
    lab.told("web", "SyncLoadBalancerFailed", "rate exceeded").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    // A plain error would have been tried again after 200 ms.
    assert!(began.elapsed() >= wait, "{:?}", began.elapsed());
    run.stop().await;
}

#[tokio::test]
async fn the_trouble_of_one_service_is_not_that_of_another() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = rush.run(&lab).await;
    let error = ProviderError::new(ErrorKind::PermissionDenied, "CreateBalancer", "not you");
    rush.script.after(0, Fate::Refused(error));
    lab.put("web", &json!({})).await;
    lab.put("other", &json!({})).await;
    lab.says("other", PROVISIONED, "True Converged").await;
    lab.says("other", SERVING, "True Serving").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    run.stop().await;
}

#[tokio::test]
async fn many_services_at_once_write_eight_at_a_time() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    for number in 0..40 {
        lab.put(&format!("web-{number}"), &json!({})).await;
    }
    let run = rush.run(&lab).await;
    for number in 0..40 {
        lab.says(&format!("web-{number}"), PROVISIONED, "True Converged").await;
    }
    assert!((2..=8).contains(&lab.doors.most()), "{}", lab.doors.most());
    run.stop().await;
}

#[tokio::test]
async fn our_own_writes_ask_for_nothing() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = lab.run(vec![rush.boxed(&["198.18.0.1"])], often()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!((rush.passes.take(), lab.writes()), (Vec::new(), Vec::new()));
    run.stop().await;
}
