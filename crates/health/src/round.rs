use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{AcqRel, Release},
};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;

use crate::ask::{Failure, ask};
use crate::key::CheckKey;
use crate::streak::Streak;

/// Whoever is to be told that a target went up or down, or passed as
/// [announced](crate::Check::announce_next_pass).
pub trait OnTurn: fmt::Debug + Send + Sync + 'static {
    /// A verdict has turned; it can be read already. Called within a task of the checks: it must not
    /// block.
    fn turned(&self);
}

/// What is known of the target of a check.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) up: AtomicBool,
    pub(crate) passes: AtomicU64,
    /// The next pass must be made known, although the target was up already.
    pub(crate) announced: AtomicBool,
    pub(crate) trouble: ArcSwapOption<String>,
}

impl Verdict {
    pub(crate) fn new(up: bool) -> Self {
        Self {
            up: AtomicBool::new(up),
            passes: AtomicU64::new(0),
            announced: AtomicBool::new(false),
            trouble: ArcSwapOption::empty(),
        }
    }
}

/// One check for as long as it runs.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) key: CheckKey,
    pub(crate) streak: Streak,
    pub(crate) verdict: Arc<Verdict>,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) listener: Arc<dyn OnTurn>,
}

impl Round {
    pub(crate) async fn run(mut self) {
        if self.key.question.is_none() {
            // It only lets suspicions pass: the first one must last, too.
            sleep(self.key.interval).await;
        }
        loop {
            let answer = {
                let Ok(_permit) = self.permits.acquire().await else { return };
                ask(&self.key).await
            };
            self.take(&answer);
            sleep(self.streak.pause(&self.key)).await;
        }
    }

    fn take(&mut self, answer: &Result<(), Failure>) {
        let was_up = self.streak.up;
        self.streak.note(answer, &self.key);
        let up = self.streak.up;
        let verdict = &*self.verdict;
        verdict.trouble.store(answer.as_ref().err().map(|why| Arc::new(why.to_string())));
        verdict.up.store(up, Release);
        // First the swap, then the pass: see `Check::announce_next_pass`.
        let announced = answer.is_ok() && verdict.announced.swap(false, AcqRel);
        if answer.is_ok() {
            verdict.passes.fetch_add(1, AcqRel);
        }
        if up != was_up || announced {
            self.listener.turned();
        }
        let target = &self.key;
        match answer {
            Ok(()) if !was_up && up => tracing::info!(%target, "target is up"),
            Err(why) if was_up && !up && self.streak.proven => {
                tracing::warn!(%target, %why, "target is down");
            }
            // It was taken for up on trust: a NodePort that is not open yet, or has no pods.
            Err(why) if was_up && !up => tracing::debug!(%target, %why, "target is not up yet"),
            Ok(()) | Err(_) => {}
        }
    }
}

/// Without jitter, all checks of a restarted controller would come in one burst for ever.
async fn sleep(pause: Duration) {
    tokio::time::sleep(pause.mul_f64(rand::random_range(0.9..1.1))).await;
}
