use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::Api;
use seaway_integration::{Cluster, Controller, Ended, Gateway, Order, Process, embedded};
use tempfile::TempDir;

/// How long a Lease lasts here.
pub(crate) const LEASE: Duration = Duration::from_secs(3);
/// After so long without a renewal the leader stops.
pub(crate) const RENEW: Duration = Duration::from_secs(2);
/// The time between two attempts, at most.
pub(crate) const RETRY: Duration = Duration::from_millis(300);

/// A controller that wants to lead, behind a gateway of its own that notes what it writes.
pub(crate) struct Candidate {
    pub(crate) gateway: Gateway,
    pub(crate) process: Process,
    _folder: TempDir,
}

/// A config with this pool, whose Lease is a short one.
pub(crate) fn electing(pool: &RangeInclusive<Ipv4Addr>) -> String {
    let short = format!(
        "leader-election = {{ lease-duration-seconds = {}, renew-deadline-seconds = {}, \
         retry-period-seconds = {} }}",
        LEASE.as_secs(),
        RENEW.as_secs(),
        RETRY.as_secs_f64()
    );
    embedded(pool).replace("leader-election.enabled = false", &short)
}

impl Candidate {
    /// Starts it, and does not wait for anything.
    pub(crate) async fn start(cluster: &Cluster, pool: &RangeInclusive<Ipv4Addr>) -> Self {
        Self::start_with(cluster, pool, &[]).await
    }

    /// The same, with more flags.
    pub(crate) async fn start_with(
        cluster: &Cluster,
        pool: &RangeInclusive<Ipv4Addr>,
        more: &[&str],
    ) -> Self {
        let gateway = Gateway::start(cluster.seaways_client().await, Order::Kept).await;
        let (folder, args) = Controller::args(&gateway.kubeconfig(), &electing(pool), more);
        Self { gateway, process: Process::start(args), _folder: folder }
    }

    /// Waits until it leads and works.
    pub(crate) async fn leads(&self) {
        self.process.complains(&["leading"]).await;
        self.process.complains(&["synced"]).await;
    }

    /// Waits until it stands by, and says for whom.
    pub(crate) async fn stands_by(&self) -> String {
        let line = self.process.complains(&["standing by"]).await;
        let (_, holder) = line.split_once("holder=").unwrap();
        holder.split([' ', '"']).find(|word| !word.is_empty()).unwrap().to_owned()
    }

    /// Waits for its end, and returns how it ended, with its gateway.
    pub(crate) async fn ended(self) -> (Ended, Gateway) {
        (self.process.ended().await, self.gateway)
    }
}

/// What was written from this moment on.
pub(crate) fn since(gateway: &Gateway, when: Instant) -> Vec<String> {
    let late = gateway.journal().into_iter().filter(|(at, _)| *at >= when);
    late.map(|(_, write)| write).collect()
}

/// What the Lease says.
pub(crate) async fn lease(cluster: &Cluster) -> LeaseSpec {
    let leases = Api::<Lease>::namespaced(cluster.client(), "kube-system");
    leases.get("seaway").await.unwrap().spec.unwrap()
}
