//! Calls to Compute Engine per event, counted where they arrive.

use std::collections::BTreeMap;

use seaway_testkit::spec;

use crate::figure;
use crate::fleet::{Fleet, SERVICES};

/// What the controllers of GKE make, counted by reading their code and not measured: ingress-gce at
/// acbcf5d6, an external Service with a backend service, of one protocol and with up to five ports.
///
/// - create: the address is held and released around the rule, the backend service is inserted and
///   then updated with its backends, and there are the rule and its firewall: all of them writes. The
///   health check that Services share, its firewall, and endpoint groups are not counted.
/// - a node joins: GKE's own load balancers have endpoint groups for each Service and zone, so there
///   is a call for each Service whose subset the node comes into. With unmanaged instance groups,
///   which are the older way, there is one.
/// - resync: about so many things are read for each Service.
/// - a port more: the rule is deleted and inserted again.
const UPSTREAM: [(&str, usize); 4] = [
    ("upstream.create.writes.counted_from_code", 6),
    ("upstream.node_add.calls_at_most.counted_from_code", SERVICES),
    ("upstream.resync.calls_per_service.counted_from_code", 10),
    ("upstream.port_add.existing_rules_deleted.counted_from_code", 1),
];

/// Prints the figures.
pub(crate) async fn tell() {
    let mut fleet = Fleet::open().await;
    figure("gce.services", SERVICES, "count");
    figure("gce.nodes", fleet.nodes(), "count");

    fleet.put(spec("web").port(80));
    let counts = fleet.counts_of(async |fleet| fleet.pass("web").await).await;
    figure("gce.create.writes", counts.writes(), "count");
    figure("gce.create.reads", counts.reads(), "count");
    figure("gce.create.waits", counts.waits(), "count");

    fleet.put(spec("web").port(80).port(443));
    let counts = fleet.counts_of(async |fleet| fleet.pass("web").await).await;
    figure("gce.port_add.writes", counts.writes(), "count");
    let deleted = counts.of("compute.forwardingRules.delete");
    figure("gce.port_add.existing_rules_deleted", deleted, "count");
    fleet.forget("web").await;

    fleet.join();
    let counts = fleet.counts_of(Fleet::everything).await;
    figure("gce.node_add.calls", counts.writes() + counts.reads() + counts.lists(), "count");

    // A resync reads lists, and then works on everything.
    let counts = fleet.counts_of(Fleet::resync).await;
    let calls = counts.writes() + counts.reads();
    let number = |count: usize| f64::from(u32::try_from(count).unwrap());
    let per_service = number(calls) / number(SERVICES);
    figure("gce.resync.lists", counts.lists(), "count");
    figure("gce.resync.calls_per_service", format!("{per_service:.2}"), "count");

    fleet.restart().await;
    let counts = fleet.counts_of(Fleet::resync).await;
    figure("gce.restart.writes", counts.writes(), "count");
    figure("gce.restart.reads_beside_lists", counts.reads(), "count");
    for (name, calls) in UPSTREAM {
        figure(name, calls, "count");
    }
}

/// How often each method was called.
pub(crate) struct Counts(pub(crate) BTreeMap<String, usize>);

impl Counts {
    fn of(&self, method: &str) -> usize {
        self.0.get(method).copied().unwrap_or_default()
    }

    fn sum(&self, is: impl Fn(&str) -> bool) -> usize {
        self.0.iter().filter(|(method, _)| is(method)).map(|(_, count)| count).sum()
    }

    /// Looks at operations.
    fn waits(&self) -> usize {
        self.sum(is_wait)
    }

    fn lists(&self) -> usize {
        self.sum(is_list)
    }

    /// Reads of one thing.
    fn reads(&self) -> usize {
        self.sum(is_read)
    }

    fn writes(&self) -> usize {
        self.sum(|method| !is_wait(method) && !is_list(method) && !is_read(method))
    }
}

fn is_wait(method: &str) -> bool {
    method.contains("Operations.")
}

fn is_list(method: &str) -> bool {
    [".list", ".aggregatedList", ".listInstances"].iter().any(|word| method.ends_with(word))
}

fn is_read(method: &str) -> bool {
    !is_wait(method) && [".get", ".getHealth"].iter().any(|word| method.ends_with(word))
}
