use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use seaway_core::{Clock, Context, Key, ProviderError, SharedDriver};
use seaway_intent::{EndpointSlice, Node, Selection, Service};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::SystemClock;
use crate::cluster::Cluster;
use crate::object::{NodeObject, Seen, ServiceObject, SliceObject};
use crate::pace::Slots;
use crate::pass::{Outcome, Pass};
use crate::queue::{Queue, QueueKey};
use crate::recorder::{Note, Recorder};
use crate::rehearsal;
use crate::requeue;
use crate::roster::{Effect, Roster};
use crate::watch::{BACKLOG, Change, follow};
use crate::write::{self, Writer};

mod work;

use self::work::{Done, Worker};

/// How long changes of nodes are gathered after the first one has been acted on.
const NODE_WINDOW: Duration = Duration::from_secs(1);
/// How long the first one waits for those that come with it.
const NODE_DELAY: Duration = Duration::from_millis(20);
/// How many calls to providers may be under way.
const CALLS: usize = 128;
/// How long passes may take to end after the controller was asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How a controller behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Write nothing anywhere: no finalizer, status, Event or Lease, and nothing to providers. What
    /// would be done is logged.
    pub dry_run: bool,
}

/// Why a controller had to end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// We are not the leader any more.
    #[error("the lease is lost: {0}")]
    NotLeader(ProviderError),
    /// A task of ours panicked: a bug.
    #[error("a task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Makes providers match a cluster, until it is stopped.
pub struct Controller {
    worker: Arc<Worker>,
    client: Client,
    drivers: BTreeMap<&'static str, SharedDriver>,
    selection: Selection,
    events: AbortOnDropHandle<()>,
    options: Options,
}

impl Controller {
    /// A controller of the cluster behind `client` that serves `drivers`. Must be called in a tokio
    /// runtime.
    pub fn new(
        client: Client,
        drivers: Vec<SharedDriver>,
        default: Option<String>,
        options: Options,
    ) -> Self {
        let drivers: BTreeMap<_, _> =
            drivers.into_iter().map(|driver| (driver.name(), driver)).collect();
        let served = drivers.keys().map(|name| (*name).to_owned()).collect();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let writer = Arc::new(Writer::new(client.clone()));
        let (recorder, events) = Recorder::new(Arc::clone(&writer), Arc::clone(&clock));
        let cx = Context::new(clock).paced(Arc::new(Slots::new(CALLS)));
        Self {
            worker: Arc::new(Worker { cx, writer, recorder }),
            client,
            drivers,
            selection: Selection { served, default },
            events: AbortOnDropHandle::new(tokio::spawn(events)),
            options,
        }
    }

    /// Runs until `stop` is cancelled; then lets the passes under way end, for some seconds.
    ///
    /// # Errors
    /// If the lease is lost, or a task panicked.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let Self { worker, client, drivers, selection, events, options } = self;
        let wants_slices = drivers.values().any(|driver| driver.capabilities().local_nodes);
        let mut watches = JoinSet::new();
        let (tx, services) = mpsc::channel(BACKLOG);
        watches.spawn(follow::<ServiceObject>(client.clone(), tx));
        let (tx, nodes) = mpsc::channel(BACKLOG);
        watches.spawn(follow::<NodeObject>(client.clone(), tx));
        let (tx, slices) = mpsc::channel(BACKLOG);
        // The sender is kept, so that a kind that is not watched only stays silent.
        let idle = if wants_slices {
            watches.spawn(follow::<SliceObject>(client, tx));
            None
        } else {
            Some(tx)
        };
        let mut running = Running {
            roster: Roster::new(drivers.clone(), selection.clone(), options.dry_run),
            worker,
            services,
            nodes,
            slices,
            cluster: Cluster::default(),
            queue: Queue::default(),
            tasks: JoinSet::new(),
            window: None,
            gathered: false,
            failures: BTreeMap::new(),
            dry_run: options.dry_run,
        };
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            outcome = async {
                running.start(&drivers, &selection, wants_slices).await;
                running.serve().await
            } => outcome,
        };
        drop((watches, idle));
        running.finish().await;
        drop(running);
        // Every recorder is dropped with its worker: what is told already is written, then it ends.
        let _ = tokio::time::timeout(Duration::from_secs(1), events).await;
        outcome
    }
}

/// The state of a controller that runs. One task owns it, so there are no locks.
struct Running {
    worker: Arc<Worker>,
    services: mpsc::Receiver<Change<Seen<Service>>>,
    nodes: mpsc::Receiver<Change<Seen<Node>>>,
    slices: mpsc::Receiver<Change<Seen<EndpointSlice>>>,
    cluster: Cluster,
    roster: Roster,
    queue: Queue,
    tasks: JoinSet<Done>,
    /// When the window ends in which node changes are gathered.
    window: Option<Instant>,
    /// Whether any were.
    gathered: bool,
    /// Failures in a row of a key as a whole.
    failures: BTreeMap<QueueKey, u32>,
    dry_run: bool,
}

