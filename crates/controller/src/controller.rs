use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use seaway_core::{Clock, Context, ProviderError, SharedDriver};
use seaway_intent::Selection;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::SystemClock;
use crate::cluster::Cluster;
use crate::object::{NodeObject, ServiceObject, SliceObject};
use crate::pace::Slots;
use crate::queue::Queue;
use crate::recorder::Recorder;
use crate::roster::Roster;
use crate::watch::{BACKLOG, follow};
use crate::write::Writer;

mod running;
mod window;
mod work;

use self::running::Running;
use self::window::Window;
use self::work::Worker;

/// How many calls to providers may be under way.
const CALLS: usize = 128;

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
            window: Window::default(),
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
