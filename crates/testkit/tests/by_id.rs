//! The contract and the interruptions of a provider whose cloud makes the ids.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use seaway_testkit::faults::Call;
use seaway_testkit::rig::Rig;
use seaway_testkit::toys::by_id::Desk;
use seaway_testkit::toys::by_id::cloud::{BATCH, RETRY_AFTER};
use seaway_testkit::{Bench, Fault, spec};

#[tokio::test]
async fn the_contract_holds() {
    seaway_testkit::contract::check::<Desk>().await;
}

#[tokio::test]
async fn an_interrupted_run_is_made_good() {
    seaway_testkit::interruption::check::<Desk>().await;
}

async fn settled() -> Rig<Desk> {
    let mut rig = Rig::<Desk>::open().await;
    for name in ["a", "b"] {
        rig.put(spec(name).port(80));
    }
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    rig
}

fn looks(rig: &Rig<Desk>) -> usize {
    rig.script.calls().iter().filter(|call| matches!(call, Call::Look(..))).count()
}

/// What a listing doesn't show need not be looked at where the digest vouches for it.
#[tokio::test]
async fn the_digest_spares_the_closer_look_after_a_restart() {
    let mut rig = settled().await;
    rig.restart().await;
    rig.converge().await.unwrap();
    assert_eq!(looks(&rig), 0, "{:?}", rig.script.calls());

    rig.put(spec("b").port(80).port(443));
    rig.restart().await;
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    assert_eq!(looks(&rig), 1, "{:?}", rig.script.calls());
}

/// A listing that lags behind must not undo what was learned from our own writes.
#[tokio::test]
async fn a_listing_right_after_a_write_changes_nothing() {
    let mut rig = settled().await;
    rig.put(spec("a").port(443));
    for key in rig.keys() {
        rig.pass(&key).await;
    }
    let changed = rig.driver().survey(&rig.cx).await.unwrap();
    assert!(changed.is_empty(), "{changed:?}");
    let writes = rig.script.writes();
    rig.converge().await.unwrap();
    assert_eq!(rig.script.writes(), writes, "{:?}", rig.script.calls());
    rig.verify().await.unwrap();
}

/// A new driver that starts while listings still hide what the old one made must not take the
/// Service for one that has nothing.
#[tokio::test]
async fn a_listing_that_lags_behind_a_crash_orphans_nothing() {
    let mut rig = Rig::<Desk>::open().await;
    rig.put(spec("a").port(80));
    for key in rig.keys() {
        rig.pass(&key).await;
    }
    rig.restart().await;
    rig.delete("a");
    rig.converge().await.unwrap();
    assert!(!rig.remembers("a"));
    assert_eq!(rig.orphans().await, Vec::<String>::new());
}

#[tokio::test]
async fn throttling_says_how_long_to_wait() {
    let mut rig = Rig::<Desk>::open().await;
    rig.bench.inject(Fault::Throttled).await;
    rig.put(spec("a").port(80));
    let run = rig.converge().await.unwrap();
    let class = seaway_core::Class::Throttled { retry_after: Some(RETRY_AFTER) };
    assert!(run.errors.iter().any(|error| error.class() == class), "{:?}", run.errors);
}

#[tokio::test]
async fn targets_are_registered_in_batches_that_the_cloud_takes() {
    let mut rig = settled().await;
    rig.set_nodes(1..=10);
    let before = rig.script.writes();
    rig.converge().await.unwrap();
    rig.verify().await.unwrap();
    // Seven more nodes, for two Services.
    assert_eq!(rig.script.writes() - before, 2 * 7_usize.div_ceil(BATCH));
}
