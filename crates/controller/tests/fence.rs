//! Whoever is not the leader any more writes nothing, neither to the API server nor to a provider.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request};
use k8s_openapi::api::core::v1::Service;
use kube::api::PostParams;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use seaway_controller::{Controller, Error, Options};
use seaway_core::{Fence, ProviderError, drive};
use seaway_sandbox::Server;
use seaway_testkit::cluster_id;
use seaway_testkit::toys::one_file::OneFile;
use seaway_testkit::toys::one_file::daemon::Daemon;
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A fence that closes the moment that a write arrives, if it is the last one allowed: the writer
/// has no answer yet.
struct Closing {
    allowed: usize,
    arrived: AtomicUsize,
}

impl Fence for Closing {
    fn check(&self) -> Result<(), ProviderError> {
        if self.arrived.load(Ordering::SeqCst) < self.allowed {
            Ok(())
        } else {
            Err(ProviderError::not_leader())
        }
    }
}

async fn client(server: &Server) -> Client {
    let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// The same client, with every write counted before it is handed on.
fn counted(client: Client, fence: Arc<Closing>) -> Client {
    let forward = move |request: Request<Body>| {
        if request.method() != Method::GET {
            fence.arrived.fetch_add(1, Ordering::SeqCst);
        }
        let client = client.clone();
        async move { client.send(request).await }
    };
    Client::new(tower::service_fn(forward), "default")
}

/// Runs a controller whose fence closes after so many writes, with one Service to serve. Returns how
/// many writes came, and whether the provider was written to.
async fn run(allowed: usize) -> (usize, bool) {
    let server = Server::start(seaway_sandbox::Options::default()).unwrap();
    let client = client(&server).await;
    let service: Service = serde_json::from_value(json!({
        "metadata": { "name": "web" },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
    }))
    .unwrap();
    Api::default_namespaced(client.clone()).create(&PostParams::default(), &service).await.unwrap();

    let fence = Arc::new(Closing { allowed, arrived: AtomicUsize::new(0) });
    let daemon = Arc::<Daemon>::default();
    let pool = vec!["198.18.0.200".parse().unwrap()];
    let provider = OneFile::new(cluster_id(), Arc::clone(&daemon), pool);
    let before = format!("{:?}", daemon.state());
    let controller = Controller::new(
        counted(client, Arc::clone(&fence)),
        vec![drive(provider)],
        Some("one-file".to_owned()),
        Options { fence: Some(Arc::clone(&fence) as Arc<dyn Fence>), ..Options::default() },
    );
    let outcome = timeout(Duration::from_secs(20), controller.run(CancellationToken::new())).await;
    assert!(matches!(outcome, Ok(Err(Error::NotLeader(_)))), "{outcome:?}");
    server.stop().await;
    (fence.arrived.load(Ordering::SeqCst), before != format!("{:?}", daemon.state()))
}

#[tokio::test]
async fn a_closed_fence_lets_nothing_through() {
    assert_eq!(run(0).await, (0, false));
}

#[tokio::test]
async fn who_loses_the_lease_during_the_first_write_makes_no_load_balancer() {
    assert_eq!(run(1).await, (1, false));
}

#[tokio::test]
async fn who_loses_the_lease_during_the_second_write_makes_no_third_one() {
    assert_eq!(run(2).await, (2, true));
}
