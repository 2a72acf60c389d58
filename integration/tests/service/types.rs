//! The type of a Service goes round.

use seaway_integration::{addresses, is_closed, is_ours, is_steady, visit};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn through_all_types_and_back_nothing_is_left_and_the_address_is_there_again() {
    let (cluster, controller, first) = web(2, json!({})).await;
    cluster.patch_spec("web", json!({ "type": "ClusterIP" })).await;
    let left = cluster.is_left("web").await;
    assert!(addresses(&left).is_empty());
    assert!(is_closed(first).await);

    let plain = cluster.patch_spec("web", json!({ "type": "NodePort" })).await;
    let port = plain.spec.unwrap().ports.unwrap()[0].node_port.unwrap();
    let node = (cluster.node_ip("node-1", false).await, u16::try_from(port).unwrap()).into();
    is_steady(node).await;
    assert!(!is_ours(&cluster.service("web").await.unwrap()), "a NodePort is none of ours");

    cluster.patch_spec("web", json!({ "type": "LoadBalancer" })).await;
    let again = cluster.serves("web").await;
    assert_eq!(again, first, "nobody else came in between");
    is_steady(again).await;
    let ports = cluster.service("web").await.unwrap().spec.unwrap().ports.unwrap();
    assert_eq!(ports[0].node_port, Some(port), "the NodePort stays through the change");

    cluster.patch_spec("web", json!({ "type": "ClusterIP" })).await;
    cluster.is_left("web").await;
    assert!(is_closed(again).await);
    assert!(visit(node).await.is_err() || !is_closed(node).await);
    controller.stop().await;
}