impl Running {
    /// Waits until every cache is synced and every provider read. Nothing is written before.
    async fn start(
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
        let claims = rehearsal::claims(selection, &services, drivers);
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

    async fn serve(&mut self) -> Result<(), Error> {
        loop {
            self.begin_passes();
            let timer = [self.queue.next_due(), self.window].into_iter().flatten().min();
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
                    if self.cluster.fold_nodes(change) {
                        self.nodes_changed();
                    }
                }
                Some(change) = self.slices.recv() => {
                    let touched = self.cluster.fold_slices(change);
                    let effects = self.roster.touch(&touched, &self.cluster);
                    self.carry_out(effects);
                }
                Some(done) = self.tasks.join_next() => self.fold(done?)?,
                () = sleep_until(timer) => self.tick(),
            }
        }
    }

    /// Waits for the passes under way, so that what they did is told.
    async fn finish(&mut self) {
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

    /// The first change is acted on at once; those of the next second are gathered.
    fn nodes_changed(&mut self) {
        if self.window.is_some() {
            self.gathered = true;
            return;
        }
        self.window = Some(Instant::now() + NODE_WINDOW);
        self.pass_over_nodes(NODE_DELAY);
    }

    fn pass_over_nodes(&mut self, delay: Duration) {
        let when = Instant::now() + delay;
        for effect in self.roster.nodes_changed() {
            if let Effect::Pass(key) = effect {
                self.queue.add(key, when);
            }
        }
    }

    fn tick(&mut self) {
        if self.window.is_some_and(|end| end <= Instant::now()) {
            self.window = None;
            if std::mem::take(&mut self.gathered) {
                self.window = Some(Instant::now() + NODE_WINDOW);
                self.pass_over_nodes(Duration::ZERO);
            }
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Pass(key) => {
                    let gather = match &key.key {
                        Key::Balancer(seaway_core::BalancerKey::Own(_)) => Duration::ZERO,
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

    fn fold(&mut self, done: Done) -> Result<(), Error> {
        match done {
            Done::Passed(outcome) => return self.fold_pass(*outcome),
            Done::Rehearsed(key) => self.queue.done(&key),
            Done::Admitted(uid, answer) => match answer {
                Ok(version) => {
                    let effects = self.roster.admitted(&uid, version);
                    self.carry_out(effects);
                }
                // The Service is gone: its watch will tell.
                Err(write::Error::Gone) => {}
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
                Err(write::Error::Failed(error)) => {
                    let what = "failed to remove load balancer cleanup finalizer";
                    self.retry(Effect::Dismiss(uid), &format!("{what}: {error}"));
                }
            },
            Done::Waited(effect) => {
                let effects = self.roster.again(effect);
                self.carry_out(effects);
            }
        }
        Ok(())
    }

    /// Tries a write to the API server again, later and later.
    fn retry(&mut self, effect: Effect, why: &str) {
        let (Effect::Admit(uid) | Effect::Dismiss(uid)) = &effect else { return };
        let attempt = self.roster.failed(uid, seaway_core::ErrorKind::Unavailable);
        if let Some(service) = self.roster.service(uid) {
            self.tell(service, Note::Failed(why.to_owned()));
        }
        self.tasks.spawn(async move {
            tokio::time::sleep(requeue::backoff(attempt)).await;
            Done::Waited(effect)
        });
    }

    fn fold_pass(&mut self, outcome: Outcome) -> Result<(), Error> {
        let Outcome { key, begun, report, shown, failed } = outcome;
        self.queue.done(&key);
        if let Some(error) = &report.error
            && error.kind() == seaway_core::ErrorKind::NotLeader
        {
            return Err(Error::NotLeader(error.clone()));
        }
        let now = Instant::now();
        if let Some(error) = &report.error {
            let attempt = self.failures.entry(key.clone()).or_default();
            *attempt += 1;
            if let Some(wait) = requeue::after(error, *attempt) {
                self.queue.add(key.clone(), now + wait);
            }
        } else {
            self.failures.remove(&key);
        }
        for uid in report.members.keys().filter(|uid| !failed.contains_key(*uid)) {
            self.roster.succeeded(uid);
        }
        for (uid, error) in &failed {
            let attempt = self.roster.failed(uid, error.kind());
            if let Some(wait) = requeue::after(error, attempt) {
                self.queue.add(key.clone(), now + wait);
            }
        }
        let pending = report.members.values().filter_map(|member| match member.readiness {
            seaway_core::Readiness::Pending { look_again } => Some(look_again),
            seaway_core::Readiness::Ready(_) | seaway_core::Readiness::Gone => None,
        });
        let stuck = report.needs_ground.then(|| requeue::backoff(1));
        if let Some(wait) = pending.chain(report.look_again).chain(stuck).min() {
            self.queue.add(key.clone(), now + wait);
        }
        let mut effects = self.roster.fold(&key, begun, &report);
        for (uid, update) in shown {
            effects.extend(self.roster.shown(&uid, &key, update));
        }
        self.carry_out(effects);
        Ok(())
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
