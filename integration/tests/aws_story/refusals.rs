//! AWS says no, and then yes.

use seaway_integration::mock_aws::{Fault, Harm};
use serde_json::json;

use crate::site::Site;

/// Refuses `action` with `code` until the Service says so, in an Event and in the condition; goes on then.
async fn check(action: &str, code: &str) {
    let site = Site::new(1).await;
    site.aws.inject(Fault::on(action, Harm::refuse(code, "not now")).times(usize::MAX));
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.cluster.warns("web", &[code, action]).await;
    site.cluster.says("web", "seaway.dev/Provisioned", "False", &[code, action]).await;
    assert!(site.aws.counts()[action] < 10, "it does not give AWS a rest: {:?}", site.aws.counts());

    site.aws.clear_faults();
    let hostname = site.converges("web").await;
    let balancer = site.balancer().await;
    assert_eq!((balancer.dns, balancer.listeners.len()), (hostname, 1));
    seaway.stop().await;
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_told_and_raised() {
    check("CreateLoadBalancer", "TooManyLoadBalancers").await;
}

#[tokio::test]
async fn a_permission_that_is_missing_is_told_and_given() {
    check("CreateTargetGroup", "AccessDenied").await;
}

#[tokio::test]
async fn too_many_calls_are_told_and_slowed_down() {
    check("CreateListener", "Throttling").await;
}
