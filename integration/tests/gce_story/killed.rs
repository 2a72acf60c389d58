//! The controller is killed while Google is at work on something, and does not hear how it ended. The
//! next one finishes it: nothing is there twice, and nothing is left behind.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::until;
use seaway_mock_gce::{Fault, Harm};
use serde_json::json;

use crate::site::Site;

/// Kills the controller in the first operation of `method`; another one finishes the work, and then
/// takes all away.
async fn check(method: &str) {
    let site = Site::new(2).await;
    let slow = Harm::SlowOperation(Duration::from_secs(2));
    site.gce.inject(Fault::next(method, slow));
    let seaway = site.seaway().await;
    // Six ports: the address is promoted on the way.
    let port = |port: u16| json!({ "name": format!("p{port}"), "port": port, "targetPort": 8080 });
    let ports: Vec<_> = (80..86).map(port).collect();
    site.create("web", json!({ "ports": ports })).await;
    until(&format!("{method} is called"), async || {
        site.gce.calls().iter().any(|call| call.method == method).then_some(())
    })
    .await;
    seaway.kill().await;
    assert!(site.gce.running() > 0, "it ended before");

    let seaway = site.seaway().await;
    let ip = site.converges("web").await;
    assert_eq!(ip.len(), 1);
    let open = (80..86).map(|port| (ip[0], format!("tcp:{port}")));
    assert_eq!(site.open("web"), open.collect());
    let count = |kind| site.things(kind, "web").len();
    assert_eq!((count("forwardingRules"), count("backendServices")), (2, 1));
    assert_eq!((count("firewalls"), count("addresses")), (1, 1));
    // What all share is not waited for by each: what was not ready is tried again on its own.
    site.shows("both nodes are in their groups", || {
        site.groups().into_values().eq([["node-1"], ["node-2"]])
    })
    .await;

    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    site.close(seaway).await;
}

#[tokio::test]
async fn a_health_check_comes_to_be_and_nobody_hears_of_it() {
    check("compute.regionHealthChecks.insert").await;
}

#[tokio::test]
async fn an_instance_group_comes_to_be_and_nobody_hears_of_it() {
    check("compute.instanceGroups.insert").await;
}

#[tokio::test]
async fn instances_join_a_group_and_nobody_hears_of_it() {
    check("compute.instanceGroups.addInstances").await;
}

#[tokio::test]
async fn a_backend_service_comes_to_be_and_nobody_hears_of_it() {
    check("compute.regionBackendServices.insert").await;
}

#[tokio::test]
async fn an_address_is_reserved_and_nobody_hears_of_it() {
    check("compute.addresses.insert").await;
}

#[tokio::test]
async fn a_forwarding_rule_comes_to_be_and_nobody_hears_of_it() {
    check("compute.forwardingRules.insert").await;
}

#[tokio::test]
async fn a_firewall_rule_comes_to_be_and_nobody_hears_of_it() {
    check("compute.firewalls.insert").await;
}
