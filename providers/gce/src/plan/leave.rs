//! The way to nothing.

use seaway_core::{Plan, Planned, ServiceUid};

use crate::api::Name;
use crate::observe::Observed;
use crate::step::Step;

/// Takes everything away, from the clients' side on.
pub(super) fn leave(seen: &Observed) -> Plan<Step> {
    let mut plan = Plan::default();
    let Some(uid) = &seen.owner else { return plan };
    let rules = seen.rules.keys().cloned().map(Name::ForwardingRule);
    let firewalls = seen.firewalls.keys().cloned().map(Name::Firewall);
    plan.stage(rules.chain(firewalls).map(|name| delete(uid, name)).collect());
    let services = seen.services.keys().cloned().map(Name::BackendService);
    let addresses = seen.addresses.keys().cloned().map(Name::Address);
    plan.stage(services.chain(addresses).map(|name| delete(uid, name)).collect());
    let checks = seen.checks.keys().cloned().map(Name::HealthCheck);
    plan.stage(checks.map(|name| delete(uid, name)).collect());
    plan
}

fn delete(uid: &ServiceUid, name: Name) -> Planned<Step> {
    Planned::of(uid.clone(), Step::Delete(name))
}
