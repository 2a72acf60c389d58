//! A run is cut after every single call to AWS that there is.
//!
//! The testkit cuts between the calls to a provider, of which one may be several calls to AWS. Here the
//! call takes effect at AWS, its answer never arrives, and the driver is gone with all that it knew: a
//! new one, which knows what Kubernetes knows and no more, goes on. The same with an answer that is lost
//! while the driver lives on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream;
use seaway_core::Mark;
use seaway_integration::mock_aws::{Fault, Harm};
use seaway_testkit::rig::Rig;
use tokio::sync::Notify;

use crate::desk::Desk;
use crate::story::{self, Story};

/// How many worlds there are at a time.
const WORLDS: usize = 4;

/// How all interrupted runs end.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// How many runs were interrupted.
    pub(crate) points: usize,
    /// Things of ours, left at the end, that an uninterrupted run does not leave.
    pub(crate) orphans: usize,
    /// Things of ours of which there are more than one, where one is enough.
    pub(crate) duplicates: usize,
    /// Published addresses that were replaced, where an uninterrupted run keeps them.
    pub(crate) address_moves: usize,
    /// What else is wrong, and the above in words.
    pub(crate) failures: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "aws.crash.points {} count", self.points)?;
        writeln!(f, "aws.crash.orphans {} count", self.orphans)?;
        writeln!(f, "aws.crash.duplicates {} count", self.duplicates)?;
        write!(f, "aws.crash.address_moves {} count", self.address_moves)
    }
}

/// How a run is interrupted.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// The process dies, and another takes over.
    Crash,
    /// The connection is closed, and the same process goes on.
    AnswerLost,
}

/// How many things of ours there are, by owner and role.
type Roles = BTreeMap<(Option<Mark>, String), usize>;

/// How an uninterrupted run ends.
struct Reference {
    calls: usize,
    moves: usize,
    roles: Roles,
}

/// Interrupts every story after every call.
pub(crate) async fn run() -> Figures {
    let mut figures = Figures::default();
    let mut points = Vec::new();
    for story in &story::ALL {
        match tokio::spawn(reference(story)).await.unwrap() {
            Ok(reference) => {
                let reference = Arc::new(reference);
                for ahead in 0..reference.calls {
                    for blow in [Blow::Crash, Blow::AnswerLost] {
                        points.push((story, blow, ahead, Arc::clone(&reference)));
                    }
                }
            }
            Err(why) => figures.failures.push(format!("{}, uninterrupted: {why}", story.name)),
        }
    }
    let worlds = stream::iter(points).map(|(story, blow, ahead, reference)| {
        tokio::spawn(async move { interrupt(story, blow, ahead, &reference).await })
    });
    let mut worlds = worlds.buffer_unordered(WORLDS);
    while let Some(end) = worlds.next().await {
        let end = end.unwrap();
        figures.points += 1;
        figures.orphans += end.orphans;
        figures.duplicates += end.duplicates;
        figures.address_moves += end.address_moves;
        figures.failures.extend(end.failures);
    }
    figures
}

/// Makes what there is before; no call of it is counted.
async fn begin(story: &Story, rig: &mut Rig<Desk>) -> Result<(), String> {
    if let Some(begin) = story.begin {
        begin(rig);
        rig.converge().await?;
    }
    rig.bench.mock.reset_counts();
    Ok(())
}

async fn reference(story: &Story) -> Result<Reference, String> {
    let mut rig = Rig::<Desk>::open().await;
    begin(story, &mut rig).await?;
    rig.verify().await?;
    (story.change)(&mut rig);
    rig.converge().await?;
    let calls = rig.bench.mock.calls().len();
    let moves = std::mem::take(&mut rig.moves);
    rig.verify().await?;
    let roles = rig.roles().await;
    rest(&mut rig).await.map(|()| Reference { calls, moves, roles })
}

/// Interrupts the run after `ahead` calls and one more.
async fn interrupt(story: &Story, blow: Blow, ahead: usize, reference: &Reference) -> Figures {
    let mut rig = Rig::<Desk>::open().await;
    let mut end = Figures::default();
    let mut wrong: Vec<_> = go_on(story, blow, ahead, &mut rig).await.err().into_iter().collect();
    let moves = std::mem::take(&mut rig.moves);
    end.address_moves = moves.saturating_sub(reference.moves);
    if moves != reference.moves {
        wrong.push(format!("{moves} addresses moved, where {} are to", reference.moves));
    }
    let roles = rig.roles().await;
    for (role, count) in &roles {
        match reference.roles.get(role) {
            None => end.orphans += count,
            Some(wanted) => end.duplicates += count.saturating_sub(*wanted),
        }
    }
    if roles != reference.roles {
        let left: Vec<_> = roles.keys().map(|(_, role)| role).collect();
        wrong.push(format!("left {left:?}, where an uninterrupted run leaves others"));
    }
    wrong.extend(rig.verify().await.err());
    let calls = rig.bench.mock.calls();
    wrong.extend(rest(&mut rig).await.err());
    if !wrong.is_empty() {
        let hit = calls.iter().find(|call| call.status.is_none()).map(|call| &call.action);
        let (name, why) = (story.name, wrong.join("; "));
        end.failures.push(format!("{name}, {blow:?} at call {ahead} ({hit:?}): {why}"));
    }
    end
}

async fn go_on(story: &Story, blow: Blow, ahead: usize, rig: &mut Rig<Desk>) -> Result<(), String> {
    begin(story, rig).await?;
    let cut = Arc::new(Notify::new());
    let harm = match blow {
        Blow::Crash => Harm::Cut(Arc::clone(&cut)),
        Blow::AnswerLost => Harm::LoseAnswer,
    };
    rig.bench.mock.inject(Fault::on_any(harm).after(ahead));
    (story.change)(rig);
    tokio::select! {
        biased;
        () = cut.notified() => {
            rig.restart().await;
            rig.converge().await?;
        }
        run = rig.converge() => {
            run?;
        }
    }
    let hit = rig.bench.mock.calls().iter().any(|call| call.status.is_none());
    if hit { Ok(()) } else { Err("the call never came".to_owned()) }
}

/// Whoever comes next must find nothing left to do.
async fn rest(rig: &mut Rig<Desk>) -> Result<(), String> {
    rig.restart().await;
    let run = rig.converge().await?;
    if run.steps.is_empty() {
        Ok(())
    } else {
        Err(format!("the next driver makes {:?}", run.texts()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_after_any_call_is_made_good() {
    let figures = run().await;
    seaway_testkit::tell(&figures.to_string());
    let shown = figures.failures.len().min(12);
    assert!(
        figures.failures.is_empty(),
        "{} of {} interrupted runs are not made good:\n{}",
        figures.failures.len(),
        figures.points,
        figures.failures[..shown].join("\n")
    );
    assert!(figures.points > 0, "nothing was interrupted");
}
