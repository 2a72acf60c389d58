//! The elector on an API server: the sandbox, which answers as Kubernetes does.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use seaway_controller::{Elector, Lost, Timing};
use seaway_core::{ErrorKind, Fence};
use seaway_sandbox::{Options, Server};
use serde_json::json;
use tokio::time::{Instant, timeout};

/// Long enough that only a release, and no expiry, can explain a fast change.
const SLOW: Timing = Timing {
    lease_duration: Duration::from_mins(1),
    renew_deadline: Duration::from_secs(40),
    retry_period: Duration::from_millis(50),
};

async fn sandbox() -> (Server, Client) {
    let server = Server::start(Options::default()).unwrap();
    let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    let client = Client::try_from(config).unwrap();
    (server, client)
}

fn elector(client: &Client, timing: Timing) -> Elector {
    Elector::new(client.clone(), "kube-system", "seaway", timing)
}

fn leases(client: &Client) -> Api<Lease> {
    Api::namespaced(client.clone(), "kube-system")
}

async fn spec(client: &Client) -> LeaseSpec {
    leases(client).get("seaway").await.unwrap().spec.unwrap()
}

#[tokio::test]
async fn it_is_created_renewed_and_released() {
    let (server, client) = sandbox().await;
    let mut first = elector(&client, SLOW);
    let fence = first.fence();
    assert_eq!(fence.check().unwrap_err().kind(), ErrorKind::NotLeader);
    first.acquire().await;
    fence.check().unwrap();
    let acquired = spec(&client).await;
    assert_eq!(acquired.lease_duration_seconds, Some(60));
    assert_eq!(acquired.lease_transitions, Some(0));
    assert_eq!(acquired.acquire_time, acquired.renew_time);

    timeout(Duration::from_millis(300), first.hold()).await.expect_err("it is not lost");
    let renewed = spec(&client).await;
    assert!(renewed.renew_time > acquired.renew_time);
    assert_eq!(renewed.acquire_time, acquired.acquire_time);
    assert_eq!(renewed.holder_identity, acquired.holder_identity);

    first.release().await;
    assert!(fence.check().is_err());
    let released = spec(&client).await;
    assert_eq!(released.holder_identity.unwrap_or_default(), "");
    assert_eq!(released.lease_duration_seconds, Some(1));
    server.stop().await;
}

#[tokio::test]
async fn a_release_is_seen_at_once_whatever_the_retry_period() {
    let (server, client) = sandbox().await;
    let mut first = elector(&client, SLOW);
    first.acquire().await;
    let mut second = elector(&client, Timing { retry_period: Duration::from_secs(30), ..SLOW });
    let both = async { tokio::join!(second.acquire(), first.release()) };
    timeout(Duration::from_secs(5), both).await.expect("it waits for the next attempt");
    assert_eq!(spec(&client).await.lease_transitions, Some(1));
    server.stop().await;
}

#[tokio::test]
async fn of_many_that_start_together_one_leads() {
    let (server, client) = sandbox().await;
    let mut electors: Vec<_> = (0..8).map(|_| elector(&client, SLOW)).collect();
    let fences: Vec<_> = electors.iter().map(Elector::fence).collect();
    let all = futures::future::join_all(electors.iter_mut().map(Elector::acquire));
    timeout(Duration::from_secs(1), all).await.expect_err("all of them lead");
    assert_eq!(fences.iter().filter(|fence| fence.check().is_ok()).count(), 1);
    server.stop().await;
}

#[tokio::test]
async fn who_is_robbed_of_it_stops_at_once() {
    let (server, client) = sandbox().await;
    let mut first = elector(&client, SLOW);
    first.acquire().await;
    let patch = Patch::Merge(json!({ "spec": { "holderIdentity": "somebody" } }));
    leases(&client).patch("seaway", &PatchParams::default(), &patch).await.unwrap();
    let lost = timeout(Duration::from_secs(5), first.hold()).await.unwrap();
    let place = "kube-system/seaway".to_owned();
    assert_eq!(lost, Lost::Taken { place, holder: "somebody".to_owned() });
    assert!(first.fence().check().is_err());
    // It is not ours to release.
    first.release().await;
    assert_eq!(spec(&client).await.holder_identity.as_deref(), Some("somebody"));
    server.stop().await;
}

