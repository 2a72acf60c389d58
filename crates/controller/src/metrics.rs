//! What is counted and measured, for Prometheus. Where the upstream service controller has a name for
//! it, the name is the same (`k8s.io/cloud-provider`, `controllers/service/metrics.go`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use seaway_core::{Call, Health, ProviderError, SharedDriver, Tap};

use self::measured::Measured;
use crate::pass::Outcome;
use crate::roster::Names;

mod measured;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProvider {
    provider: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    provider: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    provider: &'static str,
    call: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    provider: &'static str,
    health: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    name: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Written {
    outcome: &'static str,
}

type Seconds = Family<OfProvider, Histogram>;

/// The metrics of one controller.
pub struct Metrics {
    registry: RwLock<Registry>,
    balancer_syncs: Counter,
    node_sync_errors: Counter,
    node_sync: Histogram,
    sync: Seconds,
    sync_errors: Family<Failure, Counter>,
    calls: Family<CallLabels, Counter>,
    call: Seconds,
    writes: Family<Written, Counter>,
    repairs: Family<OfProvider, Counter>,
    balancers: Family<OfProvider, Gauge>,
    orphans: Family<OfProvider, Gauge>,
    targets: Family<TargetLabels, Gauge>,
    queue_depth: Family<Name, Gauge>,
    queue_adds: Family<Name, Counter>,
    leader: Family<Name, Gauge>,
    measured: Measured,
}

/// The name that the queue and the Lease have in metrics.
const SERVICE: Name = Name { name: "service" };
const SEAWAY: Name = Name { name: "seaway" };

fn seconds() -> Histogram {
    // 1 ms to 131 s.
    Histogram::new(exponential_buckets(0.001, 2.0, 18))
}

impl Default for Metrics {
    fn default() -> Self {
        let by_provider = || Family::new_with_constructor(seconds as fn() -> Histogram);
        let metrics = Self {
            registry: RwLock::default(),
            balancer_syncs: Counter::default(),
            node_sync_errors: Counter::default(),
            node_sync: seconds(),
            sync: by_provider(),
            sync_errors: Family::default(),
            calls: Family::default(),
            call: by_provider(),
            writes: Family::default(),
            repairs: Family::default(),
            balancers: Family::default(),
            orphans: Family::default(),
            targets: Family::default(),
            queue_depth: Family::default(),
            queue_adds: Family::default(),
            leader: Family::default(),
            measured: Measured::default(),
        };
        metrics.leader(false);
        metrics.register();
        metrics
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// All of them, in the text format of `OpenMetrics` 1.0. Not for a thread that has others to
    /// serve: with thousands of load balancers it takes a while.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    /// Whether we hold the Lease, or need none.
    pub fn leader(&self, holds: bool) {
        self.leader.get_or_create(&SEAWAY).set(holds.into());
    }

    /// A pass is over.
    pub(crate) fn synced(&self, provider: &'static str, took: Duration, outcome: &Outcome) {
        self.sync.get_or_create(&OfProvider { provider }).observe(took.as_secs_f64());
        self.balancer_syncs.inc();
        for error in outcome.failed.values() {
            self.failed(provider, error);
        }
    }

    /// Something failed for a Service.
    pub(crate) fn failed(&self, provider: &'static str, error: &ProviderError) {
        let class = error.kind().reason();
        self.sync_errors.get_or_create(&Failure { provider, class }).inc();
    }

    /// A change of the nodes reached all load balancers, so long after it was seen; some failed.
    pub(crate) fn nodes_synced(&self, took: Duration, failed: u64) {
        self.node_sync.observe(took.as_secs_f64());
        self.node_sync_errors.inc_by(failed);
    }

    /// The API server was written to.
    pub(crate) fn wrote(&self, well: bool) {
        let outcome = if well { "ok" } else { "error" };
        self.writes.get_or_create(&Written { outcome }).inc();
    }

    /// Something that others had changed was made again.
    pub(crate) fn repaired(&self, provider: &'static str) {
        self.repairs.get_or_create(&OfProvider { provider }).inc();
    }

    /// How many load balancers there are, and how many of them are nobody's.
    pub(crate) fn holds(&self, provider: &'static str, balancers: usize, orphans: usize) {
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.balancers.get_or_create(&OfProvider { provider }).set(gauge(balancers));
        self.orphans.get_or_create(&OfProvider { provider }).set(gauge(orphans));
    }

    /// The targets of a provider, by health.
    pub(crate) fn targets(&self, provider: &'static str, counts: &BTreeMap<Health, u64>) {
        for health in [Health::Healthy, Health::Unhealthy, Health::Draining, Health::Unknown] {
            let count = counts.get(&health).copied().unwrap_or_default();
            let labels = TargetLabels { provider, health: health.word() };
            self.targets.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// From now on what these providers measure themselves is shown as well, under these names.
    pub(crate) fn measure(&self, drivers: BTreeMap<&'static str, SharedDriver>, names: Names) {
        self.measured.ask(drivers, names);
    }

    /// A key was put into the queue.
    pub(crate) fn queued(&self) {
        self.queue_adds.get_or_create(&SERVICE).inc();
    }

    /// How many keys are due and not worked on.
    pub(crate) fn depth(&self, waiting: usize) {
        let depth = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.queue_depth.get_or_create(&SERVICE).set(depth);
    }

    fn register(&self) {
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        macro_rules! add {
            ($($name:literal $help:literal $field:ident;)+) => {
                $(registry.register($name, $help, self.$field.clone());)+
            };
        }
        add! {
            "service_controller_loadbalancer_sync" "Passes over load balancers" balancer_syncs;
            "service_controller_nodesync_error" "Load balancers that a change of the nodes did not reach at first" node_sync_errors;
            "service_controller_nodesync_latency_seconds" "From a change of the nodes to the last load balancer" node_sync;
            "seaway_sync_duration_seconds" "How long passes took" sync;
            "seaway_sync_errors" "Failures of Services, by class" sync_errors;
            "seaway_provider_calls" "Calls to providers" calls;
            "seaway_provider_call_duration_seconds" "How long calls to providers took" call;
            "seaway_api_writes" "Writes to the API server, Lease renewals aside" writes;
            "seaway_drift_repairs" "Load balancers that others had changed, made again" repairs;
            "seaway_load_balancers" "Load balancers that there are" balancers;
            "seaway_orphans" "Load balancers that carry our mark and belong to no Service" orphans;
            "seaway_targets" "Targets of load balancers, by health" targets;
            "workqueue_depth" "Keys that wait for a pass that is due" queue_depth;
            "workqueue_adds" "Keys put into the queue" queue_adds;
            "leader_election_master_status" "Whether this process holds the Lease" leader;
        }
        registry.register_collector(Box::new(self.measured.clone()));
    }
}

impl Tap for Metrics {
    fn heard(
        &self,
        provider: &'static str,
        call: Call,
        took: Duration,
        error: Option<&ProviderError>,
    ) {
        let outcome = error.map_or("ok", |error| error.kind().reason());
        self.calls.get_or_create(&CallLabels { provider, call: call.word(), outcome }).inc();
        self.call.get_or_create(&OfProvider { provider }).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use seaway_core::ErrorKind;

    use super::*;

    #[test]
    fn names_are_those_of_upstream_where_it_has_one() {
        let metrics = Metrics::default();
        metrics.nodes_synced(Duration::from_millis(3), 2);
        metrics.queued();
        metrics.depth(7);
        metrics.leader(true);
        let error = ProviderError::new(ErrorKind::Throttled, "CreateThing", "slow down");
        metrics.heard("toy", Call::Apply, Duration::from_millis(50), Some(&error));
        let text = metrics.encode();
        for line in [
            "service_controller_nodesync_error_total 2",
            "service_controller_nodesync_latency_seconds_count 1",
            "workqueue_adds_total{name=\"service\"} 1",
            "workqueue_depth{name=\"service\"} 7",
            "leader_election_master_status{name=\"seaway\"} 1",
            "seaway_provider_calls_total{provider=\"toy\",call=\"apply\",outcome=\"Throttled\"} 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
