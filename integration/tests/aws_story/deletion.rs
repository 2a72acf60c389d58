//! Services go, and what was made for them goes with them.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::hostname;
use serde_json::json;

use crate::site::Site;

#[tokio::test]
async fn nothing_is_left_of_a_service_and_with_the_last_one_goes_what_all_have_shared() {
    let site = Site::new(2).await;
    let seaway = site.seaway().await;
    site.create("first", json!({ "loadBalancerSourceRanges": ["192.0.2.0/24"] })).await;
    site.create("last", json!({})).await;
    let of_first = site.converges("first").await;
    let of_last = site.converges("last").await;

    site.cluster.delete::<Service>("first").await;
    site.cluster.is_gone("first").await;
    let now = site.aws.inventory().await;
    assert!(now.balancers.values().all(|it| it.dns != of_first));
    assert_eq!((site.balancer().await.dns, now.target_groups.len()), (of_last, 1));
    let made = now.security_groups.len() - site.before.security_groups.len();
    assert_eq!(made, 2, "what all share is needed still: {:?}", now.security_groups);

    // The interfaces of a load balancer outlive it, and keep its security groups in use.
    site.aws.set_interface_time(Duration::from_secs(1));
    site.cluster.delete::<Service>("last").await;
    site.is_gone("last").await;
    seaway.stop().await;
}

#[tokio::test]
async fn a_service_that_is_no_load_balancer_any_more_keeps_nothing() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    site.create("web", json!({})).await;
    site.converges("web").await;
    let plain = json!({ "type": "ClusterIP", "loadBalancerClass": null });
    site.cluster.patch_spec("web", plain).await;
    let left = site.cluster.is_left("web").await;
    assert_eq!(site.aws.inventory().await, site.before);
    assert_eq!(hostname(&left), None);
    seaway.stop().await;
}
