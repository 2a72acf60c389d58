use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request};
use k8s_openapi::api::core::v1::{Event, Node, Service};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use seaway_controller::{Controller, Error, Inspector, Metrics, Options};
use seaway_core::{SharedDriver, drive};
use seaway_sandbox::Server;
use seaway_testkit::toys::by_id::ById;
use seaway_testkit::toys::by_id::cloud::Cloud;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use seaway_testkit::{ManualClock, cluster_id};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// An API server, and who watches what is written to it.
pub(crate) struct Lab {
    client: Client,
    writes: Arc<Mutex<Vec<String>>>,
    _server: Server,
}

/// A controller that runs.
pub(crate) struct Run {
    pub(crate) inspector: Inspector,
    pub(crate) metrics: Arc<Metrics>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

impl Run {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
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
        let lab = Self { client, writes: Arc::default(), _server: server };
        for number in [1, 2] {
            lab.put_node(number, &json!({})).await;
        }
        lab
    }

    /// Makes the node `node-<number>` with these labels.
    pub(crate) async fn put_node(&self, number: u8, labels: &Value) {
        let name = format!("node-{number}");
        let node: Node =
            serde_json::from_value(json!({ "metadata": { "name": name, "labels": labels },
            "spec": { "providerID": format!("toy:///{name}") } }))
            .unwrap();
        let api: Api<Node> = Api::all(self.client.clone());
        api.create(&PostParams::default(), &node).await.unwrap();
        let address = format!("192.0.2.{number}");
        let status =
            json!({ "status": { "addresses": [{ "type": "InternalIP", "address": address }] } });
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    }

    pub(crate) async fn patch_node(&self, name: &str, patch: Value) {
        let api: Api<Node> = Api::all(self.client.clone());
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) fn services(&self) -> Api<Service> {
        Api::default_namespaced(self.client.clone())
    }

    /// Makes a Service of type LoadBalancer with one TCP port, changed by `patch`.
    pub(crate) async fn put(&self, name: &str, patch: &Value) {
        let mut service = json!({
            "metadata": { "name": name },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        });
        for part in ["metadata", "spec"] {
            for (field, value) in patch[part].as_object().into_iter().flatten() {
                service[part][field] = value.clone();
            }
        }
        let service = serde_json::from_value(service).unwrap();
        self.services().create(&PostParams::default(), &service).await.unwrap();
    }

    pub(crate) async fn patch(&self, name: &str, patch: Value) {
        let params = PatchParams::default();
        self.services().patch(name, &params, &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn annotate(&self, name: &str, key: &str, value: Option<&str>) {
        self.patch(name, json!({ "metadata": { "annotations": { key: value } } })).await;
    }

    pub(crate) async fn patch_status(&self, name: &str, patch: Value) {
        let params = PatchParams::default();
        self.services().patch_status(name, &params, &Patch::Merge(patch)).await.unwrap();
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.services().delete(name, &DeleteParams::default()).await.unwrap();
    }

    pub(crate) async fn get(&self, name: &str) -> Option<Value> {
        let service = self.services().get_opt(name).await.unwrap()?;
        Some(serde_json::to_value(service).unwrap())
    }

    /// The addresses or names that the status shows.
    pub(crate) async fn shown(&self, name: &str) -> Vec<String> {
        let Some(service) = self.get(name).await else { return Vec::new() };
        let ingress = service["status"]["loadBalancer"]["ingress"].as_array().cloned();
        let text = |entry: &Value| {
            let place = entry["ip"].as_str().or_else(|| entry["hostname"].as_str());
            place.unwrap_or_default().to_owned()
        };
        ingress.unwrap_or_default().iter().map(text).collect()
    }

    /// Waits until the status shows something, and returns it.
    pub(crate) async fn address(&self, name: &str) -> String {
        self.until("an address", async || self.shown(name).await.into_iter().next()).await
    }

    /// Status, reason and message of a condition.
    pub(crate) async fn condition(
        &self,
        name: &str,
        kind: &str,
    ) -> Option<(String, String, String)> {
        let service = self.get(name).await?;
        let all = service["status"]["conditions"].as_array()?.clone();
        let it = all.into_iter().find(|condition| condition["type"] == kind)?;
        let text = |field: &str| it[field].as_str().unwrap_or_default().to_owned();
        Some((text("status"), text("reason"), text("message")))
    }

    /// Waits until a condition has this status and reason, and returns its message.
    pub(crate) async fn says(&self, name: &str, kind: &str, expected: &str) -> String {
        self.until(&format!("{kind} {expected}"), async || {
            let (status, reason, message) = self.condition(name, kind).await?;
            (format!("{status} {reason}") == expected).then_some(message)
        })
        .await
    }

    /// The Events of a Service with this reason: their messages.
    pub(crate) async fn events(&self, name: &str, reason: &str) -> Vec<String> {
        let api: Api<Event> = Api::default_namespaced(self.client.clone());
        let all = api.list(&ListParams::default()).await.unwrap().items.into_iter();
        let about = |event: &Event| {
            event.involved_object.name.as_deref() == Some(name)
                && event.reason.as_deref() == Some(reason)
        };
        all.filter(about).filter_map(|event| event.message).collect()
    }

    /// Waits for an Event with this reason whose message contains `part`.
    pub(crate) async fn told(&self, name: &str, reason: &str, part: &str) {
        self.until(&format!("an Event {reason} with {part:?}"), async || {
            let events = self.events(name, reason).await;
            events.iter().any(|message| message.contains(part)).then_some(())
        })
        .await;
    }

    /// Runs a controller, and returns once it has read everything.
    pub(crate) async fn run(&self, drivers: Vec<SharedDriver>, options: Options) -> Run {
        let default = drivers.first().map(|driver| driver.name().to_owned());
        let metrics = Arc::clone(&options.metrics);
        let controller = Controller::new(self.counted(), drivers, default, options);
        let (inspector, pulse) = (controller.inspector(), controller.pulse());
        let stop = CancellationToken::new();
        let task = tokio::spawn(controller.run(stop.clone()));
        self.until("the controller is synced", async || pulse.is_synced().then_some(())).await;
        Run { inspector, metrics, stop, task }
    }

    /// What controllers have written since this was asked last, Events included.
    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }

    fn counted(&self) -> Client {
        let (client, writes) = (self.client.clone(), Arc::clone(&self.writes));
        let forward = move |request: Request<Body>| {
            if request.method() != Method::GET {
                let line = format!("{} {}", request.method(), request.uri().path());
                writes.lock().unwrap().push(line);
            }
            let client = client.clone();
            async move { client.send(request).await }
        };
        Client::new(tower::service_fn(forward), "default")
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
