//! Target pools, which the in-tree provider made and nobody makes anew.

use serde_json::Value;

use super::{Verdict, change, field, reference, unknown};
use crate::refusal::Refusal;
use crate::state::{Act, State, Thing};

/// Instances of an insert, and of an `addInstance` or `removeInstance`.
const MOST_AT_FIRST: usize = 200;
const MOST_PER_CALL: usize = 1000;

pub(super) fn after(state: &State, act: &Act, verb: &str) -> Verdict<Thing> {
    match verb {
        "insert" => new(state, act),
        "addInstance" => with(state, act),
        "removeInstance" => without(state, act),
        _ => Err(unknown(act)),
    }
}

fn new(state: &State, act: &Act) -> Verdict<Thing> {
    let mut pool = change::asked(state, act)?;
    let affinities = ["NONE", "CLIENT_IP", "CLIENT_IP_PROTO"];
    field::one_of(&pool, "sessionAffinity", &affinities)?;
    field::default(&mut pool, "sessionAffinity", "NONE");
    let references = [("instances", "instances"), ("healthChecks", "httpHealthChecks")];
    for (name, kind) in references {
        let said = field::texts(&pool, name);
        let urls = urls(state, act, name, kind, &said, MOST_AT_FIRST)?;
        if !urls.is_empty() {
            field::set(&mut pool, name, urls);
        }
    }
    Ok(pool)
}

fn urls(
    state: &State,
    act: &Act,
    name: &str,
    kind: &str,
    said: &[&str],
    most: usize,
) -> Verdict<Vec<String>> {
    if said.len() > most {
        let why = format!("Too many specified. Maximum is {most}.");
        return Err(Refusal::invalid(&format!("resource.{name}"), &said.len().to_string(), &why));
    }
    let mut urls = Vec::new();
    for (nth, text) in said.iter().enumerate() {
        let link = reference::find(state, &act.link, &format!("{name}[{nth}]"), text, &[kind])?;
        if !urls.contains(&link.url()) {
            urls.push(link.url());
        }
    }
    Ok(urls)
}

fn named(state: &State, act: &Act) -> Verdict<Vec<String>> {
    let said = field::things(&act.body, "instances");
    let said: Vec<&str> = said.into_iter().map(|named| field::text(named, "instance")).collect();
    if said.is_empty() {
        return Err(Refusal::required("resource.instances"));
    }
    urls(state, act, "instances", "instances", &said, MOST_PER_CALL)
}

/// What is in a pool already stays so.
fn with(state: &State, act: &Act) -> Verdict<Thing> {
    let mut pool = change::before(state, act)?.clone();
    let mut instances = field::list(&pool, "instances").to_vec();
    for url in named(state, act)? {
        let url = Value::String(url);
        if !instances.contains(&url) {
            instances.push(url);
        }
    }
    field::set(&mut pool, "instances", instances);
    Ok(pool)
}

fn without(state: &State, act: &Act) -> Verdict<Thing> {
    let mut pool = change::before(state, act)?.clone();
    let mut instances = field::list(&pool, "instances").to_vec();
    for url in named(state, act)? {
        let there = instances.len();
        instances.retain(|instance| *instance != url.as_str());
        if instances.len() == there {
            let why = format!("It is not in '{}'.", act.link);
            return Err(Refusal::invalid("resource.instances", &url, &why));
        }
    }
    field::set(&mut pool, "instances", instances);
    Ok(pool)
}
