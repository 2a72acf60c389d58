//! Services go, and what was made for them goes with them.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::addresses;
use seaway_mock_gce::InUse;
use serde_json::json;

use crate::site::Site;
use crate::witness::inventory;

#[tokio::test]
async fn nothing_is_left_of_a_service_and_with_the_last_one_goes_what_all_have_shared() {
    for way in [InUse::Operation, InUse::BadRequest, InUse::Precondition] {
        let site = Site::new(3).await;
        site.gce.set_in_use(way);
        let seaway = site.seaway().await;
        let mixed = json!({
            "externalTrafficPolicy": "Local",
            "ports": [
                { "name": "web", "port": 80, "targetPort": 8080 },
                { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 8080 },
            ],
        });
        site.create("first", mixed).await;
        site.create("last", json!({})).await;
        site.converges("first").await;
        let ip = site.converges("last").await;
        let groups = site.groups();

        site.cluster.delete::<Service>("first").await;
        site.cluster.is_gone("first").await;
        for kind in ["addresses", "backendServices", "firewalls", "forwardingRules", "healthChecks"]
        {
            assert!(site.things(kind, "first").is_empty(), "{kind}");
        }
        assert_eq!(site.open("last"), [(ip[0], "tcp:80".to_owned())].into());
        assert_eq!(site.groups(), groups, "what all share is needed still");

        site.cluster.delete::<Service>("last").await;
        site.is_gone("last").await;
        site.close(seaway).await;
    }
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
    assert_eq!(inventory(&site.gce), site.before);
    assert!(addresses(&left).is_empty());
    site.close(seaway).await;
}
