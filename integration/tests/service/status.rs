//! Somebody else writes the status.

use k8s_openapi::api::core::v1::Service;
use kube::api::{Patch, PatchParams};
use seaway_integration::{addresses, until};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn a_status_that_somebody_wipes_is_written_again_with_the_same_address() {
    let (cluster, controller, at) = web(1, json!({})).await;
    let wipe = Patch::Merge(json!({ "status": { "loadBalancer": { "ingress": null } } }));
    let params = PatchParams::default();
    cluster.api::<Service>().patch_status("web", &params, &wipe).await.unwrap();
    until("the address is shown again", async || {
        (addresses(&cluster.service("web").await?) == [at.ip()]).then_some(())
    })
    .await;
    assert_eq!(cluster.serves("web").await, at);
    controller.stop().await;
}
