//! What goes wrong on a box: a port that somebody has, a daemon that dies, a file that is edited.
//!
//! Each is a test of every daemon: it opens a world of its own, and fails by a panic.

use seaway_core::{ErrorKind, Key};

use super::{Home, THEIRS, Tenant};
use crate::rig::Rig;
use crate::{Bench as _, uid};

/// A box that serves the Service `a`.
async fn serving<T: Tenant>() -> Rig<Home<T>> {
    let mut rig = Rig::<Home<T>>::open().await;
    rig.put(rig.bench.spec("a").port(80));
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    rig
}

/// A port that somebody has stops nobody else, and is had once they leave.
pub async fn somebody_has_a_port<T: Tenant>() {
    let mut rig = Rig::<Home<T>>::open().await;
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

/// A daemon that died serves again, at the same addresses.
pub async fn the_daemon_dies<T: Tenant>() {
    let mut rig = serving::<T>().await;
    let before = rig.published("a");
    rig.bench.kill();
    assert_eq!(rig.served("a").await, None);
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(rig.published("a"), before);
}

/// A file that somebody edits is written and loaded again.
pub async fn somebody_edits_the_file<T: Tenant>() {
    let mut rig = serving::<T>().await;
    let crew = rig.bench.crew().await.members;
    rig.bench.edit();
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_ne!(rig.bench.crew().await.members, crew, "nobody knows what it has loaded meanwhile");
}
