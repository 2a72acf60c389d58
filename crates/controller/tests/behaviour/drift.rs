//! What others change is found, made again, and told.

use std::sync::Arc;
use std::time::Duration;

use seaway_controller::PROVISIONED;
use seaway_testkit::toys::by_id::cloud::PROVISIONING;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::{Value, json};

use crate::lab::{Lab, by_id, cloud, often, one_file};

#[tokio::test]
async fn a_load_balancer_that_somebody_removed_is_made_again_at_its_address() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1", "198.18.0.2"])], often()).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    let made = daemon.state().running;
    daemon.tamper(|state| {
        state.live.clear();
        state.running = Some(state.live.clone());
    });
    lab.until("it is there again", async || (daemon.state().running == made).then_some(())).await;
    lab.told("web", "RepairedLoadBalancer", "made again: ").await;
    assert_eq!(lab.address("web").await, at);
    let text = run.metrics.encode();
    assert!(text.contains("seaway_drift_repairs_total{provider=\"one-file\"} 1"), "{text}");
    run.stop().await;
}

#[tokio::test]
async fn a_target_that_somebody_took_out_comes_back_though_no_listing_shows_it() {
    let lab = Lab::start().await;
    let (cloud, clock) = cloud();
    let run = lab.run(vec![by_id(&cloud)], often()).await;
    lab.put("web", &json!({})).await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(PROVISIONING);
    lab.address("web").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    clock.advance(Duration::from_mins(1));
    let targets = || {
        let pools = cloud.inventory().pools;
        pools.values().next().map(|pool| pool.targets.clone()).unwrap_or_default()
    };
    let before = targets();
    assert_eq!(before.len(), 2);
    cloud.tamper(|all| {
        let pool = all.pools.values_mut().next().unwrap();
        let first = pool.targets.iter().next().cloned().unwrap();
        pool.targets.remove(&first);
    });
    lab.until("it is a target again", async || (targets() == before).then_some(())).await;
    lab.told("web", "RepairedLoadBalancer", "made again: ").await;
    run.stop().await;
}

#[tokio::test]
async fn a_status_that_somebody_wiped_is_restored_and_told() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let options = seaway_controller::Options::default();
    let run = lab.run(vec![one_file(&daemon, &["198.18.0.1"])], options).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    for wiped in [
        json!({ "status": { "loadBalancer": null } }),
        json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.9" }] } } }),
        json!({ "status": { "conditions": null } }),
        json!({ "status": Value::Null }),
    ] {
        lab.quiet().await;
        lab.patch_status("web", wiped.clone()).await;
        lab.until(&format!("restored after {wiped}"), async || {
            let right = lab.shown("web").await == [at.clone()];
            let (status, ..) = lab.condition("web", PROVISIONED).await?;
            (right && status == "True").then_some(())
        })
        .await;
    }
    lab.told("web", "RestoredStatus", &at).await;
    run.stop().await;
}

#[tokio::test]
async fn neither_inventories_nor_a_restart_write_anything_when_nothing_changed() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let (cloud, clock) = cloud();
    let drivers = || vec![one_file(&daemon, &["198.18.0.1", "198.18.0.2"]), by_id(&cloud)];
    let run = lab.run(drivers(), often()).await;
    lab.put("boxed", &json!({})).await;
    let class = json!({ "spec": { "loadBalancerClass": "seaway.dev/by-id" } });
    lab.put("clouded", &class).await;
    lab.put(
        "refused",
        &json!({ "spec": {
        "loadBalancerClass": "seaway.dev/by-id", "sessionAffinity": "ClientIP",
    } }),
    )
    .await;
    lab.until("it is being made", async || cloud.inventory().balancers.values().next().map(drop))
        .await;
    clock.advance(PROVISIONING);
    lab.address("boxed").await;
    lab.address("clouded").await;
    lab.says("clouded", PROVISIONED, "True Converged").await;
    lab.says("refused", seaway_controller::ACCEPTED, "False Unsupported").await;
    clock.advance(Duration::from_mins(1));
    lab.quiet().await;
    let worlds = || format!("{:?} {:?}", daemon.state(), cloud.inventory());
    let before = worlds();
    // Some inventories later, and after a restart.
    lab.quiet().await;
    run.stop().await;
    let again = lab.run(drivers(), often()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(lab.writes(), [""; 0]);
    assert_eq!(worlds(), before);
    again.stop().await;
}

#[tokio::test]
async fn a_status_that_was_written_before_a_restart_is_restored_and_told_too() {
    let lab = Lab::start().await;
    let daemon = Arc::<Daemon>::default();
    let drivers = || vec![one_file(&daemon, &["198.18.0.1"])];
    let run = lab.run(drivers(), often()).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    lab.says("web", PROVISIONED, "True Converged").await;
    lab.quiet().await;
    run.stop().await;
    let run = lab.run(drivers(), often()).await;
    lab.until("it was looked at", async || {
        let text = run.metrics.encode();
        text.contains("service_controller_loadbalancer_sync_total 1").then_some(())
    })
    .await;
    lab.patch_status("web", json!({ "status": { "loadBalancer": null } })).await;
    lab.told("web", "RestoredStatus", &at).await;
    assert_eq!(lab.address("web").await, at);
    run.stop().await;
}
