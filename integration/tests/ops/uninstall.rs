//! `seaway uninstall`.

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{
    Cluster, Controller, Ended, Process, addresses, embedded, is_ours, pod, service,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{path, says};

/// A cluster with two Services that have addresses, and no controller any more.
async fn abandoned() -> (Cluster, TempDir) {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let config = embedded(&cluster.pool(2).await);
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("seaway.toml"), &config).unwrap();
    let controller = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    for name in ["web", "other"] {
        cluster.create(&service(name, "echo", Value::Null)).await;
        cluster.serves(name).await;
    }
    controller.stop().await;
    (cluster, folder)
}

async fn uninstall(cluster: &Cluster, folder: &TempDir, more: &[&str]) -> Ended {
    let config = folder.path().join("seaway.toml");
    let kubeconfig = path(cluster.kubeconfig());
    let args = ["uninstall", "--kubeconfig", kubeconfig, "--config", path(&config)];
    Process::run([&args, more].concat(), "").await
}

/// How many of our conditions are on a Service.
fn conditions(service: &Service) -> usize {
    let status = service.status.as_ref().unwrap();
    let all = status.conditions.iter().flatten();
    all.filter(|condition| condition.type_.starts_with("seaway.dev/")).count()
}

#[tokio::test]
async fn everything_of_ours_goes() {
    let (cluster, folder) = abandoned().await;
    let ended = uninstall(&cluster, &folder, &["--dry-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["default/web", "default/other", "nothing was changed"]);
    let before = cluster.service("web").await.unwrap();
    assert!(is_ours(&before) && conditions(&before) == 3 && !addresses(&before).is_empty());

    let ended = uninstall(&cluster, &folder, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["default/web", "default/other", "2 Services"]);
    for name in ["web", "other"] {
        let service = cluster.service(name).await.unwrap();
        assert!(!is_ours(&service) && addresses(&service).is_empty(), "{service:?}");
        assert_eq!(conditions(&service), 0);
    }
    let ended = uninstall(&cluster, &folder, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["nothing to uninstall"]);
    // Nothing holds a Service back any more.
    cluster.delete::<Service>("web").await;
    cluster.is_gone("web").await;
}

#[tokio::test]
async fn with_keep_the_addresses_stay() {
    let (cluster, folder) = abandoned().await;
    let shown = addresses(&cluster.service("web").await.unwrap());
    let ended = uninstall(&cluster, &folder, &["--keep"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["default/web", "the load balancer stays"]);
    let service = cluster.service("web").await.unwrap();
    assert!(!is_ours(&service) && conditions(&service) == 0);
    assert_eq!(addresses(&service), shown);
}

#[tokio::test]
async fn as_long_as_a_controller_works_nothing_is_done() {
    let (cluster, folder) = abandoned().await;
    let config = embedded(&cluster.pool(2).await);
    let electing = config.replace("enabled = false", "enabled = true");
    let leader = Controller::start(cluster.kubeconfig(), &electing, &[]).await;
    let ended = uninstall(&cluster, &folder, &[]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let parts = ["holds the Lease kube-system/seaway", "stop it first", "scale deployment/seaway"];
    says(&ended.stderr, &parts);
    assert!(is_ours(&cluster.service("web").await.unwrap()));
    leader.stop().await;

    // One that holds no Lease is seen by what it does.
    let quiet = Controller::start(cluster.kubeconfig(), &config, &[]).await;
    let ended = uninstall(&cluster, &folder, &[]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    says(&ended.stderr, &["a controller that holds no Lease still works here", "default/web"]);
    quiet.stop().await;
    assert_eq!(uninstall(&cluster, &folder, &[]).await.code, Some(0));
}
