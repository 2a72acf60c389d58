//! What is made of what a task brings back.

use std::collections::BTreeMap;

use seaway_core::{ErrorKind, Key, ProviderError, Readiness, ServiceUid};
use tokio::time::Instant;

use super::super::Error;
use super::super::work::Done;
use super::Running;
use crate::pass::Outcome;
use crate::recorder::Note;
use crate::roster::{Effect, Stance};
use crate::write;

impl Running {
    pub(super) fn fold(&mut self, done: Done) -> Result<(), Error> {
        match done {
            Done::Passed(outcome) => return self.fold_pass(*outcome),
            Done::Rehearsed(key) => self.queue.done(&key),
            Done::Admitted(uid, answer) => match answer {
                Ok(written) => {
                    let effects = self.roster.admitted(&uid, written);
                    self.carry_out(effects);
                }
                // The Service is gone: its watch will tell.
                Err(write::Error::Gone) => {}
                Err(write::Error::NotLeader(error)) => return Err(Error::NotLeader(error)),
                Err(write::Error::Failed(error)) => {
                    let what = "failed to add load balancer cleanup finalizer";
                    self.retry(Effect::Admit(uid), &format!("{what}: {error}"));
                }
            },
            Done::Dismissed(uid, answer) => match answer {
                Ok(_) | Err(write::Error::Gone) => {
                    let effects = self.roster.dismissed(&uid);
                    self.carry_out(effects);
                }
                Err(write::Error::NotLeader(error)) => return Err(Error::NotLeader(error)),
                Err(write::Error::Failed(error)) => {
                    let what = "failed to remove load balancer cleanup finalizer";
                    self.retry(Effect::Dismiss(uid), &format!("{what}: {error}"));
                }
            },
            Done::Explained(uid, answer) => match answer {
                Ok(update) => {
                    let effects = self.roster.explained(&uid, update);
                    self.carry_out(effects);
                }
                // The Service is gone: its watch will tell.
                Err(write::Error::Gone) => {}
                Err(write::Error::NotLeader(error)) => return Err(Error::NotLeader(error)),
                Err(write::Error::Failed(error)) => {
                    let mut effects = self.roster.explained(&uid, None);
                    // What could not be said is said again in its time.
                    effects.retain(|effect| !matches!(effect, Effect::Explain(_)));
                    self.carry_out(effects);
                    let what = "failed to update load balancer status";
                    self.retry(Effect::Explain(uid), &format!("{what}: {error}"));
                }
            },
            Done::Surveyed(provider, found) => self.surveyed(provider, found),
            Done::Recorded(provider, answer) => self.recorded(provider, answer),
            Done::Waited(effect) => {
                let effects = self.roster.again(effect);
                self.carry_out(effects);
            }
        }
        Ok(())
    }

    fn fold_pass(&mut self, outcome: Outcome) -> Result<(), Error> {
        let Outcome { key, begun, concerned, report, shown, told, failed, repaired } = outcome;
        self.queue.done(&key);
        if let Some(error) = &report.error
            && error.kind() == ErrorKind::NotLeader
        {
            return Err(Error::NotLeader(error.clone()));
        }
        let now = Instant::now();
        if let Some(error) = &report.error {
            let attempt = self.failures.get(&key).map_or(1, |(before, _)| before + 1);
            self.failures.insert(key.clone(), (attempt, error.clone()));
            if let Some(wait) = self.requeue.after(error, attempt) {
                self.enqueue(key.clone(), now + wait);
            }
        } else {
            self.failures.remove(&key);
        }
        if let Some((took, failures)) = self.node_sync.passed(&key, failed.is_empty(), now) {
            self.worker.metrics.nodes_synced(took, failures);
        }
        if repaired {
            self.worker.metrics.repaired(key.provider);
        }
        // Who waits for the ground has neither succeeded nor failed by itself.
        let waits = report.needs_ground && key.key != Key::Ground;
        let weighed = |uid: &ServiceUid| !waits && !failed.contains_key(uid);
        for uid in report.members.keys().filter(|uid| weighed(uid)) {
            self.roster.succeeded(uid);
        }
        for (uid, error) in failed.iter().filter(|_| !waits) {
            // Who leads says in the conditions what the owner must mend.
            if self.stance == Stance::Follows
                && error.kind().is_user_error()
                && !self.roster.has_failed(uid, error)
                && let Some(service) = self.roster.service(uid)
            {
                self.tell(service, Note::Failed(error.to_string()));
            }
            let attempt = self.roster.failed(uid, error);
            if let Some(wait) = self.requeue.after(error, attempt) {
                self.enqueue(key.clone(), now + wait);
            }
        }
        for (uid, warning) in self.warned.fold(&key, &report) {
            if let Some(service) = self.roster.service(&uid) {
                self.tell(service, Note::Warned(warning));
            }
        }
        let mut readiness = report.members.values().map(|member| &member.readiness);
        if report.settled && !readiness.any(|it| matches!(it, Readiness::Pending { .. })) {
            self.settled.insert(key.clone());
        } else {
            self.settled.remove(&key);
        }
        let pending = report.members.values().filter_map(|member| match member.readiness {
            Readiness::Pending { look_again } => Some(look_again),
            Readiness::Ready(_) | Readiness::Gone => None,
        });
        let ground = self.failures.get(&key.ground()).map(|(attempt, _)| *attempt);
        let stuck = report.needs_ground.then(|| self.requeue.backoff(ground.unwrap_or(1)));
        if let Some(wait) = pending.chain(report.look_again).chain(stuck).min() {
            self.enqueue(key.clone(), now + wait);
        }
        let mut wrote: BTreeMap<_, _> = concerned.iter().map(|uid| (uid, None)).collect();
        wrote.extend(told.iter().map(|(uid, update)| (uid, Some(update))));
        wrote.extend(shown.iter().map(|(uid, update)| (uid, update.as_ref())));
        let stirred = self.roster.ends(&key, wrote);
        let mut effects = self.roster.fold(&key, begun, &report);
        for (uid, (status, version)) in told {
            self.roster.said(&uid, status, version);
        }
        for (uid, update) in shown {
            effects.extend(self.roster.shown(&uid, &key, update));
        }
        effects.extend(stirred);
        effects.extend(self.roster.unexplained(&concerned));
        // A ground that has failed is tried again in its time, however many wait for it.
        if waits && ground.is_some() {
            let ground = key.ground();
            effects.retain(|effect| !matches!(effect, Effect::Pass(other) if *other == ground));
        }
        self.carry_out(effects);
        Ok(())
    }

    /// Tries a write to the API server again, later and later.
    fn retry(&mut self, effect: Effect, why: &str) {
        let (Effect::Admit(uid) | Effect::Dismiss(uid) | Effect::Explain(uid)) = &effect else {
            return;
        };
        let error = ProviderError::new(ErrorKind::Unavailable, "Kubernetes API", why);
        let attempt = self.roster.failed(uid, &error);
        if let Some(service) = self.roster.service(uid) {
            self.tell(service, Note::Failed(why.to_owned()));
        }
        let wait = self.requeue.backoff(attempt);
        self.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            Done::Waited(effect)
        });
    }
}
