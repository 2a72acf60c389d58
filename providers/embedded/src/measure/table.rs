//! Every metric, and which counters are its values.

use seaway_core::Health;
use seaway_core::MeasureKind::{self, Counter, Gauge};

use super::Sum;
use crate::dataplane::{PlaneState, TargetState};

/// One metric.
pub(super) struct Metric<T: 'static> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) kind: MeasureKind,
    pub(super) zero: Zero,
    pub(super) rows: &'static [Row<T>],
}

/// The labels of a value, and where it is found.
pub(super) type Row<T> = (Labels, fn(&T) -> u64);

type Labels = &'static [(&'static str, &'static str)];

/// Whether a value of 0 is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// Yes: so the first change of a counter shows as one.
    Shown,
    /// If anything else of the same subject is not 0. There may be 100,000 targets, and most of them
    /// of Services that nobody uses.
    OnceUsed,
    /// No.
    Hidden,
}

const fn metric<T>(
    kind: MeasureKind,
    name: &'static str,
    help: &'static str,
    rows: &'static [Row<T>],
) -> Metric<T> {
    Metric { name, help, unit: None, kind, zero: Zero::Shown, rows }
}

const fn in_bytes<T>(metric: &Metric<T>) -> Metric<T> {
    Metric { unit: Some("bytes"), ..*metric }
}

/// A 0 is told once anything else of its subject is not 0.
const fn once_used<T>(metric: &Metric<T>) -> Metric<T> {
    Metric { zero: Zero::OnceUsed, ..*metric }
}

/// A 0 is not told.
const fn but_zero<T>(metric: &Metric<T>) -> Metric<T> {
    Metric { zero: Zero::Hidden, ..*metric }
}

/// Of all load balancers together.
pub(super) const PLANE: &[Metric<PlaneState>] = &[
    metric(
        Gauge,
        "plane_connections",
        "TCP connections of all load balancers, from their accept on",
        &[(&[], |plane| plane.connections)],
    ),
    but_zero(&metric(
        Gauge,
        "plane_connections_limit",
        "How many TCP connections all load balancers may have together",
        &[(&[], |plane| limit(plane.max_connections))],
    )),
    metric(Gauge, "plane_flows", "UDP flows of all load balancers", &[(&[], |plane| plane.flows)]),
    but_zero(&metric(
        Gauge,
        "plane_flows_limit",
        "How many UDP flows all load balancers may have together",
        &[(&[], |plane| limit(plane.max_flows))],
    )),
];

/// 0 for none: it is not told.
const fn limit(most: u64) -> u64 {
    if most == u64::MAX { 0 } else { most }
}

