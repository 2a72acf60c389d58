//! Two boxes with an address that floats between them, each with a Seaway and a daemon of its own.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use k8s_openapi::api::core::v1::ServiceStatus;
use seaway_integration::boxes::{Door, Driver, Host, Rack, float, inside};
use seaway_integration::{Cluster, pod, service, until};
use serde_json::json;
use tempfile::TempDir;

/// A follower takes over soon: nobody waits fifteen seconds in a test.
fn config(provider: &str, pool: IpAddr, folder: &Path) -> String {
    // On a box of the rack only this part of the loopback is its own.
    let nginx = "frame-address = \"127.0.0.1:7929\"\n";
    let more = if provider == "nginx" { nginx } else { "" };
    let folder = folder.display();
    format!(
        "cluster-id = \"story\"\n\
         default-provider = \"{provider}\"\n\
         [leader-election]\n\
         namespace = \"default\"\n\
         lease-duration-seconds = 3\n\
         renew-deadline-seconds = 2\n\
         retry-period-seconds = 0.5\n\
         [providers.{provider}]\n\
         pool = [\"{pool}\"]\n\
         folder = \"{folder}\"\n\
         start = true\n\
         {more}"
    )
}

/// Two boxes, of which the first leads, and the floating address.
struct Pair {
    cluster: Cluster,
    rack: Rack,
    door: Door,
    folder: TempDir,
    provider: &'static str,
    ip: IpAddr,
}

impl Pair {
    async fn new(provider: &'static str) -> Self {
        let cluster = Cluster::sandbox(3).await;
        cluster.nodes_are_ready(3).await;
        cluster.create(&pod("echo", "echo", None)).await;
        let rack = Rack::new().await;
        let door = Door::open(&cluster).await;
        let folder = TempDir::new().unwrap();
        Self { cluster, rack, door, folder, provider, ip: Rack::floating(0) }
    }

    async fn drive(&self, host: &Host) -> Driver {
        let folder = self.folder.path().join(host.name());
        let config = config(self.provider, self.ip, &folder);
        let driver = Driver::start(host, &self.door.kubeconfig(), &config);
        driver.is_synced().await;
        driver
    }

    /// Waits until a box serves a port, whoever has the address.
    async fn serves(&self, host: &Host, port: u16) {
        let at = SocketAddr::new(self.ip, port);
        let name = host.name().to_owned();
        until(&format!("box {name} listens on {at}"), async || {
            let tried = host.on(move || async move { std::net::TcpListener::bind(at).is_err() });
            tried.await.then_some(())
        })
        .await;
    }

    async fn status(&self, name: &str) -> Option<ServiceStatus> {
        self.cluster.service(name).await?.status
    }
}

async fn the_address_answers_on_the_other_box(provider: &'static str) {
    let pair = Pair::new(provider).await;
    let (a, b) = (pair.rack.boot("a").await, pair.rack.boot("b").await);
    let _keepalived = float(&[&a, &b], &[pair.ip]).await;
    let _of_a = pair.drive(&a).await;
    pair.cluster.create(&service("web", "echo", json!({}))).await;
    assert_eq!(pair.cluster.address("web").await, pair.ip);
    let at = SocketAddr::new(pair.ip, 80);
    pair.rack.client().is_answered(at).await;

    // Who comes later serves what the status shows, and changes nothing of it.
    let _of_b = pair.drive(&b).await;
    pair.serves(&b, 80).await;
    let before = pair.status("web").await;

    a.kill().await;
    pair.rack.client().is_answered(at).await;
    assert!(b.has(pair.ip).await, "b carries it now");
    assert_eq!(pair.status("web").await, before);

    // The other one leads now, and what is asked from here on is done.
    let ports = json!([{ "port": 81, "targetPort": 8080 }]);
    pair.cluster.patch_spec("web", json!({ "ports": ports })).await;
    pair.serves(&b, 81).await;
    let after = pair.status("web").await;
    assert_eq!(after.and_then(|it| it.load_balancer), before.and_then(|it| it.load_balancer));
    pair.cluster.delete::<k8s_openapi::api::core::v1::Service>("web").await;
    pair.cluster.is_gone("web").await;

    // The box that was dead while its Service was deleted comes back, with a file that has it still.
    let a = pair.rack.boot("a").await;
    let _of_a = pair.drive(&a).await;
    let file = pair.folder.path().join("a");
    until("box a forgets what is no more", async || {
        let files = std::fs::read_dir(&file).unwrap().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.into_iter().all(|text| !text.contains("\"name\":\"web\"")).then_some(())
    })
    .await;
}

#[test]
fn when_a_box_dies_its_address_answers_on_the_other_by_haproxy() {
    inside("two::when_a_box_dies_its_address_answers_on_the_other_by_haproxy", async || {
        the_address_answers_on_the_other_box("haproxy").await;
    });
}

#[test]
fn when_a_box_dies_its_address_answers_on_the_other_by_nginx() {
    inside("two::when_a_box_dies_its_address_answers_on_the_other_by_nginx", async || {
        the_address_answers_on_the_other_box("nginx").await;
    });
}
