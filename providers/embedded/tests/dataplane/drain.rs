use std::time::Duration;

use seaway_provider_embedded::dataplane::Balancer;

use crate::lab::{Lab, ask, is_reset, open, set, start, state, until};

#[tokio::test]
async fn a_draining_node_keeps_what_it_has_and_gets_nothing_new() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes = (lab.up(1), lab.up(2));
    let mut want = lab.balancer(2);
    set(&plane, &want).await;
    let (mut early, name) = open(&lab).await;
    want.targets.get_mut(&name).unwrap().draining = true;
    set(&plane, &want).await;
    for _ in 0..10 {
        assert_ne!(ask(lab.front()).await.unwrap(), name);
    }
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    let there = state(&plane).targets.remove(&name).unwrap();
    assert!(there.draining && there.open == 1);

    want.targets.get_mut(&name).unwrap().draining = false;
    set(&plane, &want).await;
    let back = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
    assert!(back.contains(&name));
}

#[tokio::test]
async fn a_removed_node_keeps_what_it_has_and_gets_nothing_new() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _nodes = (lab.up(1), lab.up(2));
    let mut want = lab.balancer(2);
    set(&plane, &want).await;
    let (mut early, name) = open(&lab).await;
    want.targets.remove(&name);
    set(&plane, &want).await;
    for _ in 0..10 {
        assert_ne!(ask(lab.front()).await.unwrap(), name);
    }
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    until("only it is open", || state(&plane).counts.connections_open == 1).await;
}

#[tokio::test]
async fn a_drain_limit_ends_connections_with_a_reset() {
    let (lab, plane) =
        (Lab::new(), start(|options| options.target_drain = Some(Duration::from_millis(50))));
    let _nodes = (lab.up(1), lab.up(2));
    let mut want = lab.balancer(2);
    set(&plane, &want).await;
    let (mut first, drained) = open(&lab).await;
    let (mut second, kept) = open(&lab).await;
    want.targets.get_mut(&drained).unwrap().draining = true;
    set(&plane, &want).await;
    assert!(is_reset(&first.rest().await));
    assert_eq!(second.echo("still here").await.unwrap(), "still here");
    assert_eq!(state(&plane).counts.ended, 1);

    // The node that comes back serves again, and the one that goes is limited as well.
    want.targets = lab.balancer(2).targets;
    set(&plane, &want).await;
    let names = [ask(lab.front()).await.unwrap(), ask(lab.front()).await.unwrap()];
    assert!(names.contains(&drained));
    want.targets.remove(&kept);
    set(&plane, &want).await;
    assert!(is_reset(&second.rest().await));
}

#[tokio::test]
async fn a_node_that_comes_back_in_time_keeps_its_connections() {
    let limit = Duration::from_millis(300);
    let (lab, plane) = (Lab::new(), start(|options| options.target_drain = Some(limit)));
    let _nodes = (lab.up(1), lab.up(2));
    let mut want = lab.balancer(2);
    set(&plane, &want).await;
    let (mut back, name) = open(&lab).await;
    let (mut gone, other) = open(&lab).await;
    want.targets.get_mut(&name).unwrap().draining = true;
    set(&plane, &want).await;
    want.targets = lab.balancer(2).targets;
    want.targets.get_mut(&other).unwrap().draining = true;
    set(&plane, &want).await;
    // The drain that began later has ended: the earlier one would have, too.
    assert!(is_reset(&gone.rest().await));
    assert_eq!(back.echo("still here").await.unwrap(), "still here");
}

#[tokio::test]
async fn a_removed_listener_closes_at_once_and_its_connections_drain() {
    let limit = Duration::from_millis(300);
    let (lab, plane) = (Lab::new(), start(|options| options.listener_drain = limit));
    let _node = lab.up(1);
    set(&plane, &lab.balancer(1)).await;
    let (mut early, _) = open(&lab).await;
    set(&plane, &Balancer { listeners: vec![], ..lab.balancer(1) }).await;
    assert!(ask(lab.front()).await.is_err());
    assert_eq!(early.echo("still here").await.unwrap(), "still here");
    assert!(is_reset(&early.rest().await));
    until("it is counted", || state(&plane).counts.ended == 1).await;
}