/// Of one Service.
pub(super) const SERVICE: &[Metric<Sum>] = &[
    metric(
        Gauge,
        "targets",
        "Targets of the load balancer, by health",
        &[
            (&[("health", "healthy")], |sum| sum.targets(Health::Healthy)),
            (&[("health", "unhealthy")], |sum| sum.targets(Health::Unhealthy)),
            (&[("health", "draining")], |sum| sum.targets(Health::Draining)),
            (&[("health", "unknown")], |sum| sum.targets(Health::Unknown)),
        ],
    ),
    metric(
        Counter,
        "connections_accepted",
        "TCP connections accepted, also those that were refused then",
        &[(&[], |sum| sum.counts.accepted)],
    ),
    metric(
        Gauge,
        "connections_open",
        "TCP connections that are open to a target",
        &[(&[], |sum| sum.counts.connections_open)],
    ),
    metric(
        Counter,
        "connections_ended",
        "TCP connections that did not end in good order, by reason",
        &[
            (&[("reason", "client_broke")], |sum| sum.counts.client_broke),
            (&[("reason", "target_broke")], |sum| sum.counts.target_broke),
            (&[("reason", "idle")], |sum| sum.counts.idle_ended),
            (&[("reason", "client_stalled")], |sum| sum.counts.client_stalled),
            (&[("reason", "drained")], |sum| sum.counts.ended),
        ],
    ),
    metric(
        Counter,
        "connections_unanswered",
        "Those that ended as idle on which the client had spoken, and the target never",
        &[(&[], |sum| sum.counts.target_silent)],
    ),
    metric(Counter, "flows_opened", "UDP flows opened", &[(&[], |sum| sum.counts.flows_opened)]),
    metric(
        Gauge,
        "flows_open",
        "UDP flows that are open now",
        &[(&[], |sum| sum.counts.flows_open)],
    ),
    metric(
        Counter,
        "flows_ended",
        "UDP flows that did not end by falling silent, by reason",
        &[
            (&[("reason", "refused")], |sum| sum.counts.flows_refused),
            (&[("reason", "evicted")], |sum| sum.counts.flows_evicted),
        ],
    ),
    metric(
        Counter,
        "refused",
        "TCP connections and datagrams that came to no target, by reason",
        &[
            (&[("reason", "source")], |sum| sum.counts.source_refused),
            (&[("reason", "limit")], |sum| sum.counts.limit_refused),
            (&[("reason", "plane_limit")], |sum| sum.counts.plane_limit_refused),
            (&[("reason", "flow_limit")], |sum| sum.counts.flows_limit_refused),
            (&[("reason", "no_target")], |sum| sum.counts.no_target),
            (&[("reason", "unserved")], |sum| sum.counts.unserved),
        ],
    ),
    metric(
        Counter,
        "connect_failures",
        "Connects to targets that failed, by reason",
        &[
            (&[("reason", "refused")], |sum| sum.counts.connect_refused),
            (&[("reason", "timed_out")], |sum| sum.counts.connect_timed_out),
            (&[("reason", "other")], |sum| sum.counts.connect_failed),
        ],
    ),
    metric(
        Counter,
        "starved",
        "Accepts, connects and flows that failed as something had run out, by reason",
        &[
            (&[("reason", "descriptors")], |sum| sum.counts.starved),
            (&[("reason", "local_ports")], |sum| sum.counts.out_of_ports),
        ],
    ),
    metric(
        Counter,
        "datagrams",
        "Datagrams carried, by direction",
        &[
            (&[("direction", "in")], |sum| sum.counts.datagrams_in),
            (&[("direction", "out")], |sum| sum.counts.datagrams_out),
        ],
    ),
    metric(
        Counter,
        "datagrams_dropped",
        "Datagrams lost because a socket took no more",
        &[(&[], |sum| sum.counts.datagrams_dropped)],
    ),
    in_bytes(&metric(
        Counter,
        "traffic",
        "Bytes carried, by direction",
        &[
            (&[("direction", "in")], |sum| sum.counts.bytes_in),
            (&[("direction", "out")], |sum| sum.counts.bytes_out),
        ],
    )),
];

/// Of one target of a Service.
pub(super) const TARGET: &[Metric<TargetState>] = &[
    once_used(&metric(
        Gauge,
        "target_open",
        "TCP connections and UDP flows that are open to the target",
        &[(&[], |target| target.open)],
    )),
    once_used(&metric(
        Counter,
        "target_served",
        "TCP connections that the target has taken, and UDP flows opened to it",
        &[(&[], |target| target.served)],
    )),
    but_zero(&metric(
        Counter,
        "target_failures",
        "TCP connections that the target has not taken, and UDP flows that it refused, by reason",
        &[
            (&[("reason", "refused")], |target| target.counts.connect_refused),
            (&[("reason", "timed_out")], |target| target.counts.connect_timed_out),
            (&[("reason", "other")], |target| target.counts.connect_failed),
            (&[("reason", "flow_refused")], |target| target.counts.flows_refused),
        ],
    )),
    but_zero(&metric(
        Counter,
        "target_connections_ended",
        "TCP connections to the target that did not end in good order, by reason",
        &[
            (&[("reason", "target_broke")], |target| target.counts.broke),
            (&[("reason", "idle")], |target| target.counts.idle_ended),
        ],
    )),
    but_zero(&metric(
        Counter,
        "target_connections_unanswered",
        "Those that ended as idle on which the client had spoken, and the target never",
        &[(&[], |target| target.counts.silent)],
    )),
];
