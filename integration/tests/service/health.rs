//! `externalTrafficPolicy: Local` through the eyes of the health check: a pod goes from node to node.

use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{Cluster, pod, service, until, visit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a node says at its health check node port.
async fn verdict(node: IpAddr, port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((node, port)).await.ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    text.split(' ').nth(1).map(str::to_owned)
}

async fn is_only_on(cluster: &Cluster, at: SocketAddr, port: u16, here: &str, not_there: &str) {
    for (node, code) in [(here, "200"), (not_there, "503")] {
        let ip = cluster.node_ip(node, false).await;
        until(&format!("{node} says {code}"), async || {
            (verdict(ip, port).await.as_deref() == Some(code)).then_some(())
        })
        .await;
    }
    until(&format!("{here} answers"), async || {
        visit(at).await.ok().filter(|answer| answer.via == here && answer.on == here)
    })
    .await;
}

#[tokio::test]
async fn traffic_follows_a_pod_from_node_to_node() {
    let cluster = Cluster::sandbox(2).await;
    cluster.starts(&pod("first", "web", Some("node-1"))).await;
    let controller = cluster.run(1).await;
    let local = json!({ "externalTrafficPolicy": "Local" });
    let created = cluster.create(&service("web", "web", local)).await;
    let port = u16::try_from(created.spec.unwrap().health_check_node_port.unwrap()).unwrap();
    let at = cluster.serves("web").await;
    is_only_on(&cluster, at, port, "node-1", "node-2").await;

    cluster.starts(&pod("second", "web", Some("node-2"))).await;
    cluster.delete::<Pod>("first").await;
    is_only_on(&cluster, at, port, "node-2", "node-1").await;
    controller.stop().await;
}
