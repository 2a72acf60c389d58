//! What is done without a controller: the sweep of what is nobody's, and the uninstallation.

use std::sync::Arc;
use std::time::Duration;

use seaway_controller::{FINALIZER, Fate, Goodbye, PROVISIONED, Sweeper, Uninstall};
use seaway_testkit::ManualClock;
use seaway_testkit::toys::by_id::cloud::{Cloud, PROVISIONING};
use serde_json::{Value, json};

use crate::lab::{Lab, by_id, cloud, often};

/// Has balancers made for Services by these names and annotations, by a controller that then ends.
async fn served(services: &[(&str, Value)]) -> (Lab, Arc<Cloud>, Arc<ManualClock>) {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    for (name, annotations) in services {
        lab.put(name, &json!({ "metadata": { "annotations": annotations } })).await;
    }
    lab.until("they are being made", async || {
        (cloud.inventory().balancers.len() == services.len()).then_some(())
    })
    .await;
    clock.advance(PROVISIONING);
    for (name, _) in services {
        lab.address(name).await;
        lab.says(name, PROVISIONED, "True Converged").await;
    }
    run.stop().await;
    clock.advance(Duration::from_mins(1));
    (lab, cloud, clock)
}

/// Takes a Service away from under its balancer.
async fn orphan(lab: &Lab, name: &str) {
    lab.patch(name, json!({ "metadata": { "finalizers": null } })).await;
    lab.delete(name).await;
}

fn uninstall(lab: &Lab, cloud: &Arc<Cloud>, keep: bool) -> Uninstall {
    Uninstall {
        client: lab.client(),
        drivers: vec![by_id(cloud)],
        in_process: vec!["embedded".to_owned()],
        keep,
    }
}

fn fate(goodbyes: &[Goodbye], name: &str) -> Fate {
    let wanted = format!("default/{name}");
    goodbyes.iter().find(|goodbye| goodbye.service == wanted).unwrap().fate.clone()
}

/// Whether a Service has anything of ours.
async fn is_marked(lab: &Lab, name: &str) -> bool {
    let service = lab.get(name).await.unwrap();
    let text = format!("{}{}", service["metadata"]["finalizers"], service["status"]["conditions"]);
    text.contains(FINALIZER) || text.contains("seaway.dev/")
}

#[tokio::test]
async fn only_what_is_nobodys_is_found_and_swept() {
    let retain = json!({ "seaway.dev/retain": "true" });
    let (lab, cloud, _) =
        served(&[("stays", json!({})), ("kept", retain), ("dead", json!({}))]).await;
    let dead = lab.get("dead").await.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    orphan(&lab, "dead").await;
    orphan(&lab, "kept").await;
    let sweeper = Sweeper::new(lab.client(), vec![by_id(&cloud)]);
    let found = sweeper.look().await.unwrap();
    let uids: Vec<_> = found.iter().map(|orphan| orphan.service.as_str()).collect();
    assert_eq!(uids, [dead]);
    assert_eq!(cloud.inventory().balancers.len(), 3, "a look deletes nothing");

    let swept = sweeper.sweep(&found).await.unwrap();
    assert_eq!(swept.len(), 1);
    assert!(swept[0].error.is_none() && !swept[0].steps.is_empty(), "{swept:?}");
    assert_eq!(cloud.inventory().balancers.len(), 2);
    assert_eq!(cloud.inventory().pools.len(), 2);
}

#[tokio::test]
async fn what_has_an_owner_at_the_second_look_stays() {
    let (lab, cloud, _) = served(&[("web", json!({}))]).await;
    let sweeper = Sweeper::new(lab.client(), vec![by_id(&cloud)]);
    assert!(sweeper.look().await.unwrap().is_empty());
    // As if it had been taken for nobody's a moment ago.
    let uid = lab.get("web").await.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let orphan = seaway_controller::Orphan {
        provider: "by-id".to_owned(),
        key: seaway_core::Key::own(uid.as_str().into()),
        service: uid.as_str().into(),
    };
    assert_eq!(sweeper.sweep(&[orphan].into()).await.unwrap(), []);
    assert_eq!(cloud.inventory().balancers.len(), 1);
}

#[tokio::test]
async fn an_uninstallation_leaves_nothing() {
    let (lab, cloud, _) = served(&[("web", json!({})), ("other", json!({}))]).await;
    let uninstall = uninstall(&lab, &cloud, false);
    let (steps, goodbyes) = uninstall.rehearse().await.unwrap();
    assert!(!steps.is_empty() && goodbyes.len() == 2, "{steps:?} {goodbyes:?}");
    assert!(is_marked(&lab, "web").await && cloud.inventory().balancers.len() == 2);

    let mut told = Vec::new();
    let goodbyes = uninstall.run(|step| told.push(step.to_owned())).await.unwrap();
    assert_eq!(fate(&goodbyes, "web"), Fate::Freed);
    assert!(!told.is_empty());
    assert!(cloud.inventory().balancers.is_empty() && cloud.inventory().pools.is_empty());
    for name in ["web", "other"] {
        assert!(!is_marked(&lab, name).await, "{:?}", lab.get(name).await);
        assert!(lab.shown(name).await.is_empty());
    }
    assert_eq!(uninstall.returned(&goodbyes).await.unwrap(), [""; 0]);
    assert_eq!(uninstall.run(|_| {}).await.unwrap(), []);
}

#[tokio::test]
async fn with_keep_only_our_words_go() {
    let (lab, cloud, _) = served(&[("web", json!({}))]).await;
    let shown = lab.shown("web").await;
    let goodbyes = uninstall(&lab, &cloud, true).run(|_| {}).await.unwrap();
    assert_eq!(fate(&goodbyes, "web"), Fate::Kept);
    assert!(!is_marked(&lab, "web").await);
    assert_eq!(lab.shown("web").await, shown);
    assert_eq!(cloud.inventory().balancers.len(), 1);
}

#[tokio::test]
async fn what_can_not_go_keeps_its_finalizer() {
    let pause = json!({ "seaway.dev/pause": "true" });
    let retain = json!({ "seaway.dev/retain": "true" });
    let (lab, cloud, _) =
        served(&[("paused", json!({})), ("retained", retain), ("web", json!({}))]).await;
    lab.patch("paused", json!({ "metadata": { "annotations": pause } })).await;
    // Without the provider, nobody can tell what is left of it.
    let ignorant = Uninstall { drivers: Vec::new(), ..uninstall(&lab, &cloud, false) };
    let goodbyes = ignorant.run(|_| {}).await.unwrap();
    assert!(matches!(fate(&goodbyes, "web"), Fate::Stays(why) if why.contains("by-id")));
    assert!(is_marked(&lab, "web").await);

    let goodbyes = uninstall(&lab, &cloud, false).run(|_| {}).await.unwrap();
    assert!(matches!(fate(&goodbyes, "paused"), Fate::Stays(why) if why.contains("pause")));
    assert_eq!(fate(&goodbyes, "retained"), Fate::Kept);
    assert_eq!(fate(&goodbyes, "web"), Fate::Freed);
    assert!(is_marked(&lab, "paused").await);
    assert!(!is_marked(&lab, "retained").await && !lab.shown("retained").await.is_empty());
    assert_eq!(cloud.inventory().balancers.len(), 2);
}
