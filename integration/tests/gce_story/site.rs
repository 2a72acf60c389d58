//! A cluster whose nodes are instances of a project of Google Cloud, and Seaway on it.

use std::path::Path;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::{Cluster, Controller, Process, annotated, google, service};
use seaway_mock_gce::{MockGce, PROJECT};
use serde_json::Value;

use crate::others;
use crate::witness::{Inventory, inventory};

/// Where what is regional is.
pub(crate) const REGIONAL: &str = "projects/seaway/regions/europe-west1";

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
        let cluster = Cluster::sandbox(0).await;
        let gce = MockGce::start().await;
        gce.seed();
        gce.seed_network(network);
        others::furnish(&gce);
        let before = inventory(&gce);
        google::settle(&cluster, &gce, network, nodes).await;
        Self { cluster, gce, before, network }
    }

    /// One more node, and the instance that it is.
    pub(crate) async fn join(&self, number: usize) {
        google::join(&self.cluster, &self.gce, self.network, number).await;
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
        let mut service = annotated(service(name, "echo", spec), notes);
        service.spec.as_mut().unwrap().load_balancer_class = Some("seaway.dev/gce".to_owned());
        self.cluster.create(&service).await
    }

    /// Runs Seaway, and returns once it has read the cluster.
    pub(crate) async fn seaway(&self) -> Controller {
        self.seaway_with(self.cluster.kubeconfig()).await
    }

    /// The same with this kubeconfig.
    pub(crate) async fn seaway_with(&self, kubeconfig: &Path) -> Controller {
        let (endpoint, network) = (self.gce.endpoint(), self.network);
        let more = format!("endpoint = \"{endpoint}\"\nnetwork-project = \"{network}\"\n");
        let admin = ["--admin-address=127.0.0.1:0"];
        Controller::start(kubeconfig, &google::config(&more), &admin).await
    }

    /// Ends Seaway and the story.
    pub(crate) async fn close(self, seaway: Controller) {
        let ended = seaway.stop().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(self.gce.violations(), [""; 0]);
    }
}
