use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use seaway_core::{Clock, Context, Fence, ProviderError, SharedDriver};
use seaway_intent::Selection;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::SystemClock;
use crate::cluster::Cluster;
use crate::health;
use crate::inspect::{Ask, Inspector};
use crate::lease::{Ledger, Page};
use crate::metrics::Metrics;
use crate::object::{NodeObject, ServiceObject, SliceObject};
use crate::pace::{Slots, Unsettling};
use crate::part::Part;
use crate::pulse::Pulse;
use crate::queue::Queue;
use crate::recorder::Recorder;
use crate::requeue::{self, Requeue};
use crate::roster::{Roster, Stance};
use crate::stirring;
use crate::watch::{BACKLOG, follow};
use crate::write::Writer;

mod calm;
mod inventory;
mod node_sync;
mod running;
mod warned;
mod window;
mod work;

use self::calm::Calm;
use self::inventory::Inventory;
use self::node_sync::NodeSync;
use self::running::Running;
use self::warned::Warned;
use self::window::Window;
use self::work::Worker;

/// How many calls to providers may be under way.
const CALLS: usize = 128;

/// How often providers are read again, if nothing else is asked.
const INVENTORY: Duration = Duration::from_mins(5);

/// How long nothing must have gone on at a provider before it is recorded that all is settled: a burst
/// of changes then costs two writes of the Lease.
const CALM: Duration = Duration::from_secs(5);

