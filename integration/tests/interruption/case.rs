use seaway_testkit::Bench;
use seaway_testkit::faults;

use crate::site::Site;
use crate::story::{Pace, Story};
use crate::verdict::Roles;
use crate::wire;

/// How a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// At a write to the API server.
    Write(wire::Fate),
    /// After a call to the provider: the process dies.
    CallCut,
    /// After a call to the provider: its answer is lost, and the process lives on.
    CallLost,
}

/// How a run ended.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    /// Whether it was interrupted.
    pub(crate) met: bool,
    /// How many writes to the API server it took.
    pub(crate) writes: usize,
    /// How many calls to the provider it took.
    pub(crate) calls: usize,
    /// What it left.
    pub(crate) roles: Roles,
    /// Published addresses that were replaced by others.
    pub(crate) moves: usize,
    /// What is wrong, in words.
    pub(crate) wrong: Vec<String>,
}

/// Runs a story, with a blow after so many other writes, or calls, if one is to fall. None if the
/// story is not for this provider.
pub(crate) async fn run<B: Bench>(story: &Story, blow: Option<(Blow, usize)>) -> Option<Ending> {
    let mut site = Site::<B>::open().await;
    if !(story.applies)(&site.capabilities) {
        return None;
    }
    let mut ending = Ending::default();
    if let Err(why) = tell(&mut site, story, blow, &mut ending).await {
        ending.wrong.push(why);
    }
    ending.roles = site.roles().await;
    if ending.wrong.is_empty() {
        ending.wrong.extend(rest(&mut site).await.err());
    }
    let moves = site.history.moves();
    ending.moves = moves.len();
    ending.wrong.extend(moves);
    ending.wrong.extend(site.history.withdrawn());
    site.stop().await;
    Some(ending)
}

async fn tell<B: Bench>(
    site: &mut Site<B>,
    story: &Story,
    blow: Option<(Blow, usize)>,
    ending: &mut Ending,
) -> Result<(), String> {
    for act in story.begin {
        site.act(*act).await;
    }
    site.wait(Pace::Calm).await?;
    if story.asleep {
        site.stop().await;
    }
    let (writes, calls) = (site.wire.writes().len(), site.script.calls().len());
    if let Some((blow, ahead)) = blow {
        arm(site, blow, ahead);
    }
    let mut sleeping = story.asleep;
    let mut struck = false;
    for (act, pace) in story.acts {
        site.act(*act).await;
        if std::mem::take(&mut sleeping) {
            site.start().await;
        }
        if !site.wait(*pace).await? {
            continue;
        }
        struck = true;
        site.kill().await;
        site.check_finalizers().await?;
        if *pace == Pace::Meanwhile {
            sleeping = true;
        } else {
            site.start().await;
            site.wait(*pace).await?;
        }
    }
    ending.met = struck || !(site.wire.is_waiting() || site.script.is_waiting());
    ending.writes = site.wire.writes().len().saturating_sub(writes);
    ending.calls = site.script.calls().len().saturating_sub(calls);
    Ok(())
}

fn arm<B: Bench>(site: &Site<B>, blow: Blow, ahead: usize) {
    match blow {
        Blow::Write(fate) => site.wire.after(ahead, fate),
        Blow::CallCut => site.script.after(ahead, faults::Fate::Cut),
        Blow::CallLost => site.script.after(ahead, faults::Fate::AnswerLost),
    }
}

/// Whoever comes next must find nothing left to write.
async fn rest<B: Bench>(site: &mut Site<B>) -> Result<(), String> {
    site.stop().await;
    site.start().await;
    site.wait(Pace::Calm).await.map_err(|why| format!("the next controller: {why}"))?;
    let writes = site.wire.writes();
    if !writes.is_empty() {
        return Err(format!("the next controller writes {writes:?}"));
    }
    if !B::SERVES_IN_PROCESS && site.script.writes() > 0 {
        return Err(format!("the next controller makes {:?}", site.script.calls()));
    }
    Ok(())
}
