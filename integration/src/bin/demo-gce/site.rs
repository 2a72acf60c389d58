//! A cluster whose nodes are instances of a project, and Seaway on it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::google::{self, KINDS};
use seaway_integration::{
    Cluster, Controller, Process, addresses, condition, service, until_within,
};
use seaway_mock_gce::{MockGce, PROJECT};
use serde_json::{Value, json};

/// How long each step may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A cluster and a project.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) gce: MockGce,
}

impl Site {
    /// A cluster with so many nodes, and a project with their instances and nothing else.
    pub(crate) async fn new(nodes: usize) -> Self {
        let version = Process::run(["--version"], "").await.stdout;
        assert!(version.contains("gce"), "`make demo-gce` builds a seaway with gce: {version}");
        let cluster = Cluster::sandbox(0).await;
        let gce = MockGce::start().await;
        gce.seed();
        google::settle(&cluster, &gce, PROJECT, nodes).await;
        Self { cluster, gce }
    }

    /// One more node, and the instance that it is.
    pub(crate) async fn join(&self, number: usize) {
        google::join(&self.cluster, &self.gce, PROJECT, number).await;
    }

    /// Creates a Service of the class, port 80.
    pub(crate) async fn create(&self, name: &str) {
        let class = json!({ "loadBalancerClass": "seaway.dev/gce" });
        self.cluster.create(&service(name, "echo", class)).await;
    }

    /// Waits until the Service is served, and returns its address.
    pub(crate) async fn converges(&self, name: &str) -> IpAddr {
        until_within(LIMIT, &format!("{name} is provisioned"), async || {
            let service = self.cluster.service(name).await?;
            let is = condition(&service, "seaway.dev/Provisioned")?;
            let address = addresses(&service).first().copied()?;
            (is.status == "True").then_some(address)
        })
        .await
    }

    /// Waits until there are forwarding rules for these ports and no others, and a firewall rule too.
    pub(crate) async fn serves(&self, ports: &[Value]) {
        let word = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        let wanted = ports.iter().map(|it| {
            let protocol = it["protocol"].as_str().unwrap_or("TCP");
            format!("{protocol} {}", it["port"])
        });
        let wanted: BTreeSet<String> = wanted.collect();
        let all = |protocol: &Value, ports: &Value| {
            let protocol = word(protocol).to_uppercase();
            let ports = ports.as_array().into_iter().flatten();
            ports.map(|port| format!("{protocol} {}", word(port))).collect::<Vec<_>>()
        };
        self.shows(&format!("{wanted:?} are served"), || {
            let rules = self.gce.list("forwardingRules");
            let led = rules.iter().flat_map(|it| all(&it["IPProtocol"], &it["ports"]));
            let firewalls = self.gce.list("firewalls").into_iter();
            // That of the health checkers is for whatever address.
            let own = firewalls.filter(|it| it["destinationRanges"].is_array());
            let open = own.flat_map(|it| {
                let allowed = it["allowed"].as_array().cloned().unwrap_or_default();
                allowed
                    .iter()
                    .flat_map(|it| all(&it["IPProtocol"], &it["ports"]))
                    .collect::<Vec<_>>()
            });
            led.collect::<BTreeSet<_>>() == wanted && open.collect::<BTreeSet<_>>() == wanted
        })
        .await;
    }

    /// Waits until each backend service has a health check at this port.
    pub(crate) async fn is_asked_at(&self, port: i32) {
        self.shows(&format!("nodes are asked at {port}"), || {
            let services = self.gce.list("backendServices").into_iter();
            let mut checks = services
                .map(|it| it["healthChecks"][0].as_str().and_then(|check| self.gce.get(check)));
            // No other is left over.
            let lone = self.names("healthChecks").len() == if port == crate::NODES { 1 } else { 2 };
            lone && checks.all(|it| it.is_some_and(|it| it["httpHealthCheck"]["port"] == port))
        })
        .await;
    }

    /// Waits until the project is as asked, and nothing is being changed any more.
    pub(crate) async fn shows(&self, what: &str, is: impl Fn() -> bool) {
        let rests = || self.gce.running() == 0 && is();
        until_within(LIMIT, what, async || rests().then_some(())).await;
    }

    /// Deletes the Services, and waits until they are gone.
    pub(crate) async fn delete(&self, names: &[&str]) {
        for name in names {
            self.cluster.delete::<Service>(name).await;
        }
        for name in names {
            self.cluster.is_gone_within(LIMIT, name).await;
        }
    }

    /// The names of all that there is of a kind.
    pub(crate) fn names(&self, kind: &str) -> BTreeSet<String> {
        let all = self.gce.list(kind).into_iter();
        all.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything that there is: each kind, and the names of it.
    pub(crate) fn made(&self) -> Vec<(&'static str, BTreeSet<String>)> {
        let all = KINDS.map(|kind| (kind, self.names(kind)));
        all.into_iter().filter(|(_, names)| !names.is_empty()).collect()
    }

    /// How many instances the groups have.
    pub(crate) fn members(&self) -> u64 {
        self.gce.list("instanceGroups").iter().filter_map(|it| it["size"].as_u64()).sum()
    }

    /// Runs Seaway, and returns once it has read the cluster.
    pub(crate) async fn seaway(&self) -> Controller {
        let config = google::config(&format!("endpoint = \"{}\"\n", self.gce.endpoint()));
        Controller::start(self.cluster.kubeconfig(), &config, &[]).await
    }
}
