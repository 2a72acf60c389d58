//! What carries our mark and belongs to no Service.

use std::sync::Arc;
use std::time::Duration;

use seaway_controller::Options;
use seaway_core::Mark;
use seaway_testkit::cluster_id;
use seaway_testkit::toys::by_id::cloud::{Cloud, PROVISIONING};
use serde_json::json;

use crate::lab::{Lab, by_id, cloud, often};

/// Has a balancer made, and leaves it without its Service.
async fn abandon(lab: &Lab, cloud: &Arc<Cloud>, clock: &seaway_testkit::ManualClock) {
    let run = lab.run(vec![by_id(cloud)], often()).await;
    lab.put("web", &json!({})).await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(PROVISIONING);
    lab.address("web").await;
    run.stop().await;
    lab.patch("web", json!({ "metadata": { "finalizers": null } })).await;
    lab.delete("web").await;
    clock.advance(Duration::from_mins(1));
}

#[tokio::test]
async fn what_belongs_to_nobody_is_told_and_stays_until_it_is_swept() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    abandon(&lab, &cloud, &clock).await;
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    lab.put("other", &json!({})).await;
    lab.until("the other is being made", async || {
        (cloud.inventory().balancers.len() == 2).then_some(())
    })
    .await;
    clock.advance(Duration::from_mins(1));
    lab.address("other").await;
    let orphans = run.inspector.inspect(None).await.unwrap().orphans;
    assert_eq!(orphans.len(), 1);
    let text = run.metrics.encode();
    assert!(text.contains("seaway_orphans{provider=\"by-id\"} 1"), "{text}");
    assert_eq!(run.inspector.sweep().await.unwrap(), orphans);
    lab.until("it is swept", async || (cloud.inventory().balancers.len() == 1).then_some(())).await;
    lab.until("it is swept whole", async || (cloud.inventory().pools.len() == 1).then_some(()))
        .await;
    run.stop().await;
}

#[tokio::test]
async fn the_timed_sweep_takes_down_what_is_ours_and_nobodys_and_nothing_else() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    abandon(&lab, &cloud, &clock).await;
    // As like ours as can be, and another cluster's.
    cloud.tamper(|all| {
        let mut foreign = all.balancers.values().next().unwrap().clone();
        foreign.tag = Mark { cluster: "another".into(), ..foreign.tag };
        foreign.listeners.clear();
        all.balancers.insert(99, foreign);
    });
    let run = lab.run(vec![by_id(&cloud)], Options { sweep: true, ..often() }).await;
    lab.until("ours is gone", async || {
        let ours = |mark: &Mark| mark.cluster == cluster_id();
        let all = cloud.inventory();
        (!all.balancers.values().any(|it| ours(&it.tag)) && all.pools.is_empty()).then_some(())
    })
    .await;
    assert_eq!(cloud.inventory().balancers.keys().collect::<Vec<_>>(), [&99]);
    run.stop().await;
}
