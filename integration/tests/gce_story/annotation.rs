//! Annotations that can't be followed.

use serde_json::json;

use crate::site::Site;
use crate::witness::text;

const TYPE: &str = "networking.gke.io/load-balancer-type";
const OF_GKE: &str = "service.kubernetes.io/backend-service";

#[tokio::test]
async fn one_that_can_not_be_is_refused_by_key_and_value_and_nothing_is_made() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    site.create_with("web", &[(TYPE, "Public")], json!({})).await;
    let parts = [TYPE, "Public", "Internal", "External"];
    site.cluster.warns("web", &parts).await;
    site.cluster.says("web", "seaway.dev/Accepted", "False", &parts).await;
    assert!(site.things("forwardingRules", "web").is_empty());
    assert!(site.things("backendServices", "web").is_empty());

    let notes = json!({ "metadata": { "annotations": { TYPE: "Internal" } } });
    site.cluster.follows("web", notes).await;
    site.cluster.says("web", "seaway.dev/Accepted", "True", &["gce"]).await;
    let rules = site.things("forwardingRules", "web");
    assert_eq!(text(&rules[0], "loadBalancingScheme"), "INTERNAL");
    site.close(seaway).await;
}

#[tokio::test]
async fn a_service_that_gke_works_on_is_left_to_it() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    site.create_with("web", &[(OF_GKE, "k8s2-abc")], json!({})).await;
    site.cluster.warns("web", &[OF_GKE]).await;
    assert!(site.things("forwardingRules", "web").is_empty());
    site.close(seaway).await;
}
