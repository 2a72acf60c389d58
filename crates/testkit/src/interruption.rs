//! The interruption test: a run is cut after every single call that there is.
//!
//! The call takes effect, its answer never arrives, and the driver is gone with all that it knew. A
//! new one, which knows what Kubernetes knows and no more, goes on. It must end with nothing
//! orphaned, nothing doubled, no published address moved and nothing foreign touched. The same with
//! an answer that is lost while the driver lives on.

mod story;

use std::collections::BTreeMap;
use std::fmt;

use futures::StreamExt as _;

use self::story::Story;
use crate::Bench;
use crate::faults::Fate;
use crate::rig::Rig;

/// How the provider of a world ends up after all interruptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many runs were interrupted.
    pub interruptions: usize,
    /// Things of ours, left at the end, that an uninterrupted run does not leave.
    pub orphans: usize,
    /// Things of ours of which there are more than one, where one is enough.
    pub duplicates: usize,
    /// Published addresses that were replaced by others.
    pub address_moves: usize,
    /// What else is wrong, and the above in words.
    pub failures: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "interruptions {} count", self.interruptions)?;
        writeln!(f, "orphans {} count", self.orphans)?;
        writeln!(f, "duplicates {} count", self.duplicates)?;
        write!(f, "address_moves {} count", self.address_moves)
    }
}

/// How many worlds there are at a time.
const AT_ONCE: usize = 4;

/// How a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    /// The process dies, and another takes over.
    Crash,
    /// The answer is lost, and the same process goes on.
    AnswerLost,
}

/// Interrupts create, change and delete after every call there is, and tells how it ends.
pub async fn run<B: Bench>() -> Figures {
    // Each story has worlds of its own, and most of their time is spent waiting for a daemon.
    let told = futures::stream::iter(story::all::<B>()).map(|story| Box::pin(tell(story)));
    let told: Vec<_> = told.buffered(AT_ONCE).collect().await;
    let mut figures = Figures::default();
    for one in told {
        figures.interruptions += one.interruptions;
        figures.orphans += one.orphans;
        figures.duplicates += one.duplicates;
        figures.address_moves += one.address_moves;
        figures.failures.extend(one.failures);
    }
    figures
}

/// Interrupts one story after every call there is.
async fn tell<B: Bench>(story: Story<B>) -> Figures {
    let mut figures = Figures::default();
    let Some(reference) = reference(&story, &mut figures).await else { return figures };
    for blow in [Blow::Crash, Blow::AnswerLost] {
        let mut ahead = 0;
        while interrupt(&story, blow, ahead, &reference, &mut figures).await {
            ahead += 1;
        }
    }
    figures
}

/// Runs it all and prints the figures.
///
/// # Panics
/// If an interrupted run ended otherwise than an uninterrupted one.
pub async fn check<B: Bench>() {
    let figures = run::<B>().await;
    crate::figures::tell(&format!("provider {}\n{figures}", Rig::<B>::name()));
    let shown = figures.failures.len().min(12);
    assert!(
        figures.failures.is_empty(),
        "{} does not recover from {} interruptions:\n{}",
        Rig::<B>::name(),
        figures.failures.len(),
        figures.failures[..shown].join("\n")
    );
    assert!(figures.interruptions > 0, "nothing was interrupted");
}

type Roles = BTreeMap<(Option<seaway_core::Mark>, String), usize>;

/// What an uninterrupted run leaves; none if the story does not apply, or does not end well.
async fn reference<B: Bench>(story: &Story<B>, figures: &mut Figures) -> Option<Roles> {
    let mut rig = Rig::<B>::open().await;
    if !(story.applies)(&rig.capabilities()) {
        return None;
    }
    let ended = async {
        (story.begin)(&mut rig);
        rig.converge().await?;
        rig.verify().await?;
        (story.change)(&mut rig);
        (story.meanwhile)(&mut rig);
        rig.converge().await?;
        rig.verify().await
    };
    if let Err(why) = ended.await {
        figures.failures.push(format!("{}, uninterrupted: {why}", story.name));
        return None;
    }
    Some(rig.roles().await)
}

/// Interrupts the run after `ahead` calls and one more; false if there are not as many.
async fn interrupt<B: Bench>(
    story: &Story<B>,
    blow: Blow,
    ahead: usize,
    reference: &Roles,
    figures: &mut Figures,
) -> bool {
    let mut rig = Rig::<B>::open().await;
    (story.begin)(&mut rig);
    let begun = rig.converge().await;
    let calls = rig.script.calls().len();
    (story.change)(&mut rig);
    rig.script.after(ahead, if blow == Blow::Crash { Fate::Cut } else { Fate::AnswerLost });
    let ended = async {
        begun?;
        let cut = rig.converge_until_cut().await?;
        if rig.script.is_waiting() {
            return Ok(None);
        }
        let call = rig.script.calls().into_iter().nth(calls + ahead);
        if cut {
            rig.restart().await;
        }
        (story.meanwhile)(&mut rig);
        rig.converge().await?;
        Ok::<_, String>(call)
    };
    let (call, trouble) = match ended.await {
        Ok(None) => return false,
        Ok(call) => (call, None),
        Err(why) => (rig.script.calls().into_iter().next_back(), Some(why)),
    };
    figures.interruptions += 1;
    figures.address_moves += rig.moves;
    for (role, count) in rig.roles().await {
        match reference.get(&role) {
            None => figures.orphans += count,
            Some(wanted) => figures.duplicates += count.saturating_sub(*wanted),
        }
    }
    let wrong =
        [trouble, rig.verify().await.err(), differs(&rig, reference).await, rest(&mut rig).await];
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    if !wrong.is_empty() {
        let name = story.name;
        let why = wrong.join("; ");
        figures.failures.push(format!("{name}, {blow:?} after call {ahead} ({call:?}): {why}"));
        // One that never comes to rest would be interrupted for ever.
        return figures.failures.len() < 200;
    }
    true
}

async fn differs<B: Bench>(rig: &Rig<B>, reference: &Roles) -> Option<String> {
    let roles = rig.roles().await;
    let beside = |one: &Roles, other: &Roles| {
        one.iter()
            .filter(|role| other.get(&role.0.clone()) != Some(role.1))
            .map(|role| role.0.1.clone())
            .collect::<Vec<_>>()
    };
    (roles != *reference).then(|| {
        let (more, less) = (beside(&roles, reference), beside(reference, &roles));
        format!("left {more:?}, where an uninterrupted run leaves {less:?}")
    })
}

/// Whoever comes next must find nothing left to do.
async fn rest<B: Bench>(rig: &mut Rig<B>) -> Option<String> {
    if B::SERVES_IN_PROCESS {
        return None;
    }
    rig.restart().await;
    match rig.converge().await {
        Ok(run) if run.steps.is_empty() => None,
        Ok(run) => Some(format!("the next driver makes {:?}", run.texts())),
        Err(why) => Some(format!("the next driver: {why}")),
    }
}
