//! Ports come, change and go, on an address that stays.

use std::net::SocketAddr;

use seaway_integration::{ask_udp, is_closed, is_steady, until, visit};
use serde_json::json;

use crate::serving::web;

#[tokio::test]
async fn a_port_and_its_node_port_are_changed_and_the_address_stays() {
    let ports = json!([{ "port": 80, "targetPort": 8080, "nodePort": 31080 }]);
    let (cluster, controller, old) = web(2, json!({ "ports": ports })).await;
    let ports = json!([{ "port": 80, "targetPort": 8080, "nodePort": 31081 }]);
    cluster.patch_spec("web", json!({ "ports": ports })).await;
    let now = cluster.service("web").await.unwrap().spec.unwrap().ports.unwrap();
    assert_eq!(now[0].node_port, Some(31081));
    is_steady(old).await;

    let ports = json!([{ "port": 8000, "targetPort": 8080, "nodePort": 31081 }]);
    cluster.patch_spec("web", json!({ "ports": ports })).await;
    let new = SocketAddr::new(old.ip(), 8000);
    is_steady(new).await;
    until("the old port is closed", async || is_closed(old).await.then_some(())).await;
    assert_eq!(cluster.address("web").await, old.ip());
    controller.stop().await;
}

#[tokio::test]
async fn tcp_and_udp_share_a_port_number_and_each_goes_without_the_other() {
    let tcp = json!({ "name": "tcp", "protocol": "TCP", "port": 5353, "targetPort": 8080 });
    let udp = json!({ "name": "udp", "protocol": "UDP", "port": 5353, "targetPort": 8080 });
    let (cluster, controller, at) = web(2, json!({ "ports": [tcp, udp] })).await;
    assert_eq!(ask_udp(at, "both?").await.pod, "echo");

    cluster.patch_spec("web", json!({ "ports": [udp] })).await;
    until("TCP is closed", async || is_closed(at).await.then_some(())).await;
    assert_eq!(ask_udp(at, "and now?").await.pod, "echo");

    cluster.patch_spec("web", json!({ "ports": [tcp] })).await;
    until("TCP is back", async || visit(at).await.ok()).await;
    assert_eq!(cluster.address("web").await, at.ip());
    controller.stop().await;
}
