use seaway_core::Key;

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::Bench;
use crate::rig::Rig;

const NO_GROUND: Outcome = Outcome::NotApplicable("it keeps no ground");

pub(super) async fn the_ground_is_made_first_and_deleted_last<B: Bench>(
    mut rig: Rig<B>,
) -> Verdict {
    if !rig.capabilities().ground {
        return Ok(NO_GROUND);
    }
    rig.put(plain(&rig, "a"));
    // A load balancer that comes too early waits, or can do without.
    let key = Key::own(crate::uid("a"));
    let early = rig.pass(&key).await;
    ensure!(early.error.is_none(), "too early, and an error: {:?}", early.error);
    settle(&mut rig).await?;
    rig.put(plain(&rig, "b"));
    settle(&mut rig).await?;
    rig.delete("a");
    settle(&mut rig).await?;
    rig.check_served_by("b").await?;
    rig.delete("b");
    settle(&mut rig).await?;
    ensure!(rig.orphans().await.is_empty(), "left: {:?}", rig.orphans().await);
    Ok(Outcome::Passed)
}

/// A change of nodes reaches every Service, however many passes over the ground it takes.
pub(super) async fn the_ground_follows_the_nodes<B: Bench>(mut rig: Rig<B>) -> Verdict {
    if !rig.capabilities().ground {
        return Ok(NO_GROUND);
    }
    rig.put(plain(&rig, "a"));
    rig.put(plain(&rig, "b"));
    settle(&mut rig).await?;
    rig.set_nodes([3, 4]);
    settle(&mut rig).await?;
    let report = rig.pass(&Key::Ground).await;
    ensure!(!report.wrote() && report.settled, "the ground does not rest: {report:?}");
    let holders = rig.driver().holders();
    let ground = holders.get(&Key::Ground).map_or(0, std::collections::BTreeSet::len);
    ensure!(ground == 0, "the ground holds a Service, which so can never go: {holders:?}");
    Ok(Outcome::Passed)
}
