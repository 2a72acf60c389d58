//! What a new `seaway run` finds that is not as the one before it left it.

use std::net::TcpListener;

use seaway_integration::{
    Cluster, Controller, Process, addresses, embedded, is_steady, pod, service,
};
use serde_json::json;

const PROVISIONED: &str = "seaway.dev/Provisioned";
const SERVING: &str = "seaway.dev/Serving";

/// A line of `seaway status`: what is said of this Service.
async fn row(cluster: &Cluster, controller: &Controller, name: &str) -> String {
    let admin = controller.answers("admin").await.to_string();
    let kubeconfig = cluster.kubeconfig().to_str().unwrap();
    let args = ["status", "--kubeconfig", kubeconfig, "--admin", &admin];
    let table = Process::run(args, "").await.stdout;
    let is_it = |line: &&str| line.split_whitespace().nth(1) == Some(name);
    table.lines().find(is_it).unwrap_or(&table).to_owned()
}

#[tokio::test]
async fn a_port_that_somebody_took_meanwhile_is_told_until_it_is_free_and_served() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(1).await);
    let run = || Controller::start(cluster.kubeconfig(), &config, &["--admin-address=127.0.0.1:0"]);
    let controller = run().await;
    cluster.create(&service("web", "echo", json!({}))).await;
    let at = cluster.serves("web").await;
    cluster.says("web", PROVISIONED, "True", &[]).await;
    controller.stop().await;

    let somebody = TcpListener::bind(at).unwrap();
    let controller = run().await;
    let there = at.to_string();
    for kind in [PROVISIONED, SERVING] {
        cluster.says("web", kind, "False", &[&there]).await;
    }
    let told = row(&cluster, &controller, "web").await;
    assert!(told.contains("Provisioned:Conflict,Serving:Conflict"), "{told}");
    let shown = cluster.service("web").await.as_ref().map(addresses);
    assert_eq!(shown, Some(vec![at.ip()]), "it is kept for it");

    drop(somebody);
    for kind in [PROVISIONED, SERVING] {
        cluster.says("web", kind, "True", &[]).await;
    }
    is_steady(at).await;
    let told = row(&cluster, &controller, "web").await;
    assert!(told.contains(" ok "), "{told}");
    controller.stop().await;
}
