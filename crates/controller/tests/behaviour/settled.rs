//! What the Lease says of who was settled, and what a restart makes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use seaway_controller::{Elector, Options, PROVISIONED, Timing};
use seaway_core::Key;
use seaway_testkit::faults::{Call, Fate};
use serde_json::json;

use crate::lab::{Lab, Run};
use crate::rush::{Rush, calm};

const LEASE: (Method, &str) = (Method::PUT, "/leases/seaway");
const PUT: &str = "PUT /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/seaway";

/// Renewed so often that there are renewals between any two writes; lost by nobody.
const BUSY: Timing = Timing {
    lease_duration: Duration::from_mins(2),
    renew_deadline: Duration::from_mins(1),
    retry_period: Duration::from_millis(10),
};

/// A cluster whose Lease is held, with two Services that are served.
struct Site {
    lab: Lab,
    rush: Rush,
    elector: Elector,
}

impl Site {
    async fn new() -> Self {
        let lab = Lab::start().await;
        let mut elector = Elector::new(lab.counted(), "kube-system", "seaway", BUSY);
        elector.acquire().await;
        lab.put("web", &json!({})).await;
        lab.put("dns", &json!({})).await;
        Self { lab, rush: Rush::new(), elector }
    }

    fn options(&self) -> Options {
        let (ledger, fence) = (self.elector.ledger(), self.elector.fence());
        let calm_for = Duration::from_millis(50);
        Options { ledger: Some(ledger), fence: Some(fence), calm: calm_for, ..calm() }
    }

    async fn run(&self) -> Run {
        self.lab.run(vec![self.rush.cloud()], self.options()).await
    }

    /// The same after a controller has brought everything to rest, and ended.
    async fn settled() -> Self {
        let site = Self::new().await;
        let run = site.run().await;
        site.converged().await;
        site.recorded().await;
        site.rest().await;
        run.stop().await;
        site
    }

    async fn converged(&self) {
        for name in ["web", "dns"] {
            self.lab.says(name, PROVISIONED, "True Converged").await;
        }
    }

    /// Waits until nothing goes on, and forgets what went on before.
    async fn rest(&self) {
        self.rush.rest(&self.lab).await;
    }

    /// What the Lease says of the provider.
    async fn record(&self) -> Option<String> {
        let api: Api<Lease> = Api::namespaced(self.lab.client(), "kube-system");
        let all = api.get("seaway").await.unwrap().metadata.annotations?;
        let record: serde_json::Value =
            serde_json::from_str(all.get("seaway.dev/settled")?).unwrap();
        Some(record["by-id"].as_str()?.to_owned())
    }

    async fn recorded(&self) -> String {
        self.lab.until("it is recorded", async || self.record().await).await
    }

    /// Waits until each load balancer was passed over since the last rest.
    async fn passed(&self) {
        let all = || self.rush.passes.seen().into_iter().collect::<BTreeSet<_>>();
        self.lab.until("two passes", async || (all().len() == 2).then_some(())).await;
    }

    /// The keys that were looked at closely from the call `since` on.
    fn looks(&self, since: usize) -> BTreeSet<Key> {
        let calls = self.rush.script.calls().into_iter().skip(since);
        let keys =
            calls.filter_map(|call| if let Call::Look(keys, _) = call { Some(keys) } else { None });
        keys.flatten().collect()
    }

    fn calls(&self) -> usize {
        self.rush.script.calls().len()
    }

    async fn key(&self, name: &str) -> Key {
        let service = self.lab.get(name).await.unwrap();
        Key::own(service["metadata"]["uid"].as_str().unwrap().into())
    }

    async fn all(&self) -> BTreeSet<Key> {
        BTreeSet::from([self.key("web").await, self.key("dns").await])
    }

    /// Asks for another port, which takes several steps.
    async fn change(&self, name: &str, port: u16) {
        let ports = json!([{ "port": port, "protocol": "TCP" }]);
        self.lab.patch(name, json!({ "spec": { "ports": ports } })).await;
    }

    /// The ports on which anything listens.
    fn listening(&self) -> BTreeSet<u16> {
        let balancers = self.rush.cloud.inventory().balancers.into_values();
        balancers.flat_map(|it| it.listeners.into_keys()).collect()
    }
}

#[tokio::test]
async fn a_restart_without_a_change_looks_at_nothing_closely_and_writes_nothing() {
    let site = Site::settled().await;
    let (calls, record) = (site.calls(), site.record().await);
    let run = site.run().await;
    site.passed().await;
    site.lab.quiet().await;
    assert_eq!(site.looks(calls), BTreeSet::new());
    assert_eq!(site.rush.script.calls()[calls..], [Call::Survey]);
    assert_eq!(site.record().await, record);
    run.stop().await;
    site.rest().await;
    let run = site.run().await;
    site.passed().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(site.lab.writes(), [""; 0], "not even the Lease");
    run.stop().await;
}

#[tokio::test]
async fn a_node_that_came_while_nobody_was_there_has_everything_looked_at() {
    let site = Site::settled().await;
    let (calls, record) = (site.calls(), site.record().await);
    site.lab.put_node(3, &json!({})).await;
    let run = site.run().await;
    site.rush.leads_to(&site.lab, &["node-1", "node-2", "node-3"]).await;
    assert_eq!(site.looks(calls), site.all().await);
    let other = async || (site.record().await? != record.clone()?).then_some(());
    site.lab.until("it is recorded with the nodes of now", other).await;
    run.stop().await;
}

