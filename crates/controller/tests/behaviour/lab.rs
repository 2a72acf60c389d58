use std::sync::{Arc, Mutex};
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use seaway_controller::{Controller, Error, Inspector, Metrics, Options, Pulse};
use seaway_core::{SharedDriver, drive};
use seaway_sandbox::Server;
use seaway_testkit::toys::by_id::ById;
use seaway_testkit::toys::by_id::cloud::Cloud;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use seaway_testkit::{ManualClock, cluster_id};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::doors::{self, Doors};

mod objects;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// An API server, and who watches what is written to it.
pub(crate) struct Lab {
    client: Client,
    writes: Arc<Mutex<Vec<String>>>,
    /// What is refused to controllers, instead of being sent.
    pub(crate) doors: Arc<Doors>,
    _server: Server,
}

/// A controller that runs.
pub(crate) struct Run {
    pub(crate) inspector: Inspector,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pulse: Arc<Pulse>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

impl Run {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
    }

    /// It is gone from one moment to the next.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A box with one config, and the driver of it.
pub(crate) fn one_file(daemon: &Arc<Daemon>, pool: &[&str]) -> SharedDriver {
    let pool = pool.iter().map(|ip| ip.parse().unwrap()).collect();
    drive(OneFile::new(cluster_id(), Arc::clone(daemon), pool))
}

/// A cloud whose balancers take a while, and the clock that tells how long.
pub(crate) fn cloud() -> (Arc<Cloud>, Arc<ManualClock>) {
    let clock = Arc::<ManualClock>::default();
    (Arc::new(Cloud::new(Arc::clone(&clock))), clock)
}

pub(crate) fn by_id(cloud: &Arc<Cloud>) -> SharedDriver {
    drive(ById::new(cluster_id(), Arc::clone(cloud)))
}

/// An inventory so often that a test need not wait.
pub(crate) fn often() -> Options {
    Options { inventory: Duration::from_millis(100), ..Options::default() }
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let server = Server::start(seaway_sandbox::Options::default()).unwrap();
        let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let lab = Self { client, writes: Arc::default(), doors: Arc::default(), _server: server };
        for number in [1, 2] {
            lab.put_node(number, &json!({})).await;
        }
        lab
    }

    /// A client whose writes nobody watches.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Runs a controller, and returns once it has read everything.
    pub(crate) async fn run(&self, drivers: Vec<SharedDriver>, options: Options) -> Run {
        let run = self.begin(drivers, options);
        self.until("the controller is synced", async || run.pulse.is_synced().then_some(())).await;
        run
    }

    /// Starts a controller.
    pub(crate) fn begin(&self, drivers: Vec<SharedDriver>, options: Options) -> Run {
        let default = drivers.first().map(|driver| driver.name().to_owned());
        let metrics = Arc::clone(&options.metrics);
        let controller = Controller::new(self.counted(), drivers, default, options);
        let (inspector, pulse) = (controller.inspector(), controller.pulse());
        let stop = CancellationToken::new();
        let task = tokio::spawn(controller.run(stop.clone()));
        Run { inspector, metrics, pulse, stop, task }
    }

    /// What controllers have written since this was asked last, Events included.
    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }

    /// A client as controllers have it.
    pub(crate) fn counted(&self) -> Client {
        doors::guarded(self.client.clone(), Arc::clone(&self.writes), Arc::clone(&self.doors))
    }

    /// Waits until `look` finds something.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < end, "waited in vain for: {what}; {:?}", self.writes());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until nothing has been written for a while.
    pub(crate) async fn quiet(&self) {
        loop {
            self.writes();
            sleep(Duration::from_millis(300)).await;
            if self.writes.lock().unwrap().is_empty() {
                return;
            }
        }
    }
}
