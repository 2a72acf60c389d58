use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use seaway_core::{Context, ErrorKind, Goal, Key, ProviderError, Report, ServiceUid, SharedDriver};
use seaway_intent::Service;
use seaway_intent::object::ServiceStatus;

use crate::queue::QueueKey;
use crate::recorder::{Note, Recorder};
use crate::status::{self, Update};
use crate::write::{Error, Writer};

/// One pass over one key.
pub(crate) struct Pass {
    pub(crate) driver: SharedDriver,
    pub(crate) key: QueueKey,
    pub(crate) goal: Goal,
    /// Its place in the order of passes.
    pub(crate) begun: u64,
    /// The members, as they were seen last.
    pub(crate) services: BTreeMap<ServiceUid, Arc<Service>>,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) key: QueueKey,
    pub(crate) begun: u64,
    pub(crate) report: Report,
    /// The Services whose status is right now, with what was written and the version after it.
    pub(crate) shown: Vec<(ServiceUid, Option<(ServiceStatus, u64)>)>,
    /// What stands in the way of each Service that is not served as it asks.
    pub(crate) failed: BTreeMap<ServiceUid, ProviderError>,
}

impl Pass {
    /// Makes the key match the goal, then the statuses match the key.
    pub(crate) async fn run(self, cx: &Context, writer: &Writer, recorder: &Recorder) -> Outcome {
        let report = self.driver.reconcile(cx, &self.key.key, &self.goal).await;
        let mut outcome = Outcome {
            key: self.key.clone(),
            begun: self.begun,
            shown: Vec::new(),
            failed: self.failures(&report),
            report,
        };
        for (uid, error) in &outcome.failed {
            if let Some(service) = self.services.get(uid)
                && error.kind() != ErrorKind::NotLeader
            {
                recorder.tell(&service.metadata, Note::Failed(error.to_string()));
            }
        }
        if self.key.key == Key::Ground {
            return outcome;
        }
        let writes = self.goal.present().filter_map(|(uid, spec)| {
            let service = self.services.get(uid)?;
            let member = outcome.report.members.get(uid)?;
            let mode = self.driver.capabilities().ip_mode;
            let update = status::update(service, member, &spec.digest(), mode, cx.now());
            Some(self.show(uid, service, update, writer, recorder))
        });
        for (uid, answer) in join_all(writes).await {
            match answer {
                Ok(update) => outcome.shown.push((uid, update)),
                Err(Error::Gone) => {}
                Err(Error::Failed(error)) => {
                    let error =
                        ProviderError::new(ErrorKind::Unavailable, "update of the status", error);
                    outcome.failed.insert(uid, error);
                }
            }
        }
        outcome
    }

    /// A failure of the whole pass is one of each Service that it was to serve.
    fn failures(&self, report: &Report) -> BTreeMap<ServiceUid, ProviderError> {
        let own = report
            .members
            .iter()
            .filter_map(|(uid, member)| Some((uid.clone(), member.error.clone()?)));
        let mut failed: BTreeMap<_, _> = own.collect();
        if let Some(error) = &report.error {
            for uid in self.goal.members.keys() {
                failed.entry(uid.clone()).or_insert_with(|| error.clone());
            }
        }
        failed
    }

    async fn show(
        &self,
        uid: &ServiceUid,
        service: &Service,
        update: Option<Update>,
        writer: &Writer,
        recorder: &Recorder,
    ) -> (ServiceUid, Result<Option<(ServiceStatus, u64)>, Error>) {
        let Some(update) = update else {
            return (uid.clone(), Ok(None));
        };
        let answer = writer.patch_service(&service.metadata, update.patch).await;
        if answer.is_ok() {
            if update.moved {
                let places = update.status.load_balancer.ingress.iter();
                let at: Vec<_> = places
                    .filter_map(|entry| entry.ip.clone().or_else(|| entry.hostname.clone()))
                    .collect();
                recorder.tell(&service.metadata, Note::Ensured(at.join(", ")));
                if self.goal.nodes.is_empty() {
                    recorder.tell(&service.metadata, Note::NoNodes);
                }
            } else {
                recorder.tell(&service.metadata, Note::Updated);
            }
        }
        (uid.clone(), answer.map(|version| Some((update.status, version))))
    }
}
