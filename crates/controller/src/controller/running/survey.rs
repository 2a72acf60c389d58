//! The timed inventory: what others have changed is found and made again, and what is nobody's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Key, ProviderError, ServiceUid};
use tokio::time::Instant;

use super::Running;
use crate::queue::QueueKey;

impl Running {
    /// Reads a provider again, in its time.
    pub(super) fn survey_later(&mut self, provider: &'static str) {
        let wait = self.inventory.wait(self.worker.cx.now());
        self.survey_in(provider, wait);
    }

    /// A provider could not be read.
    pub(super) fn missed(&mut self, provider: &'static str, error: &ProviderError) {
        let wait = self.requeue.backoff(self.inventory.failed(provider));
        tracing::warn!(provider, %error, ?wait, "provider can't be read, trying again");
        self.survey_in(provider, wait);
    }

    fn survey_in(&mut self, provider: &'static str, wait: Duration) {
        let Some(driver) = self.roster.driver(provider).cloned() else { return };
        let closely = if driver.capabilities().shallow_survey {
            let keys = driver.holders().into_keys().collect();
            self.inventory.next(provider, &keys)
        } else {
            Vec::new()
        };
        self.tasks.spawn(Arc::clone(&self.worker).survey(driver, wait, closely));
    }

    /// Folds what an inventory found.
    pub(super) fn surveyed(
        &mut self,
        provider: &'static str,
        found: Result<BTreeSet<Key>, ProviderError>,
    ) {
        let changed = match found {
            Ok(changed) => changed,
            Err(error) => return self.missed(provider, &error),
        };
        self.inventory.succeeded(provider);
        if self.roster.was_read(provider) {
            self.roster.hold(provider);
            let now = Instant::now();
            for key in changed {
                let key = QueueKey { provider, key };
                self.roster.distrust_at(&key);
                if !self.roster.is_assigned(&key) {
                    continue;
                }
                // Where something was still being made, the provider goes on by itself.
                if self.settled.contains(&key) {
                    tracing::warn!(provider, key = %key.key, "something else is there than was left");
                    self.drifted.insert(key.clone());
                }
                self.enqueue(key, now);
            }
        } else {
            let effects = self.roster.regain(provider, &self.cluster);
            self.carry_out(effects);
            self.clear_box();
        }
        // What a refused Service had may be gone.
        let effects = self.roster.all_unexplained();
        self.carry_out(effects);
        let nobodys = self.count_orphans();
        if self.sweep {
            self.sweep_away(nobodys);
        }
        self.survey_later(provider);
    }

    /// Passes over what has stirred of its own accord. What others have changed is told, once it was
    /// looked at, as what an inventory finds.
    pub(super) fn look_again(&mut self, provider: &'static str, keys: BTreeSet<Key>) {
        let now = Instant::now();
        for key in keys {
            let key = QueueKey { provider, key };
            self.roster.distrust_at(&key);
            if !self.roster.concerns(&key) {
                continue;
            }
            tracing::info!(provider, key = %key.key, "something has stirred here: looking again");
            if self.settled.contains(&key) {
                self.drifted.insert(key.clone());
            }
            self.enqueue(key, now);
        }
    }

    /// Takes down what this box has for Services that went while nobody was here to see it. Nobody
    /// else made it, and no finalizer waits for every box: so it need not be seen twice.
    pub(super) fn clear_box(&mut self) {
        if self.owns_box {
            let orphans = self.roster.orphans();
            self.sweep_away(orphans);
        }
    }

    /// Counts what is nobody's, and returns what was nobody's before either.
    pub(super) fn count_orphans(&mut self) -> BTreeSet<(QueueKey, ServiceUid)> {
        let orphans = self.roster.orphans();
        if !orphans.is_empty() {
            tracing::warn!(
                count = orphans.len(),
                "some load balancers carry our mark and belong to no Service: see `seaway sweep`"
            );
        }
        self.inventory.orphaned(orphans)
    }

    /// Tells the metrics how many load balancers there are.
    pub(super) fn gauge(&self) {
        let orphans = self.roster.orphans();
        for (provider, held) in self.roster.held() {
            let nobodys = orphans.iter().filter(|(key, _)| key.provider == provider).count();
            self.worker.metrics.holds(provider, held, nobodys);
        }
    }

    /// Takes down what is nobody's.
    pub(super) fn sweep_away(&mut self, orphans: BTreeSet<(QueueKey, ServiceUid)>) {
        let now = Instant::now();
        self.roster.condemn(orphans.iter().map(|(_, uid)| uid.clone()));
        for key in orphans.into_iter().map(|(key, _)| key).collect::<BTreeSet<_>>() {
            tracing::info!(provider = key.provider, key = %key.key, "sweeping what belongs to nobody");
            let driver = self.roster.driver(key.provider);
            if driver.is_some_and(|driver| driver.capabilities().ground) {
                let ground = QueueKey { provider: key.provider, key: Key::Ground };
                self.enqueue(ground, now + self.requeue.backoff(1));
            }
            self.enqueue(key, now);
        }
    }
}
