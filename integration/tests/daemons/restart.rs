//! The controller ends, one way or the other; the daemon serves on, and is the next one's.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{Load, addresses, is_closed, is_steady, until, visit};
use serde_json::json;

use crate::kind::Kind;
use crate::rig::Rig;

with_both!(
    a_restart_with_nothing_changed_leaves_the_daemon_alone,
    a_daemon_outlives_a_killed_controller_and_is_the_next_ones,
);

async fn a_restart_with_nothing_changed_leaves_the_daemon_alone(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    rig.ask_for("other", 3).await;
    let other = rig.cluster.serves("other").await;
    let load = Load::start(at, 3, Duration::ZERO);
    load.serves(30).await;
    let (file, daemon) = (rig.home.file(), rig.daemon());
    for round in ["killed", "stopped"] {
        match round {
            "killed" => rig.kill().await,
            _ => rig.stop().await,
        }
        load.serves(30).await;
        rig.resume().await;
        rig.has_passed().await;
        load.serves(30).await;
        let now = rig.daemon();
        assert!(now.are_of(&daemon), "{round}: {daemon:?}, and then {now:?}");
        assert_eq!(rig.home.file(), file);
    }
    assert_eq!(load.stop().await.failures, [""; 0]);
    for (name, at) in [("web", at), ("other", other)] {
        assert_eq!(addresses(&rig.cluster.service(name).await.unwrap()), [at.ip()]);
        visit(at).await.unwrap();
    }
    rig.stop().await;
}

async fn a_daemon_outlives_a_killed_controller_and_is_the_next_ones(kind: Kind) {
    let (mut rig, at) = Rig::web(kind, 2, json!({})).await;
    let leaving = rig.ask_for("leaving", 3).await;
    rig.cluster.serves("leaving").await;
    let daemon = rig.daemon();
    let load = Load::start(at, 3, Duration::ZERO);
    load.serves(30).await;
    rig.kill().await;
    load.serves(60).await;
    assert_eq!(rig.daemon().master, daemon.master);

    // The cluster goes on meanwhile.
    rig.cluster.delete::<Service>("leaving").await;
    let coming = rig.ask_for("coming", 2).await;
    visit(leaving).await.unwrap();
    rig.resume().await;
    rig.cluster.is_gone("leaving").await;
    until("what went is closed", async || is_closed(leaving).await.then_some(())).await;
    assert_eq!(rig.cluster.serves("coming").await, coming);
    assert_eq!(rig.daemon().master, daemon.master, "another one was started");
    load.serves(30).await;
    assert_eq!(load.stop().await.failures, [""; 0]);
    assert_eq!(addresses(&rig.cluster.service("web").await.unwrap()), [at.ip()]);

    // It is watched over as if it had been started by the new one.
    daemon.kill();
    until("another one serves", async || {
        rig.home.processes().filter(|now| now.master != daemon.master)
    })
    .await;
    is_steady(at).await;
    is_steady(coming).await;
    rig.stop().await;
}
