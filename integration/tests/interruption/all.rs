use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use seaway_core::Provider;
use seaway_testkit::Bench;
use seaway_testkit::interruption::Figures;
use tokio::runtime::Builder;

use crate::case::{self, Blow, Ending};
use crate::story::{self, Story};
use crate::verdict::Roles;
use crate::wire::Fate;

/// How many runs are under way at a time. Most of their time goes by waiting.
const RUNS: usize = 10;

/// How many failures are shown.
const SHOWN: usize = 12;

/// Interrupts every story after every write and every call, and prints the figures.
pub(crate) fn check<B: Bench>() {
    let mut figures = Figures::default();
    let stories = story::all();
    let whole = side_by_side(&stories, |story| perform::<B>(story, None));
    let mut cases = Vec::new();
    for (story, ending) in stories.iter().zip(whole) {
        match ending {
            Ok(None) => {}
            Ok(Some(ending)) if ending.wrong.is_empty() => {
                cases.extend(blows(&ending).map(|blow| (story, blow, ending.roles.clone())));
            }
            Ok(Some(ending)) => {
                let why = ending.wrong.join("; ");
                figures.failures.push(format!("{}, uninterrupted: {why}", story.name));
            }
            Err(why) => figures.failures.push(format!("{}, uninterrupted: {why}", story.name)),
        }
    }
    let endings = side_by_side(&cases, |(story, blow, _)| perform::<B>(story, Some(*blow)));
    for ((story, (blow, ahead), wanted), ending) in cases.iter().zip(endings) {
        let wrong = match ending {
            Ok(ending) => weigh(&ending.unwrap_or_default(), wanted, &mut figures),
            Err(why) => vec![why],
        };
        if !wrong.is_empty() {
            let why = wrong.join("; ");
            figures.failures.push(format!("{}, {blow:?} after {ahead}: {why}", story.name));
        }
    }
    let name = <B::Provider as Provider>::NAME;
    seaway_testkit::tell(&format!("controller with provider {name}\n{figures}"));
    let shown = figures.failures.len().min(SHOWN);
    assert!(
        figures.failures.is_empty(),
        "{name} does not recover from {} interruptions:\n{}",
        figures.failures.len(),
        figures.failures[..shown].join("\n")
    );
    assert!(figures.interruptions > 0, "nothing was interrupted");
}

/// Every interruption of a run that took so many writes and calls.
fn blows(whole: &Ending) -> impl Iterator<Item = (Blow, usize)> + use<> {
    let (writes, calls) = (whole.writes, whole.calls);
    let fates = [Fate::Cut, Fate::AnswerLost, Fate::NeverArrives].map(Blow::Write);
    let at_writes = fates.into_iter().flat_map(move |blow| (0..writes).map(move |at| (blow, at)));
    let blows = [Blow::CallCut, Blow::CallLost];
    let at_calls = blows.into_iter().flat_map(move |blow| (0..calls).map(move |at| (blow, at)));
    at_writes.chain(at_calls)
}

/// Counts an interrupted run, and says what is wrong with it.
fn weigh(ending: &Ending, wanted: &Roles, figures: &mut Figures) -> Vec<String> {
    // The order of what runs side by side is another each time, and so is the number of calls.
    if !ending.met && ending.wrong.is_empty() {
        return Vec::new();
    }
    figures.interruptions += 1;
    figures.address_moves += ending.moves;
    for (role, count) in &ending.roles {
        match wanted.get(role) {
            None => figures.orphans += count,
            Some(wanted) => figures.duplicates += count.saturating_sub(*wanted),
        }
    }
    let mut wrong = ending.wrong.clone();
    if ending.roles != *wanted {
        let left = &ending.roles;
        wrong.push(format!("left {left:?}, where an uninterrupted run leaves {wanted:?}"));
    }
    wrong
}

/// Runs a story on a thread and a runtime of its own: what is aborted there does not run on.
fn perform<B: Bench>(story: &Story, blow: Option<(Blow, usize)>) -> Result<Option<Ending>, String> {
    let run = || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(case::run::<B>(story, blow))
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| told(&*panic))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("panicked: {}", text.unwrap_or_default())
}

/// Does the same with everything, some of it at a time, and returns the results in order.
fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(all.iter().enumerate());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..RUNS.min(all.len()) {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap().next();
                    let Some((at, one)) = taken else { return };
                    let result = work(one);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
