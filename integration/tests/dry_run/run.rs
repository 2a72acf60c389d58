//! `seaway run --dry-run`.

use std::net::SocketAddr;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Gateway, Order, embedded, is_closed, is_ours, pod, service,
};
use serde_json::{Value, json};

use crate::snapshot::{assert_same, snapshot};

#[tokio::test]
async fn it_writes_nothing_anywhere_and_says_what_it_would_do() {
    let cluster = Cluster::sandbox(2).await;
    cluster.nodes_are_ready(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(4).await;
    let config = embedded(&pool);

    // A controller that was killed has left these: one that stays, one that wants no load balancer
    // any more, one that is being deleted.
    let real = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    for name in ["stays", "flips", "goes"] {
        cluster.create(&service(name, "echo", Value::Null)).await;
        cluster.serves(name).await;
        // It is told in the background: the Event must not come between.
        cluster.tells(name, "EnsuredLoadBalancer").await;
    }
    real.kill().await;
    cluster.patch_spec("flips", json!({ "type": "ClusterIP" })).await;
    cluster.delete::<Service>("goes").await;
    // These came since: one that can be served, one that can't, one that is not ours.
    cluster.create(&service("comes", "echo", Value::Null)).await;
    let bare = json!({ "allocateLoadBalancerNodePorts": false });
    cluster.create(&service("bare", "echo", bare)).await;
    let foreign = json!({ "loadBalancerClass": "example.com/other" });
    cluster.create(&service("foreign", "echo", foreign)).await;

    let before = settled(&cluster, 6).await;
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let controller = Controller::start(&gateway.kubeconfig(), &config, &["--dry-run"]).await;
    let process = controller.process();
    process.complains(&["dry_run=true"]).await;
    process.complains(&["would do", "reserve an IPv4 address"]).await;
    process.complains(&["would do", "listen on", "80/TCP"]).await;
    process.complains(&["would tell", "default/bare", "allocateLoadBalancerNodePorts"]).await;
    let stays = cluster.address("stays").await;
    process.complains(&["would do", &format!("listen on {stays}:80/TCP")]).await;
    assert!(!process.stderr().contains("default/foreign"), "{}", process.stderr());

    // A change is followed as well; after it, nothing that came before is left undone.
    cluster.patch_spec("comes", json!({ "ports": [{ "port": 8443, "targetPort": 8080 }] })).await;
    process.complains(&["would do", "8443/TCP"]).await;
    let after = snapshot(&cluster.client()).await;
    let without = |mut all: crate::snapshot::Snapshot| {
        // What this story itself has changed, and the endpoints that follow it.
        all.retain(|name, _| !name.contains("default/comes"));
        all
    };
    assert_same(&without(before), &without(after));
    let comes = cluster.service("comes").await.unwrap();
    assert!(!is_ours(&comes));
    assert_eq!(gateway.writes(), [""; 0]);
    for ip in u32::from(*pool.start())..=u32::from(*pool.end()) {
        for port in [80, 8443] {
            let at = SocketAddr::new(std::net::Ipv4Addr::from(ip).into(), port);
            assert!(is_closed(at).await, "{at} is open");
        }
    }
    assert!(cluster.service("goes").await.is_some(), "only a real run lets it go");
    controller.stop().await;
    assert_eq!(gateway.writes(), [""; 0], "at the end neither");

    // The same without --dry-run does write: the witnesses are awake.
    let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
    let controller = Controller::start(&gateway.kubeconfig(), &config, &[]).await;
    cluster.is_gone("goes").await;
    cluster.is_left("flips").await;
    assert_eq!(cluster.address("stays").await, stays);
    cluster.address("comes").await;
    assert!(!gateway.writes().is_empty());
    controller.stop().await;
}

/// A snapshot that shows the endpoints of so many Services, and the pod.
pub(crate) async fn settled(cluster: &Cluster, services: usize) -> crate::snapshot::Snapshot {
    seaway_integration::until("the endpoints are told", async || {
        let all = snapshot(&cluster.client()).await;
        let slices = all.iter().filter(|(name, object)| {
            let endpoints = object.data["endpoints"].as_array();
            name.starts_with("discovery.k8s.io") && endpoints.is_some_and(|list| list.len() == 1)
        });
        (slices.count() == services).then_some(all)
    })
    .await
}
