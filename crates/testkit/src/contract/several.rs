use std::collections::BTreeSet;

use seaway_core::{Address, ErrorKind};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::Bench;
use crate::rig::Rig;

/// The Services `a`, `b` and `c`, all on the same ports.
async fn three<B: Bench>(rig: &mut Rig<B>) -> Result<(), String> {
    for name in ["a", "b", "c"] {
        rig.put(plain(rig, name));
    }
    settle(rig).await?;
    Ok(())
}

/// Fails unless nothing of the Services `names` is touched on the way to rest.
async fn alone<B: Bench>(rig: &mut Rig<B>, names: &[&str]) -> Result<(), String> {
    let mut before = Vec::new();
    for name in names {
        before.push((rig.belongings(name).await, rig.served(name).await, rig.published(name)));
    }
    let run = rig.converge().await?;
    for (name, before) in names.iter().zip(before) {
        let after = (rig.belongings(name).await, rig.served(name).await, rig.published(name));
        ensure!(before == after, "{name} had {before:?} and has {after:?}");
        let uid = crate::uid(name);
        let touched = run.steps.iter().find(|step| step.serves.as_ref() == Some(&uid));
        ensure!(touched.is_none(), "a step was made for {name}: {touched:?}");
    }
    rig.verify().await
}

pub(super) async fn each_service_has_what_it_asks_for<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    let addresses: Vec<Address> =
        ["a", "b", "c"].iter().flat_map(|name| rig.published(name)).collect();
    let distinct: BTreeSet<_> = addresses.iter().collect();
    ensure!(distinct.len() == addresses.len(), "two Services share an address: {addresses:?}");
    Ok(Outcome::Passed)
}

pub(super) async fn deleting_one_leaves_the_others_alone<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    rig.delete("b");
    alone(&mut rig, &["a", "c"]).await?;
    ensure!(!rig.remembers("b"), "the Service is never let go");
    Ok(Outcome::Passed)
}

pub(super) async fn adding_one_leaves_the_others_alone<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "b"));
    settle(&mut rig).await?;
    rig.put(plain(&rig, "a"));
    rig.put(plain(&rig, "c"));
    alone(&mut rig, &["b"]).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn changing_one_leaves_the_others_alone<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    rig.put(plain(&rig, "b").port(8080).local(31_999));
    alone(&mut rig, &["a", "c"]).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn a_bad_service_does_not_stop_the_others<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let Some(bad) = rig.bench.spoil(plain(&rig, "b").build()) else {
        return Ok(Outcome::NotApplicable("the bench knows no spec that is refused so late"));
    };
    for (first, name) in [("a", "d"), ("c", "e")] {
        rig.put(plain(&rig, first));
        rig.put(bad.clone());
        rig.put(plain(&rig, name));
        settle(&mut rig).await?;
        let refused = rig.service("b").refused.clone();
        let error = refused.ok_or("nobody told that the Service is bad")?;
        ensure!(error.kind() != ErrorKind::Unexpected, "told as {error:?}");
        ensure!(rig.belongings("b").await.is_empty(), "{:?}", rig.belongings("b").await);
    }
    // Mended, it is served like any other.
    rig.put(plain(&rig, "b"));
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

pub(super) async fn a_good_service_that_turns_bad_keeps_what_it_has<B: Bench>(
    mut rig: Rig<B>,
) -> Verdict {
    let Some(bad) = rig.bench.spoil(plain(&rig, "b").port(8080).build()) else {
        return Ok(Outcome::NotApplicable("the bench knows no spec that is refused so late"));
    };
    three(&mut rig).await?;
    rig.put(bad);
    rig.put(plain(&rig, "c").port(8080));
    let before = (rig.belongings("b").await, rig.served("b").await, rig.published("b"));
    settle(&mut rig).await?;
    ensure!(rig.service("b").refused.is_some(), "nobody told that the Service is bad");
    let after = (rig.belongings("b").await, rig.served("b").await, rig.published("b"));
    ensure!(before == after, "b had {before:?} and has {after:?}");
    rig.delete("b");
    settle(&mut rig).await?;
    ensure!(!rig.remembers("b"), "the Service is never let go");
    Ok(Outcome::Passed)
}

pub(super) async fn what_is_on_hold_stays<B: Bench>(mut rig: Rig<B>) -> Verdict {
    three(&mut rig).await?;
    // What it asks for changes as well: on hold that means nothing.
    rig.put(plain(&rig, "b").port(8080));
    rig.hold("b");
    rig.put(plain(&rig, "c").port(8080));
    rig.delete("a");
    alone(&mut rig, &["b"]).await?;
    ensure!(!rig.remembers("a"), "the Service is never let go");
    Ok(Outcome::Passed)
}

pub(super) async fn nothing_is_made_for_what_is_on_hold<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    rig.put(plain(&rig, "b"));
    rig.hold("b");
    settle(&mut rig).await?;
    ensure!(rig.belongings("b").await.is_empty(), "{:?}", rig.belongings("b").await);
    ensure!(rig.published("b").is_empty(), "published {:?}", rig.published("b"));
    Ok(Outcome::Passed)
}
