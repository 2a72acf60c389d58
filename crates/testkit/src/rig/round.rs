use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seaway_core::{Class, Key, ProviderError, Readiness, Report, ServiceUid, StepReport};

use super::{Rig, Wish};
use crate::Bench;

/// How many rounds a cluster may take to come to rest.
const ROUNDS: usize = 60;

/// How long to wait where nobody says how long.
const PAUSE: Duration = Duration::from_secs(5);

/// What happened until the cluster came to rest.
#[derive(Debug, Default)]
pub struct Run {
    /// The steps, failed ones included.
    pub steps: Vec<StepReport>,
    /// The errors, of whole passes and of single Services.
    pub errors: Vec<ProviderError>,
    /// How many passes found a Service pending.
    pub pending: usize,
}

impl Run {
    /// How many steps were made, by whom they serve.
    pub fn made(&self) -> BTreeMap<Option<ServiceUid>, usize> {
        count(&self.steps)
    }

    /// The steps as text.
    pub fn texts(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.step.clone()).collect()
    }
}

/// How many of these steps were made, by whom they serve.
pub(crate) fn count(steps: &[StepReport]) -> BTreeMap<Option<ServiceUid>, usize> {
    let mut made = BTreeMap::new();
    for step in steps.iter().filter(|step| step.error.is_none()) {
        *made.entry(step.serves.clone()).or_default() += 1;
    }
    made
}

impl<B: Bench> Rig<B> {
    /// Works on everything, again and again, until nothing is left to do.
    ///
    /// # Errors
    /// What is still going on after many rounds.
    pub async fn converge(&mut self) -> Result<Run, String> {
        let mut run = Run::default();
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            let round = self.round(&mut run).await;
            quiet = if round.calm { quiet + 1 } else { 0 };
            // A provider may ask for another look although all is done, e.g. to end a drain.
            if quiet >= 3 || (quiet > 0 && round.wait.is_none()) {
                match self.driver().survey(&self.cx).await {
                    Ok(changed) if changed.is_empty() => return Ok(run),
                    Ok(_) => quiet = 0,
                    Err(error) => {
                        quiet = 0;
                        run.errors.push(error);
                    }
                }
            }
            self.pass_time(round.wait).await;
        }
        Err(format!(
            "does not come to rest; the last steps: {:?}, the last errors: {:?}",
            last(&run.texts()),
            last(&run.errors)
        ))
    }

    /// The same, until a call is cut. Tells whether one was.
    ///
    /// # Errors
    /// What is still going on after many rounds.
    pub async fn converge_until_cut(&mut self) -> Result<bool, String> {
        let script = std::sync::Arc::clone(&self.script);
        tokio::select! {
            biased;
            () = script.cut() => Ok(true),
            run = self.converge() => run.map(|_| false),
        }
    }

    /// One pass over `key`, and what the controller would do with its report.
    pub async fn pass(&mut self, key: &Key) -> Report {
        for known in self.services.values_mut() {
            known.withdraw(&self.nodes);
        }
        let goal = self.goal(key);
        let report = self.driver().reconcile(&self.cx, key, &goal).await;
        if *key == Key::Ground {
            return report;
        }
        for (uid, member) in &report.members {
            let Some(known) = self.services.get_mut(uid) else { continue };
            if known.wish == Wish::Absent || !goal.members.contains_key(uid) {
                continue;
            }
            if let Readiness::Ready(addresses) = &member.readiness {
                if !known.published.is_empty() && known.published != *addresses {
                    self.moves += 1;
                }
                known.published.clone_from(addresses);
            }
            if member.settled && report.settled && known.wish == Wish::Present {
                known.applied = Some((known.spec.digest(), goal.nodes.clone()));
            }
            if let Some(error) = &member.error
                && error.class() == Class::Terminal
            {
                known.refused = Some(error.clone());
            }
        }
        report
    }

    /// Lets time go by, and the world finish what it has under way.
    pub async fn pass_time(&self, span: Option<Duration>) {
        self.clock.advance(span.unwrap_or(PAUSE));
        self.bench.lapse().await;
    }

    async fn round(&mut self, run: &mut Run) -> Round {
        let mut round = Round { calm: true, wait: None };
        if !self.surveyed {
            match self.driver().survey(&self.cx).await {
                Ok(_) => self.surveyed = true,
                Err(error) => {
                    run.errors.push(error);
                    return Round { calm: false, wait: None };
                }
            }
        }
        let mut holders = BTreeSet::new();
        for key in self.keys() {
            let report = self.pass(&key).await;
            round.weigh(&report);
            run.pending += usize::from(is_pending(&report));
            run.errors.extend(report.error.clone());
            run.errors.extend(report.members.values().filter_map(|member| member.error.clone()));
            run.steps.extend(report.steps);
            holders.extend(report.holds);
        }
        if round.calm {
            holders.extend(self.driver().holders().into_values().flatten());
            self.services.retain(|uid, known| known.wish != Wish::Absent || holders.contains(uid));
        }
        round
    }
}

struct Round {
    calm: bool,
    wait: Option<Duration>,
}

impl Round {
    fn weigh(&mut self, report: &Report) {
        if report.error.is_some() || report.wrote() || !report.settled || is_pending(report) {
            self.calm = false;
        }
        if let Some(span) = report.look_again {
            self.wait = Some(self.wait.map_or(span, |sooner| sooner.min(span)));
        }
    }
}

fn is_pending(report: &Report) -> bool {
    report.members.values().any(|member| matches!(member.readiness, Readiness::Pending { .. }))
}

fn last<T>(things: &[T]) -> &[T] {
    &things[things.len().saturating_sub(6)..]
}