#[tokio::test]
async fn a_crash_between_a_write_and_the_rest_has_everything_looked_at() {
    let site = Site::settled().await;
    let run = site.run().await;
    site.passed().await;
    site.change("web", 8080).await;
    site.lab.until("it serves", async || site.listening().contains(&8080).then_some(())).await;
    site.rest().await;
    site.recorded().await;
    // The first write of the next change takes effect, and nothing comes after it.
    site.rush.script.after(0, Fate::Cut);
    site.change("web", 8081).await;
    site.rush.script.cut().await;
    assert_eq!(site.record().await, None, "it was taken back first");
    run.kill().await;
    let calls = site.calls();
    site.rush.script.clear();
    let run = site.run().await;
    site.lab.until("it serves", async || site.listening().contains(&8081).then_some(())).await;
    site.recorded().await;
    assert_eq!(site.looks(calls), site.all().await);
    run.stop().await;
}

#[tokio::test]
async fn a_service_that_was_changed_while_nobody_was_there_is_looked_at_alone() {
    let site = Site::settled().await;
    let (calls, record) = (site.calls(), site.record().await);
    site.change("web", 8080).await;
    let run = site.run().await;
    site.lab.until("it serves", async || site.listening().contains(&8080).then_some(())).await;
    site.rest().await;
    assert_eq!(site.looks(calls), BTreeSet::from([site.key("web").await]));
    assert_eq!(site.record().await, record, "nodes and configuration are the same");
    run.stop().await;
}

#[tokio::test]
async fn nothing_is_written_to_a_provider_before_the_record_is_taken_back() {
    let site = Site::settled().await;
    let run = site.run().await;
    site.passed().await;
    site.rest().await;
    let (writes, record) = (site.rush.script.writes(), site.record().await);
    site.lab.doors.close(LEASE, (500, "etcd is gone"), usize::MAX);
    site.change("web", 8080).await;
    site.lab
        .told("web", "SyncLoadBalancerFailed", "nothing is changed before that is taken back")
        .await;
    site.lab.told("web", "SyncLoadBalancerFailed", "etcd is gone").await;
    assert_eq!(site.rush.script.writes(), writes);
    assert_eq!(site.record().await, record);
    site.lab.doors.open();
    site.lab.until("it serves", async || site.listening().contains(&8080).then_some(())).await;
    run.stop().await;
}

#[tokio::test]
async fn a_burst_of_changes_costs_two_writes_of_the_lease() {
    let site = Site::settled().await;
    let run = site.run().await;
    site.passed().await;
    site.rest().await;
    let record = site.record().await;
    let held = site.rush.passes.gate.write().await;
    site.change("web", 8080).await;
    site.change("dns", 8081).await;
    site.passed().await;
    drop(held);
    let both = BTreeSet::from([8080, 8081]);
    site.lab.until("both serve", async || (site.listening() == both).then_some(())).await;
    site.lab.until("it is recorded", async || (site.record().await == record).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let writes = site.lab.writes();
    let of_lease = writes.iter().filter(|line| *line == PUT).count();
    assert_eq!(of_lease, 2, "{writes:?}");
    run.stop().await;
}

#[tokio::test]
async fn renewals_neither_lose_the_record_nor_bring_it_back() {
    let mut site = Site::settled().await;
    let record = site.record().await;
    let options = site.options();
    let run = site.lab.run(vec![site.rush.cloud()], options).await;
    site.passed().await;
    let (lab, rush) = (&site.lab, &site.rush);
    let api: Api<Lease> = Api::namespaced(lab.client(), "kube-system");
    let look = async || {
        let lease = api.get("seaway").await.unwrap();
        (lease.spec.unwrap().renew_time, lease.metadata.annotations.unwrap_or_default())
    };
    let renewals = async |count: usize| {
        for _ in 0..count {
            let (before, _) = look().await;
            lab.until("a renewal", async || (look().await.0 != before).then_some(())).await;
        }
    };
    let has_record = async || look().await.1.contains_key("seaway.dev/settled");
    let story = async {
        renewals(3).await;
        assert!(has_record().await && record.is_some());
        // The first write is begun, and stays without an answer.
        let calls = rush.script.calls().len();
        rush.script.after(1, Fate::Cut);
        lab.patch("web", json!({ "spec": { "ports": [{ "port": 8080 }] } })).await;
        rush.script.cut().await;
        assert!(rush.script.calls().len() > calls);
        renewals(5).await;
        assert!(!has_record().await, "it is brought back by nobody");
    };
    tokio::select! {
        lost = site.elector.hold() => panic!("{lost}"),
        () = story => {}
    }
    run.kill().await;
}

#[tokio::test]
async fn without_a_lease_nothing_is_recorded_and_everything_is_looked_at() {
    let lab = Lab::start().await;
    let rush = Rush::new();
    let options = || Options { calm: Duration::from_millis(20), ..calm() };
    let run = lab.run(vec![rush.cloud()], options()).await;
    lab.put("web", &json!({})).await;
    lab.says("web", PROVISIONED, "True Converged").await;
    rush.rest(&lab).await;
    run.stop().await;
    let calls = rush.script.calls().len();
    let run = lab.run(vec![rush.cloud()], options()).await;
    lab.until("it is passed over", async || (!rush.passes.seen().is_empty()).then_some(())).await;
    lab.quiet().await;
    let looks = rush.script.calls().into_iter().skip(calls);
    assert_eq!(looks.filter(|call| matches!(call, Call::Look(..))).count(), 1);
    let api: Api<Lease> = Api::namespaced(lab.client(), "kube-system");
    assert!(api.get_opt("seaway").await.unwrap().is_none());
    run.stop().await;
}
