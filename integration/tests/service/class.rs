//! The class of a load balancer is chosen once.

use k8s_openapi::api::core::v1::Service;
use kube::api::{Patch, PatchParams};
use seaway_integration::{is_ours, visit};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn the_class_can_not_be_changed_while_it_is_a_load_balancer() {
    let class = |name: &str| json!({ "spec": { "loadBalancerClass": name } });
    let (cluster, controller, at) = web(1, class("seaway.dev/embedded")["spec"].clone()).await;
    let other = Patch::Merge(class("example.com/other"));
    let params = PatchParams::default();
    let refused = cluster.api::<Service>().patch("web", &params, &other).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("spec.loadBalancerClass"), "{text}");
    assert!(text.contains("may not change once set"), "{text}");
    visit(at).await.unwrap();

    // As another type it has none, and may come back with another.
    let plain = json!({ "type": "ClusterIP", "loadBalancerClass": null });
    cluster.patch_spec("web", plain).await;
    cluster.is_left("web").await;
    let others = json!({ "type": "LoadBalancer", "loadBalancerClass": "example.com/other" });
    cluster.patch_spec("web", others).await;
    cluster
        .create(&seaway_integration::service(
            "next",
            "echo",
            class("seaway.dev/embedded")["spec"].clone(),
        ))
        .await;
    cluster.serves("next").await;
    assert!(!is_ours(&cluster.service("web").await.unwrap()), "it is somebody else's now");
    controller.stop().await;
}
