use std::sync::Arc;

use seaway_core::{Class, Context, ErrorKind, Key, ProviderError};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::faults::Fate;
use crate::rig::Rig;
use crate::{Bench, ClosingFence, Fault};

fn unavailable() -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, "testkit", "the provider can't be reached")
}

/// Each call of a run once meets a provider that can't be reached.
pub(super) async fn an_unavailable_provider_is_tried_again<B: Bench>(mut rig: Rig<B>) -> Verdict {
    for ahead in 0.. {
        rig.script.after(ahead, Fate::Refused(unavailable()));
        rig.put(plain(&rig, "a"));
        let run = settle(&mut rig).await?;
        if rig.script.is_waiting() {
            ensure!(ahead > 2, "hardly a call was made");
            return Ok(Outcome::Passed);
        }
        let told = run.errors.iter().all(|error| error.class() == Class::Retryable);
        ensure!(told, "call {ahead}: {:?}", run.errors);
        rig = Rig::open().await;
    }
    unreachable!("a run has an end")
}

pub(super) async fn what_the_provider_calls_unavailable_is_retryable<B: Bench>(
    rig: Rig<B>,
) -> Verdict {
    injected(rig, Fault::Unavailable, |class| class == Class::Retryable).await
}

pub(super) async fn what_the_provider_calls_throttling_is_throttled<B: Bench>(
    rig: Rig<B>,
) -> Verdict {
    injected(rig, Fault::Throttled, |class| matches!(class, Class::Throttled { .. })).await
}

async fn injected<B: Bench>(
    mut rig: Rig<B>,
    fault: Fault,
    expected: impl Fn(Class) -> bool,
) -> Verdict {
    if !rig.bench.inject(fault).await {
        return Ok(Outcome::NotApplicable("the bench can't let the world say so"));
    }
    rig.put(plain(&rig, "a"));
    let run = settle(&mut rig).await?;
    ensure!(!run.errors.is_empty(), "nobody was told");
    let told = run.errors.iter().all(|error| expected(error.class()));
    ensure!(told, "told as {:?}", run.errors);
    Ok(Outcome::Passed)
}

/// The lease is lost after each number of writes there is.
pub(super) async fn a_lost_lease_stops_every_write<B: Bench>(mut rig: Rig<B>) -> Verdict {
    for writes in 0.. {
        let open = rig.cx.clone();
        rig.cx = Context::new(rig.clock.clone()).fenced(Arc::new(ClosingFence::after(writes)));
        rig.put(plain(&rig, "a"));
        let mut lost = false;
        for _ in 0..20 {
            for key in rig.keys() {
                lost |= is_lost(&mut rig, &key).await;
            }
            rig.pass_time(None).await;
        }
        let made = rig.script.writes();
        ensure!(made <= writes, "{made} writes, and the lease was lost after {writes}");
        rig.cx = open;
        settle(&mut rig).await?;
        if !lost {
            ensure!(writes > 0, "nothing was written");
            return Ok(Outcome::Passed);
        }
        rig = Rig::open().await;
    }
    unreachable!("a run has an end")
}

/// The same step again, with what was known before the first, does no harm.
pub(super) async fn every_step_may_be_made_twice<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.script.make_twice();
    rig.put(plain(&rig, "a"));
    rig.put(plain(&rig, "b"));
    settle(&mut rig).await?;
    rig.put(rig.bench.spec("a").port(443).port(8080).local(31_999));
    rig.set_nodes([2, 4, 5, 6]);
    settle(&mut rig).await?;
    rig.delete("a");
    settle(&mut rig).await?;
    rig.delete("b");
    settle(&mut rig).await?;
    Ok(Outcome::Passed)
}

async fn is_lost<B: Bench>(rig: &mut Rig<B>, key: &Key) -> bool {
    let report = rig.pass(key).await;
    report.error.is_some_and(|error| error.kind() == ErrorKind::NotLeader)
}

/// Every case checks this; here once more over a whole life, with nothing else in mind.
pub(super) async fn foreign_things_are_never_touched<B: Bench>(mut rig: Rig<B>) -> Verdict {
    for name in ["a", "b"] {
        rig.put(plain(&rig, name));
        settle(&mut rig).await?;
        rig.restart().await;
    }
    rig.set_nodes([2, 4]);
    settle(&mut rig).await?;
    for name in ["a", "b"] {
        rig.delete(name);
        rig.restart().await;
        settle(&mut rig).await?;
    }
    rig.check_foreign().await?;
    Ok(Outcome::Passed)
}
