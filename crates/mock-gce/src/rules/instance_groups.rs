//! Unmanaged instance groups. Who is in one is in `_members`, which nobody is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Verdict, all, change, field, reference, unknown};
use crate::refusal::Refusal;
use crate::state::{Act, Link, State, Thing};

pub(super) const MEMBERS: &str = "_members";

pub(super) fn after(state: &State, act: &Act, verb: &str) -> Verdict<Thing> {
    match verb {
        "insert" => new(state, act),
        "addInstances" => with(state, act),
        "removeInstances" => without(state, act),
        "setNamedPorts" => named_ports(state, act),
        _ => Err(unknown(act)),
    }
}

/// The items of `listInstances`.
pub(super) fn members(state: &State, act: &Act) -> Verdict<Vec<Value>> {
    let group = change::before(state, act)?;
    let mut items = Vec::new();
    for url in field::texts(group, MEMBERS) {
        let instance = Link::parse(url).and_then(|link| state.get(&link));
        let status = instance.map(|instance| field::text(instance, "status"));
        let status = status.filter(|status| !status.is_empty()).unwrap_or("RUNNING");
        if field::text(&act.body, "instanceState") == "RUNNING" && status != "RUNNING" {
            continue;
        }
        let mut item = json!({"instance": url, "status": status});
        if let Some(ports) = group.get("namedPorts") {
            item["namedPorts"] = ports.clone();
        }
        items.push(item);
    }
    Ok(items)
}

/// Refuses groups to be load-balanced that share an instance with each other, or with one that is.
pub(super) fn share_no_instance(state: &State, groups: &[Link]) -> Verdict {
    let balanced = balanced(state);
    let urls: BTreeSet<String> = groups.iter().map(Link::url).collect();
    // Those that are balanced already share none: most calls only name the cluster's groups again.
    if urls.iter().all(|url| balanced.contains(url.as_str())) {
        return Ok(());
    }
    let mut groups_of: BTreeMap<&str, &Link> = BTreeMap::new();
    for (link, group) in all(state, "instanceGroups") {
        let url = link.url();
        if !urls.contains(&url) && !balanced.contains(url.as_str()) {
            continue;
        }
        for member in field::texts(group, MEMBERS) {
            if groups_of.insert(member, link).is_some() {
                return Err(balanced_twice(member));
            }
        }
    }
    Ok(())
}

/// The groups that backend services name.
fn balanced(state: &State) -> BTreeSet<&str> {
    let services = all(state, "backendServices").map(|(_, service)| service);
    let backends = services.flat_map(|service| field::things(service, "backends"));
    backends.map(|backend| field::text(backend, "group")).collect()
}

fn balanced_twice(instance: &str) -> Refusal {
    let name = Link::parse(instance).map_or_else(|| instance.to_owned(), |link| link.to_string());
    let message = format!(
        "Validation failed for instance '{name}': instance may belong to at most one load-balanced \
         instance group."
    );
    let code = "INSTANCE_IN_MULTIPLE_LOAD_BALANCED_IGS";
    Refusal::new(400, "instanceInMultipleLoadBalancedIgs", code, message)
}

fn new(state: &State, act: &Act) -> Verdict<Thing> {
    let mut group = change::asked(state, act)?;
    if field::is_set(&group, "network") {
        let network = field::text(&group, "network");
        let network = reference::find(state, &act.link, "network", network, &["networks"])?;
        field::set(&mut group, "network", network.url());
    }
    field::set(&mut group, "size", 0);
    field::set(&mut group, MEMBERS, Vec::<Value>::new());
    Ok(group)
}

