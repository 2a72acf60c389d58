//! Seaway beside other controllers of load balancers: it takes what is its own, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Gateway, Order, addresses, embedded, is_closed, is_ours, pod, service,
    until,
};
use serde_json::{Value, json};

fn class(name: &str) -> Value {
    json!({ "loadBalancerClass": name })
}

/// Asserts that nobody of ours has touched a Service.
async fn is_untouched(cluster: &Cluster, gateway: &Gateway, as_it_came: &Service) {
    let name = as_it_came.metadata.name.as_deref().unwrap();
    assert_eq!(cluster.service(name).await.as_ref(), Some(as_it_came));
    assert!(cluster.events(name).await.is_empty(), "{name}");
    let path = format!("/{name}");
    assert!(!gateway.writes().iter().any(|write| write.contains(&path)), "{:?}", gateway.writes());
}

#[tokio::test]
async fn services_of_others_are_left_alone_and_ours_are_served() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(4).await).replace("default-provider = \"embedded\"\n", "");
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;

    let foreign = cluster.create(&service("foreign", "echo", class("example.com/other"))).await;
    let unserved = cluster.create(&service("unserved", "echo", class("seaway.dev/aws"))).await;
    let nobodys = cluster.create(&service("nobodys", "echo", Value::Null)).await;
    let plain = cluster.create(&service("plain", "echo", json!({ "type": "NodePort" }))).await;
    // Once a Service that came later is served, all of them have been looked at.
    cluster.create(&service("ours", "echo", class("seaway.dev/embedded"))).await;
    let at = cluster.serves("ours").await;
    assert!(is_ours(&cluster.service("ours").await.unwrap()));
    for other in [&foreign, &unserved, &nobodys, &plain] {
        is_untouched(&cluster, &gateway, other).await;
    }

    // An address that somebody else has written is none of our business either.
    controller.stop().await;
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "ip": at.ip() }] } } });
    let params = kube::api::PatchParams::default();
    let patch = kube::api::Patch::Merge(status);
    let foreign = cluster.api::<Service>().patch_status("foreign", &params, &patch).await.unwrap();
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    assert_eq!(cluster.serves("ours").await, at);
    is_untouched(&cluster, &gateway, &foreign).await;
    cluster.delete::<Service>("foreign").await;
    cluster.is_gone("foreign").await;
    controller.stop().await;
}

#[tokio::test]
async fn with_a_default_provider_services_without_a_class_are_served_too() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let config = embedded(&cluster.pool(4).await);
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    let foreign = cluster.create(&service("foreign", "echo", class("example.com/other"))).await;
    cluster.create(&service("classless", "echo", Value::Null)).await;
    cluster.create(&service("ours", "echo", class("seaway.dev/embedded"))).await;
    cluster.serves("classless").await;
    cluster.serves("ours").await;
    is_untouched(&cluster, &gateway, &foreign).await;
    controller.stop().await;
}

#[tokio::test]
async fn a_service_that_others_hold_is_let_go_by_us_once_and_for_all() {
    const HOLD: &str = "example.com/hold";
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let config = embedded(&cluster.pool(1).await);
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    let mut held = service("held", "echo", Value::Null);
    held.metadata.finalizers = Some(vec![HOLD.to_owned()]);
    cluster.create(&held).await;
    let at = cluster.serves("held").await;
    let both = cluster.service("held").await.unwrap().metadata.finalizers.unwrap();
    assert!(both.contains(&HOLD.to_owned()) && both.len() == 2, "{both:?}");

    cluster.delete::<Service>("held").await;
    let left = cluster.is_left("held").await;
    assert_eq!(left.metadata.finalizers.as_deref(), Some(&[HOLD.to_owned()][..]));
    assert!(is_closed(at).await);
    let writes = gateway.writes().iter().filter(|write| write.contains("/held")).count();

    // It changes once more, and its address goes to the next.
    cluster.patch("held", json!({ "metadata": { "annotations": { "a": "b" } } })).await;
    cluster.create(&service("next", "echo", Value::Null)).await;
    assert_eq!(cluster.serves("next").await, at);
    let held = cluster.service("held").await.unwrap();
    assert!(!is_ours(&held) && addresses(&held).is_empty(), "{held:?}");
    let again = gateway.writes().iter().filter(|write| write.contains("/held")).count();
    assert_eq!(again, writes, "{:?}", gateway.writes());

    cluster.patch("held", json!({ "metadata": { "finalizers": null } })).await;
    cluster.is_gone("held").await;
    controller.stop().await;
}

#[tokio::test]
async fn a_finalizer_that_somebody_takes_off_is_put_on_again_and_service_goes_on() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = cluster.run(1).await;
    cluster.create(&service("web", "echo", Value::Null)).await;
    let at = cluster.serves("web").await;
    cluster.patch("web", json!({ "metadata": { "finalizers": null } })).await;
    until("the finalizer is back", async || is_ours(&cluster.service("web").await?).then_some(()))
        .await;
    assert_eq!(cluster.serves("web").await, at);
    controller.stop().await;
}
