//! The contract and the interruptions of a provider with one config for many Services.

use seaway_core::Digest;
use seaway_testkit::toys::one_file::Desk;

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Desk>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Desk>().await;
}

/// A file that was edited by hand is seen by the next inventory, and put right.
#[tokio::test]
async fn what_was_edited_by_hand_is_put_right() {
    let mut rig = seaway_testkit::rig::Rig::<Desk>::open().await;
    rig.put(seaway_testkit::spec("a").port(80));
    rig.converge().await.unwrap();
    let before = Digest::of(&rig.bench.daemon.state().live);
    rig.bench.daemon.tamper(|state| state.live.clear());
    let changed = rig.driver().survey(&rig.cx).await.unwrap();
    assert_eq!(changed.len(), 1);
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(before, Digest::of(&rig.bench.daemon.state().live));
}

/// Another cluster's config is left alone, and the user is told.
#[tokio::test]
async fn the_config_of_another_cluster_is_not_taken_over() {
    let mut rig = seaway_testkit::rig::Rig::<Desk>::open().await;
    rig.bench.daemon.tamper(|state| state.owner = Some("another".into()));
    rig.put(seaway_testkit::spec("a").port(80));
    let before = rig.bench.daemon.state();
    let why = rig.converge().await.unwrap_err();
    assert!(why.contains("belongs to the cluster another"), "{why}");
    assert_eq!(before, rig.bench.daemon.state());
}
