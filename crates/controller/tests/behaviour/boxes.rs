//! Several boxes with one controller each: one leads, and all of them serve.

use std::sync::Arc;

use seaway_controller::{Options, Part};
use seaway_core::{Fence, ProviderError};
use seaway_testkit::Fault;
use serde_json::json;

use crate::lab::{Lab, Run};
use crate::rush::{Rush, calm};

const POOL: &[&str] = &["198.18.0.1", "198.18.0.2"];

/// A Lease that somebody else has.
struct Lost;

impl Fence for Lost {
    fn check(&self) -> Result<(), ProviderError> {
        Err(ProviderError::not_leader())
    }
}

fn part(name: &str, leads: bool) -> Options {
    Options { part: Part::Box { name: name.to_owned(), leads }, ..calm() }
}

async fn lead(lab: &Lab, name: &str, rush: &Rush) -> Run {
    lab.run(vec![rush.boxed(POOL)], part(name, true)).await
}

async fn follow(lab: &Lab, name: &str, rush: &Rush) -> Run {
    let options = Options { fence: Some(Arc::new(Lost)), ..part(name, false) };
    lab.run(vec![rush.boxed(POOL)], options).await
}

/// What the daemon of a box serves: the addresses, in the order of the Services.
fn serves(rush: &Rush) -> Vec<String> {
    let entries = rush.daemon.state().running.unwrap_or_default().into_values();
    entries.flat_map(|entry| entry.addresses).map(|ip| ip.to_string()).collect()
}

async fn until_serves(lab: &Lab, rush: &Rush, expected: &[&str]) {
    let what = format!("the box serves {expected:?}");
    lab.until(&what, async || (serves(rush) == expected).then_some(())).await;
}

#[tokio::test]
async fn every_box_serves_and_a_new_leader_changes_nothing() {
    let (lab, a, b) = (Lab::start().await, Rush::new(), Rush::new());
    let (leader, follower) = (lead(&lab, "a", &a).await, follow(&lab, "b", &b).await);
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    until_serves(&lab, &a, &[&at]).await;
    until_serves(&lab, &b, &[&at]).await;
    lab.quiet().await;
    let (before, config) = (lab.get("web").await, b.daemon.state());
    leader.kill().await;
    follower.stop().await;
    let leader = lead(&lab, "b", &b).await;
    lab.until("it has passed", async || (!b.passes.take().is_empty()).then_some(())).await;
    let follower = follow(&lab, "a", &a).await;
    lab.until("it has passed", async || (!a.passes.take().is_empty()).then_some(())).await;
    lab.put("new", &json!({})).await;
    let new = lab.address("new").await;
    assert_ne!(new, at);
    lab.until("both boxes serve both", async || {
        (serves(&a).len() == 2 && serves(&a) == serves(&b)).then_some(())
    })
    .await;
    assert_eq!(lab.get("web").await, before);
    assert!(config.live.iter().all(|(uid, it)| b.daemon.state().live.get(uid) == Some(it)));
    let about_web = |write: &String| write.contains("/services/web");
    assert!(!lab.writes().iter().any(about_web));
    leader.stop().await;
    follower.stop().await;
}

#[tokio::test]
async fn a_follower_writes_nothing_and_comes_to_rest() {
    let (lab, a, b) = (Lab::start().await, Rush::new(), Rush::new());
    let leader = lead(&lab, "a", &a).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    lab.quiet().await;
    leader.stop().await;
    let follower = follow(&lab, "b", &b).await;
    until_serves(&lab, &b, &[&at]).await;
    // Nobody leads: this one gets neither finalizer nor address, and nothing here.
    lab.put("later", &json!({})).await;
    let wrong = json!({ "spec": { "ports": [{ "port": 80, "protocol": "SCTP" }] } });
    lab.put("wrong", &wrong).await;
    lab.until("it is known", async || {
        let found = follower.inspector.inspect(None).await.unwrap();
        (found.services.len() == 3).then_some(())
    })
    .await;
    b.passes.take();
    // What is asked of the leader is left to it; the follower does its own part.
    lab.delete("web").await;
    until_serves(&lab, &b, &[]).await;
    lab.delete("later").await;
    lab.delete("wrong").await;
    lab.until("they are forgotten", async || {
        let found = follower.inspector.inspect(None).await.unwrap();
        found.services.is_empty().then_some(())
    })
    .await;
    assert_eq!(lab.writes(), [""; 0]);
    assert_eq!(lab.shown("web").await, [at], "whoever leads takes it back");
    let passes = b.passes.take().len();
    assert!(passes < 10, "{passes} passes");
    follower.stop().await;
}

