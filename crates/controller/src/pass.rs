use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use seaway_core::{
    Context, ErrorKind, Goal, Key, LbSpec, MemberReport, Node, ProviderError, Readiness, Report,
    ServiceUid, SharedDriver,
};
use seaway_intent::object::ServiceStatus;

use crate::condition::{ACCEPTED, SERVING};
use crate::queue::QueueKey;
use crate::recorder::{Note, Recorder};
use crate::roster::Known;
use crate::status::{self, Found, Said, Standing, Trouble, Update};
use crate::write::{Error, Writer};

/// One pass over one key.
pub(crate) struct Pass {
    pub(crate) driver: SharedDriver,
    pub(crate) key: QueueKey,
    pub(crate) goal: Goal,
    /// Its place in the order of passes.
    pub(crate) begun: u64,
    /// The members, and what is known of them.
    pub(crate) services: BTreeMap<ServiceUid, Known>,
    /// What was found at the key may not be what we left there, though it had come to rest.
    pub(crate) drifted: bool,
    /// Why the ground could not be made, if it was tried last in vain.
    pub(crate) ground: Option<ProviderError>,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) key: QueueKey,
    pub(crate) begun: u64,
    /// The Services whose statuses it may have written to.
    pub(crate) concerned: Vec<ServiceUid>,
    pub(crate) report: Report,
    /// The Services whose status shows where clients are served, with what was written and the
    /// version after it.
    pub(crate) shown: Vec<(ServiceUid, Option<(ServiceStatus, u64)>)>,
    /// The Services that are not served yet, with what was written.
    pub(crate) told: Vec<(ServiceUid, (ServiceStatus, u64))>,
    /// What stands in the way of each Service that is not served as it asks.
    pub(crate) failed: BTreeMap<ServiceUid, ProviderError>,
    /// What somebody else had changed was made again.
    pub(crate) repaired: bool,
}

impl Pass {
    /// Makes the key match the goal, then the statuses match the key.
    pub(crate) async fn run(self, cx: &Context, writer: &Writer, recorder: &Recorder) -> Outcome {
        let report = self.driver.reconcile(cx, &self.key.key, &self.goal).await;
        let mut outcome = Outcome {
            key: self.key.clone(),
            begun: self.begun,
            concerned: self.services.keys().cloned().collect(),
            shown: Vec::new(),
            told: Vec::new(),
            failed: self.failures(&report),
            repaired: self.drifted && report.altered && report.wrote(),
            report,
        };
        if outcome.is_over() {
            return outcome;
        }
        for (uid, error) in &outcome.failed {
            // What its owner must mend is told once, when the conditions change.
            if let Some(known) = self.services.get(uid)
                && !error.kind().is_user_error()
            {
                recorder.tell(&known.service.metadata, Note::Failed(error.to_string()));
            }
        }
        if self.drifted && outcome.report.altered {
            self.tell_repairs(&outcome.report, recorder);
        }
        if self.key.key == Key::Ground {
            return outcome;
        }
        // The ground's own pass has told it; here it goes to the conditions.
        if outcome.report.needs_ground
            && let Some(error) = &self.ground
        {
            for (uid, _) in self.goal.present() {
                outcome.failed.entry(uid.clone()).or_insert_with(|| error.clone());
            }
        }
        if self.goal.follows {
            outcome.shown = self.shown_by_others(&outcome.report);
            return outcome;
        }
        let writes = self.goal.present().filter_map(|(uid, spec)| {
            let known = self.services.get(uid).filter(|known| known.writable)?;
            Some(self.show(uid, spec, known, &outcome, (cx, writer, recorder)))
        });
        for (uid, answer) in join_all(writes).await {
            let ready = outcome
                .report
                .members
                .get(&uid)
                .is_some_and(|member| matches!(member.readiness, Readiness::Ready(_)));
            match (answer, ready) {
                (Ok(update), true) => outcome.shown.push((uid, update)),
                (Ok(Some(update)), false) => outcome.told.push((uid, update)),
                (Ok(None), false) | (Err(Error::Gone), _) => {}
                (Err(Error::NotLeader(error)), _) => outcome.report.error = Some(error),
                (Err(Error::Failed(error)), _) => {
                    let what = "failed to update load balancer status";
                    let error = ProviderError::new(ErrorKind::Unavailable, what, error);
                    if let Some(known) = self.services.get(&uid) {
                        recorder.tell(&known.service.metadata, Note::Failed(error.to_string()));
                    }
                    outcome.failed.insert(uid, error);
                }
            }
        }
        outcome
    }

