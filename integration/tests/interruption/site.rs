use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, ResourceExt};
use seaway_controller::{Controller, Error, Options, Pulse};
use seaway_core::{Capabilities, LbSpec, Node, Provider, ServiceUid, drive};
use seaway_sandbox::Server;
use seaway_testkit::faults::{Script, Scripted};
use seaway_testkit::{Bench, Hurry, ManualClock, Thing};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::history::History;
use crate::manifest;
use crate::story::{Act, Pace};
use crate::wire::Wire;

/// How much faster the world lives than the machine: a wait of five seconds takes fifty milliseconds.
const TIMES: u32 = 100;
/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long nothing must be written until all is taken to be quiet.
const QUIET: Duration = Duration::from_millis(40);
/// How often a provider is read again of which a listing shows too little, in the time of the world.
const INVENTORY: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(8);

/// What the user wants of a Service.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// A load balancer as this says.
    Served(Box<LbSpec>),
    /// None: it is of another type.
    Shut,
    /// It is deleted.
    Deleted,
}

/// An API server, a world, and the controller that works on them, if one does.
pub(crate) struct Site<B: Bench> {
    pub(crate) bench: B,
    pub(crate) hurry: Arc<Hurry>,
    pub(crate) history: History,
    /// The writes to the API server of the controller that runs, or runs next.
    pub(crate) wire: Arc<Wire>,
    /// The calls to the provider of the same.
    pub(crate) script: Arc<Script>,
    pub(crate) wishes: BTreeMap<&'static str, Wish>,
    pub(crate) uids: BTreeMap<&'static str, ServiceUid>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) foreign: Vec<Thing>,
    pub(crate) capabilities: Capabilities,
    client: Client,
    run: Option<Run>,
    _server: Server,
}

struct Run {
    stop: CancellationToken,
    pulse: Arc<Pulse>,
    task: JoinHandle<Result<(), Error>>,
}

impl<B: Bench> Site<B> {
    /// A cluster of three nodes, a world with foreign things in it, and a controller.
    pub(crate) async fn open() -> Self {
        let clock = Arc::<ManualClock>::default();
        let hurry = Arc::new(Hurry::new(Arc::clone(&clock), TIMES));
        let bench = B::open(clock).await;
        bench.plant_foreign().await;
        let server = Server::start(seaway_sandbox::Options::default()).unwrap();
        let client = client(&server).await;
        let mut site = Self {
            history: History::begin(Api::all(client.clone())),
            bench,
            hurry,
            wire: Arc::default(),
            script: Arc::default(),
            wishes: BTreeMap::new(),
            uids: BTreeMap::new(),
            nodes: Vec::new(),
            foreign: Vec::new(),
            capabilities: Capabilities::default(),
            client,
            run: None,
            _server: server,
        };
        site.foreign = site.foreign_things().await;
        for number in 1..=3 {
            site.act(Act::Join(number)).await;
        }
        site.start().await;
        site
    }

    /// Starts a controller that knows nothing, on what there is.
    pub(crate) async fn start(&mut self) {
        let provider = Scripted::new(self.bench.provider().await, Arc::clone(&self.script));
        let provider = provider.hurried(Arc::clone(&self.hurry));
        self.capabilities = provider.capabilities();
        // What a listing hides is found by the close looks of the inventory, and by nothing else.
        // Where it hides nothing there is no inventory that could make good what is forgotten.
        let inventory = if self.capabilities.shallow_survey {
            self.hurry.shorten(INVENTORY)
        } else {
            Duration::from_hours(1)
        };
        let first_retry = self.hurry.shorten(Duration::from_secs(5));
        let options = Options { inventory, first_retry, ..Options::default() };
        let client = self.wire.client(self.client.clone());
        let default = Some(<B::Provider as Provider>::NAME.to_owned());
        let controller = Controller::new(client, vec![drive(provider)], default, options);
        let (stop, pulse) = (CancellationToken::new(), controller.pulse());
        let task = tokio::spawn(controller.run(stop.clone()));
        self.run = Some(Run { stop, pulse, task });
    }

    /// The controller is gone from one moment to the next. It shares its thread with this test, so
    /// nothing of it runs on.
    pub(crate) async fn kill(&mut self) {
        if let Some(run) = self.run.take() {
            run.task.abort();
            let _ = run.task.await;
        }
        (self.wire, self.script) = (Arc::default(), Arc::default());
    }

