//! A cluster whose nodes are instances of a project of Google Cloud, and Seaway on it.

use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use k8s_openapi::api::core::v1::{Node, Service};
use kube::Api;
use kube::api::PostParams;
use seaway_integration::{Cluster, Controller, Ended, Process, service};
use seaway_mock_gce::{MockGce, PROJECT};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::others;
use crate::witness::{Inventory, inventory};

/// The id of the cluster.
pub(crate) const CLUSTER: &str = "story";
/// Where what is regional is.
pub(crate) const REGIONAL: &str = "projects/seaway/regions/europe-west1";
/// Where the instances are, one after the other.
pub(crate) const ZONES: [&str; 3] = ["europe-west1-b", "europe-west1-c", "europe-west1-d"];
/// The subnetwork that the nodes have their addresses of.
const SUBNETWORK: &str = "nodes";

/// A cluster and a project.
pub(crate) struct Site {
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The project.
    pub(crate) gce: MockGce,
    /// What was in it before Seaway came.
    pub(crate) before: Inventory,
    /// The project that the network is in.
    network: &'static str,
}

impl Site {
    /// A cluster with so many nodes, and a project with nothing of ours.
    pub(crate) async fn new(nodes: usize) -> Self {
        Self::in_network_of(PROJECT, nodes).await
    }

    /// The same, in the network of this project.
    pub(crate) async fn in_network_of(network: &'static str, nodes: usize) -> Self {
        let version = Process::run(["--version"], "").await.stdout;
        assert!(
            version.contains("gce"),
            "`make test` builds a seaway with the provider gce: {version}"
        );
        // A provider id can be set once: the nodes have theirs from the start.
        let cluster = Cluster::sandbox(0).await;
        let gce = MockGce::start().await;
        gce.seed();
        gce.seed_network(network);
        others::furnish(&gce);
        let before = inventory(&gce);
        let site = Self { cluster, gce, before, network };
        for number in 1..=nodes {
            site.create_node(number).await;
        }
        site.cluster.nodes_are_ready(nodes).await;
        // What the nodes' addresses are is the cluster's affair; the first one tells.
        let first = site.cluster.node_ip("node-1", false).await;
        let std::net::IpAddr::V4(first) = first else { panic!("{first} is not of IPv4") };
        let range = Ipv4Net::new(first, 16).unwrap().trunc();
        site.gce.add_subnetwork(network, "default", SUBNETWORK, &range.to_string());
        for number in 1..=nodes {
            site.add_instance(number);
        }
        site
    }

    /// One more node, and the instance that it is.
    pub(crate) async fn join(&self, number: usize) {
        self.add_instance(number);
        self.create_node(number).await;
    }

    fn add_instance(&self, number: usize) {
        let subnetwork =
            format!("projects/{}/regions/europe-west1/subnetworks/{SUBNETWORK}", self.network);
        self.gce.add_instance(zone(number), &format!("node-{number}"), &subnetwork);
    }

    async fn create_node(&self, number: usize) {
        let (name, zone) = (format!("node-{number}"), zone(number));
        let node = json!({
            "metadata": {
                "name": name,
                "labels": {
                    "sandbox.seaway.dev/simulated": "true",
                    "topology.kubernetes.io/zone": zone,
                },
            },
            "spec": { "providerID": format!("gce://{PROJECT}/{zone}/{name}") },
        });
        let node: Node = serde_json::from_value(node).unwrap();
        Api::all(self.cluster.client()).create(&PostParams::default(), &node).await.unwrap();
    }

    /// Creates a Service of the class; `spec` says what else, or what instead.
    pub(crate) async fn create(&self, name: &str, spec: Value) -> Service {
        self.create_with(name, &[], spec).await
    }

    /// The same, with annotations.
    pub(crate) async fn create_with(
        &self,
        name: &str,
        notes: &[(&str, &str)],
        spec: Value,
    ) -> Service {
        let mut service = service(name, "echo", spec);
        service.spec.as_mut().unwrap().load_balancer_class = Some("seaway.dev/gce".to_owned());
        let notes = notes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        service.metadata.annotations = Some(notes.collect());
        self.cluster.create(&service).await
    }

    /// Runs Seaway, and returns once it has read the cluster.
    pub(crate) async fn seaway(&self) -> Seaway {
        let seaway = Seaway::start(self, self.cluster.kubeconfig());
        seaway.process.complains(&["synced"]).await;
        seaway
    }

    /// Ends Seaway and the story.
    pub(crate) async fn close(self, seaway: Seaway) {
        let ended = seaway.stop().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(self.gce.violations(), [""; 0]);
    }
}

/// Where the node with this number is.
pub(crate) fn zone(number: usize) -> &'static str {
    ZONES[(number - 1) % ZONES.len()]
}

/// `seaway run` with the project in its config.
pub(crate) struct Seaway {
    /// The process.
    pub(crate) process: Process,
    folder: TempDir,
}

impl Seaway {
    /// Starts it, and does not wait for anything.
    pub(crate) fn start(site: &Site, kubeconfig: &Path) -> Self {
        let (endpoint, network) = (site.gce.endpoint(), site.network);
        let more = format!("endpoint = \"{endpoint}\"\nnetwork-project = \"{network}\"\n");
        let admin = ["--admin-address=127.0.0.1:0"];
        let (folder, args) = Controller::args(kubeconfig, &config(&more), &admin);
        let mut command = Process::command(args);
        // What this machine says of Google must not decide a story, nor a proxy of its.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GOOGLE_") || text.to_lowercase().ends_with("_proxy") {
                command.env_remove(&name);
            }
        }
        Self { process: Process::spawn(command), folder }
    }

    /// Its config.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("seaway.toml")
    }

    /// Ends it as a user does.
    pub(crate) async fn stop(self) -> Ended {
        self.process.interrupt().await
    }
}

/// A config for the project. No leader is elected, so that one that was killed is not waited for.
pub(crate) fn config(more: &str) -> String {
    format!(
        "cluster-id = \"{CLUSTER}\"\n\
         leader-election.enabled = false\n\
         [providers.gce]\n\
         project = \"{PROJECT}\"\n\
         region = \"europe-west1\"\n\
         {more}"
    )
}
