use std::collections::BTreeSet;

use seaway_core::{Key, Readiness};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::Bench;
use crate::rig::Rig;

pub(super) async fn what_is_made_is_what_was_asked<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    let run = settle(&mut rig).await?;
    ensure!(run.errors.is_empty(), "errors on the way: {:?}", run.errors);
    ensure!(!run.steps.is_empty(), "made without a step");
    Ok(Outcome::Passed)
}

pub(super) async fn the_second_pass_changes_nothing<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    for key in rig.keys() {
        let report = rig.pass(&key).await;
        ensure!(!report.wrote(), "{key}: {:?}", report.steps);
        ensure!(report.settled, "{key} is not settled: {report:?}");
    }
    Ok(Outcome::Passed)
}

pub(super) async fn an_address_is_published_only_when_it_answers<B: Bench>(
    mut rig: Rig<B>,
) -> Verdict {
    rig.put(plain(&rig, "a"));
    for _ in 0..40 {
        for key in rig.keys() {
            let report = rig.pass(&key).await;
            let Some(member) = report.members.get(&crate::uid("a")) else { continue };
            match &member.readiness {
                Readiness::Ready(addresses) if key != Key::Ground => {
                    ensure!(!addresses.is_empty(), "ready, but with no address");
                    rig.check_served_by("a").await?;
                    return Ok(Outcome::Passed);
                }
                Readiness::Pending { look_again } => {
                    ensure!(!look_again.is_zero(), "pending, and to be looked at again at once");
                    ensure!(!report.settled || report.look_again.is_some(), "pending for ever");
                }
                Readiness::Ready(_) | Readiness::Gone => {}
            }
        }
        rig.pass_time(None).await;
    }
    Err("never ready".to_owned())
}

pub(super) async fn a_deleted_service_leaves_nothing<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    rig.delete("a");
    settle(&mut rig).await?;
    ensure!(!rig.remembers("a"), "the Service is never let go");
    ensure!(rig.served("a").await.is_none(), "clients still meet something");
    let holders = rig.driver().holders();
    ensure!(holders.values().all(BTreeSet::is_empty), "somebody still holds: {holders:?}");
    Ok(Outcome::Passed)
}

pub(super) async fn deleting_twice_is_fine<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    let keys = rig.keys();
    rig.delete("a");
    settle(&mut rig).await?;
    for _ in 0..2 {
        for key in &keys {
            let report = rig.pass(key).await;
            ensure!(report.error.is_none() && !report.wrote(), "{key}: {report:?}");
        }
        // The second time with a driver that remembers nothing.
        rig.restart().await;
    }
    rig.verify().await?;
    Ok(Outcome::Passed)
}

pub(super) async fn deleting_what_was_never_made_is_fine<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    rig.delete("a");
    let run = settle(&mut rig).await?;
    ensure!(run.errors.is_empty(), "errors on the way: {:?}", run.errors);
    ensure!(!rig.remembers("a"), "the Service is never let go");
    Ok(Outcome::Passed)
}
