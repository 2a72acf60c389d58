use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use seaway_core::{BalancerKey, Key, SharedDriver};
use seaway_intent::{EndpointSlice, Node, Selection, Service};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Error;
use super::window::Window;
use super::work::{Done, Worker};
use crate::cluster::Cluster;
use crate::object::Seen;
use crate::pass::Pass;
use crate::queue::{Queue, QueueKey};
use crate::recorder::Note;
use crate::roster::{Effect, Roster};
use crate::watch::Change;
use crate::{claims, requeue, write};

mod fold;

/// How long passes may take to end after the controller was asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// The state of a controller that runs. One task owns it, so there are no locks.
pub(super) struct Running {
    pub(super) worker: Arc<Worker>,
    pub(super) services: mpsc::Receiver<Change<Seen<Service>>>,
    pub(super) nodes: mpsc::Receiver<Change<Seen<Node>>>,
    pub(super) slices: mpsc::Receiver<Change<Seen<EndpointSlice>>>,
    pub(super) cluster: Cluster,
    pub(super) roster: Roster,
    pub(super) queue: Queue,
    pub(super) tasks: JoinSet<Done>,
    pub(super) window: Window,
    /// Failures in a row of a key as a whole.
    pub(super) failures: BTreeMap<QueueKey, u32>,
    pub(super) dry_run: bool,
}

impl Running {
    /// Waits until every cache is synced and every provider read. Nothing is written before.
    pub(super) async fn start(
        &mut self,
        drivers: &BTreeMap<&'static str, SharedDriver>,
        selection: &Selection,
        wants_slices: bool,
    ) {
        let services = first_list(&mut self.services).await;
        let nodes = first_list(&mut self.nodes).await;
        self.cluster.fold_nodes(Change::Restarted(nodes));
        if wants_slices {
            let slices = first_list(&mut self.slices).await;
            self.cluster.fold_slices(Change::Restarted(slices));
        }
        let claims = claims::made(selection, &services, drivers);
        for (name, driver) in drivers {
            driver.claim(&claims[name]);
            let mut attempt = 0;
            while let Err(error) = driver.survey(&self.worker.cx).await {
                attempt += 1;
                let wait = requeue::backoff(attempt);
                tracing::warn!(provider = name, %error, ?wait, "provider can't be read, trying again");
                tokio::time::sleep(wait).await;
            }
            self.roster.hold(name);
        }
        tracing::info!(
            services = services.len(),
            nodes = self.cluster.targets().len(),
            providers = ?drivers.keys().collect::<Vec<_>>(),
            dry_run = self.dry_run,
            "synced"
        );
        let effects = self.roster.restart(services, &self.cluster);
        self.carry_out(effects);
    }

    pub(super) async fn serve(&mut self) -> Result<(), Error> {
        loop {
            self.begin_passes();
            let timer = [self.queue.next_due(), self.window.end()].into_iter().flatten().min();
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
                Some(change) = self.nodes.recv() => {
                    if self.cluster.fold_nodes(change)
                        && let Some(when) = self.window.change(Instant::now())
                    {
                        self.pass_over_nodes(when);
                    }
                }
                Some(change) = self.slices.recv() => {
                    let touched = self.cluster.fold_slices(change);
                    let effects = self.roster.touch(&touched, &self.cluster);
                    self.carry_out(effects);
                }
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

    fn pass_over_nodes(&mut self, when: Instant) {
        for effect in self.roster.nodes_changed() {
            if let Effect::Pass(key) = effect {
                self.queue.add(key, when);
            }
        }
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
                    self.queue.add(key, Instant::now() + gather);
                }
                Effect::Tell(uid, note) => {
                    if let Some(service) = self.roster.service(&uid) {
                        self.tell(service, note);
                    }
                }
                Effect::Admit(_) | Effect::Dismiss(_) if self.dry_run => {}
                Effect::Admit(uid) => {
                    if let Some(service) = self.roster.service(&uid) {
                        self.tasks.spawn(Arc::clone(&self.worker).admit(uid, Arc::clone(service)));
                    }
                }
                Effect::Dismiss(uid) if self.roster.is_gone(&uid) => {
                    let effects = self.roster.dismissed(&uid);
                    self.carry_out(effects);
                }
                Effect::Dismiss(uid) => {
                    if let Some(service) = self.roster.service(&uid).cloned() {
                        let had = self.roster.had_something(&uid);
                        self.tasks.spawn(Arc::clone(&self.worker).dismiss(uid, service, had));
                    }
                }
            }
        }
    }

    fn tell(&self, service: &Service, note: Note) {
        if self.dry_run {
            tracing::info!(service = write::label(&service.metadata), ?note, "would tell");
        } else {
            self.worker.recorder.tell(&service.metadata, note);
        }
    }

    fn begin_passes(&mut self) {
        let now = Instant::now();
        while let Some(key) = self.queue.take(now) {
            let Some(driver) = self.roster.driver(key.provider).cloned() else { continue };
            let cx = &self.worker.cx;
            let (goal, begun) = self.roster.goal(&key, cx.now(), self.cluster.targets());
            if self.dry_run {
                let ground = QueueKey { provider: key.provider, key: Key::Ground };
                let (ground, _) = self.roster.goal(&ground, cx.now(), self.cluster.targets());
                let goals = vec![(Key::Ground, ground), (key.key.clone(), goal)];
                self.tasks.spawn(Arc::clone(&self.worker).rehearse(driver, key, goals));
                continue;
            }
            let services = self.roster.concerned(&key, &goal);
            let pass = Pass { driver, key, goal, begun, services };
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
