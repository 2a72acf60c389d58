//! The record of what was settled, on the API server's own rules.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use http::{Method, Request, Response};
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use seaway_core::Digest;
use seaway_sandbox::Server;
use serde_json::{Value, json};

use super::*;
use crate::lease::ledger::Record;

const SLOW: Timing = Timing {
    lease_duration: Duration::from_mins(2),
    renew_deadline: Duration::from_mins(1),
    retry_period: Duration::from_secs(1),
};

/// What somebody does right before a write of the Lease arrives.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// Writes it as well, once.
    Label,
    /// Lets nothing through.
    Refuse,
}

struct Rig {
    _server: Server,
    client: Client,
    writes: Arc<AtomicUsize>,
    before: Arc<Mutex<Before>>,
    elector: Elector,
}

impl Rig {
    /// A Lease that is held.
    async fn new() -> Self {
        let server = Server::start(seaway_sandbox::Options::default()).unwrap();
        let file = Kubeconfig::from_yaml(&server.kubeconfig()).unwrap();
        let config = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &config).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let writes = Arc::<AtomicUsize>::default();
        let before = Arc::new(Mutex::new(Before::Nothing));
        let guarded = guarded(client.clone(), Arc::clone(&writes), Arc::clone(&before));
        let mut elector = Elector::new(guarded, "kube-system", "seaway", SLOW);
        elector.acquire().await;
        writes.store(0, Ordering::SeqCst);
        Self { _server: server, client, writes, before, elector }
    }

    fn page(&self) -> Page {
        Page::new(self.elector.ledger(), "toy")
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), "kube-system")
    }

    async fn patch(&self, patch: Value) {
        let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
        self.leases().patch("seaway", &params, &patch).await.unwrap();
    }

    async fn says(&self) -> Option<String> {
        let annotations = self.leases().get("seaway").await.unwrap().metadata.annotations?;
        annotations.get("seaway.dev/settled").cloned()
    }

    fn writes(&self) -> usize {
        self.writes.swap(0, Ordering::SeqCst)
    }

    fn before(&self, what: Before) {
        *self.before.lock().unwrap() = what;
    }
}

fn guarded(client: Client, writes: Arc<AtomicUsize>, before: Arc<Mutex<Before>>) -> Client {
    let forward = move |request: Request<Body>| {
        let is_write = request.method() == Method::PUT;
        let what = if is_write { *before.lock().unwrap() } else { Before::Nothing };
        writes.fetch_add(is_write.into(), Ordering::SeqCst);
        let (client, before) = (client.clone(), Arc::clone(&before));
        async move {
            match what {
                Before::Nothing => {}
                Before::Label => {
                    *before.lock().unwrap() = Before::Nothing;
                    let api: Api<Lease> = Api::namespaced(client.clone(), "kube-system");
                    let patch = Patch::Merge(json!({ "metadata": { "labels": { "a": "b" } } }));
                    api.patch("seaway", &PatchParams::default(), &patch).await.unwrap();
                }
                Before::Refuse => {
                    let status = json!({
                        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500,
                        "reason": "Refused", "message": "etcd is gone",
                    });
                    let body = Body::from(status.to_string().into_bytes());
                    return Ok(Response::builder().status(500).body(body).unwrap());
                }
            }
            client.send(request).await
        }
    };
    Client::new(tower::service_fn(forward), "default")
}

fn digest() -> Digest {
    Digest::of(&"settled")
}

#[tokio::test]
async fn what_is_recorded_is_read_by_the_next_one_and_taken_back_once() {
    let rig = Rig::new().await;
    let page = rig.page();
    page.settle(digest(), page.writes()).await.unwrap();
    page.settle(digest(), page.writes()).await.unwrap();
    assert_eq!(rig.writes(), 1, "it says so already");
    assert_eq!(rig.says().await, Some(json!({ "toy": digest() }).to_string()));
    let ledger = rig.elector.ledger();
    assert_eq!(ledger.read().await, [("toy".to_owned(), digest())].into());
    let page = Page::new(ledger, "toy");
    for _ in 0..3 {
        page.withdraw().await.unwrap();
    }
    assert_eq!(rig.writes(), 1);
    assert_eq!(rig.says().await, None);
}

#[tokio::test]
async fn who_does_not_know_what_it_says_asks_before_the_first_write() {
    let rig = Rig::new().await;
    let page = rig.page();
    page.settle(digest(), page.writes()).await.unwrap();
    rig.page().withdraw().await.unwrap();
    assert_eq!(rig.says().await, None);
}

#[tokio::test]
async fn a_record_is_given_up_if_something_was_written_since() {
    let rig = Rig::new().await;
    let page = rig.page();
    let writes = page.writes();
    page.withdraw().await.unwrap();
    page.settle(digest(), writes).await.unwrap();
    assert_eq!(rig.says().await, None);
}

#[tokio::test]
async fn a_write_by_somebody_else_in_between_is_kept_and_ours_made_after_it() {
    let rig = Rig::new().await;
    let page = rig.page();
    rig.before(Before::Label);
    page.settle(digest(), page.writes()).await.unwrap();
    assert_eq!(rig.writes(), 2);
    assert!(rig.says().await.is_some());
    let labels = rig.leases().get("seaway").await.unwrap().metadata.labels;
    assert_eq!(labels.unwrap()["a"], "b");
}

#[tokio::test]
async fn steps_that_wait_for_one_attempt_share_its_failure() {
    let rig = Rig::new().await;
    let page = rig.page();
    page.settle(digest(), page.writes()).await.unwrap();
    rig.writes();
    rig.before(Before::Refuse);
    for answer in join_all((0..20).map(|_| page.withdraw())).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains("kube-system/seaway") && text.contains("etcd is gone"), "{text}");
    }
    assert_eq!(rig.writes(), 1);
    rig.before(Before::Nothing);
    page.withdraw().await.unwrap();
    assert_eq!(rig.says().await, None);
}

#[tokio::test]
async fn who_has_lost_the_lease_changes_nothing() {
    let rig = Rig::new().await;
    let page = rig.page();
    page.settle(digest(), page.writes()).await.unwrap();
    rig.patch(json!({ "spec": { "holderIdentity": "somebody" } })).await;
    let before = rig.says().await;
    let error = page.withdraw().await.unwrap_err().to_string();
    assert!(error.contains("held by somebody"), "{error}");
    let why = page.settle(Digest::of(&"else"), page.writes()).await.unwrap_err();
    assert!(why.contains("held by somebody"), "{why}");
    assert_eq!(rig.says().await, before);
    assert_eq!(rig.elector.ledger().read().await, Record::new());
}

#[tokio::test]
async fn who_deletes_the_lease_deletes_the_record() {
    let mut rig = Rig::new().await;
    let page = rig.page();
    page.settle(digest(), page.writes()).await.unwrap();
    rig.leases().delete("seaway", &DeleteParams::default()).await.unwrap();
    page.withdraw().await.unwrap();
    let why = page.settle(digest(), page.writes()).await.unwrap_err();
    assert!(why.contains("is not there"), "{why}");
    rig.elector.regain().await.unwrap();
    assert_eq!(rig.says().await, None);
}
