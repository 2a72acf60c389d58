use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{Context, Goal, Key, ProviderError, ServiceUid, SharedDriver};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use crate::lease::{Ledger, Page};
use crate::metrics::Metrics;
use crate::pass::{Outcome, Pass};
use crate::queue::QueueKey;
use crate::recorder::{Note, Recorder};
use crate::rehearsal;
use crate::roster::{Admission, Effect, Refusal, Remains};
use crate::status;
use crate::write::{Error, Writer};

/// What the tasks of a controller share.
pub(super) struct Worker {
    pub(super) cx: Context,
    /// The contexts of passes, where they differ by provider.
    pub(super) passes: BTreeMap<&'static str, Context>,
    /// The record of what was settled; none without a Lease.
    pub(super) ledger: Option<Ledger>,
    /// What it says of each provider that needs one.
    pub(super) pages: BTreeMap<&'static str, Arc<Page>>,
    pub(super) writer: Arc<Writer>,
    pub(super) recorder: Recorder,
    pub(super) metrics: Arc<Metrics>,
}

/// The status of a Service after a write of ours, and its version then.
pub(super) type Written = (ServiceStatus, u64);

/// What a task brings back.
pub(super) enum Done {
    Passed(Box<Outcome>),
    Rehearsed(QueueKey),
    Admitted(ServiceUid, Result<Written, Error>),
    Dismissed(ServiceUid, Result<u64, Error>),
    Explained(ServiceUid, Result<Option<Written>, Error>),
    /// A provider was read: the keys of which something else is known than before.
    Surveyed(&'static str, Result<BTreeSet<Key>, ProviderError>),
    /// It was recorded that everything of a provider is settled, or could not be.
    Recorded(&'static str, Result<(), String>),
    /// The time to try again has come.
    Waited(Effect),
}

impl Worker {
    pub(super) async fn pass(self: Arc<Self>, pass: Pass) -> Done {
        let (provider, began) = (pass.key.provider, self.cx.now());
        let cx = self.passes.get(provider).unwrap_or(&self.cx);
        let outcome = pass.run(cx, &self.writer, &self.recorder).await;
        self.metrics.synced(provider, self.cx.now().since(began), &outcome);
        Done::Passed(Box::new(outcome))
    }

    pub(super) async fn rehearse(
        self: Arc<Self>,
        driver: SharedDriver,
        key: QueueKey,
        goals: Vec<(Key, Goal)>,
    ) -> Done {
        for ((of, _), report) in goals.iter().zip(driver.rehearse(&self.cx, &goals).await) {
            rehearsal::log(&QueueKey { provider: key.provider, key: of.clone() }, &report);
        }
        Done::Rehearsed(key)
    }

    /// Puts our finalizer on a Service, and says that it is on its way: one write.
    pub(super) async fn admit(self: Arc<Self>, uid: ServiceUid, admission: Admission) -> Done {
        let Admission { service, provider, unread } = admission;
        let update = status::welcome(&service, provider, &unread, self.cx.now());
        let fresh = update.reasons(crate::ACCEPTED).next().is_some();
        let answer = self.writer.patch_service(&service.metadata, update.patch).await;
        if answer.is_ok() && fresh && !unread.is_empty() {
            self.recorder.tell(&service.metadata, Note::Unread(unread.join(", ")));
        }
        Done::Admitted(uid, answer.map(|version| (update.status, version)))
    }

    /// Says on a Service why it can't be served, unless it says so already.
    pub(super) async fn explain(self: Arc<Self>, uid: ServiceUid, refusal: Refusal) -> Done {
        let Refusal { service, error, mixed, lost } = refusal;
        let how = (mixed, lost);
        let Some(update) = status::refusal(&service, &error, how, self.cx.now()) else {
            return Done::Explained(uid, Ok(None));
        };
        let answer = self.writer.patch_service(&service.metadata, update.patch).await;
        if answer.is_ok() {
            self.recorder.tell(&service.metadata, Note::Failed(error.to_string()));
        }
        Done::Explained(uid, answer.map(|version| Some((update.status, version))))
    }

    /// Takes back everything of ours. It is told here, since the Service may be forgotten by the time
    /// that the loop hears of it: its watch is often faster.
    pub(super) async fn dismiss(
        self: Arc<Self>,
        uid: ServiceUid,
        service: Arc<Service>,
        remains: Remains,
    ) -> Done {
        let patch = status::farewell(&service, remains == Remains::Kept);
        let answer = self.writer.patch_service(&service.metadata, patch).await;
        if matches!(answer, Ok(_) | Err(Error::Gone)) {
            match remains {
                Remains::Nothing => {}
                Remains::TakenDown => self.recorder.tell(&service.metadata, Note::Deleted),
                Remains::Kept => self.recorder.tell(&service.metadata, Note::Retained),
            }
        }
        Done::Dismissed(uid, answer)
    }

    /// Reads a provider after `wait`, and some of its keys closely.
    pub(super) async fn survey(
        self: Arc<Self>,
        driver: SharedDriver,
        wait: Duration,
        closely: Vec<Key>,
    ) -> Done {
        tokio::time::sleep(wait).await;
        let found = async {
            let mut changed = driver.survey(&self.cx).await?;
            if !closely.is_empty() {
                changed.extend(driver.audit(&self.cx, &closely).await?);
            }
            Ok(changed)
        };
        Done::Surveyed(driver.name(), found.await)
    }
}
