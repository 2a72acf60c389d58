use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use seaway_core::{BalancerKey, ErrorKind, Key, ProviderError, SharedDriver};
use seaway_intent::{EndpointSlice, Node, Selection, Service};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::Error;
use super::calm::Calm;
use super::inventory::Inventory;
use super::node_sync::NodeSync;
use super::warned::Warned;
use super::window::Window;
use super::work::{Done, Worker};
use crate::cluster::Cluster;
use crate::health::Standings;
use crate::inspect::Ask;
use crate::object::Seen;
use crate::pass::Pass;
use crate::pulse::{BEAT, Pulse};
use crate::queue::{Queue, QueueKey};
use crate::recorder::Note;
use crate::requeue::Requeue;
use crate::roster::{Effect, Refusal, Roster, Stance};
use crate::stirring::Stirred;
use crate::watch::Change;
use crate::{claims, write};

mod answer;
mod fold;
mod settled;
mod survey;

/// How long passes may take to end after the controller was asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How long a provider may take to be read at the start before the others go ahead without it.
const FIRST_SURVEY: Duration = Duration::from_secs(30);

/// The state of a controller that runs. One task owns it, so there are no locks.
pub(super) struct Running {
    pub(super) worker: Arc<Worker>,
    pub(super) services: mpsc::Receiver<Change<Seen<Service>>>,
    pub(super) nodes: mpsc::Receiver<Change<Seen<Node>>>,
    pub(super) slices: mpsc::Receiver<Change<Seen<EndpointSlice>>>,
    pub(super) health: mpsc::Receiver<Standings>,
    pub(super) stirred: mpsc::Receiver<Stirred>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) cluster: Cluster,
    pub(super) roster: Roster,
    pub(super) queue: Queue,
    pub(super) tasks: JoinSet<Done>,
    pub(super) window: Window,
    pub(super) node_sync: NodeSync,
    pub(super) inventory: Inventory,
    /// Keys at which nothing was left to do, and nothing was still being made, after the last pass.
    pub(super) settled: BTreeSet<QueueKey>,
    /// Keys at which others have changed something, that were not passed over since.
    pub(super) drifted: BTreeSet<QueueKey>,
    pub(super) calm: Calm,
    pub(super) warned: Warned,
    /// Failures in a row of a key as a whole.
    pub(super) failures: BTreeMap<QueueKey, (u32, ProviderError)>,
    pub(super) requeue: Requeue,
    pub(super) pulse: Arc<Pulse>,
    pub(super) sweep: bool,
    /// What the providers have is on this box, and nobody else writes there: what belongs to no
    /// Service was left by us.
    pub(super) owns_box: bool,
    pub(super) stance: Stance,
}

impl Running {
    /// Waits until every cache is synced and every provider was asked. Nothing is written before. A
    /// provider that can't be read holds up what may have something there, and nothing else.
    pub(super) async fn start(
        &mut self,
        drivers: &BTreeMap<&'static str, SharedDriver>,
        selection: &Selection,
        wants_slices: bool,
    ) {
        let _beating = self.beat_meanwhile();
        let services = first_list(&mut self.services).await;
        let nodes = first_list(&mut self.nodes).await;
        self.cluster.fold_nodes(Change::Restarted(nodes));
        if wants_slices {
            let slices = first_list(&mut self.slices).await;
            self.cluster.fold_slices(Change::Restarted(slices));
        }
        let claims = claims::made(selection, &services, drivers);
        let surveys = drivers.iter().map(|(name, driver)| {
            driver.claim(&claims[name]);
            let survey = tokio::time::timeout(FIRST_SURVEY, driver.survey(&self.worker.cx));
            async { (*name, survey.await) }
        });
        for (name, answer) in join_all(surveys).await {
            match answer {
                Ok(Ok(_)) => {
                    self.roster.hold(name);
                    self.survey_later(name);
                }
                Ok(Err(error)) => {
                    self.roster.miss(name);
                    self.missed(name, &error);
                }
                Err(_) => {
                    self.roster.miss(name);
                    let text = format!("no answer within {} s", FIRST_SURVEY.as_secs());
                    let error = ProviderError::new(ErrorKind::Unavailable, "survey", text);
                    self.missed(name, &error);
                }
            }
        }
        self.recall().await;
        tracing::info!(
            services = services.len(),
            nodes = self.cluster.targets().len(),
            providers = ?drivers.keys().collect::<Vec<_>>(),
            dry_run = self.stance == Stance::Rehearses,
            follows = self.stance == Stance::Follows,
            "synced"
        );
        self.pulse.set_synced();
        let effects = self.roster.restart(services, &self.cluster);
        // Not before the Services are known: what a controller before us left would be nobody's.
        self.worker.metrics.measure(drivers.clone(), self.roster.names());
        self.carry_out(effects);
        self.count_orphans();
        self.clear_box();
    }

