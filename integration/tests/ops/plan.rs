//! `seaway plan` beside a running controller.

use seaway_integration::{Cluster, Process, embedded, pod, service};
use serde_json::Value;
use tempfile::TempDir;

use crate::{answering, ask_it, path, says};

#[tokio::test]
async fn a_plan_knows_what_the_running_controller_has() {
    let cluster = Cluster::sandbox(2).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 3, &[]).await;
    let at = controller.answers("admin").await.to_string();
    cluster.create(&service("web", "echo", Value::Null)).await;
    cluster.serves("web").await;
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("seaway.toml");
    std::fs::write(&config, embedded(&cluster.pool(3).await)).unwrap();
    let named = ["plan", "--config", path(&config)];

    for args in [&["plan"][..], &named] {
        let ended = ask_it(&cluster, &at, args).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &["2 Nodes", "nothing to do"]);
        assert!(!ended.stdout.contains('!'), "{}", ended.stdout);
    }
    // A manifest beside it: the address that web has is not given to another.
    let manifest = folder.path().join("more.yaml");
    let text = "kind: Service\nmetadata: { name: more }\n\
                spec: { type: LoadBalancer, ports: [{ port: 80 }] }\n";
    std::fs::write(&manifest, text).unwrap();
    let ended = ask_it(&cluster, &at, &["plan", "-f", path(&manifest)]).await;
    says(&ended.stdout, &["embedded: default/more", "2 steps", "no nodePort for 1 of"]);
    let taken = format!("listen on {}:80/TCP", cluster.address("web").await);
    assert!(!ended.stdout.contains(&taken), "{}", ended.stdout);
    controller.stop().await;

    // Nobody is there to be asked any more.
    let ended = ask_it(&cluster, &at, &named).await;
    let line = format!("no controller answers at {at}: what `embedded` has now is not known");
    says(&ended.stdout, &[&line, "listen on"]);
}

#[tokio::test]
async fn the_controller_of_another_cluster_is_not_believed() {
    // There is one real cluster only.
    if Cluster::is_real() {
        return;
    }
    let (ours, theirs) = (Cluster::sandbox(1).await, Cluster::sandbox(1).await);
    let controller = answering(&theirs, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    for command in ["plan", "status"] {
        let ended = ask_it(&ours, &at, &[command]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &[&format!("the controller at {at} works on another cluster")]);
    }
    let args = ["sweep", "--delete", "--kubeconfig", path(ours.kubeconfig()), "--admin", &at];
    let ended = Process::run(args, "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    says(&ended.stderr, &["another cluster"]);
    controller.stop().await;
}