#[tokio::test]
async fn a_label_or_a_deletion_by_somebody_else_costs_nothing() {
    let (server, client) = sandbox().await;
    let mut first = elector(&client, SLOW);
    first.acquire().await;
    let patch = Patch::Merge(json!({ "metadata": { "labels": { "colour": "red" } } }));
    leases(&client).patch("seaway", &PatchParams::default(), &patch).await.unwrap();
    timeout(Duration::from_millis(300), first.hold()).await.expect_err("it is not lost");
    let lease = leases(&client).get("seaway").await.unwrap();
    assert_eq!(lease.metadata.labels.unwrap()["colour"], "red");

    leases(&client).delete("seaway", &DeleteParams::default()).await.unwrap();
    timeout(Duration::from_millis(300), first.hold()).await.expect_err("it is not lost");
    assert_eq!(leases(&client).list(&ListParams::default()).await.unwrap().items.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn who_gets_no_answer_stops_at_the_deadline() {
    let (server, client) = sandbox().await;
    let timing = Timing {
        lease_duration: Duration::from_secs(2),
        renew_deadline: Duration::from_secs(1),
        retry_period: Duration::from_millis(50),
    };
    let mut first = elector(&client, timing);
    let began = Instant::now();
    first.acquire().await;
    server.stop().await;
    let lost = timeout(Duration::from_secs(5), first.hold()).await.unwrap();
    let (took, deadline) = (began.elapsed(), timing.renew_deadline);
    assert!(took >= deadline && took < deadline * 2, "{took:?}");
    assert!(first.fence().check().is_err());
    let Lost::Late { trouble: Some(trouble), .. } = &lost else { panic!("{lost:?}") };
    assert!(trouble.contains("kube-system/seaway"), "{trouble}");
    // Nobody answers, and that is no reason to hang.
    first.release().await;
}

#[tokio::test]
async fn who_is_forbidden_to_asks_again_until_it_is_allowed() {
    let (server, client) = sandbox().await;
    let left = Arc::new(AtomicUsize::new(3));
    let (through, refusals) = (client.clone(), Arc::clone(&left));
    let forward = move |request: Request<Body>| {
        let refuse = refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        let client = through.clone();
        async move {
            if refuse {
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403,
                    "reason": "Forbidden", "message": "leases is forbidden",
                });
                let body = Body::from(status.to_string().into_bytes());
                return Ok(Response::builder().status(403).body(body).unwrap());
            }
            client.send(request).await
        }
    };
    let mut first = elector(&Client::new(tower::service_fn(forward), "default"), SLOW);
    timeout(Duration::from_secs(5), first.acquire()).await.unwrap();
    assert_eq!(left.load(Ordering::SeqCst), 0);
    first.fence().check().unwrap();
    server.stop().await;
}

/// The elector relies on it: of two who write the same version, one is refused.
#[tokio::test]
async fn the_sandbox_refuses_a_lease_of_an_old_version() {
    let (server, client) = sandbox().await;
    let fresh: Lease = serde_json::from_value(json!({
        "metadata": { "name": "seaway" }, "spec": { "holderIdentity": "a" },
    }))
    .unwrap();
    let params = PostParams::default();
    let first = leases(&client).create(&params, &fresh).await.unwrap();
    let again = leases(&client).create(&params, &fresh).await.unwrap_err();
    assert!(matches!(again, kube::Error::Api(status) if status.code == 409));
    let mut next = first.clone();
    next.spec.as_mut().unwrap().holder_identity = Some("b".to_owned());
    leases(&client).replace("seaway", &params, &next).await.unwrap();
    next.spec.as_mut().unwrap().holder_identity = Some("c".to_owned());
    let late = leases(&client).replace("seaway", &params, &next).await.unwrap_err();
    assert!(matches!(late, kube::Error::Api(status) if status.code == 409));
    assert_eq!(spec(&client).await.holder_identity.as_deref(), Some("b"));
    server.stop().await;
}
