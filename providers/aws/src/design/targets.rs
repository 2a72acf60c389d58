//! Which instances a Service gets.

use std::collections::BTreeSet;

use seaway_core::{Goal, Node, TrafficPolicy, Warning};

use super::Rules;
use super::members::Member;
use crate::api::{HealthCheck, HealthProtocol};
use crate::instance;
use crate::subset::{Candidate, ranked};

/// The instances of a Service.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// Those that it is to have.
    pub core: BTreeSet<String>,
    /// Those that may stay if they are there: beyond the subset, so that a node that comes moves few.
    slack: BTreeSet<String>,
    /// Those that are about to go. Where kube-proxy answers the checks, it fails them (KEP-3836), and
    /// that stops new connections sooner than taking the target out does.
    draining: BTreeSet<String>,
    /// Nodes that can't be targets.
    pub warnings: Vec<Warning>,
}

impl Targets {
    /// Those that may stay, with this check.
    pub(super) fn maybe_at<'a>(
        &'a self,
        check: &HealthCheck,
        rules: &Rules,
    ) -> impl Iterator<Item = &'a String> {
        let told = check.protocol == HealthProtocol::Http
            && check.port == Some(rules.config.health_check_port);
        let draining = self.draining.iter().filter(move |_| told);
        self.slack.iter().chain(draining)
    }
}

/// The instances of `member`, in these zones.
pub(super) fn of(
    rules: &Rules,
    member: &Member<'_>,
    goal: &Goal,
    zones: &BTreeSet<String>,
) -> Targets {
    let mut targets = Targets::default();
    let (mut nameless, mut outside) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    for node in goal.targets(member.spec) {
        let Some(instance) = instance::of(node) else {
            nameless.push(node);
            continue;
        };
        if instance.zone.as_ref().is_some_and(|zone| !zones.contains(zone)) {
            outside.push(node);
            continue;
        }
        if node.draining {
            targets.draining.insert(instance.id);
        } else {
            found.push((node, instance));
        }
    }
    targets.warn(
        "NodeWithoutInstance",
        &nameless,
        "have no spec.providerID of an EC2 instance, and are no targets",
    );
    targets.warn(
        "NodeOutsideZones",
        &outside,
        "are in zones that the load balancer has no subnet in, and are no targets",
    );
    if found.len() <= rules.config.subset_above {
        targets.core = found.into_iter().map(|(_, instance)| instance.id).collect();
        return targets;
    }
    let local = match member.spec.traffic_policy {
        TrafficPolicy::Local { .. } => member.spec.local_nodes.as_ref(),
        TrafficPolicy::Cluster => None,
    };
    let candidates: Vec<_> = found
        .iter()
        .map(|(node, instance)| Candidate {
            id: &instance.id,
            zone: instance.zone.as_deref(),
            preferred: local.is_some_and(|nodes| nodes.contains(&node.name)),
        })
        .collect();
    let wanted = rules.config.targets_per_service;
    let mut order = ranked(member.uid.as_str(), &candidates).into_iter().map(str::to_owned);
    targets.core = order.by_ref().take(wanted).collect();
    targets.slack = order.take(wanted.div_ceil(5)).collect();
    targets
}

impl Targets {
    fn warn(&mut self, reason: &'static str, nodes: &[&Node], what: &str) {
        if nodes.is_empty() {
            return;
        }
        let mut names: Vec<_> = nodes.iter().take(5).map(|node| node.name.to_string()).collect();
        if nodes.len() > names.len() {
            names.push(format!("{} more", nodes.len() - names.len()));
        }
        self.warnings.push(Warning::new(reason, format!("nodes {} {what}", names.join(", "))));
    }
}
