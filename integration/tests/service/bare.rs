//! `allocateLoadBalancerNodePorts`, off and on.

use seaway_integration::{addresses, is_steady, service, until};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn node_ports_that_are_there_serve_on_and_missing_ones_are_given_later() {
    let (cluster, controller, at) = web(2, json!({})).await;
    // What is allocated stays: only new ports get none.
    let off = json!({ "allocateLoadBalancerNodePorts": false });
    let patched = cluster.patch_spec("web", off.clone()).await;
    assert!(patched.spec.unwrap().ports.unwrap()[0].node_port.is_some());
    is_steady(at).await;

    cluster.create(&service("bare", "echo", off)).await;
    cluster.warns("bare", &["allocateLoadBalancerNodePorts"]).await;
    assert!(addresses(&cluster.service("bare").await.unwrap()).is_empty());
    cluster.patch_spec("bare", json!({ "allocateLoadBalancerNodePorts": true })).await;
    let bare = cluster.serves("bare").await;
    is_steady(bare).await;

    // Taken away by hand, the NodePort is missing again. What is wrong is told once more.
    let none = json!([{ "port": 80, "targetPort": 8080, "nodePort": 0 }]);
    let none = json!({ "allocateLoadBalancerNodePorts": false, "ports": none });
    let patched = cluster.patch_spec("bare", none).await;
    let port = patched.spec.unwrap().ports.unwrap()[0].node_port;
    if port.is_none() {
        let told = async || {
            let events = cluster.events("bare").await;
            let bad = events.iter().filter(|event| event.type_.as_deref() == Some("Warning"));
            (bad.map(|event| event.count.unwrap_or(1)).sum::<i32>() > 1).then_some(())
        };
        until("it is told again that a NodePort is missing", told).await;
    }
    controller.stop().await;
}
