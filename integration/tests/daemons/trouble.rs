//! Somebody meddles with the file, or with the daemon.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use seaway_integration::{Load, is_closed, is_steady, until};
use serde_json::json;

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_file_that_is_edited_is_written_again,
    a_file_that_is_edited_while_nobody_is_there_is_written_again,
    a_file_that_is_edited_and_loaded_is_made_good,
    a_file_that_is_gone_is_written_again,
    a_daemon_that_is_killed_is_started_again,
    a_daemon_that_loses_its_master_is_started_again,
);

/// What somebody has added; no daemon would take it.
const EDIT: &str = "here was somebody\n";

fn edit(rig: &Rig) {
    let (path, text) = rig.home.file().unwrap();
    fs::write(path, format!("{text}{EDIT}")).unwrap();
}

async fn is_repaired(rig: &Rig, at: SocketAddr) {
    until("the file is as it should be", async || {
        let text = rig.home.text();
        (text.contains(&at.to_string()) && !text.contains(EDIT)).then_some(())
    })
    .await;
}

async fn a_file_that_is_edited_is_written_again(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let load = Load::start(at, 3, Duration::ZERO);
    load.serves(30).await;
    edit(&rig);
    is_repaired(&rig, at).await;
    rig.cluster.tells("web", "RepairedLoadBalancer").await;
    // Whoever comes next is served as well.
    rig.ask_for("next", 3).await;
    is_steady(rig.cluster.serves("next").await).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}

async fn a_file_that_is_edited_while_nobody_is_there_is_written_again(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let load = Load::start(at, 3, Duration::ZERO);
    rig.kill().await;
    edit(&rig);
    rig.resume().await;
    is_repaired(&rig, at).await;
    load.serves(30).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    rig.stop().await;
}

/// What the daemon has loaded in between, nobody knows.
async fn a_file_that_is_edited_and_loaded_is_made_good(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let (path, text) = rig.home.file().unwrap();
    let elsewhere = SocketAddr::new(at.ip(), at.port() + 1000);
    fs::write(path, text.replace(&at.to_string(), &elsewhere.to_string())).unwrap();
    let master = rig.daemon().master.to_string();
    let signal = if kind == Kind::Haproxy { "-USR2" } else { "-HUP" };
    assert!(Command::new("kill").args([signal, &master]).status().unwrap().success());
    is_repaired(&rig, at).await;
    is_steady(at).await;
    until("nobody is elsewhere", async || is_closed(elsewhere).await.then_some(())).await;
    rig.stop().await;
}

async fn a_file_that_is_gone_is_written_again(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let load = Load::start(at, 3, Duration::ZERO);
    let (path, _) = rig.home.file().unwrap();
    fs::remove_file(&path).unwrap();
    until("the file is there again", async || {
        rig.home.text().contains(&at.ip().to_string()).then_some(())
    })
    .await;
    load.serves(30).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    assert_eq!(rig.cluster.address("web").await, at.ip());
    rig.stop().await;
}

async fn a_daemon_that_is_killed_is_started_again(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let before = rig.daemon();
    before.kill();
    is_started_again(&rig, before.master).await;
    is_steady(at).await;
    assert_eq!(rig.cluster.address("web").await, at.ip());
    rig.stop().await;
}

async fn a_daemon_that_loses_its_master_is_started_again(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let before = rig.daemon();
    before.kill_master();
    is_started_again(&rig, before.master).await;
    is_steady(at).await;
    // It does what it is told.
    rig.ask_for("next", 3).await;
    is_steady(rig.cluster.serves("next").await).await;
    rig.stop().await;
}

async fn is_started_again(rig: &Rig, before: u32) {
    until("another daemon runs", async || rig.home.processes().filter(|now| now.master != before))
        .await;
}
