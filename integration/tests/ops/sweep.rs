//! `seaway sweep`.

use seaway_integration::{Cluster, Process, embedded, pod, service};
use serde_json::Value;
use tempfile::TempDir;

use crate::{answering, ask_it, path, says};

#[tokio::test]
async fn where_nothing_is_nobodys_there_is_nothing_to_sweep() {
    let cluster = Cluster::sandbox(1).await;
    cluster.create(&pod("echo", "echo", None)).await;
    let controller = answering(&cluster, 1, &[]).await;
    let at = controller.answers("admin").await.to_string();
    cluster.create(&service("web", "echo", Value::Null)).await;
    cluster.serves("web").await;
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("seaway.toml");
    std::fs::write(&config, embedded(&cluster.pool(1).await)).unwrap();
    let config = path(&config);
    for args in [
        &["sweep"][..],
        &["sweep", "--delete"],
        &["sweep", "--config", config],
        &["sweep", "--delete", "--config", config],
    ] {
        let ended = ask_it(&cluster, &at, args).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        says(&ended.stdout, &["nothing to sweep"]);
    }
    cluster.serves("web").await;
    controller.stop().await;

    // Without a controller, only the config tells where else to look.
    let ended = Process::run(["sweep", "--admin", &at], "").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    says(&ended.stderr, &[&format!("no controller answers at {at}"), "--config"]);
    let ended = ask_it(&cluster, &at, &["sweep", "--config", config]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    says(&ended.stdout, &["what embedded has now is not known", "nothing to sweep"]);
}
