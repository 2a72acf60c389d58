//! Changes of the nodes that meet others: failures, slow calls, and each other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use seaway_core::{ErrorKind, Key, ProviderError};
use seaway_testkit::faults::Fate;
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::nodes::{label, served};
use crate::rush::Rush;

/// How often each key was passed over.
fn tally(rush: &Rush) -> BTreeMap<Key, usize> {
    let mut tally = BTreeMap::new();
    for key in rush.passes.take() {
        *tally.entry(key).or_default() += 1;
    }
    tally
}

#[tokio::test]
async fn an_update_that_fails_stops_no_other_and_is_tried_again() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 3).await;
    let error = ProviderError::new(ErrorKind::Unavailable, "RegisterTargets", "it hangs");
    rush.script.after(0, Fate::Refused(error));
    lab.patch_node("node-2", label(&json!(""))).await;
    lab.until("the others are updated", async || {
        let all = rush.targets();
        (all.iter().filter(|targets| targets.len() == 1).count() >= 2).then_some(())
    })
    .await;
    rush.leads_to(&lab, &["node-1"]).await;
    let told = lab.until("one is told", async || {
        let mut told = 0;
        for number in 0..3 {
            let events = lab.events(&format!("web-{number}"), "SyncLoadBalancerFailed").await;
            told += events.iter().filter(|text| text.contains("it hangs")).count();
        }
        (told > 0).then_some(told)
    });
    assert_eq!(told.await, 1);
    run.stop().await;
}

#[tokio::test]
async fn a_slow_update_is_followed_by_one_with_the_newest_nodes() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 1).await;
    {
        let _held_up = rush.passes.gate.write().await;
        lab.patch_node("node-2", label(&json!(""))).await;
        lab.until("the pass begins", async || (!rush.passes.take().is_empty()).then_some(())).await;
        // Meanwhile the set changes again, and so does the Service.
        lab.patch_node("node-2", label(&Value::Null)).await;
        lab.patch("web-0", json!({ "spec": { "sessionAffinity": "None" } })).await;
        lab.patch("web-0", json!({ "spec": { "loadBalancerSourceRanges": ["192.0.2.0/24"] } }))
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(rush.passes.take(), [], "never two at a time over one load balancer");
    }
    rush.rest(&lab).await;
    lab.until("the newest set is there", async || {
        let all = rush.targets();
        (all.len() == 1 && all[0].len() == 2).then_some(())
    })
    .await;
    run.stop().await;
}

#[tokio::test]
async fn a_burst_costs_each_load_balancer_two_passes_at_most() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let run = served(&lab, &rush, 4).await;
    let began = Instant::now();
    for number in 10..30 {
        lab.put_node(number, &json!({})).await;
    }
    let took = began.elapsed();
    lab.until("all lead to all", async || {
        rush.targets().iter().all(|targets| targets.len() == 22).then_some(())
    })
    .await;
    // One at the first change, and one at the end of each second in which there were others.
    let most = 2 + usize::try_from(took.as_secs()).unwrap();
    let tally = tally(&rush);
    assert_eq!(tally.len(), 4);
    assert!(tally.values().all(|passes| *passes <= most), "{tally:?} in {took:?}");
    run.stop().await;
}