    /// Waiting for the API server or for a provider is no reason to be taken for dead.
    fn beat_meanwhile(&self) -> AbortOnDropHandle<()> {
        let pulse = Arc::clone(&self.pulse);
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                pulse.beat();
                tokio::time::sleep(BEAT).await;
            }
        }))
    }

    pub(super) async fn serve(&mut self) -> Result<(), Error> {
        let mut counted = None;
        loop {
            self.pulse.beat();
            if counted.is_none_or(|counted: Instant| counted.elapsed() >= BEAT) {
                self.gauge();
                counted = Some(Instant::now());
            }
            self.begin_passes();
            self.record_calm();
            let beat = Some(Instant::now() + BEAT);
            let times = [self.queue.next_due(), self.window.end(), self.calm.next(), beat];
            let timer = times.into_iter().flatten().min();
            tokio::select! {
                Some(change) = self.services.recv() => {
                    let effects = match change {
                        Change::Applied(service) => self.roster.apply(service, &self.cluster),
                        Change::Deleted(service) => {
                            self.roster.vanish(&write::uid(&service.object.metadata))
                        }
                        Change::Restarted(all) => self.roster.restart(all, &self.cluster),
                    };
                    self.carry_out(effects);
                }
                Some(change) = self.nodes.recv() => self.fold_nodes(change),
                Some(change) = self.slices.recv() => {
                    let touched = self.cluster.fold_slices(change);
                    let effects = self.roster.touch(&touched, &self.cluster);
                    self.carry_out(effects);
                }
                Some(standings) = self.health.recv() => {
                    let roster = &mut self.roster;
                    let effects = standings.into_iter().filter_map(|(uid, it)| roster.weigh(&uid, it));
                    let effects = effects.collect();
                    self.carry_out(effects);
                }
                Some((provider, keys)) = self.stirred.recv() => self.look_again(provider, keys),
                Some(ask) = self.asks.recv() => self.answer(ask),
                Some(done) = self.tasks.join_next() => self.fold(done?)?,
                () = sleep_until(timer) => {
                    let now = Instant::now();
                    if self.window.tick(now) {
                        self.pass_over_nodes(now);
                    }
                }
            }
        }
    }

    /// Waits for the passes under way, so that what they did is told.
    pub(super) async fn finish(&mut self) {
        let end = Instant::now() + GRACE;
        while self.queue.running() > 0 {
            match tokio::time::timeout_at(end, self.tasks.join_next()).await {
                Ok(Some(Ok(done))) => {
                    if self.fold(done).is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    fn fold_nodes(&mut self, change: Change<Seen<Node>>) {
        let changed = self.cluster.fold_nodes(change);
        if changed.targets {
            self.roster.distrust();
            self.calm.stir();
        }
        let selected = changed.labels && self.roster.selects_nodes();
        if !changed.targets && !selected {
            return;
        }
        let now = Instant::now();
        self.node_sync.seen(now);
        if let Some(when) = self.window.change(now) {
            self.pass_over_nodes(when);
        }
    }

    fn pass_over_nodes(&mut self, when: Instant) {
        let effects = self.roster.reselect(&self.cluster);
        self.carry_out(effects);
        let keys = self.roster.nodes_changed();
        for key in &keys {
            self.enqueue(key.clone(), when);
        }
        self.node_sync.begun(keys);
    }

    fn enqueue(&mut self, key: QueueKey, when: Instant) {
        self.worker.metrics.queued();
        self.queue.add(key, when);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Pass(key) => {
                    let gather = match &key.key {
                        Key::Balancer(BalancerKey::Own(_)) => Duration::ZERO,
                        Key::Ground | Key::Balancer(_) => self
                            .roster
                            .driver(key.provider)
                            .map_or(Duration::ZERO, |driver| driver.capabilities().gather),
                    };
                    self.enqueue(key, Instant::now() + gather);
                }
                Effect::Tell(uid, note) => {
                    if let Some(service) = self.roster.service(&uid) {
                        self.tell(service, note);
                    }
                }
                Effect::Explain(uid) if self.stance != Stance::Leads => {
                    if let Some(Refusal { service, error, .. }) = self.roster.refusal(&uid) {
                        self.tell(&service, Note::Failed(error.to_string()));
                    }
                }
                Effect::Admit(_) | Effect::Dismiss(_) if self.stance != Stance::Leads => {}
                Effect::Admit(uid) => {
                    if let Some(admission) = self.roster.admission(&uid) {
                        self.tasks.spawn(Arc::clone(&self.worker).admit(uid, admission));
                    }
                }
                Effect::Explain(uid) => {
                    if let Some(refusal) = self.roster.refusal(&uid) {
                        self.roster.begins([&uid]);
                        self.worker.metrics.failed("", &refusal.error);
                        self.tasks.spawn(Arc::clone(&self.worker).explain(uid, refusal));
                    }
                }
                Effect::Dismiss(uid) if self.roster.is_gone(&uid) => {
                    let effects = self.roster.dismissed(&uid);
                    self.carry_out(effects);
                }
                Effect::Dismiss(uid) => {
                    if let Some(service) = self.roster.service(&uid).cloned() {
                        let remains = self.roster.remains(&uid);
                        self.tasks.spawn(Arc::clone(&self.worker).dismiss(uid, service, remains));
                    }
                }
            }
        }
    }

    fn tell(&self, service: &Service, note: Note) {
        if self.stance == Stance::Rehearses {
            tracing::info!(service = write::label(&service.metadata), ?note, "would tell");
        } else {
            self.worker.recorder.tell(&service.metadata, note);
        }
    }

    fn begin_passes(&mut self) {
        let now = Instant::now();
        self.worker.metrics.depth(self.queue.due(now));
        while let Some(key) = self.queue.take(now) {
            let Some(driver) = self.roster.driver(key.provider).cloned() else { continue };
            let cx = &self.worker.cx;
            let (goal, begun) = self.roster.goal(&key, cx.now(), self.cluster.targets());
            if self.stance == Stance::Rehearses {
                let (ground, _) = self.roster.goal(&key.ground(), cx.now(), self.cluster.targets());
                let goals = vec![(Key::Ground, ground), (key.key.clone(), goal)];
                self.tasks.spawn(Arc::clone(&self.worker).rehearse(driver, key, goals));
                continue;
            }
            let services = self.roster.concerned(&key, &goal);
            self.roster.begins(services.keys());
            let drifted = self.drifted.remove(&key);
            let ground = self.failures.get(&key.ground()).map(|(_, error)| error.clone());
            let pass = Pass { driver, key, goal, begun, services, drifted, ground };
            self.tasks.spawn(Arc::clone(&self.worker).pass(pass));
        }
    }
}

/// The first whole list of a watch.
async fn first_list<T>(changes: &mut mpsc::Receiver<Change<T>>) -> Vec<T> {
    loop {
        match changes.recv().await {
            Some(Change::Restarted(all)) => return all,
            Some(Change::Applied(_) | Change::Deleted(_)) => {}
            // The watch ends with the controller only.
            None => std::future::pending().await,
        }
    }
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
