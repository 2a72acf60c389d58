//! What vouches for the providers over a restart: the record on the Lease that all was settled.

use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Digest, SharedDriver};
use tokio::time::Instant;

use super::Running;
use crate::controller::work::Done;

/// When to try again to vouch for a provider for which it could not be done.
const AGAIN: Duration = Duration::from_mins(1);

impl Running {
    /// Trusts the digests of those providers of which the Lease says that everything was settled, with
    /// the nodes and the configuration of now.
    pub(super) async fn recall(&mut self) {
        let Some(ledger) = self.worker.ledger.clone() else { return };
        let said = ledger.read().await;
        for provider in self.worker.pages.keys() {
            let Some(driver) = self.roster.driver(provider) else { continue };
            if said.get(*provider) == Some(&self.digest(driver)) {
                tracing::info!(provider, "everything was settled: listings are enough");
                self.roster.trust(provider);
            }
        }
    }

    /// Has it recorded of each provider that everything is settled, once nothing has gone on there for
    /// a while.
    pub(super) fn record_calm(&mut self) {
        let now = Instant::now();
        let worker = Arc::clone(&self.worker);
        for (provider, page) in &worker.pages {
            let busy = !self.queue.is_idle(provider)
                || self.window.gathers()
                || !self.roster.was_read(provider);
            if !self.calm.note(provider, busy, now) {
                continue;
            }
            let Some(driver) = self.roster.driver(provider) else { continue };
            if !self.roster.vouches(provider, &self.settled) {
                self.calm.again(provider, now + AGAIN);
                continue;
            }
            let (provider, page) = (*provider, Arc::clone(page));
            let (digest, writes) = (self.digest(driver), page.writes());
            self.tasks
                .spawn(async move { Done::Recorded(provider, page.settle(digest, writes).await) });
        }
    }

    /// What came of it.
    pub(super) fn recorded(&mut self, provider: &'static str, answer: Result<(), String>) {
        if let Err(trouble) = answer {
            tracing::warn!(
                provider,
                trouble,
                "it can't be recorded that everything is settled; a restart would look at everything \
                 closely"
            );
            self.calm.again(provider, Instant::now() + AGAIN);
        }
    }

    /// What must be as it was for the digests in the statuses to vouch for what no listing shows.
    fn digest(&self, driver: &SharedDriver) -> Digest {
        Digest::of(&(self.cluster.targets(), driver.fingerprint()))
    }
}
