//! From a Service to a request, to a status, and to nothing.

use std::net::SocketAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{addresses, is_closed, is_ours, is_steady, until, visit};
use serde_json::json;

use crate::answers::comes_through;
use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_service_gets_an_address_and_every_node_answers,
    a_service_that_is_deleted_leaves_nothing,
    a_service_of_another_type_gives_its_port_back,
);

async fn a_service_gets_an_address_and_every_node_answers(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 3, json!({})).await;
    comes_through(at, &["node-1", "node-2", "node-3"]).await;
    let service = rig.cluster.service("web").await.unwrap();
    assert_eq!(addresses(&service), [at.ip()]);
    assert!(is_ours(&service));
    let shown = service.status.unwrap().load_balancer.unwrap().ingress.unwrap();
    assert_eq!(shown[0].ip_mode.as_deref(), Some("Proxy"));
    let told = rig.cluster.tells("web", "EnsuredLoadBalancer").await;
    assert!(told.message.unwrap().contains(&at.ip().to_string()));
    rig.stop().await;
}

async fn a_service_that_is_deleted_leaves_nothing(kind: Kind) {
    let (mut rig, other) = Rig::web(kind, 1, json!({})).await;
    let at = rig.ask_for("short", 3).await;
    assert_eq!(rig.cluster.serves("short").await, at);
    assert!(rig.home.text().contains(&at.to_string()), "{}", rig.home.text());

    rig.cluster.delete::<Service>("short").await;
    rig.cluster.is_gone("short").await;
    until("its port is closed", async || is_closed(at).await.then_some(())).await;
    assert!(!rig.home.text().contains(&at.ip().to_string()), "{}", rig.home.text());
    visit(other).await.unwrap();

    // The last one goes.
    rig.cluster.delete::<Service>("web").await;
    rig.cluster.is_gone("web").await;
    until("the last port is closed", async || is_closed(other).await.then_some(())).await;
    assert!(!rig.home.text().contains(&other.ip().to_string()), "{}", rig.home.text());

    // And one comes after all.
    rig.ask_for("again", 0).await;
    is_steady(rig.cluster.serves("again").await).await;
    rig.stop().await;
}

async fn a_service_of_another_type_gives_its_port_back(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 1, json!({})).await;
    rig.cluster.patch_spec("web", json!({ "type": "ClusterIP" })).await;
    let left = rig.cluster.is_left("web").await;
    assert!(addresses(&left).is_empty());
    until("its port is closed", async || is_closed(at).await.then_some(())).await;
    rig.cluster.patch_spec("web", json!({ "type": "LoadBalancer" })).await;
    let again: SocketAddr = rig.cluster.serves("web").await;
    assert_eq!(again, at, "nobody else came in between");
    rig.stop().await;
}
