//! What each collection refuses, defaults and changes.
//!
//! A file a collection says how a thing would be after a call, or why it can't be; the rest is files of
//! what they have in common. A change is looked at twice: when it is asked for, and when its operation
//! ends, because other operations may have ended in between.

mod addresses;
mod backend_services;
mod change;
mod deletion;
mod field;
mod firewalls;
mod forwarding_rules;
mod health_checks;
mod holder;
mod instance_groups;
mod label;
mod network_endpoint_groups;
mod pool;
mod port;
mod quota;
mod range;
mod reference;
mod target_pools;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::state::{Act, Link, Scope, State, Thing, Verb};

type Verdict<T = ()> = Result<T, Refusal>;

/// What is refused at once, before there is an operation.
pub(crate) fn check(state: &State, act: &Act) -> Result<(), Refusal> {
    if act.verb == Verb::Delete {
        return deletion::check(state, &act.link);
    }
    is_somewhere(state, &act.link)?;
    after(state, act).map(drop)
}

/// Makes the change when its operation ends; what is refused only then is an operation's error.
pub(crate) fn make(state: &mut State, act: &Act) -> Result<(), Refusal> {
    if act.verb == Verb::Delete {
        return deletion::make(state, &act.link);
    }
    let mut thing = after(state, act)?;
    if act.verb == Verb::Insert {
        quota::has_room(state, &act.link, &thing)?;
    }
    match act.link.collection.as_str() {
        "addresses" => addresses::settle(state, &act.link, &mut thing)?,
        "forwardingRules" => forwarding_rules::settle(state, &mut thing)?,
        _ => {}
    }
    if act.verb == Verb::Other("setLabels".to_owned()) {
        field::set(&mut thing, "labelFingerprint", state.fingerprint());
    }
    let before = state.things.insert(act.link.clone(), thing.clone());
    for version in before.iter().chain([&thing]) {
        addresses::tell(state, version);
    }
    Ok(())
}

/// Reads that are POSTs: the items only.
pub(crate) fn ask(state: &State, act: &Act) -> Result<Vec<Value>, Refusal> {
    let (collection, verb) = words(act);
    match (collection, verb) {
        ("backendServices", "getHealth") => backend_services::health(state, act),
        ("instanceGroups", "listInstances") => instance_groups::members(state, act),
        ("networkEndpointGroups", "listNetworkEndpoints") => {
            network_endpoint_groups::endpoints(state, act)
        }
        _ => Err(unknown(act)),
    }
}

/// The thing as it will be.
fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let (collection, verb) = words(act);
    match (collection, verb) {
        ("addresses" | "forwardingRules", "setLabels") => label::after(state, act),
        ("addresses", "insert") => addresses::after(state, act),
        ("backendServices", "insert" | "patch" | "update") => backend_services::after(state, act),
        ("firewalls", "insert" | "patch" | "update") => firewalls::after(state, act),
        ("forwardingRules", "insert") => forwarding_rules::new(state, act),
        ("forwardingRules", "patch") => forwarding_rules::patched(state, act),
        ("forwardingRules", "setTarget") => forwarding_rules::retargeted(state, act),
        ("healthChecks", "insert" | "patch" | "update") => health_checks::after(state, act),
        ("instanceGroups", _) => instance_groups::after(state, act, verb),
        ("networkEndpointGroups", _) => network_endpoint_groups::after(state, act, verb),
        ("targetPools", _) => target_pools::after(state, act, verb),
        _ => Err(unknown(act)),
    }
}

fn words(act: &Act) -> (&str, &str) {
    let verb = match &act.verb {
        Verb::Insert => "insert",
        Verb::Delete => "delete",
        Verb::Patch => "patch",
        Verb::Update => "update",
        Verb::Other(verb) => verb,
    };
    (&act.link.collection, verb)
}

/// Networks, subnetworks, instances and zones are there to be read.
fn unknown(act: &Act) -> Refusal {
    let (collection, verb) = words(act);
    let message = format!("The method '{collection}.{verb}' is not served here.");
    Refusal::new(501, "notImplemented", "UNSUPPORTED_OPERATION", message)
}

fn all<'a>(
    state: &'a State,
    collection: &'a str,
) -> impl Iterator<Item = (&'a Link, &'a Thing)> + 'a {
    state.things.iter().filter(move |(link, _)| link.collection == collection)
}

/// Refuses zones and regions that are nowhere.
fn is_somewhere(state: &State, link: &Link) -> Verdict {
    let mut zones = all(state, "zones").map(|(zone, _)| zone.name.as_str());
    let (place, name, there) = match &link.scope {
        Scope::Global => return Ok(()),
        Scope::Region(name) => {
            ("region", name, zones.any(|zone| reference::region_of(zone) == name))
        }
        Scope::Zone(name) => ("zone", name, zones.any(|zone| zone == name)),
    };
    if there {
        return Ok(());
    }
    Err(Refusal::invalid(place, name, &format!("Unknown {place}.")))
}
