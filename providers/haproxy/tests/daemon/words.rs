use seaway_box::{Check, Daemon};
use seaway_core::{ErrorKind, Health, SourceRanges};

use crate::clients::ask;
use crate::rig::{Rig, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_told_down_in_the_daemons_words() {
    let rig = Rig::new("");
    let nodes = rig.nodes(2).await;
    let (mut site, at) = rig.site(&[&nodes[0], &nodes[1]]).await;
    let entry = site.entries.values_mut().next().unwrap();
    entry.check = Check::Http(nodes[0].at.port());
    rig.load(&site).await;
    let health = async || {
        let targets = rig.haproxy.targets(&site).await.unwrap();
        let targets = targets.into_values().next().unwrap().into_iter();
        targets.map(|target| (target.health, target.reason)).collect::<Vec<_>>()
    };
    until("both are up", async || {
        health().await == [(Health::Healthy, None), (Health::Healthy, None)]
    })
    .await;
    nodes[0].set_healthy(false);
    until("one is down", async || health().await[0].0 == Health::Unhealthy).await;
    let reason = health().await[0].1.clone().unwrap();
    assert!(reason.contains("No pod") && reason.contains("L7STS 503"), "{reason}");
    for _ in 0..4 {
        assert_eq!(ask(rig.ip(9), at).await.unwrap(), "node-2");
    }
    rig.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_is_admitted_connects() {
    let rig = Rig::new("");
    let nodes = rig.nodes(1).await;
    let (mut site, at) = rig.site(&[&nodes[0]]).await;
    let uid = site.entries.keys().next().unwrap().clone();
    let admit = |text: &[String]| {
        SourceRanges::Only(text.iter().map(|text| text.parse().unwrap()).collect())
    };
    let (in_it, out) = (rig.ip(9), rig.ip(10));
    let many = (0..100).map(|number| format!("10.0.{number}.0/24"));
    let many: Vec<_> = many.chain([format!("{in_it}/32")]).collect();
    for (sources, inside, outside) in [
        (admit(&many), true, false),
        (admit(&["0.0.0.0/0".to_owned()]), true, true),
        // Not a prefix of their family.
        (admit(&["::/0".to_owned()]), false, false),
        (admit(&[]), false, false),
    ] {
        site.entries.get_mut(&uid).unwrap().sources = sources.clone();
        rig.load(&site).await;
        assert_eq!(ask(in_it, at).await.is_ok(), inside, "{sources}");
        assert_eq!(ask(out, at).await.is_ok(), outside, "{sources}");
    }
    rig.close().await;
}

#[tokio::test]
async fn a_line_that_it_refuses_is_named() {
    let rig = Rig::new("");
    let text = "global\n  maxconn 10\ndefaults\n  bad line\n";
    std::fs::write(rig.config.file(), text).unwrap();
    let complaint = rig.check().await.unwrap_err();
    assert_eq!((complaint.kind, complaint.line), (ErrorKind::InvalidSpec, Some(4)));
    assert!(complaint.message.contains("unknown keyword 'bad'"), "{}", complaint.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_it_can_not_start_is_told_soon() {
    let rig = Rig::new("");
    let nodes = rig.nodes(1).await;
    let (site, at) = rig.site(&[&nodes[0]]).await;
    let _taken = tokio::net::TcpListener::bind(at).await.unwrap();
    rig.write(&site);
    let frame = rig.haproxy.render(&site).frame();
    let error = rig.haproxy.reload(&frame).await.unwrap_err().to_string();
    assert!(error.contains("cannot bind socket") && error.contains(&at.to_string()), "{error}");
    rig.close().await;
}
