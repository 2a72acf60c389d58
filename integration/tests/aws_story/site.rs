//! A cluster whose nodes are instances of an account of AWS, and Seaway on it.

use k8s_openapi::api::core::v1::{Node, Service};
use kube::Api;
use kube::api::PostParams;
use seaway_integration::mock_aws::{Inventory, MockAws, Seed};
use seaway_integration::{Cluster, Controller, Ended, Moto, Process, service};
use serde_json::{Value, json};
use tempfile::TempDir;

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
        // A provider id can be set once: the nodes have theirs from the start.
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
        let node = json!({
            "metadata": {
                "name": format!("node-{number}"),
                "labels": {
                    "sandbox.seaway.dev/simulated": "true",
                    "topology.kubernetes.io/zone": zone,
                },
            },
            "spec": { "providerID": format!("aws:///{zone}/{}", instance(number)) },
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
        service.spec.as_mut().unwrap().load_balancer_class = Some("seaway.dev/aws".to_owned());
        let notes = notes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        service.metadata.annotations = Some(notes.collect());
        self.cluster.create(&service).await
    }

    /// Runs Seaway, and returns once it has read the cluster.
    pub(crate) async fn seaway(&self) -> Seaway {
        let seaway = Seaway::start(self, ALONE, self.cluster.kubeconfig());
        seaway.process.complains(&["synced"]).await;
        seaway
    }
}

/// The instance that the node with this number is.
pub(crate) fn instance(number: usize) -> String {
    format!("i-{number:017x}")
}

/// `seaway run` with the account in its environment.
pub(crate) struct Seaway {
    /// The process.
    pub(crate) process: Process,
    _folder: TempDir,
}

impl Seaway {
    /// Starts it with these lines about elections, and does not wait for anything.
    pub(crate) fn start(site: &Site, election: &str, kubeconfig: &std::path::Path) -> Self {
        let config = format!(
            "cluster-id = \"{CLUSTER}\"\n\
             {election}\n\
             [providers.aws]\n\
             scheme = \"internal\"\n\
             vpc = \"{}\"\n",
            site.seed.vpc
        );
        let (folder, args) = Controller::args(kubeconfig, &config, &[]);
        let mut command = Process::command(args);
        // What this machine says of AWS must not decide a story, nor a proxy of its.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        for file in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            command.env(file, "/dev/null");
        }
        command.envs(site.aws.environment());
        Self { process: Process::spawn(command), _folder: folder }
    }

    /// Ends it as a user does.
    pub(crate) async fn stop(self) -> Ended {
        self.process.interrupt().await
    }
}
