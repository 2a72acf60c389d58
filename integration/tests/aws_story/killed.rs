//! The controller is killed when a call is done, and before it hears of it.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::mock_aws::{Fault, Harm};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::site::Site;
use crate::witness::{at, behind, node_ports};

/// Kills the controller at the first `action`; another one finishes the work, and then takes all away.
async fn check(action: &str) {
    let site = Site::new(2).await;
    let told = Arc::new(Notify::new());
    site.aws.inject(Fault::on(action, Harm::Cut(Arc::clone(&told))));
    let seaway = site.seaway().await;
    let service = site.create("web", json!({})).await;
    timeout(Duration::from_mins(1), told.notified()).await.unwrap();
    seaway.kill().await;

    let seaway = site.seaway().await;
    let hostname = site.converges("web").await;
    let now = site.aws.inventory().await;
    let balancer = site.balancer().await;
    assert_eq!((balancer.dns.as_str(), balancer.listeners.len()), (hostname.as_str(), 1));
    let group = behind(&now, &balancer, 80).unwrap();
    assert_eq!(group.registered(), at(&[1, 2], node_ports(&service)[0]));
    assert_eq!(now.target_groups.len(), 1, "{:?}", now.target_groups);
    let made = now.security_groups.len() - site.before.security_groups.len();
    assert_eq!(made, 2, "{:?}", now.security_groups);

    site.cluster.delete::<Service>("web").await;
    site.is_gone("web").await;
    seaway.stop().await;
}

#[tokio::test]
async fn a_security_group_is_made_and_nobody_hears_of_it() {
    check("CreateSecurityGroup").await;
}

#[tokio::test]
async fn a_load_balancer_is_made_and_nobody_hears_of_it() {
    check("CreateLoadBalancer").await;
}

#[tokio::test]
async fn targets_are_registered_and_nobody_hears_of_it() {
    check("RegisterTargets").await;
}

#[tokio::test]
async fn a_listener_is_made_and_nobody_hears_of_it() {
    check("CreateListener").await;
}
