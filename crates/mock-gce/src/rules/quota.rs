//! Quotas, which an insert meets only when its operation runs.

use super::{Verdict, all, field};
use crate::refusal::Refusal;
use crate::state::{Link, Scope, State, Thing};

/// Refuses a new thing for which there is no room.
pub(super) fn has_room(state: &State, link: &Link, thing: &Thing) -> Verdict {
    let external = |thing: &Thing| field::text(thing, "addressType") != "INTERNAL";
    let (name, counts): (&str, &dyn Fn(&Thing) -> bool) = match link.collection.as_str() {
        "addresses" if external(thing) => ("STATIC_ADDRESSES", &external),
        "addresses" => ("INTERNAL_ADDRESSES", &|other| !external(other)),
        "backendServices" => ("BACKEND_SERVICES", &|_| true),
        "firewalls" => ("FIREWALLS", &|_| true),
        "forwardingRules" => ("FORWARDING_RULES", &|_| true),
        "healthChecks" => ("HEALTH_CHECKS", &|_| true),
        "instanceGroups" => ("INSTANCE_GROUPS", &|_| true),
        "networkEndpointGroups" => ("NETWORK_ENDPOINT_GROUPS", &|_| true),
        "targetPools" => ("TARGET_POOLS", &|_| true),
        _ => return Ok(()),
    };
    let Some(limit) = state.limits.quotas.get(name).copied() else { return Ok(()) };
    let same = all(state, &link.collection).filter(|(other, thing)| {
        other.project == link.project && other.scope == link.scope && counts(thing)
    });
    if same.count() < limit {
        return Ok(());
    }
    let place = match &link.scope {
        Scope::Global => "globally".to_owned(),
        Scope::Region(region) => format!("in region {region}"),
        Scope::Zone(zone) => format!("in zone {zone}"),
    };
    Err(Refusal::quota(name, limit, &place))
}
