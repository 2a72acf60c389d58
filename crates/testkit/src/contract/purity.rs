use std::collections::BTreeMap;
use std::time::Duration;

use seaway_core::{Goal, Key, Provider, Report};

use super::{Outcome, Verdict, ensure, plain, settle};
use crate::Bench;
use crate::rig::Rig;
use crate::rig::count;

pub(super) async fn a_dry_run_foretells_what_is_made<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    foretell(&mut rig, "create").await?;
    rig.put(plain(&rig, "b"));
    foretell(&mut rig, "create beside another").await?;
    rig.put(rig.bench.spec("a").port(443).port(8080).port(8081));
    foretell(&mut rig, "change of ports").await?;
    rig.set_nodes([2, 3, 4, 5, 6, 7]);
    foretell(&mut rig, "change of nodes").await?;
    rig.delete("a");
    foretell(&mut rig, "delete").await?;
    rig.delete("b");
    foretell(&mut rig, "delete of the last").await?;
    Ok(Outcome::Passed)
}

async fn foretell<B: Bench>(rig: &mut Rig<B>, what: &str) -> Result<(), String> {
    let reports = rig.rehearse().await;
    let mut steps = Vec::new();
    for report in reports {
        ensure!(report.error.is_none(), "{what}, dry run: {:?}", report.error);
        ensure!(report.settled, "{what}, dry run: something is left to do: {report:?}");
        steps.extend(report.steps);
    }
    let foretold = count(&steps);
    let run = settle(rig).await?;
    ensure!(
        foretold == run.made(),
        "{what}: foretold {:?}, made {:?}",
        steps.iter().map(|step| &step.step).collect::<Vec<_>>(),
        run.texts()
    );
    Ok(())
}

pub(super) async fn a_dry_run_changes_nothing<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    settle(&mut rig).await?;
    rig.put(rig.bench.spec("a").port(443).port(8080));
    let before = (rig.bench.inventory().await, rig.served("a").await, rig.driver().holders());
    let first = rig.rehearse().await;
    ensure!(first.iter().any(Report::wrote), "nothing foretold: {first:?}");
    let second = rig.rehearse().await;
    ensure!(first == second, "the second dry run differs: {first:?} and {second:?}");
    let after = (rig.bench.inventory().await, rig.served("a").await, rig.driver().holders());
    ensure!(before == after, "the world was {before:?} and is {after:?}");
    Ok(Outcome::Passed)
}

pub(super) async fn equal_inputs_give_equal_plans<B: Bench>(mut rig: Rig<B>) -> Verdict {
    rig.put(plain(&rig, "a"));
    rig.put(plain(&rig, "b"));
    same_plans(&mut rig).await?;
    settle(&mut rig).await?;
    rig.put(rig.bench.spec("a").port(443).port(8080));
    rig.delete("b");
    rig.set_nodes([5, 2, 4, 1, 6]);
    same_plans(&mut rig).await?;
    Ok(Outcome::Passed)
}

/// Two providers without memory of each other must see and plan the same.
async fn same_plans<B: Bench>(rig: &mut Rig<B>) -> Result<(), String> {
    let goals: BTreeMap<Key, Goal> =
        rig.keys().into_iter().map(|key| (key.clone(), rig.goal(&key))).collect();
    let first = plans(&rig.provider().await, rig, &goals).await?;
    let second = plans(&rig.provider().await, rig, &goals).await?;
    ensure!(first == second, "one provider plans {first:#?}, another {second:#?}");
    rig.restart().await;
    Ok(())
}

async fn plans<B: Bench>(
    provider: &B::Provider,
    rig: &Rig<B>,
    goals: &BTreeMap<Key, Goal>,
) -> Result<Vec<String>, String> {
    let seen = provider.survey(&rig.cx).await.map_err(|error| error.to_string())?;
    let nothing = <B::Provider as Provider>::Observed::default();
    let ground = seen.get(&Key::Ground).unwrap_or(&nothing);
    let plan = |key: &Key, goal: &Goal| match key {
        Key::Ground => provider.plan_ground(goal, ground),
        Key::Balancer(balancer) => {
            provider.plan(balancer, goal, seen.get(key).unwrap_or(&nothing), ground)
        }
    };
    let mut texts = Vec::new();
    for (key, goal) in goals {
        let planned = plan(key, goal);
        ensure!(planned == plan(key, goal), "{key}: the same provider plans twice, differently");
        texts.push(format!("{key}: {planned:?}"));
    }
    Ok(texts)
}

/// The same story, years apart, takes the same steps; and nothing is done by the clock on the wall.
pub(super) async fn only_the_given_clock_counts<B: Bench>(mut rig: Rig<B>) -> Verdict {
    let mut later = Rig::<B>::open().await;
    later.clock.advance(Duration::from_hours(10 * 365 * 24));
    let mut texts = Vec::new();
    for rig in [&mut rig, &mut later] {
        rig.put(plain(rig, "a"));
        let mut run = settle(rig).await?.made();
        rig.delete("a");
        for (serves, steps) in settle(rig).await?.made() {
            *run.entry(serves).or_default() += steps;
        }
        texts.push(run);
    }
    ensure!(texts[0] == texts[1], "{:?} and, ten years later, {:?}", texts[0], texts[1]);
    Ok(Outcome::Passed)
}
