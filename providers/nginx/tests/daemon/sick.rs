use std::collections::BTreeSet;

use seaway_box::{Daemon, Sick};
use seaway_core::Health;

use crate::lab::{Client, Lab, until};

#[tokio::test]
async fn a_node_that_dies_is_taken_out_and_comes_back() {
    let lab = Lab::new().await;
    let (a, b) = (lab.node(11).await, lab.node(12).await);
    let mut entry = lab.entry(&[&a, &b]);
    lab.serve([entry.clone()]).await;
    let pulse = lab.nginx.pulse().await;
    assert_eq!(lab.nginx.sick(), BTreeSet::new());

    let name = b.name.clone();
    drop(b);
    let dead = Sick { service: "uid".into(), node: name.as_str().into() };
    until("found down", || lab.nginx.sick().contains(&dead)).await;
    assert_ne!(lab.nginx.pulse().await, pulse, "a turn is felt");
    entry.targets.get_mut(&dead.node).unwrap().out = true;
    lab.serve([entry.clone()]).await;
    let file = lab.write([entry.clone()]).await;
    let targets = lab.nginx.targets(&file.site).await.unwrap();
    let healths: Vec<_> = targets[&"uid".into()].iter().map(|it| it.health).collect();
    assert_eq!(healths, [Health::Healthy, Health::Unhealthy]);
    for _ in 0..20 {
        assert_eq!(Client::connect(lab.front()).await.unwrap().node, a.name);
    }

    let b = lab.node(12).await;
    until("found up", || lab.nginx.sick().is_empty()).await;
    entry.targets.get_mut(&dead.node).unwrap().out = false;
    lab.serve([entry]).await;
    let mut seen = BTreeSet::new();
    for _ in 0..64 {
        seen.insert(Client::connect(lab.front()).await.unwrap().node);
    }
    assert_eq!(seen, BTreeSet::from([a.name.clone(), b.name.clone()]));
}