#[tokio::test]
async fn a_leader_that_may_not_write_to_kubernetes_writes_to_its_box_all_the_same() {
    let (lab, a, b) = (Lab::start().await, Rush::new(), Rush::new());
    let leader = lead(&lab, "a", &a).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    lab.says("web", seaway_controller::PROVISIONED, "True Converged").await;
    lab.quiet().await;
    leader.stop().await;
    let options = Options { fence: Some(Arc::new(Lost)), ..part("b", true) };
    let leader = lab.run(vec![b.boxed(POOL)], options).await;
    until_serves(&lab, &b, &[&at]).await;
    assert_eq!(lab.writes(), [""; 0]);
    leader.stop().await;
}

#[tokio::test]
async fn what_was_deleted_while_the_box_was_down_is_taken_down_at_its_start() {
    for leads in [false, true] {
        let (lab, a) = (Lab::start().await, Rush::new());
        let leader = lead(&lab, "a", &a).await;
        lab.put("web", &json!({})).await;
        lab.put("other", &json!({})).await;
        let at = lab.address("other").await;
        lab.address("web").await;
        lab.until("both are served", async || (serves(&a).len() == 2).then_some(())).await;
        leader.stop().await;
        lab.patch("web", json!({ "metadata": { "finalizers": null } })).await;
        lab.delete("web").await;
        let run = if leads { lead(&lab, "a", &a).await } else { follow(&lab, "a", &a).await };
        until_serves(&lab, &a, &[&at]).await;
        run.stop().await;
    }
}

#[tokio::test]
async fn bad_news_of_a_box_has_its_name_and_good_news_is_the_leaders() {
    let (lab, a, b) = (Lab::start().await, Rush::new(), Rush::new());
    let (leader, follower) = (lead(&lab, "a", &a).await, follow(&lab, "b", &b).await);
    b.daemon.inject(Fault::Unavailable);
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    lab.told("web", "SyncLoadBalancerFailed", "box b: Error syncing load balancer: ").await;
    until_serves(&lab, &b, &[&at]).await;
    lab.told("web", "EnsuredLoadBalancer", "Ensured load balancer: ").await;
    lab.quiet().await;
    assert_eq!(lab.events("web", "EnsuredLoadBalancer").await.len(), 1);
    assert_eq!(lab.events("web", "SyncLoadBalancerFailed").await.len(), 1);
    leader.stop().await;
    follower.stop().await;
}

#[tokio::test]
async fn what_the_daemon_refuses_is_told_once_by_each_box() {
    let (lab, a, b) = (Lab::start().await, Rush::new(), Rush::new());
    let (leader, follower) = (lead(&lab, "a", &a).await, follow(&lab, "b", &b).await);
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    until_serves(&lab, &b, &[&at]).await;
    lab.annotate("web", seaway_testkit::toys::one_file::OPTION, Some("bad")).await;
    lab.told("web", "SyncLoadBalancerFailed", "box a: ").await;
    lab.told("web", "SyncLoadBalancerFailed", "box b: ").await;
    lab.quiet().await;
    assert_eq!(lab.events("web", "SyncLoadBalancerFailed").await.len(), 2);
    assert_eq!(serves(&b), [at], "it has what it had");
    leader.stop().await;
    follower.stop().await;
}

#[tokio::test]
async fn what_stirs_is_made_again_and_only_what_others_changed_is_told() {
    let (lab, a) = (Lab::start().await, Rush::new());
    let leader = lead(&lab, "a", &a).await;
    lab.put("web", &json!({})).await;
    let at = lab.address("web").await;
    a.rest(&lab).await;
    a.daemon.stir(|state| state.running = None);
    until_serves(&lab, &a, &[&at]).await;
    a.rest(&lab).await;
    assert_eq!(lab.events("web", "RepairedLoadBalancer").await, [""; 0], "it died by itself");
    a.daemon.stir(|_| ());
    lab.until("it was looked at", async || (!a.passes.take().is_empty()).then_some(())).await;
    a.daemon.stir(|state| state.live.clear());
    lab.told("web", "RepairedLoadBalancer", "box a: The load balancer was changed by").await;
    lab.until("it is whole", async || (a.daemon.state().live.len() == 1).then_some(())).await;
    leader.stop().await;
}
