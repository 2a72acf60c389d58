use seaway_core::{Digest, Provider};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::Bench;
use crate::rig::Rig;

const IN_PROCESS: Outcome =
    Outcome::NotApplicable("it serves in its own process, which the restart ends");

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Three Services, made one after the other, so that who came first is not who is first by name.
async fn three<B: Bench>(rig: &mut Rig<B>) -> Result<(), String> {
    for name in ["b", "c", "a"] {
        rig.put(plain(rig, name));
        settle(rig).await?;
    }
    Ok(())
}

fn addresses<B: Bench>(rig: &Rig<B>) -> Vec<Vec<seaway_core::Address>> {
    NAMES.iter().map(|name| rig.published(name)).collect()
}

pub(super) async fn a_new_driver_changes_nothing<B: Bench>(mut rig: Rig<B>) -> Verdict {
    if B::SERVES_IN_PROCESS {
        return Ok(IN_PROCESS);
    }
    three(&mut rig).await?;
    rig.restart().await;
    let run = settle(&mut rig).await?;
    ensure!(run.steps.is_empty(), "wrote {:?}", run.texts());
    Ok(Outcome::Passed)
}

pub(super) async fn a_new_driver_changes_nothing_without_a_digest<B: Bench>(
    mut rig: Rig<B>,
) -> Verdict {
    if B::SERVES_IN_PROCESS {
        return Ok(IN_PROCESS);
    }
    three(&mut rig).await?;
    for (name, digest) in NAMES.iter().zip([None, Digest::parse(&"0".repeat(32)), None]) {
        rig.set_applied(name, digest);
    }
    rig.restart().await;
    let run = settle(&mut rig).await?;
    ensure!(run.steps.is_empty(), "wrote {:?}", run.texts());
    Ok(Outcome::Passed)
}

pub(super) async fn a_new_driver_keeps_addresses_in_any_order<B: Bench>(
    mut rig: Rig<B>,
) -> Verdict {
    three(&mut rig).await?;
    let before = addresses(&rig);
    rig.restart().await;
    rig.reversed = true;
    settle(&mut rig).await?;
    ensure!(before == addresses(&rig), "were {before:?}, are {:?}", addresses(&rig));
    Ok(Outcome::Passed)
}

/// A Service that has none yet comes first, in both orders.
pub(super) async fn a_new_service_takes_no_published_address<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    let before = addresses(&rig);
    for (name, reversed) in [("A", false), ("z", true)] {
        rig.put(plain(&rig, name));
        rig.restart().await;
        rig.reversed = reversed;
        settle(&mut rig).await?;
        ensure!(before == addresses(&rig), "were {before:?}, are {:?}", addresses(&rig));
    }
    Ok(Outcome::Passed)
}

pub(super) async fn a_rebuilt_box_keeps_published_addresses<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    let before = addresses(&rig);
    if !rig.bench.wipe().await && !B::SERVES_IN_PROCESS {
        return Ok(Outcome::NotApplicable("its world can't be lost, or gives addresses itself"));
    }
    rig.restart().await;
    rig.reversed = true;
    for name in NAMES {
        rig.set_applied(name, None);
    }
    // One that has none yet must not be faster.
    rig.put(plain(&rig, "A"));
    settle(&mut rig).await?;
    ensure!(before == addresses(&rig), "were {before:?}, are {:?}", addresses(&rig));
    Ok(Outcome::Passed)
}

/// The sweep rests on it: what nobody wants any more is known by its holders alone.
pub(super) async fn a_new_driver_sees_who_holds_what<B: Bench>(mut rig: Rig<B>) -> Verdict {
    if B::SERVES_IN_PROCESS {
        return Ok(IN_PROCESS);
    }
    three(&mut rig).await?;
    rig.pass_time(Some(rig.capabilities().listing_lag)).await;
    let provider = rig.provider().await;
    let seen = provider.survey(&rig.cx).await.map_err(|error| error.to_string())?;
    let holders: std::collections::BTreeSet<_> =
        seen.values().flat_map(|seen| provider.holds(seen)).collect();
    ensure!(holders == NAMES.map(crate::uid).into(), "a survey finds {holders:?}");
    rig.restart().await;
    for name in NAMES {
        // The Service is gone from Kubernetes, finalizer and all: only the sweep can find it.
        rig.forget(name);
    }
    let driver = rig.driver();
    driver.survey(&rig.cx).await.map_err(|error| error.to_string())?;
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}