    /// The Services that are served where whoever writes the statuses says.
    fn shown_by_others(&self, report: &Report) -> Vec<(ServiceUid, Option<(ServiceStatus, u64)>)> {
        let is_shown = |(uid, _): &(&ServiceUid, _)| {
            let (Some(known), Some(member)) = (self.services.get(*uid), report.members.get(*uid))
            else {
                return false;
            };
            let Readiness::Ready(addresses) = &member.readiness else { return false };
            let published: BTreeSet<_> = status::published(&known.service).into_iter().collect();
            known.writable && published == addresses.iter().cloned().collect()
        };
        let shown = self.goal.present().filter(is_shown);
        shown.map(|(uid, _)| (uid.clone(), None)).collect()
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

    /// Tells the owners what was made again, after somebody else had changed it.
    fn tell_repairs(&self, report: &Report, recorder: &Recorder) {
        for (uid, known) in &self.services {
            let of_it = report.steps.iter().filter(|step| {
                step.error.is_none() && step.serves.as_ref().is_none_or(|serves| serves == uid)
            });
            let steps: Vec<_> = of_it.map(|step| step.step.as_str()).collect();
            if !steps.is_empty() {
                recorder.tell(&known.service.metadata, Note::Repaired(steps.join("; ")));
            }
        }
    }

    /// How many targets a Service has. Who connects to nodes by itself needs an address of a family of
    /// the Service; a cloud knows its machines by other names.
    fn reached(&self, spec: &LbSpec) -> usize {
        let can = self.driver.capabilities();
        let connects = can.in_process || can.on_box;
        let has_one = |node: &&Node| {
            !connects || spec.families.iter().any(|family| node.address(*family).is_some())
        };
        self.goal.targets(spec).filter(has_one).count()
    }

    async fn show(
        &self,
        uid: &ServiceUid,
        spec: &LbSpec,
        known: &Known,
        outcome: &Outcome,
        (cx, writer, recorder): (&Context, &Writer, &Recorder),
    ) -> (ServiceUid, Result<Option<(ServiceStatus, u64)>, Error>) {
        let targets = self.reached(spec);
        let usable = known.standing.map_or(targets, |standing| standing.usable.min(targets));
        let Some(member) = outcome.report.members.get(uid) else { return (uid.clone(), Ok(None)) };
        let found = Found {
            provider: self.driver.name(),
            mode: self.driver.capabilities().ip_mode,
            spec,
            member,
            error: outcome.failed.get(uid),
            trouble: trouble(&outcome.report, member),
            nodes: self.goal.targets(spec).count(),
            standing: Standing { targets, usable },
            unread: &known.unread,
        };
        let service = &known.service;
        let Some(mut update) = status::update(service, &found, cx.now()) else {
            return (uid.clone(), Ok(None));
        };
        let answer =
            writer.patch_service(&service.metadata, std::mem::take(&mut update.patch)).await;
        if answer.is_ok() {
            let wrote = outcome.report.wrote();
            for note in notes(known, &update, &found, wrote) {
                recorder.tell(&service.metadata, note);
            }
        }
        (uid.clone(), answer.map(|version| Some((update.status, version))))
    }
}

impl Outcome {
    /// Whether we are not the leader any more: then nothing more is written.
    fn is_over(&self) -> bool {
        self.report.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::NotLeader)
    }
}

/// What the errors of a pass mean for what a Service had before it.
fn trouble(report: &Report, member: &MemberReport) -> Trouble {
    let mut failures = report.steps.iter().filter_map(|step| step.error.as_ref()).peekable();
    let lost = match member.readiness {
        // A pass that could not even look knows at most what was there before.
        Readiness::Gone => report.error.is_none() || report.wrote(),
        // What was being made is not made any further.
        Readiness::Pending { .. } => failures.peek().is_some(),
        Readiness::Ready(_) => false,
    };
    if lost {
        return Trouble::Lost;
    }
    // What no step has come upon, the plan has: with all that is there now, it can't be as asked.
    match &member.error {
        Some(error) if failures.all(|failure| failure != error) => Trouble::Denied,
        Some(_) | None => Trouble::Outage,
    }
}

/// What an update of the status says to the owner.
fn notes(known: &Known, update: &Update, found: &Found<'_>, wrote: bool) -> Vec<Note> {
    let ingress = &update.status.load_balancer.ingress;
    let places = ingress.iter().filter_map(|at| at.ip.as_ref().or(at.hostname.as_ref()));
    let at = places.map(String::as_str).collect::<Vec<_>>().join(", ");
    // What was said after our last write, and is not any more, somebody else has changed.
    let restored = known.shown.as_ref() == Some(&Said::of(&update.status)) && !wrote;
    let mut notes = Vec::new();
    if (update.moved || update.converged) && restored {
        notes.push(Note::Restored(at));
    } else if update.moved {
        notes.push(Note::Ensured(at));
    } else if update.converged {
        notes.push(Note::Updated);
    }
    if found.standing.targets == 0 && update.reasons(SERVING).any(|reason| reason == "NoNodes") {
        notes.push(Note::NoNodes);
    }
    if let Some(error) = found.error.filter(|error| error.kind().is_user_error())
        && update.reasons(ACCEPTED).next().is_some()
    {
        notes.push(Note::Failed(error.to_string()));
    }
    notes
}
