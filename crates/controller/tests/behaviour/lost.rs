//! What was there, and is not any more: who tells that nobody is served, and what stays as it was.

use seaway_controller::{ACCEPTED, PROVISIONED, SERVING};
use seaway_core::{ErrorKind, ProviderError};
use serde_json::json;

use crate::lab::{Lab, Run};
use crate::rush::{Rush, calm};

const POOL: &[&str] = &["198.18.0.1", "198.18.0.2"];

async fn run(lab: &Lab, rush: &Rush) -> Run {
    lab.run(vec![rush.boxed(POOL)], calm()).await
}

/// The box has forgotten everything, as after a boot.
fn wipe(rush: &Rush) {
    rush.daemon.tamper(|state| {
        (state.owner, state.candidate, state.running) = (None, None, None);
        state.live.clear();
    });
}

/// A Service that is served, and a controller that has stopped.
async fn before() -> (Lab, Rush, String) {
    let (lab, rush) = (Lab::start().await, Rush::new());
    let run = run(&lab, &rush).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    let at = lab.address("web").await;
    run.stop().await;
    (lab, rush, at)
}

#[tokio::test]
async fn what_can_not_be_made_again_after_a_restart_serves_nobody_and_keeps_its_address() {
    let (lab, rush, at) = before().await;
    wipe(&rush);
    let error = ProviderError::new(ErrorKind::Unavailable, "listen", "the address is not here");
    rush.script.refuse_steps(error);
    let run = run(&lab, &rush).await;
    for kind in [PROVISIONED, SERVING] {
        let message = lab.says("web", kind, "False Unavailable").await;
        assert!(message.contains("the address is not here"), "{message}");
    }
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    lab.says("web", ACCEPTED, "True Accepted").await;

    rush.script.clear();
    lab.says("web", PROVISIONED, "True Converged").await;
    lab.says("web", SERVING, "True Serving").await;
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    run.stop().await;
}

#[tokio::test]
async fn a_daemon_that_does_not_start_again_serves_nobody() {
    let (lab, rush, at) = before().await;
    // Its config is still there.
    rush.daemon.tamper(|state| state.running = None);
    let error = ProviderError::new(ErrorKind::Unavailable, "reload", "it does not start");
    rush.script.refuse_steps(error);
    let run = run(&lab, &rush).await;
    for kind in [PROVISIONED, SERVING] {
        let message = lab.says("web", kind, "False Unavailable").await;
        assert!(message.contains("it does not start"), "{message}");
    }
    rush.script.clear();
    lab.says("web", SERVING, "True Serving").await;
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    run.stop().await;
}

#[tokio::test]
async fn what_could_not_even_be_looked_at_is_taken_for_there() {
    let (lab, rush, at) = before().await;
    let before = lab.get("web").await;
    rush.daemon.tamper(|state| state.owner = Some("another".into()));
    let run = run(&lab, &rush).await;
    // Told by a pass over it.
    lab.told("web", "SyncLoadBalancerFailed", "another").await;
    lab.patch_node("node-1", json!({ "metadata": { "labels": { "a": "b" } } })).await;
    rush.rest(&lab).await;
    assert_eq!(lab.get("web").await, before);
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    run.stop().await;
}

#[tokio::test]
async fn what_can_not_be_changed_for_now_serves_on() {
    let (lab, rush, at) = before().await;
    let before = lab.get("web").await;
    let error = ProviderError::new(ErrorKind::Unavailable, "write", "the disk is full");
    let run = run(&lab, &rush).await;
    rush.script.refuse_steps(error);
    lab.delete_node("node-2").await;
    lab.told("web", "SyncLoadBalancerFailed", "the disk is full").await;
    rush.rest(&lab).await;
    assert_eq!(lab.get("web").await, before);
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    run.stop().await;
}

#[tokio::test]
async fn who_is_refused_serves_on_until_what_it_had_is_gone() {
    let (lab, rush, at) = before().await;
    let served = run(&lab, &rush).await;
    let port =
        |protocol: &str| json!({ "spec": { "ports": [{ "port": 80, "protocol": protocol }] } });
    lab.patch("web", port("SCTP")).await;
    lab.says("web", ACCEPTED, "False Unsupported").await;
    lab.says("web", SERVING, "True Serving").await;
    served.stop().await;
    wipe(&rush);
    let run = run(&lab, &rush).await;
    lab.says("web", SERVING, "False Unsupported").await;
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    lab.patch("web", port("TCP")).await;
    lab.says("web", SERVING, "True Serving").await;
    assert_eq!(lab.shown("web").await, [at.as_str()]);
    run.stop().await;
}

#[tokio::test]
async fn nodes_without_an_address_of_the_services_family_serve_nobody() {
    let (lab, rush, _) = before().await;
    lab.delete_node("node-2").await;
    let address =
        |ip: &str| json!({ "status": { "addresses": [{ "type": "InternalIP", "address": ip }] } });
    lab.patch_node_status("node-1", address("2001:db8::1")).await;
    let run = run(&lab, &rush).await;
    let message = lab.says("web", SERVING, "False NoNodes").await;
    assert_eq!(message, "no node has an address of IPv4");
    lab.told("web", "UnAvailableLoadBalancer", "no available nodes").await;
    lab.patch_node_status("node-1", address("192.0.2.1")).await;
    lab.says("web", SERVING, "True Serving").await;
    run.stop().await;
}
