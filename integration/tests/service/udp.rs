//! UDP, with pods that come and go: a client must not be left with one that is gone.

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Cluster, ask_udp, pod, service, until};
use serde_json::json;

/// One pod after the other, on these nodes in turn; a client always gets to the one that there is.
async fn cycle(nodes: [&str; 3]) {
    let cluster = Cluster::sandbox(2).await;
    let controller = cluster.run(1).await;
    let ports = json!([{ "protocol": "UDP", "port": 5353, "targetPort": 8080 }]);
    cluster.create(&service("dns", "dns", json!({ "ports": ports }))).await;
    let at = (cluster.address("dns").await, 5353).into();
    for (number, node) in nodes.into_iter().enumerate() {
        let name = format!("dns-{number}");
        cluster.starts(&pod(&name, "dns", Some(node))).await;
        until(&format!("{name} answers"), async || {
            (ask_udp(at, "who?").await.pod == name).then_some(())
        })
        .await;
        let answer = ask_udp(at, "and where?").await;
        assert_eq!((answer.pod, answer.on.as_str()), (name.clone(), node));
        cluster.delete::<Pod>(&name).await;
        cluster.ends(&name).await;
    }
    controller.stop().await;
}

#[tokio::test]
async fn pods_that_follow_each_other_on_one_node_are_found() {
    cycle(["node-1", "node-1", "node-1"]).await;
}

#[tokio::test]
async fn pods_that_follow_each_other_from_node_to_node_are_found() {
    cycle(["node-1", "node-2", "node-1"]).await;
}
