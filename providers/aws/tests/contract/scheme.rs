//! A load balancer can't change its scheme: another one takes its place.

use std::time::Duration;

use seaway_testkit::rig::pass;
use seaway_testkit::spec;

use crate::desk::{key, look, settled};

/// In either direction: nothing may hang on the order of names.
#[tokio::test]
async fn another_scheme_is_served_before_the_old_one_goes() {
    for (from, to) in [("internal", "internet-facing"), ("internet-facing", "internal")] {
        change_scheme(from, to).await;
    }
}

async fn change_scheme(from: &str, to: &str) {
    let mut rig = settled().await;
    rig.put(spec("a").port(80).setting(&key("scheme"), from));
    rig.converge().await.unwrap();
    let old = rig.bench.balancer("a");
    let shown = rig.published("a");
    rig.put(spec("a").port(80).setting(&key("scheme"), to));
    pass(&mut rig, "a").await;
    let both = rig.bench.balancers("a");
    assert_eq!(both.len(), 2, "{both:#?}");
    let new = both.iter().find(|it| it.arn != old.arn).unwrap().clone();
    assert_eq!(new.scheme.word(), to);

    // Until the new one takes traffic, the status shows the old one, which serves as it did.
    rig.clock.advance(Duration::from_mins(1));
    pass(&mut rig, "a").await;
    assert_eq!(rig.published("a"), shown);
    assert_eq!(look(&rig, &old.arn), old);

    rig.clock.advance(Duration::from_secs(40));
    let report = pass(&mut rig, "a").await;
    assert_ne!(rig.published("a"), shown);
    assert!(report.look_again.is_some(), "{report:?}");
    assert_eq!(look(&rig, &old.arn), old, "nobody has read the status yet");

    // Names are remembered for a minute.
    pass(&mut rig, "a").await;
    rig.clock.advance(Duration::from_secs(110));
    pass(&mut rig, "a").await;
    assert_eq!(look(&rig, &old.arn), old);
    assert_eq!(rig.bench.groups("a").len(), 1, "by port");

    rig.clock.advance(Duration::from_secs(20));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.balancer("a").arn, new.arn);
    assert_eq!(rig.moves, 1);
    rig.moves = 0;
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn a_scheme_that_changes_back_keeps_the_old_one() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    let old = rig.bench.balancer("a").arn;
    rig.put(spec("a").port(80).setting(&key("scheme"), "internet-facing"));
    pass(&mut rig, "a").await;
    rig.put(spec("a").port(80));
    rig.converge().await.unwrap();
    assert_eq!(rig.bench.balancer("a").arn, old);
    rig.verify().await.unwrap();
}