    /// The controller is asked to end.
    pub(crate) async fn stop(&mut self) {
        if let Some(run) = self.run.take() {
            run.stop.cancel();
            timeout(DEADLINE, run.task).await.expect("it stops").unwrap().unwrap();
        }
        (self.wire, self.script) = (Arc::default(), Arc::default());
    }

    /// Waits for what comes before the next act; true if the controller was cut before.
    pub(crate) async fn wait(&self, pace: Pace) -> Result<bool, String> {
        let reached = async {
            match pace {
                Pace::Calm | Pace::Meanwhile => self.until(async || self.quiet().await).await,
                Pace::Begun(name) => {
                    let begun = || self.has_finalizer(name).then_some(());
                    let why = || format!("{name} has no finalizer");
                    self.until(async || begun().ok_or_else(why)).await
                }
                Pace::AtOnce => Ok(()),
            }
        };
        tokio::select! {
            biased;
            () = self.wire.cut() => Ok(true),
            () = self.script.cut() => Ok(true),
            reached = reached => reached.map(|()| false),
        }
    }

    /// Whether everything is as it should be, and nobody does anything about it any more.
    async fn quiet(&self) -> Result<(), String> {
        if !self.run.as_ref().is_some_and(|run| run.pulse.is_synced()) {
            return Err("the controller has not read everything".to_owned());
        }
        self.told()?;
        let before = self.activity();
        let more = if self.capabilities.shallow_survey { INVENTORY } else { Duration::ZERO };
        sleep(QUIET + self.hurry.shorten(more)).await;
        if self.activity() != before {
            return Err("it goes on".to_owned());
        }
        self.told()?;
        self.verify().await
    }

    fn activity(&self) -> (usize, usize) {
        (self.wire.writes().len(), self.script.writes())
    }

    async fn until(&self, probe: impl AsyncFn() -> Result<(), String>) -> Result<(), String> {
        let end = Instant::now() + DEADLINE;
        loop {
            let Err(why) = probe().await else { return Ok(()) };
            if Instant::now() > end {
                let (writes, calls) = (self.wire.writes(), self.script.calls());
                return Err(format!(
                    "{why}, after {DEADLINE:?}; {} writes, the last {:?}; {} calls, the last {:?}",
                    writes.len(),
                    writes.last(),
                    calls.len(),
                    &calls[calls.len().saturating_sub(3)..],
                ));
            }
            sleep(POLL).await;
        }
    }

    /// Lets something happen to the cluster.
    pub(crate) async fn act(&mut self, act: Act) {
        match act {
            Act::Put(name, ask) => {
                let spec = ask(self.bench.spec(name)).build();
                self.put(name, manifest::service(&spec)).await;
                self.wishes.insert(name, Wish::Served(Box::new(spec)));
            }
            Act::Shut(name) => {
                let spec = json!({ "type": "ClusterIP", "loadBalancerSourceRanges": null });
                self.put(name, json!({ "spec": spec })).await;
                self.wishes.insert(name, Wish::Shut);
            }
            Act::Delete(name) => {
                self.services().delete(name, &DeleteParams::default()).await.unwrap();
                self.wishes.insert(name, Wish::Deleted);
            }
            Act::Join(number) => {
                let node = self.bench.node(number);
                let object = serde_json::from_value(manifest::node(&node)).unwrap();
                let api = Api::<v1::Node>::all(self.client.clone());
                api.create(&PostParams::default(), &object).await.unwrap();
                self.nodes.push(node);
            }
        }
    }

    async fn put(&mut self, name: &'static str, object: Value) {
        let api = self.services();
        let there = matches!(self.wishes.get(name), Some(Wish::Served(_) | Wish::Shut));
        if there {
            let params = PatchParams::default();
            api.patch(name, &params, &Patch::Merge(object)).await.unwrap();
        } else {
            let object = serde_json::from_value(object).unwrap();
            let made = api.create(&PostParams::default(), &object).await.unwrap();
            self.uids.insert(name, made.uid().unwrap().as_str().into());
        }
    }

    pub(crate) fn services(&self) -> Api<v1::Service> {
        Api::default_namespaced(self.client.clone())
    }
}

/// A client without TLS, which costs more than all the rest here.
async fn client(server: &Server) -> Client {
    let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
    config.cluster_url = format!("http://{}", server.addr()).parse().unwrap();
    Client::try_from(config).unwrap()
}
