//! A cluster whose nodes are instances of an account of AWS, and Seaway on it.

use std::path::Path;

use k8s_openapi::api::core::v1::Service;
use seaway_integration::mock_aws::{Inventory, MockAws, Seed};
use seaway_integration::{Cluster, Controller, Moto, Process, annotated, service};
use serde_json::Value;

/// The id of the cluster.
pub(crate) const CLUSTER: &str = "story";

/// What a single controller says of elections: none is held, so that one that was killed is not
/// waited for.
pub(crate) const ALONE: &str = "leader-election.enabled = false";

/// A cluster and an account.
pub(crate) struct Site {
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The account.
    pub(crate) aws: MockAws,
    /// What the user made in it.
    pub(crate) seed: Seed,
    /// What was in it before Seaway came.
    pub(crate) before: Inventory,
}

impl Site {
    /// A cluster with so many nodes, and an account with nothing of ours.
    pub(crate) async fn new(nodes: usize) -> Self {
        let version = Process::run(["--version"], "").await.stdout;
        assert!(
            version.contains("aws"),
            "`make test` builds a seaway with the provider aws: {version}"
        );
        let cluster = Cluster::sandbox(0).await;
        let aws = MockAws::start(Moto::shared().await).await;
        let seed = aws.seed(CLUSTER).await;
        let before = aws.inventory().await;
        let site = Self { cluster, aws, seed, before };
        for number in 1..=nodes {
            site.join(number).await;
        }
        site.cluster.nodes_are_ready(nodes).await;
        site
    }

    /// Creates the node with this number: [`instance`] in one of three zones.
    pub(crate) async fn join(&self, number: usize) {
        let zones = &self.seed.private;
        let zone = &zones[(number - 1) % zones.len()].zone;
        let id = format!("aws:///{zone}/{}", instance(number));
        self.cluster.create_instance(&format!("node-{number}"), zone, &id).await;
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
        service.spec.as_mut().unwrap().load_balancer_class = Some("seaway.dev/aws".to_owned());
        self.cluster.create(&service).await
    }

    /// Runs Seaway, and returns once it has read the cluster.
    pub(crate) async fn seaway(&self) -> Controller {
        self.seaway_with(ALONE, self.cluster.kubeconfig()).await
    }

    /// The same with these lines about elections, and this kubeconfig.
    pub(crate) async fn seaway_with(&self, election: &str, kubeconfig: &Path) -> Controller {
        let config = format!(
            "cluster-id = \"{CLUSTER}\"\n\
             {election}\n\
             [providers.aws]\n\
             scheme = \"internal\"\n\
             vpc = \"{}\"\n",
            self.seed.vpc
        );
        // What this user has set up for AWS must not decide a story.
        let files = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
        let files = files.map(|file| (file, "/dev/null".to_owned()));
        let environment = self.aws.environment().into_iter().chain(files);
        Controller::start_in(environment, kubeconfig, &config, &[]).await
    }
}

/// The instance that the node with this number is.
pub(crate) fn instance(number: usize) -> String {
    format!("i-{number:017x}")
}