/// How a controller behaves.
#[derive(Clone)]
pub struct Options {
    /// Write nothing anywhere: no finalizer, status, Event or Lease, and nothing to providers. What
    /// would be done is logged.
    pub dry_run: bool,
    /// Which part it plays among the controllers of its cluster.
    pub part: Part,
    /// Checked before every write, on a box before every write to Kubernetes; without one nothing is
    /// held back.
    pub fence: Option<Arc<dyn Fence>>,
    /// Where it is recorded that everything of a provider is settled, so that a restart need not look
    /// closely at what no listing shows. Without one nothing is recorded, and nothing taken for
    /// settled.
    pub ledger: Option<Ledger>,
    /// How long nothing must have gone on at a provider before that is recorded.
    pub calm: Duration,
    /// How often providers are read again, to find what others have changed.
    pub inventory: Duration,
    /// How long to wait after a first failure; each further one doubles it, up to sixty times as long.
    pub first_retry: Duration,
    /// Take down what carries our mark and belonged to no Service in two inventories.
    pub sweep: bool,
    /// Where to count.
    pub metrics: Arc<Metrics>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dry_run: false,
            part: Part::default(),
            fence: None,
            ledger: None,
            calm: CALM,
            inventory: INVENTORY,
            first_retry: requeue::FIRST,
            sweep: false,
            metrics: Arc::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("dry_run", &self.dry_run)
            .field("part", &self.part)
            .field("ledger", &self.ledger)
            .field("calm", &self.calm)
            .field("inventory", &self.inventory)
            .field("first_retry", &self.first_retry)
            .field("sweep", &self.sweep)
            .finish_non_exhaustive()
    }
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
    inspector: Inspector,
    asks: mpsc::Receiver<Ask>,
    pulse: Arc<Pulse>,
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
        let metrics = Arc::clone(&options.metrics);
        let part = &options.part;
        // Who follows writes bad news only, and needs no Lease for that.
        let fence = options.fence.clone().filter(|_| !part.follows());
        let writer = Arc::new(Writer::new(client.clone(), fence.clone(), Arc::clone(&metrics)));
        let (recorder, events) = Recorder::new(Arc::clone(&writer), Arc::clone(&clock), part);
        let tap = Arc::<Metrics>::clone(&metrics);
        let slots = Slots::new(CALLS);
        let mut cx = Context::new(clock).paced(Arc::new(slots.clone())).tapped(tap);
        if let Some(fence) = fence.filter(|_| *part == Part::Whole) {
            cx = cx.fenced(fence);
        }
        let ledger = options.ledger.clone().filter(|_| !options.dry_run && !part.follows());
        let pages = ledger.as_ref().map(|ledger| pages(&drivers, ledger)).unwrap_or_default();
        let paced = |page: &Arc<Page>| Unsettling { page: Arc::clone(page), slots: slots.clone() };
        let passes = pages
            .iter()
            .map(|(name, page)| (*name, cx.clone().paced(Arc::new(paced(page)))))
            .collect();
        let (inspector, asks) = Inspector::new(drivers.clone(), cx.clone());
        Self {
            worker: Arc::new(Worker { cx, passes, ledger, pages, writer, recorder, metrics }),
            client,
            drivers,
            selection: Selection { served, default },
            events: AbortOnDropHandle::new(tokio::spawn(events)),
            inspector,
            asks,
            pulse: Arc::default(),
            options,
        }
    }

    /// Asks it what it knows, while it runs.
    pub fn inspector(&self) -> Inspector {
        self.inspector.clone()
    }

    /// Tells whether it is alive.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Runs until `stop` is cancelled; then lets the passes under way end, for some seconds.
    ///
    /// # Errors
    /// If the lease is lost, or a task panicked.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let Self { worker, client, drivers, selection, events, asks, pulse, options, .. } = self;
        let wants_slices = drivers.values().any(|driver| driver.capabilities().local_nodes);
        let mut watches = JoinSet::new();
        let (tx, services) = mpsc::channel(BACKLOG);
        watches.spawn(follow::<ServiceObject>(client.clone(), tx));
        let (tx, nodes) = mpsc::channel(BACKLOG);
        watches.spawn(follow::<NodeObject>(client.clone(), tx));
        // Senders are kept, so that what is not watched only stays silent.
        let (slices_tx, slices) = mpsc::channel(BACKLOG);
        if wants_slices {
            watches.spawn(follow::<SliceObject>(client, slices_tx.clone()));
        }
        let (health_tx, health) = mpsc::channel(BACKLOG);
        for driver in drivers.values().filter(|_| !options.dry_run) {
            if let Some(every) = driver.capabilities().health_every {
                let (cx, metrics) = (worker.cx.clone(), Arc::clone(&worker.metrics));
                let tx = health_tx.clone();
                watches.spawn(health::watch(Arc::clone(driver), every, cx, metrics, tx));
            }
        }
        let (stirred_tx, stirred) = mpsc::channel(BACKLOG);
        let stance = match &options.part {
            _ if options.dry_run => Stance::Rehearses,
            part if part.follows() => Stance::Follows,
            Part::Whole | Part::Box { .. } => Stance::Leads,
        };
        let mut running = Running {
            roster: Roster::new(drivers.clone(), selection.clone(), stance),
            worker,
            services,
            nodes,
            slices,
            health,
            stirred,
            asks,
            cluster: Cluster::default(),
            queue: Queue::default(),
            tasks: JoinSet::new(),
            window: Window::default(),
            node_sync: NodeSync::default(),
            inventory: Inventory::new(options.inventory),
            settled: BTreeSet::new(),
            drifted: BTreeSet::new(),
            calm: Calm::new(options.calm),
            warned: Warned::default(),
            failures: BTreeMap::new(),
            requeue: Requeue { first: options.first_retry },
            pulse,
            sweep: options.sweep && !options.dry_run,
            owns_box: options.part != Part::Whole && !options.dry_run,
            stance,
        };
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            outcome = async {
                running.start(&drivers, &selection, wants_slices).await;
                for driver in drivers.values().filter(|_| !options.dry_run) {
                    let (cx, tx) = (running.worker.cx.clone(), stirred_tx.clone());
                    watches.spawn(stirring::listen(Arc::clone(driver), cx, tx));
                }
                running.serve().await
            } => outcome,
        };
        drop((watches, slices_tx, health_tx, stirred_tx));
        running.finish().await;
        drop(running);
        // Every recorder is dropped with its worker: what is told already is written, then it ends.
        let _ = tokio::time::timeout(Duration::from_secs(1), events).await;
        outcome
    }
}

/// What is to be recorded of each provider that can't tell by a listing whether all is settled.
fn pages(
    drivers: &BTreeMap<&'static str, SharedDriver>,
    ledger: &Ledger,
) -> BTreeMap<&'static str, Arc<Page>> {
    let shallow = drivers.iter().filter(|(_, driver)| driver.capabilities().shallow_survey);
    shallow.map(|(name, _)| (*name, Arc::new(Page::new(ledger.clone(), name)))).collect()
}