/// The instances that the call names, each once and each there.
fn named(state: &State, act: &Act) -> Verdict<Vec<Link>> {
    let mut links = Vec::new();
    for (nth, named) in field::things(&act.body, "instances").into_iter().enumerate() {
        let place = format!("instances[{nth}].instance");
        let url = field::text(named, "instance");
        let link = reference::find(state, &act.link, &place, url, &["instances"])?;
        if links.contains(&link) {
            return Err(Refusal::invalid(&format!("resource.{place}"), url, "It is named twice."));
        }
        links.push(link);
    }
    if links.is_empty() {
        return Err(Refusal::required("resource.instances"));
    }
    Ok(links)
}

fn with(state: &State, act: &Act) -> Verdict<Thing> {
    let mut group = change::before(state, act)?.clone();
    let (own, balanced) = (act.link.url(), balanced(state));
    let mut elsewhere = BTreeSet::new();
    if balanced.contains(own.as_str()) {
        let others = all(state, "instanceGroups")
            .filter(|(link, _)| **link != act.link && balanced.contains(link.url().as_str()));
        elsewhere.extend(others.flat_map(|(_, other)| field::texts(other, MEMBERS)));
    }
    let mut members: Vec<String> =
        field::texts(&group, MEMBERS).into_iter().map(str::to_owned).collect();
    let before: BTreeSet<String> = members.iter().cloned().collect();
    for link in named(state, act)? {
        let url = link.url();
        if before.contains(&url) {
            let message = format!("'{link}' is already a member of '{}'", act.link);
            let code = "MEMBER_ALREADY_EXISTS";
            return Err(Refusal::new(400, "memberAlreadyExists", code, message));
        }
        if elsewhere.contains(url.as_str()) {
            return Err(balanced_twice(&url));
        }
        fits(state, &mut group, &link)?;
        members.push(url);
    }
    let most = state.limits.group_size;
    if members.len() > most {
        let why = format!("An instance group can have at most {most} instances.");
        return Err(Refusal::invalid("resource.instances", &members.len().to_string(), &why));
    }
    field::set(&mut group, "size", members.len());
    field::set(&mut group, MEMBERS, members);
    Ok(group)
}

/// The first instance decides which network and subnetwork a group is of, and they stay when it goes.
fn fits(state: &State, group: &mut Thing, instance: &Link) -> Verdict {
    let thing = state.get(instance).ok_or_else(|| Refusal::not_found(instance))?;
    let cards = field::things(thing, "networkInterfaces");
    for name in ["network", "subnetwork"] {
        let own = cards.first().map(|card| field::text(card, name)).unwrap_or_default();
        field::default(group, name, own);
        let theirs = field::text(group, name);
        if theirs != own {
            let why = format!(
                "All instances of an instance group must be of one {name}; the group's is '{theirs}'."
            );
            return Err(Refusal::invalid("resource.instances", &instance.to_string(), &why));
        }
    }
    Ok(())
}

fn without(state: &State, act: &Act) -> Verdict<Thing> {
    let mut group = change::before(state, act)?.clone();
    let mut members: Vec<String> =
        field::texts(&group, MEMBERS).into_iter().map(str::to_owned).collect();
    for link in named(state, act)? {
        let url = link.url();
        if !members.contains(&url) {
            let why = format!("It is not a member of '{}'.", act.link);
            return Err(Refusal::invalid("resource.instances", &link.to_string(), &why));
        }
        members.retain(|member| *member != url);
    }
    field::set(&mut group, "size", members.len());
    field::set(&mut group, MEMBERS, members);
    Ok(group)
}

fn named_ports(state: &State, act: &Act) -> Verdict<Thing> {
    let mut group = change::before(state, act)?.clone();
    if field::is_set(&act.body, "fingerprint") {
        change::fingerprint_is_fresh(&group, &act.body)?;
    }
    for (nth, port) in field::things(&act.body, "namedPorts").into_iter().enumerate() {
        field::within(port, &format!("resource.namedPorts[{nth}]"), "port", 1, 65535)?;
    }
    let ports = field::list(&act.body, "namedPorts").to_vec();
    field::set(&mut group, "namedPorts", ports);
    Ok(group)
}
