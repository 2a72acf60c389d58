//! Nobody behind the Service, and then somebody.

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Cluster, is_steady, pod, service, until, visit};
use serde_json::Value;

#[tokio::test]
async fn without_pods_nobody_answers_and_with_one_it_does() {
    let cluster = Cluster::sandbox(2).await;
    let controller = cluster.run(1).await;
    cluster.create(&service("web", "web", Value::Null)).await;
    let at = (cluster.address("web").await, 80).into();
    assert!(visit(at).await.is_err(), "who answered?");
    cluster.starts(&pod("one", "web", None)).await;
    is_steady(at).await;
    cluster.delete::<Pod>("one").await;
    until("nobody answers", async || visit(at).await.err()).await;
    assert_eq!(cluster.address("web").await, at.ip(), "the address stays");
    controller.stop().await;
}
