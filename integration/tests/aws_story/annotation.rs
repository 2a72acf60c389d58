//! Annotations that can't be followed.

use serde_json::json;

use crate::site::Site;

const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";

#[tokio::test]
async fn one_that_can_not_be_is_refused_by_key_and_value_and_nothing_is_made() {
    let site = Site::new(1).await;
    let seaway = site.seaway().await;
    site.create_with("web", &[(SCHEME, "public")], json!({})).await;
    let parts = [SCHEME, "public", "internal", "internet-facing"];
    site.cluster.warns("web", &parts).await;
    site.cluster.says("web", "seaway.dev/Accepted", "False", &parts).await;
    let now = site.aws.inventory().await;
    assert!(now.balancers.is_empty() && now.target_groups.is_empty(), "{now:?}");

    let notes = json!({ "metadata": { "annotations": { SCHEME: "internet-facing" } } });
    site.cluster.patch("web", notes).await;
    site.converges("web").await;
    site.cluster.says("web", "seaway.dev/Accepted", "True", &["aws"]).await;
    assert_eq!(site.balancer().await.scheme, "internet-facing");
    seaway.stop().await;
}
