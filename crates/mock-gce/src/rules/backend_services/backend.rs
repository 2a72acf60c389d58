//! Backends of a backend service.

use serde_json::Value;

use super::super::{Verdict, field, instance_groups, reference};
use crate::refusal::Refusal;
use crate::state::{Link, State, Thing};

pub(super) const KINDS: [&str; 2] = ["instanceGroups", "networkEndpointGroups"];

/// What only proxies look at.
const OF_PROXIES: [&str; 10] = [
    "maxConnections",
    "maxConnectionsPerEndpoint",
    "maxConnectionsPerInstance",
    "maxInFlightRequests",
    "maxInFlightRequestsPerEndpoint",
    "maxInFlightRequestsPerInstance",
    "maxRate",
    "maxRatePerEndpoint",
    "maxRatePerInstance",
    "maxUtilization",
];

/// Sees to it that the backends are groups that may be so, and writes them as Google answers them.
pub(super) fn check(state: &State, home: &Link, service: &mut Thing) -> Verdict {
    let mut backends = field::list(service, "backends").to_vec();
    let most = state.limits.backends_per_service;
    if backends.len() > most {
        let why = format!("Too many backends specified. Maximum is {most}.");
        return Err(Refusal::invalid("resource.backends", &backends.len().to_string(), &why));
    }
    let mut groups: Vec<Link> = Vec::new();
    for (nth, backend) in backends.iter_mut().filter_map(Value::as_object_mut).enumerate() {
        let group = one(state, home, backend, nth)?;
        let refused = |why| {
            let place = format!("resource.backends[{nth}].group");
            Refusal::invalid(&place, &group.to_string(), why)
        };
        if groups.contains(&group) {
            return Err(refused("A group can be a backend only once."));
        }
        if groups.iter().any(|other| other.collection != group.collection) {
            return Err(refused(
                "Instance groups and network endpoint groups cannot be mixed in one backend service.",
            ));
        }
        groups.push(group);
    }
    instance_groups::share_no_instance(state, &groups)?;
    if !backends.is_empty() {
        field::set(service, "backends", backends);
    }
    Ok(())
}

fn one(state: &State, home: &Link, backend: &mut Thing, nth: usize) -> Verdict<Link> {
    let place = format!("resource.backends[{nth}]");
    let text = field::text(backend, "group").to_owned();
    if text.is_empty() {
        return Err(Refusal::required(&format!("{place}.group")));
    }
    let group = reference::find(state, home, &format!("backends[{nth}].group"), &text, &KINDS)?;
    field::default(backend, "balancingMode", "CONNECTION");
    let mode = field::text(backend, "balancingMode");
    if mode != "CONNECTION" {
        let why = "Passthrough load balancers need balancing mode CONNECTION.";
        return Err(Refusal::invalid(&format!("{place}.balancingMode"), mode, why));
    }
    for name in OF_PROXIES {
        if field::is_set(backend, name) {
            let why = "It is not supported by passthrough load balancers.";
            return Err(Refusal::invalid(&format!("{place}.{name}"), "", why));
        }
    }
    field::set(backend, "group", group.url());
    Ok(group)
}
