//! Network endpoint groups of type `GCE_VM_IP`. Its endpoints are in `_endpoints`, which nobody is
//! shown.

use serde_json::{Value, json};

use super::{Verdict, change, field, reference, unknown};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing};

pub(super) const ENDPOINTS: &str = "_endpoints";

pub(super) fn after(state: &State, act: &Act, verb: &str) -> Verdict<Thing> {
    match verb {
        "insert" => new(state, act),
        "attachNetworkEndpoints" => with(state, act),
        "detachNetworkEndpoints" => without(state, act),
        _ => Err(unknown(act)),
    }
}

/// The items of `listNetworkEndpoints`.
pub(super) fn endpoints(state: &State, act: &Act) -> Verdict<Vec<Value>> {
    let group = change::before(state, act)?;
    let endpoints = field::list(group, ENDPOINTS).iter();
    Ok(endpoints.map(|endpoint| json!({"networkEndpoint": endpoint})).collect())
}

fn new(state: &State, act: &Act) -> Verdict<Thing> {
    let mut group = change::asked(state, act)?;
    match field::text(&group, "networkEndpointType") {
        "" => return Err(Refusal::required("resource.networkEndpointType")),
        "GCE_VM_IP" => {}
        other => {
            let why = "Only GCE_VM_IP groups can be backends of a passthrough load balancer.";
            return Err(Refusal::invalid("resource.networkEndpointType", other, why));
        }
    }
    if field::is_set(&group, "defaultPort") {
        let why = "A GCE_VM_IP group has no ports.";
        return Err(Refusal::invalid("resource.defaultPort", "", why));
    }
    if !field::is_set(&group, "subnetwork") {
        return Err(Refusal::required("resource.subnetwork"));
    }
    let subnet = field::text(&group, "subnetwork");
    let subnet = reference::find(state, &act.link, "subnetwork", subnet, &["subnetworks"])?;
    let own = state.get(&subnet).map(|subnet| field::text(subnet, "network")).unwrap_or_default();
    field::default(&mut group, "network", own);
    let network = field::text(&group, "network");
    let network = reference::find(state, &act.link, "network", network, &["networks"])?;
    if network.url() != own {
        let why = format!("The subnetwork '{subnet}' is of another network.");
        return Err(Refusal::invalid("resource.network", &network.to_string(), &why));
    }
    field::set(&mut group, "network", network.url());
    field::set(&mut group, "subnetwork", subnet.url());
    field::set(&mut group, "size", 0);
    field::set(&mut group, ENDPOINTS, Vec::<Value>::new());
    Ok(group)
}

/// The endpoints that the call names, as they are answered.
fn named(state: &State, act: &Act, group: &Thing) -> Verdict<Vec<Value>> {
    let named = field::things(&act.body, "networkEndpoints");
    let most = state.limits.endpoints_per_call;
    if named.len() > most {
        let why = format!("At most {most} endpoints can be attached or detached in one call.");
        let said = named.len().to_string();
        return Err(Refusal::invalid("resource.networkEndpoints", &said, &why));
    }
    if named.is_empty() {
        return Err(Refusal::required("resource.networkEndpoints"));
    }
    let mut endpoints = Vec::new();
    for (nth, endpoint) in named.into_iter().enumerate() {
        let endpoint = one(state, act, group, endpoint, nth)?;
        if endpoints.contains(&endpoint) {
            let place = format!("resource.networkEndpoints[{nth}]");
            return Err(Refusal::invalid(&place, "", "It is named twice."));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

fn one(state: &State, act: &Act, group: &Thing, endpoint: &Thing, nth: usize) -> Verdict<Value> {
    let place = format!("networkEndpoints[{nth}]");
    let name = match field::text(endpoint, "instance") {
        "" => return Err(Refusal::required(&format!("resource.{place}.instance"))),
        name if name.contains('/') => name.to_owned(),
        name => format!("{}/instances/{name}", act.link.scope.path()),
    };
    let place_of_name = format!("{place}.instance");
    let link = reference::find(state, &act.link, &place_of_name, &name, &["instances"])?;
    let instance = state.get(&link).ok_or_else(|| Refusal::not_found(&link))?;
    if field::is_set(endpoint, "port") {
        let why = "Endpoints of a GCE_VM_IP group have no port.";
        return Err(Refusal::invalid(&format!("resource.{place}.port"), "", why));
    }
    let subnet = field::text(group, "subnetwork");
    let cards = field::things(instance, "networkInterfaces");
    let Some(card) = cards.iter().find(|card| field::text(card, "subnetwork") == subnet) else {
        let why = format!("The instance has no network interface in '{subnet}'.");
        return Err(Refusal::invalid(&format!("resource.{place_of_name}"), &name, &why));
    };
    let own = field::text(card, "networkIP");
    let said = field::text(endpoint, "ipAddress");
    if !said.is_empty() && said != own {
        let why = format!("It is not the primary address of '{link}' in the group's subnetwork.");
        return Err(Refusal::invalid(&format!("resource.{place}.ipAddress"), said, &why));
    }
    Ok(json!({"instance": link.url(), "ipAddress": own}))
}

/// What is attached already stays so.
fn with(state: &State, act: &Act) -> Verdict<Thing> {
    let group = change::before(state, act)?.clone();
    let mut endpoints = field::list(&group, ENDPOINTS).to_vec();
    for endpoint in named(state, act, &group)? {
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }
    Ok(holding(group, endpoints))
}

fn without(state: &State, act: &Act) -> Verdict<Thing> {
    let group = change::before(state, act)?.clone();
    let mut endpoints = field::list(&group, ENDPOINTS).to_vec();
    for endpoint in named(state, act, &group)? {
        if !endpoints.contains(&endpoint) {
            let said = endpoint["instance"].as_str().unwrap_or_default();
            let said = Link::parse(said).map_or_else(|| said.to_owned(), |link| link.to_string());
            let why = format!("It is not attached to '{}'.", act.link);
            return Err(Refusal::invalid("resource.networkEndpoints", &said, &why));
        }
        endpoints.retain(|other| *other != endpoint);
    }
    Ok(holding(group, endpoints))
}

fn holding(mut group: Thing, endpoints: Vec<Value>) -> Thing {
    field::set(&mut group, "size", endpoints.len());
    field::set(&mut group, ENDPOINTS, endpoints);
    group
}
