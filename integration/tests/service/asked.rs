//! What a Service asks of the provider `embedded` about its address, and what it is told.

use std::net::{IpAddr, Ipv4Addr};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::jiff::Timestamp;
use seaway_integration::{
    Cluster, Controller, addresses, annotated, embedded, is_closed, is_steady, pod, service, until,
    visit,
};
use serde_json::{Value, json};

use crate::serving::web;

const GROUP: &str = "seaway.dev/load-balancer-group";
const POOL: &str = "seaway.dev/address-pool";
const ADDRESSES: &str = "seaway.dev/load-balancer-ips";

/// A Service with this annotation, on this port.
fn asking(name: &str, note: (&str, &str), port: u16) -> Service {
    let ports = json!([{ "port": port, "targetPort": 8080 }]);
    annotated(service(name, "echo", json!({ "ports": ports })), &[note])
}

fn annotations(pairs: &[(&str, Option<&str>)]) -> Value {
    let pairs: serde_json::Map<_, _> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({ "metadata": { "annotations": pairs } })
}

#[tokio::test]
async fn a_service_that_is_made_anew_has_the_address_of_before() {
    let (cluster, controller, at) = web(1, json!({})).await;
    let before = cluster.service("web").await.unwrap().metadata.uid;
    cluster.delete::<Service>("web").await;
    cluster.is_gone("web").await;
    cluster.create(&service("other", "echo", Value::Null)).await;
    assert_ne!(cluster.address("other").await, at.ip(), "it is kept for a while");
    let again = cluster.create(&service("web", "echo", Value::Null)).await;
    assert_ne!(again.metadata.uid, before);
    assert_eq!(cluster.address("web").await, at.ip());
    is_steady(at).await;
    controller.stop().await;
}

#[tokio::test]
async fn services_of_a_group_share_an_address_and_a_port_of_it_is_the_olders() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(2).await;
    let a = cluster.create(&asking("a", (GROUP, "web"), 80)).await;
    let at = cluster.serves("a").await;
    // Which one is older can be seen from the next second on.
    let made = a.metadata.creation_timestamp.unwrap().0.as_second();
    until("b is younger", async || (Timestamp::now().as_second() > made).then_some(())).await;
    cluster.create(&asking("b", (GROUP, "web"), 8000)).await;
    assert_eq!(cluster.serves("b").await, (at.ip(), 8000).into());
    cluster.create(&asking("c", (GROUP, "web"), 80)).await;
    cluster.warns("c", &["port 80/TCP of the group is taken by the Service", "/a"]).await;
    assert!(addresses(&cluster.service("c").await.unwrap()).is_empty());
    is_steady(at).await;

    // The older wins a port that the younger has had, too, for as long as it asks for it.
    let conditions = ["seaway.dev/Provisioned", "seaway.dev/Serving"];
    let port = |port: u16| json!({ "name": port.to_string(), "port": port, "targetPort": 8080 });
    cluster.patch_spec("a", json!({ "ports": [port(80), port(8000)] })).await;
    for kind in conditions {
        cluster.says("b", kind, "False", &["port 8000/TCP of the group is taken by", "/a"]).await;
    }
    assert_eq!(addresses(&cluster.service("b").await.unwrap()), [at.ip()], "it is theirs still");
    cluster.patch_spec("a", json!({ "ports": [port(80)] })).await;
    for kind in conditions {
        cluster.says("b", kind, "True", &[]).await;
    }
    assert_eq!(cluster.serves("b").await, (at.ip(), 8000).into());

    cluster.delete::<Service>("a").await;
    assert_eq!(cluster.address("c").await, at.ip(), "the port is free");
    is_steady(at).await;
    assert_eq!(cluster.serves("b").await.ip(), at.ip());
    controller.stop().await;
}

#[tokio::test]
async fn an_address_is_of_the_pool_that_is_named_and_the_one_that_is_asked_for() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let first = *cluster.pool(4).await.start();
    let ip = |number: u32| Ipv4Addr::from(u32::from(first) + number);
    let config = embedded(&(ip(0)..=ip(1)));
    let pools = format!("[providers.embedded.pools]\nfront = [\"{}-{}\"]\n", ip(2), ip(3));
    let controller = Controller::start(cluster.kubeconfig(), &(config + &pools), &[]).await;
    let moved_to = async |to: Ipv4Addr| {
        until(&format!("it is at {to}"), async || {
            let shown = addresses(&cluster.service("web").await?);
            (shown == [IpAddr::from(to)] && visit((to, 80).into()).await.is_ok()).then_some(())
        })
        .await;
    };
    cluster.create(&asking("web", (POOL, "front"), 80)).await;
    moved_to(ip(2)).await;
    cluster.patch("web", annotations(&[(ADDRESSES, Some(&ip(3).to_string()))])).await;
    moved_to(ip(3)).await;
    until("the old one is closed", async || is_closed((ip(2), 80).into()).await.then_some(()))
        .await;
    cluster.patch("web", annotations(&[(POOL, Some("back"))])).await;
    cluster.warns("web", &[POOL, "\"back\" is not the name of a pool; use front"]).await;
    visit((ip(3), 80).into()).await.unwrap();
    cluster.patch("web", annotations(&[(POOL, None), (ADDRESSES, Some(&ip(1).to_string()))])).await;
    moved_to(ip(1)).await;
    controller.stop().await;
}

#[tokio::test]
async fn who_loses_the_clients_address_is_served_and_told_so_once() {
    let (cluster, controller, at) = web(1, json!({ "externalTrafficPolicy": "Local" })).await;
    let told = cluster.tells("web", "ClientAddressLost").await;
    assert_eq!(told.type_.as_deref(), Some("Warning"));
    let message = told.message.unwrap();
    assert!(message.contains("seaway.dev/proxy-protocol: v2"), "{message}");
    for (number, affinity) in (1..).zip(["ClientIP", "None", "ClientIP"]) {
        cluster.patch_spec("web", json!({ "sessionAffinity": affinity })).await;
        until("the change is told", async || {
            let told = cluster.tells("web", "UpdatedLoadBalancer").await;
            (told.count == Some(number)).then_some(())
        })
        .await;
    }
    is_steady(at).await;
    let all = cluster.events("web").await.into_iter();
    let lost: Vec<_> = all
        .filter(|event| event.reason.as_deref() == Some("ClientAddressLost"))
        .map(|event| event.count)
        .collect();
    assert_eq!(lost, [Some(1)]);
    controller.stop().await;
}
