//! What stands in the way, and what stays meanwhile.

use std::time::Duration;

use seaway_core::{ErrorKind, LbSpec};
use seaway_testkit::rig::{pass, trouble};
use seaway_testkit::{Bench as _, spec, uid};

use crate::desk::{key, settled};

#[tokio::test]
async fn deletion_protection_stops_the_whole_deletion_until_it_is_off() {
    const PROTECTION: &str = "deletion_protection.enabled";
    let mut rig = settled().await;
    let protect = format!("{PROTECTION}=true");
    rig.put(spec("a").port(80).source("10.0.0.0/8").setting(&key("attributes"), &protect));
    rig.converge().await.unwrap();
    let before = rig.belongings("a").await;
    rig.delete("a");
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains(PROTECTION), "{error}");
    assert_eq!(rig.belongings("a").await, before);
    assert!(rig.served("a").await.is_some());

    rig.bench.cloud.edit(|world| {
        for balancer in world.balancers.values_mut() {
            balancer.attributes.insert(PROTECTION.to_owned(), "false".to_owned());
        }
    });
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    rig.verify().await.unwrap();
}

#[tokio::test]
async fn what_is_to_stay_is_marked_so() {
    let mut rig = settled().await;
    let retained = |retain| LbSpec { retain, ..spec("a").port(80).build() };
    rig.put(retained(true));
    rig.converge().await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));
    rig.restart().await;
    rig.converge().await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));
    // The Service went while nobody looked: the mark is all that is left of it.
    rig.forget("a");
    rig.restart().await;
    rig.driver().survey(&rig.cx).await.unwrap();
    assert!(rig.driver().retained().contains(&uid("a")));

    rig.put(retained(false));
    rig.converge().await.unwrap();
    assert!(!rig.driver().retained().contains(&uid("a")));
    assert!(!rig.bench.balancer("a").tags.contains_key("seaway.dev/retain"));
}

/// A load balancer that AWS could not make is not waited for.
#[tokio::test]
async fn what_aws_could_not_make_says_so() {
    let mut rig = settled().await;
    rig.put(spec("a").port(80));
    pass(&mut rig, "a").await;
    let arn = rig.bench.balancer("a").arn;
    rig.bench.cloud.edit(|world| {
        let failed = seaway_provider_aws::api::State::Failed("no capacity".to_owned());
        world.balancers.get_mut(&arn).unwrap().state = Some(failed);
    });
    rig.clock.advance(Duration::from_secs(10));
    let report = pass(&mut rig, "a").await;
    let error = trouble(&report, "a").unwrap();
    assert!(error.message().contains("no capacity"), "{error}");
    rig.delete("a");
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    assert!(rig.bench.served(&uid("a")).await.is_none());
}

/// Nothing is made for a Service that is refused only once its ports are looked at.
#[tokio::test]
async fn a_refused_service_gets_no_empty_load_balancer() {
    let mut rig = settled().await;
    let mut uneven = spec("a").port(53).udp(53).build();
    uneven.ports[0].node_port = Some(31_999);
    rig.put(uneven);
    let report = pass(&mut rig, "a").await;
    assert!(trouble(&report, "a").unwrap().message().contains("nodePort"), "{report:?}");
    assert!(!report.wrote(), "{report:?}");
    assert!(rig.belongings("a").await.is_empty());

    // And what one has stays, with who may connect.
    let good = spec("b").port(80).source("10.0.0.0/8").build();
    rig.put(good.clone());
    rig.converge().await.unwrap();
    let before = rig.belongings("b").await;
    let mut bad = good;
    bad.ports[0].node_port = None;
    rig.put(bad);
    let report = pass(&mut rig, "b").await;
    assert!(trouble(&report, "b").is_some() && !report.wrote(), "{report:?}");
    assert_eq!(rig.belongings("b").await, before);
}
