//! The life of the finalizer: before the address, and until nothing is left.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{addresses, is_closed, is_ours, until};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn it_is_there_as_long_as_the_load_balancer_is() {
    let (cluster, controller, at) = web(1, json!({})).await;
    let service = cluster.service("web").await.unwrap();
    assert!(is_ours(&service) && !addresses(&service).is_empty());
    controller.stop().await;

    // Nobody is there to clean up: it waits.
    cluster.delete::<Service>("web").await;
    let waiting = cluster.service("web").await.unwrap();
    assert!(waiting.metadata.deletion_timestamp.is_some() && is_ours(&waiting));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(cluster.service("web").await.is_some(), "it went without us");

    let controller = cluster.run(2).await;
    cluster.is_gone("web").await;
    until("it is closed", async || is_closed(at).await.then_some(())).await;
    controller.stop().await;
}
