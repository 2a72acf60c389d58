use std::time::Duration;

use seaway_provider_embedded::dataplane::{Balancer, Probe};

use crate::lab::{Lab, ask, checks, is_reset, open, set, start, state, until};

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

/// As among the endpoints of a node (KEP-1669): who goes soon is better than nobody.
#[tokio::test]
async fn a_draining_node_serves_while_no_other_is_up() {
    let (lab, plane) = (Lab::new(), start(|_| {}));
    let _leaving = lab.up(1);
    let mut want = Balancer { health: checks(Probe::Tcp), ..lab.balancer(2) };
    let [leaving, other] = [1, 2].map(|node| format!("node-{node}"));
    want.targets.get_mut(&leaving).unwrap().draining = true;
    set(&plane, &want).await;
    until("the other is known to be down", || !state(&plane).targets[&other].up).await;
    assert_eq!(ask(lab.front()).await.unwrap(), leaving);
    assert!(!state(&plane).targets[&leaving].draining, "it gets new connections");

    let _other = lab.up(2);
    until("the other is up", || state(&plane).targets[&other].up).await;
    for _ in 0..10 {
        assert_eq!(ask(lab.front()).await.unwrap(), other);
    }
    assert!(state(&plane).targets[&leaving].draining);
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
