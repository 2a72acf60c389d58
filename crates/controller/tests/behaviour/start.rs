//! How a controller begins when not everything is there.

use std::sync::Arc;

use seaway_core::drive;
use seaway_testkit::cluster_id;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::json;

use crate::lab::{Lab, by_id, cloud, often, one_file};

#[tokio::test]
async fn a_provider_that_can_not_be_read_holds_up_only_its_own() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let (cloud, clock) = cloud();
    // The config of the box belongs to another cluster: it is not even read.
    daemon.tamper(|state| state.owner = Some("another".into()));
    let class = |name: &str| json!({ "spec": { "loadBalancerClass": name } });
    lab.put("boxed", &class("seaway.dev/one-file")).await;
    lab.put("clouded", &class("seaway.dev/by-id")).await;
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"]), by_id(&cloud)], often()).await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(seaway_testkit::toys::by_id::cloud::PROVISIONING);
    lab.address("clouded").await;
    let message = lab.says("boxed", seaway_controller::PROVISIONED, "False Conflict").await;
    assert!(message.contains("another"), "{message}");
    let seen = run.inspector.inspect(None).await.unwrap();
    assert!(!seen.providers["one-file"]);
    assert!(seen.providers["by-id"]);
    run.stop().await;
}

#[tokio::test]
async fn nobody_is_let_go_before_every_provider_was_read() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let pool = vec!["198.18.0.1".parse().unwrap()];
    let provider = || drive(OneFile::new(cluster_id(), Arc::clone(&daemon), pool.clone()));
    let run = lab.run(vec![provider()], often()).await;
    lab.put("web", &json!({})).await;
    lab.address("web").await;
    run.stop().await;
    lab.delete("web").await;
    daemon.tamper(|state| state.owner = Some("another".into()));
    let run = lab.run(vec![provider()], often()).await;
    lab.quiet().await;
    assert!(lab.get("web").await.is_some(), "who can't look can't say that nothing is left");
    daemon.tamper(|state| state.owner = Some(cluster_id()));
    lab.until("it is gone", async || lab.get("web").await.is_none().then_some(())).await;
    assert!(daemon.state().running.unwrap().is_empty());
    run.stop().await;
}
