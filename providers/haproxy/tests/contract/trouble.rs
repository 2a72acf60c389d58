//! What goes wrong on a box: a port that somebody has, a daemon that dies, a file that is edited.

use seaway_core::{ErrorKind, Key};
use seaway_testkit::rig::Rig;
use seaway_testkit::{Bench, uid};

use crate::world::World;
use seaway_testkit::machine::THEIRS;

/// A box that serves the Service `a`.
async fn serving() -> Rig<World> {
    let mut rig = Rig::<World>::open().await;
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    rig
}

#[tokio::test]
async fn a_port_that_somebody_has_stops_nobody_else_and_is_had_once_they_leave() {
    let mut rig = Rig::<World>::open().await;
    rig.put(rig.bench.spec("a").port(80).port(THEIRS));
    rig.put(rig.bench.spec("b").port(80));
    let report = rig.pass(&Key::shared("box")).await;
    let error = report.members[&uid("a")].error.clone().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let theirs = rig.bench.block.theirs();
    assert!(theirs.iter().any(|at| error.message().contains(&at.to_string())), "{error}");
    rig.check_served_by("b").await.unwrap();
    assert_eq!(rig.served("a").await, None);
    rig.check_foreign().await.unwrap();

    rig.bench.block.they_leave();
    rig.converge().await.unwrap();
    rig.check_served_by("a").await.unwrap();
    rig.check_served_by("b").await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_died_serves_again_at_the_same_addresses() {
    let mut rig = serving().await;
    let before = rig.published("a");
    rig.bench.kill();
    assert_eq!(rig.served("a").await, None);
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a"), before);
}

#[tokio::test]
async fn a_file_that_somebody_edits_is_written_and_loaded_again() {
    let mut rig = serving().await;
    let crew = rig.bench.crew().await.members;
    rig.bench.edit();
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_ne!(rig.bench.crew().await.members, crew, "nobody knows what it has loaded meanwhile");
}
