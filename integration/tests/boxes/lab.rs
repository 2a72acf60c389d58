//! The laboratory does what it is for, without any Seaway on its boxes.

use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::{Node, Service};
use kube::Api;
use seaway_integration::boxes::{Door, Host, Rack, float, inside};
use seaway_integration::{Cluster, Process, pod, service};
use serde_json::json;
use tempfile::TempDir;

/// A sandbox with one node, which is there already.
async fn sandbox() -> Cluster {
    let cluster = Cluster::sandbox(1).await;
    cluster.nodes_are_ready(1).await;
    cluster
}

/// Where the only node takes requests for a Service of its own.
async fn node_port(cluster: &Cluster) -> SocketAddr {
    cluster.create(&pod("echo", "echo", None)).await;
    let service: Service = service("web", "echo", json!({ "type": "NodePort" }));
    let ports = cluster.create(&service).await.spec.unwrap().ports.unwrap();
    let node = Api::<Node>::all(cluster.client()).get("node-1").await.unwrap();
    let addresses = node.status.unwrap().addresses.unwrap();
    let internal = addresses.iter().find(|address| address.type_ == "InternalIP").unwrap();
    let ip: IpAddr = internal.address.parse().unwrap();
    SocketAddr::new(ip, u16::try_from(ports[0].node_port.unwrap()).unwrap())
}

/// A HAProxy on a box that sends what comes to `doors` to the server.
fn haproxy(host: &Host, folder: &TempDir, doors: &[SocketAddr], server: SocketAddr) -> Process {
    let doors = doors.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",");
    let config = format!(
        "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n\
         listen web\n  bind {doors}\n  server one {server}\n"
    );
    let path = folder.path().join(format!("haproxy-{}.cfg", host.name()));
    std::fs::write(&path, config).unwrap();
    let mut command = host.command("haproxy", ["-W", "-db", "-f"]);
    command.arg(path);
    Process::spawn(command)
}

#[test]
fn the_lab_moves_an_address_when_a_box_dies() {
    inside("lab::the_lab_moves_an_address_when_a_box_dies", async || {
        let cluster = sandbox().await;
        let server = node_port(&cluster).await;
        let rack = Rack::new().await;
        let (a, b) = (rack.boot("a").await, rack.boot("b").await);
        let (v4, v6) = (Rack::floating(0), Rack::floating6(0));
        let doors = [v4, v6].map(|ip| SocketAddr::new(ip, 80));
        let folder = TempDir::new().unwrap();
        let [of_a, _of_b] = [&a, &b].map(|host| haproxy(host, &folder, &doors, server));
        let _keepalived = float(&[&a, &b], &[v4, v6]).await;

        for at in doors {
            assert_eq!(rack.client().is_answered(at).await.via, "node-1");
        }
        for ip in [v4, v6] {
            assert!(a.has(ip).await && !b.has(ip).await, "{ip} is on one box");
        }

        a.kill().await;
        assert_eq!(of_a.ended().await.code, None, "a signal ended it");
        for at in doors {
            assert_eq!(rack.client().is_answered(at).await.via, "node-1");
        }
        assert!(b.has(v4).await && b.has(v6).await, "b carries them now");
    });
}

#[test]
fn a_box_comes_back_after_its_death_and_reaches_the_cluster() {
    inside("lab::a_box_comes_back_after_its_death_and_reaches_the_cluster", async || {
        let cluster = sandbox().await;
        let rack = Rack::new().await;
        let door = Door::open(&cluster).await;
        rack.boot("a").await.kill().await;
        let a = rack.boot("a").await;
        let args = ["plan".into(), "--kubeconfig".into(), door.kubeconfig()];
        let ended = a.seaway(args).ended().await;
        assert!(ended.stdout.ends_with("1 Nodes\nnothing to do\n"), "{ended:?}");
        let server = node_port(&cluster).await;
        assert_eq!(a.is_answered(server).await.via, "node-1");
        assert!(rack.client().visit(server).await.is_err(), "only boxes reach the nodes");
    });
}
