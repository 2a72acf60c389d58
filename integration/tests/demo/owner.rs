//! What the owner of a Service changes is followed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod, Service};
use kube::Api;
use seaway_integration::{
    Cluster, Load, addresses, ask_udp, is_closed, is_ours, is_refused, pod, service, until, visit,
    visit_from,
};
use serde_json::json;

use crate::example::{NODES, SERVICE, answered_by, demo};

#[tokio::test]
async fn a_changed_port_is_opened_on_the_same_address_and_the_old_one_closed() {
    let (cluster, old) = demo().await;
    let ports = json!([{ "port": 9090, "targetPort": 8080, "nodePort": 31002 }]);
    cluster.patch_spec(SERVICE, json!({ "ports": ports })).await;
    let new = SocketAddr::new(old.ip(), 9090);
    until("the new port answers", async || visit(new).await.ok()).await;
    until("the old port is closed", async || is_closed(old).await.then_some(())).await;
    assert_eq!(cluster.address(SERVICE).await, old.ip());
    answered_by(new, NODES).await;
}

/// The first port has its name from the start: endpoints are found by it, so the nodes themselves
/// serve nothing for a moment after a port was renamed.
#[tokio::test]
async fn a_second_port_is_opened_beside_the_first_without_a_failed_request() {
    let nodes = 3;
    let cluster = Cluster::demo(nodes).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let first = json!({ "name": "a", "port": 80, "targetPort": 8080, "nodePort": 31003 });
    let second = json!({ "name": "b", "port": 81, "targetPort": 8080 });
    cluster.create(&service("two", "echo", json!({ "ports": [first] }))).await;
    let at = cluster.serves("two").await;
    answered_by(at, nodes).await;

    let load = Load::start(at, 2, Duration::ZERO);
    cluster.patch_spec("two", json!({ "ports": [first, second] })).await;
    answered_by(SocketAddr::new(at.ip(), 81), nodes).await;
    load.serves(20).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
}

#[tokio::test]
async fn a_changed_node_port_is_followed_and_the_address_stays() {
    let (cluster, at) = demo().await;
    let node = node_address(&cluster, "node-1").await;
    let ports = json!([{ "port": 8080, "targetPort": 8080, "nodePort": 31003 }]);
    cluster.patch_spec(SERVICE, json!({ "ports": ports })).await;
    let old = SocketAddr::new(node, 31002);
    until("the old NodePort is closed", async || is_closed(old).await.then_some(())).await;
    let new = SocketAddr::new(node, 31003);
    let answer = until("the new NodePort is open", async || visit(new).await.ok()).await;
    assert_eq!(answer.via, "node-1");
    until("it is served again", async || visit(at).await.ok()).await;
    assert_eq!(cluster.address(SERVICE).await, at.ip());
    answered_by(at, NODES).await;
}

#[tokio::test]
async fn source_ranges_let_in_and_keep_out_while_it_serves() {
    let (cluster, at) = demo().await;
    let [here, there] = [[127, 0, 0, 1], [127, 0, 0, 9]].map(|ip| IpAddr::from(Ipv4Addr::from(ip)));
    visit_from(there, at).await.unwrap();

    let load = Load::start(at, 2, Duration::ZERO);
    let only = |prefix: &str| json!({ "loadBalancerSourceRanges": [prefix] });
    cluster.patch_spec(SERVICE, only("127.0.0.1/32")).await;
    let refused = async || visit_from(there, at).await.is_err().then_some(());
    until("a client outside of the range is refused", refused).await;
    visit_from(here, at).await.unwrap();
    load.serves(20).await;
    assert_eq!(load.stop().await.failures, [""; 0], "who may come in notices nothing");

    cluster.patch_spec(SERVICE, only("198.51.100.0/24")).await;
    until("nobody here is let in", async || is_refused(at).await.then_some(())).await;
    cluster.patch_spec(SERVICE, json!({ "loadBalancerSourceRanges": null })).await;
    until("everybody is let in again", async || visit_from(there, at).await.ok()).await;
    visit(at).await.unwrap();
    assert_eq!(cluster.address(SERVICE).await, at.ip());
}

#[tokio::test]
async fn a_udp_service_answers_beside_a_tcp_service() {
    let cluster = Cluster::demo(3).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let ports = json!([
        { "name": "dns", "protocol": "UDP", "port": 53, "targetPort": 8080 },
        { "name": "web", "protocol": "TCP", "port": 8053, "targetPort": 8080 },
    ]);
    cluster.create(&service("mixed", "echo", json!({ "ports": ports }))).await;
    let ip = cluster.address("mixed").await;
    assert_eq!(ask_udp((ip, 53).into(), "who is there?").await.pod, "echo");
    let web = until("TCP answers", async || visit((ip, 8053).into()).await.ok()).await;
    assert_eq!(web.pod, "echo");

    // The client is a flow of its own after the pod is gone and another one has come.
    cluster.create(&pod("next", "echo", None)).await;
    cluster.delete::<Pod>("echo").await;
    until("the other pod answers", async || {
        (ask_udp((ip, 53).into(), "and now?").await.pod == "next").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_that_wants_no_load_balancer_for_a_while_is_let_go_and_taken_in_again() {
    let (cluster, at) = demo().await;
    cluster.patch_spec(SERVICE, json!({ "type": "ClusterIP" })).await;
    let left = cluster.is_left(SERVICE).await;
    assert_eq!(addresses(&left), [] as [IpAddr; 0]);
    let status = left.status.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    assert!(conditions.iter().all(|c| !c.type_.starts_with("seaway.dev/")), "{conditions:?}");
    assert!(is_closed(at).await);
    cluster.tells(SERVICE, "DeletedLoadBalancer").await;

    cluster.patch_spec(SERVICE, json!({ "type": "LoadBalancer" })).await;
    let again = cluster.serves(SERVICE).await;
    assert!(is_ours(&cluster.service(SERVICE).await.unwrap()));
    answered_by(again, NODES).await;
}

#[tokio::test]
async fn a_deleted_service_goes_and_its_port_is_closed() {
    let (cluster, at) = demo().await;
    cluster.delete::<Service>(SERVICE).await;
    cluster.is_gone(SERVICE).await;
    assert!(is_closed(at).await, "the finalizer went before the port was closed");
}

async fn node_address(cluster: &Cluster, name: &str) -> IpAddr {
    let node = Api::<Node>::all(cluster.client()).get(name).await.unwrap();
    let addresses = node.status.unwrap().addresses.unwrap();
    addresses.iter().find(|a| a.type_ == "InternalIP").unwrap().address.parse().unwrap()
}
