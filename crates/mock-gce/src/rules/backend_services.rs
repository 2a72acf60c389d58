//! Regional backend services of passthrough load balancers.

mod backend;
mod session;

use serde_json::{Map, Value, json};

use super::{Verdict, all, change, field, instance_groups, network_endpoint_groups, reference};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing, Verb};

/// Connections may go on for an hour.
const LONGEST_DRAIN: i64 = 3600;

pub(super) fn after(state: &State, act: &Act) -> Verdict<Thing> {
    let mut after = change::asked(state, act)?;
    if act.verb != Verb::Insert {
        change::fingerprint_is_fresh(change::before(state, act)?, &act.body)?;
    }
    field::one_of(&after, "loadBalancingScheme", &["EXTERNAL", "INTERNAL"])?;
    field::default(&mut after, "loadBalancingScheme", "EXTERNAL");
    field::one_of(&after, "protocol", &["TCP", "UDP", "UNSPECIFIED"])?;
    field::default(&mut after, "protocol", "TCP");
    field::default(&mut after, "timeoutSec", 30);
    if act.verb != Verb::Insert {
        let before = change::before(state, act)?;
        change::stays(before, &after, "loadBalancingScheme")?;
        keeps_its_protocol(state, act, before, &after)?;
    }
    session::check(&mut after)?;
    drains(&mut after)?;
    backend::check(state, &act.link, &mut after)?;
    has_one_health_check(state, &act.link, &mut after)?;
    if field::is_set(&after, "network") {
        let network = field::text(&after, "network");
        let network = reference::find(state, &act.link, "network", network, &["networks"])?;
        field::set(&mut after, "network", network.url());
    }
    Ok(after)
}

/// The items of `getHealth`.
pub(super) fn health(state: &State, act: &Act) -> Verdict<Vec<Value>> {
    let service = change::before(state, act)?;
    let text = field::text(&act.body, "group");
    let group = reference::find(state, &act.link, "group", text, &backend::KINDS)?;
    let url = group.url();
    if !field::things(service, "backends").iter().any(|own| field::text(own, "group") == url) {
        let why = "The group is not a backend of this backend service.";
        return Err(Refusal::invalid("resource.group", text, why));
    }
    let group = state.get(&group).ok_or_else(|| Refusal::not_found(&group))?;
    let endpoints = field::things(group, network_endpoint_groups::ENDPOINTS);
    let instances = field::texts(group, instance_groups::MEMBERS).into_iter();
    let instances = instances.chain(endpoints.iter().map(|own| field::text(own, "instance")));
    Ok(instances.map(|instance| health_of(state, instance)).collect())
}

fn health_of(state: &State, url: &str) -> Value {
    let link = Link::parse(url);
    let name = link.as_ref().map(|link| link.name.as_str()).unwrap_or_default();
    let word = if state.limits.unhealthy.contains(name) { "UNHEALTHY" } else { "HEALTHY" };
    let mut item = json!({"instance": url, "healthState": word, "port": 0});
    let instance = link.as_ref().and_then(|link| state.get(link));
    let cards = instance.map(|instance| field::things(instance, "networkInterfaces"));
    if let Some(card) = cards.unwrap_or_default().first() {
        item["ipAddress"] = field::text(card, "networkIP").into();
    }
    item
}

fn keeps_its_protocol(state: &State, act: &Act, before: &Thing, after: &Thing) -> Verdict {
    if before.get("protocol") == after.get("protocol") {
        return Ok(());
    }
    let url = act.link.url();
    let rule =
        all(state, "forwardingRules").find(|(_, rule)| field::text(rule, "backendService") == url);
    match rule {
        None => Ok(()),
        Some((rule, _)) => {
            let why =
                format!("The protocol cannot be changed while '{rule}' leads to this service.");
            Err(Refusal::invalid("resource.protocol", field::text(after, "protocol"), &why))
        }
    }
}

fn drains(service: &mut Thing) -> Verdict {
    let protocol = field::text(service, "protocol").to_owned();
    let place = "resource.connectionDraining";
    let draining = service.entry("connectionDraining").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(draining) = draining else { return Err(Refusal::required(place)) };
    field::default(draining, "drainingTimeoutSec", 0);
    field::within(draining, place, "drainingTimeoutSec", 0, LONGEST_DRAIN)?;
    match field::number(draining, "drainingTimeoutSec") {
        Some(seconds) if seconds > 0 && protocol == "UDP" => Err(Refusal::invalid(
            &format!("{place}.drainingTimeoutSec"),
            &seconds.to_string(),
            "Connection draining is not supported for protocol UDP.",
        )),
        _ => Ok(()),
    }
}

/// The in-tree provider gives internal services a global one; external ones take regional ones only.
fn has_one_health_check(state: &State, home: &Link, service: &mut Thing) -> Verdict {
    let said = field::texts(service, "healthChecks");
    let [text] = said.as_slice() else {
        if said.is_empty() {
            return Err(Refusal::required("resource.healthChecks"));
        }
        let why = "Exactly one health check must be specified.";
        return Err(Refusal::invalid("resource.healthChecks", &said.len().to_string(), why));
    };
    let check = reference::find(state, home, "healthChecks[0]", text, &["healthChecks"])?;
    if check.scope != home.scope && field::text(service, "loadBalancingScheme") == "EXTERNAL" {
        let why = "An external regional backend service needs a regional health check.";
        return Err(Refusal::invalid("resource.healthChecks[0]", text, why));
    }
    field::set(service, "healthChecks", vec![check.url()]);
    Ok(())
}
