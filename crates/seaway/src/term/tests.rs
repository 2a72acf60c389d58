//! Two boxes, each with a process of its own, and one Lease.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Service};
use kube::api::{Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Config};
use seaway_controller::{FINALIZER, Metrics, Timing};
use seaway_core::drive;
use seaway_sandbox::Server;
use seaway_testkit::cluster_id;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::*;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Nobody is taken for dead in the test; who waits looks often.
const TIMING: Timing = Timing {
    lease_duration: Duration::from_mins(1),
    renew_deadline: Duration::from_secs(50),
    retry_period: Duration::from_millis(100),
};

/// A cluster with one node.
struct Lab {
    client: Client,
    _server: Server,
}

impl Lab {
    async fn start() -> Self {
        let server = Server::start(seaway_sandbox::Options::default()).unwrap();
        let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
        let lab = Self { client: Client::try_from(config).unwrap(), _server: server };
        let nodes: Api<Node> = Api::all(lab.client.clone());
        let node = serde_json::from_value(json!({ "metadata": { "name": "node-1" } })).unwrap();
        nodes.create(&PostParams::default(), &node).await.unwrap();
        let address = json!([{ "type": "InternalIP", "address": "192.0.2.1" }]);
        let status = Patch::Merge(json!({ "status": { "addresses": address } }));
        nodes.patch_status("node-1", &PatchParams::default(), &status).await.unwrap();
        lab
    }

    fn services(&self) -> Api<Service> {
        Api::default_namespaced(self.client.clone())
    }

    async fn put(&self, name: &str) {
        let service = json!({
            "metadata": { "name": name },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        });
        let service = serde_json::from_value(service).unwrap();
        self.services().create(&PostParams::default(), &service).await.unwrap();
    }

    /// The address that the status shows.
    async fn shown(&self, name: &str) -> Option<String> {
        let service = serde_json::to_value(self.services().get(name).await.unwrap()).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().map(str::to_owned)
    }

    async fn address(&self, name: &str) -> String {
        until(&format!("{name} has an address"), async || self.shown(name).await).await
    }

    /// Changes who holds the Lease.
    async fn give_lease(&self, spec: Value) {
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), "kube-system");
        let patch = Patch::Merge(json!({ "spec": spec }));
        leases.patch("seaway", &PatchParams::default(), &patch).await.unwrap();
    }
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// A box, and the process that serves it.
struct Edge {
    daemon: Arc<Daemon>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Edge {
    fn start(lab: &Lab, name: &str) -> Self {
        let (daemon, metrics) = (Arc::<Daemon>::default(), Arc::<Metrics>::default());
        let pool = (1..=9).map(|last| [198, 18, 0, last].into()).collect();
        let driver = drive(OneFile::new(cluster_id(), Arc::clone(&daemon), pool));
        let stop = CancellationToken::new();
        let (client, name) = (lab.client.clone(), name.to_owned());
        let (counted, stopped) = (Arc::clone(&metrics), stop.clone());
        let task = tokio::spawn(async move {
            let mut elector = Elector::new(client.clone(), "kube-system", "seaway", TIMING);
            let ops = Ops::new(Arc::clone(&counted));
            let default = Some(driver.name().to_owned());
            let served = BTreeSet::from([driver.name().to_owned()]);
            let terms = Terms {
                client,
                selection: Selection { served, default: default.clone() },
                drivers: vec![driver],
                default,
                on_box: Some(name),
                options: Options {
                    fence: Some(elector.fence()),
                    ledger: Some(elector.ledger()),
                    metrics: counted,
                    ..Options::default()
                },
                cluster: None,
                lease: ("kube-system".to_owned(), "seaway".to_owned()),
                ops: &ops,
            };
            terms.serve(Some(&mut elector), &stopped).await.unwrap();
            elector.release().await;
        });
        Self { daemon, metrics, stop, task }
    }

    async fn until_serves(&self, addresses: &[&str]) {
        until(&format!("the box serves {addresses:?}"), async || {
            let running = self.daemon.state().running.unwrap_or_default().into_values();
            let served: BTreeSet<_> =
                running.flat_map(|it| it.addresses).map(|ip| ip.to_string()).collect();
            (served == addresses.iter().map(|&ip| ip.to_owned()).collect()).then_some(())
        })
        .await;
    }

    async fn until_leads(&self, leads: bool) {
        let line = format!("leader_election_master_status{{name=\"seaway\"}} {}", u8::from(leads));
        until(&line, async || self.metrics.encode().contains(&line).then_some(())).await;
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn both_boxes_serve_and_who_has_the_lease_leads() {
    let lab = Lab::start().await;
    let first = Edge::start(&lab, "a");
    first.until_leads(true).await;
    let second = Edge::start(&lab, "b");
    lab.put("web").await;
    let web = lab.address("web").await;
    first.until_serves(&[&web]).await;
    second.until_serves(&[&web]).await;
    second.until_leads(false).await;

    first.stop().await;
    lab.put("next").await;
    let next = lab.address("next").await;
    second.until_leads(true).await;
    second.until_serves(&[&web, &next]).await;
    assert_eq!(lab.address("web").await, web);

    // Somebody else takes the Lease: the box is served on, where that one says.
    lab.give_lease(json!({ "holderIdentity": "other", "leaseDurationSeconds": 3600 })).await;
    second.until_leads(false).await;
    lab.put("theirs").await;
    let meta = json!({ "finalizers": [FINALIZER] });
    let status =
        json!({ "loadBalancer": { "ingress": [{ "ip": "198.18.0.9", "ipMode": "Proxy" }] } });
    let patch = Patch::Merge(json!({ "metadata": meta, "status": status }));
    lab.services().patch_status("theirs", &PatchParams::default(), &patch).await.unwrap();
    lab.put("last").await;
    second.until_serves(&[&web, &next, "198.18.0.9"]).await;
    assert_eq!(lab.shown("last").await, None);

    // And gives it back.
    lab.give_lease(json!({ "holderIdentity": null })).await;
    second.until_leads(true).await;
    let last = lab.address("last").await;
    second.until_serves(&[&web, &next, "198.18.0.9", &last]).await;
    second.stop().await;
}
