//! A port that somebody else has, and an address that nobody has.

use std::net::TcpListener;

use seaway_integration::{Cluster, Controller, addresses, embedded, pod, service};
use serde_json::{Value, json};

#[tokio::test]
async fn a_port_in_use_is_told_and_taken_as_soon_as_it_is_free() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(1).await;
    let squatter = TcpListener::bind((*pool.start(), 80)).unwrap();
    let at = squatter.local_addr().unwrap().to_string();
    let controller = cluster.run(1).await;
    cluster.create(&service("late", "echo", Value::Null)).await;
    cluster.warns("late", &[&at, "in use", "ss -lntp"]).await;
    controller.process().complains(&["default/late", &at, "in use"]).await;
    let waiting = cluster.service("late").await.unwrap();
    assert!(addresses(&waiting).is_empty(), "an address that does not serve is shown");

    drop(squatter);
    assert_eq!(cluster.serves("late").await.to_string(), at);
    controller.stop().await;
}

#[tokio::test]
async fn two_ports_of_which_one_is_in_use_wait_for_each_other() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let pool = cluster.pool(1).await;
    let squatter = TcpListener::bind((*pool.start(), 81)).unwrap();
    let controller = cluster.run(1).await;
    let ports = json!([
        { "name": "a", "port": 80, "targetPort": 8080 },
        { "name": "b", "port": 81, "targetPort": 8080 },
    ]);
    cluster.create(&service("pair", "echo", json!({ "ports": ports }))).await;
    cluster.warns("pair", &[":81", "in use"]).await;
    drop(squatter);
    let at = cluster.serves("pair").await;
    seaway_integration::visit((at.ip(), 81).into()).await.unwrap();
    controller.stop().await;
}

#[tokio::test]
async fn an_address_that_is_not_on_this_machine_is_told_with_the_command_that_adds_it() {
    let cluster = Cluster::sandbox(1).await;
    let nobodys = "198.18.0.200".parse().unwrap();
    let config = embedded(&(nobodys..=nobodys));
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    cluster.create(&service("far", "echo", Value::Null)).await;
    let command = "sudo ip addr add 198.18.0.200/32 dev lo";
    cluster.warns("far", &["198.18.0.200:80", "not on this machine", command]).await;
    controller.process().complains(&["default/far", command]).await;
    assert!(addresses(&cluster.service("far").await.unwrap()).is_empty());
    controller.stop().await;
}
