//! UDP: carried by Nginx, and refused by HAProxy in words that help.

use k8s_openapi::api::core::v1::Pod;
use seaway_integration::{addresses, ask_udp, condition, is_closed, pod, service, until, visit};
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::rig::Rig;

fn port(protocol: &str) -> Value {
    let name = protocol.to_lowercase();
    json!({ "name": name, "protocol": protocol, "port": 5353, "targetPort": 8080 })
}

#[tokio::test]
async fn on_nginx_tcp_and_udp_share_a_port_number_and_each_goes_without_the_other() {
    let ports = json!({ "ports": [port("TCP"), port("UDP")] });
    let (mut rig, at) = Rig::web(Kind::Nginx, 2, ports).await;
    assert_eq!(ask_udp(at, "both?").await.pod, "echo");

    rig.cluster.patch_spec("web", json!({ "ports": [port("UDP")] })).await;
    until("TCP is closed", async || is_closed(at).await.then_some(())).await;
    assert_eq!(ask_udp(at, "and now?").await.pod, "echo");

    rig.cluster.patch_spec("web", json!({ "ports": [port("TCP")] })).await;
    until("TCP is back", async || visit(at).await.ok()).await;
    assert_eq!(rig.cluster.address("web").await, at.ip());
    rig.stop().await;
}

#[tokio::test]
async fn on_nginx_udp_is_served_by_all_nodes_and_finds_the_next_pod() {
    let mut rig = Rig::start(Kind::Nginx, 2, 1).await;
    let dns = service("dns", "dns", json!({ "ports": [port("UDP")] }));
    rig.cluster.create(&dns).await;
    let at = (rig.cluster.address("dns").await, 5353).into();
    for (name, node) in [("first", "node-1"), ("second", "node-2")] {
        rig.cluster.create(&pod(name, "dns", Some(node))).await;
        let mut nodes = std::collections::BTreeSet::new();
        until(&format!("{name} answers through both nodes"), async || {
            let answer = ask_udp(at, "who?").await;
            (answer.pod == name).then(|| nodes.insert(answer.via));
            (nodes.len() == 2).then_some(())
        })
        .await;
        rig.cluster.delete::<Pod>(name).await;
        rig.cluster.ends(name).await;
    }
    rig.stop().await;
}

#[tokio::test]
async fn on_haproxy_udp_is_refused_and_who_can_is_named() {
    let (mut rig, at) = Rig::web(Kind::Haproxy, 1, json!({})).await;
    let dns = service("dns", "echo", json!({ "ports": [port("UDP")] }));
    rig.cluster.create(&dns).await;
    let told = rig.cluster.warns("dns", &["UDP", "haproxy"]).await;
    assert!(told.contains("nginx") || told.contains("embedded"), "who can? {told}");
    let refused = rig.cluster.service("dns").await.unwrap();
    assert!(addresses(&refused).is_empty());
    let accepted = condition(&refused, "seaway.dev/Accepted").unwrap();
    assert_eq!((accepted.status.as_str(), accepted.reason.as_str()), ("False", "Unsupported"));
    assert!(accepted.message.contains("UDP"), "{}", accepted.message);
    visit(at).await.unwrap();

    // What it has TCP for, it is given.
    rig.cluster.patch_spec("dns", json!({ "ports": [port("TCP")] })).await;
    rig.cluster.serves("dns").await;
    rig.stop().await;
}
