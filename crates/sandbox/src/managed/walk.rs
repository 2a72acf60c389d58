//! Objects field by field: how two differ, and what one becomes with another.

use super::{
    fields::{Fields, field},
    shape::{Shape, is_always_there},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What differs between two objects.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Fields that were added, or have another value.
    pub(super) set: Fields,
    /// Fields that are there no more.
    pub(super) gone: Fields,
}

/// How `new` differs from `old`.
pub(super) fn compare(old: &Value, new: &Value, of: &'static Value) -> Difference {
    let mut found = Difference::default();
    differ(Some(old), Some(new), of, &mut found);
    found
}

fn differ(old: Option<&Value>, new: Option<&Value>, of: &'static Value, found: &mut Difference) {
    if old == new {
        return;
    }
    let shape = Shape::of(of);
    let is_container = |value: Option<&Value>| match (&shape, value) {
        (Shape::Struct(_) | Shape::Map(_), Some(Value::Object(map))) => !map.is_empty(),
        (Shape::Set | Shape::Keyed(_), Some(Value::Array(list))) => !list.is_empty(),
        _ => false,
    };
    let container = is_container(old) || is_container(new);
    for (step, was, is, of) in container.then(|| pairs(old, new, &shape)).into_iter().flatten() {
        let mut inner = Difference::default();
        match of {
            Some(of) => differ(was, is, of, &mut inner),
            None => leaf(was, is, &mut inner),
        }
        found.set.put(step.clone(), inner.set);
        found.gone.put(step, inner.gone);
    }
    match (old, new) {
        (Some(_), Some(_)) if container => {}
        _ => leaf(old, new, found),
    }
}

fn leaf(old: Option<&Value>, new: Option<&Value>, found: &mut Difference) {
    match (old, new) {
        (Some(_), None) => found.gone.add_itself(),
        (was, Some(is)) if was != Some(is) => found.set.add_itself(),
        (_, _) => {}
    }
}

/// What is in two values of this shape, in pairs; and the schema of each, unless it is a plain item.
type Pair<'a> = (String, Option<&'a Value>, Option<&'a Value>, Option<&'static Value>);

fn pairs<'a>(old: Option<&'a Value>, new: Option<&'a Value>, shape: &Shape) -> Vec<Pair<'a>> {
    if let Shape::Struct(_) | Shape::Map(_) = shape {
        let maps = [old, new].map(|value| value.and_then(Value::as_object));
        let names: BTreeSet<&String> = maps.iter().flatten().flat_map(|map| map.keys()).collect();
        let pair = |name: &'a String| {
            let of = shape.property(name)?;
            let [was, is] = maps.map(|map| present(map.and_then(|map| map.get(name)), of));
            Some((field(name), was, is, Some(of)))
        };
        return names.into_iter().filter_map(pair).collect();
    }
    let lists = [old, new].map(|value| value.and_then(Value::as_array));
    let mut found: Vec<Pair<'a>> = Vec::new();
    for (turn, list) in lists.into_iter().enumerate() {
        for item in list.into_iter().flatten() {
            // What has no key is nobody's.
            let Ok(step) = shape.step(item) else { continue };
            let at = found.iter().position(|(known, ..)| *known == step).unwrap_or_else(|| {
                found.push((step, None, None, shape.item()));
                found.len() - 1
            });
            let (_, was, is, _) = &mut found[at];
            *(if turn == 0 { was } else { is }) = Some(item);
        }
    }
    found
}

/// What is there: some structs are even if they are not.
fn present<'a>(value: Option<&'a Value>, of: &Value) -> Option<&'a Value> {
    static EMPTY: std::sync::LazyLock<Value> =
        std::sync::LazyLock::new(|| Value::Object(Map::new()));
    value.or_else(|| is_always_there(of).then(|| &*EMPTY))
}

/// What an object becomes if `config` is applied to it: what it says, beside what it is silent on.
pub(super) fn merge(live: &Value, config: &Value, of: &'static Value) -> Value {
    let shape = Shape::of(of);
    match (live, config) {
        (_, config) if matches!(shape, Shape::Leaf) => config.clone(),
        (Value::Object(live), Value::Object(config)) => {
            let mut merged = live.clone();
            for (name, value) in config {
                let both = merged.get(name).zip(shape.property(name));
                let value = both.map_or_else(|| value.clone(), |(live, of)| merge(live, value, of));
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(live), Value::Array(config)) => {
            Value::Array(merge_lists(live, config, &shape))
        }
        // Null is nothing in particular to say of what has parts.
        (live, Value::Null) => live.clone(),
        (_, config) => config.clone(),
    }
}

/// The items of both lists: in the order of `config`, with the others where they were among them.
fn merge_lists(live: &[Value], config: &[Value], shape: &Shape) -> Vec<Value> {
    let steps = |list: &[Value]| -> Vec<Option<String>> {
        list.iter().map(|item| shape.step(item).ok()).collect()
    };
    let (theirs, ours) = (steps(live), steps(config));
    let mut merged = Vec::with_capacity(live.len() + config.len());
    let (mut left, mut right) = (0, 0);
    while left < live.len() || right < config.len() {
        if left < live.len() {
            if !ours.contains(&theirs[left]) {
                merged.push(live[left].clone());
                left += 1;
                continue;
            }
            // It comes with its turn in the other list, unless that is the next that both have.
            let next = ours[right..].iter().find(|step| theirs.contains(step));
            if next != Some(&theirs[left]) {
                left += 1;
                continue;
            }
        }
        let item = &config[right];
        let there = theirs.iter().position(|step| *step == ours[right]).map(|at| &live[at]);
        let both = there.zip(shape.item());
        merged.push(both.map_or_else(|| item.clone(), |(live, of)| merge(live, item, of)));
        if there.is_some() && theirs.get(left) == Some(&ours[right]) {
            left += 1;
        }
        right += 1;
    }
    merged
}

/// The value without these fields; null if that leaves nothing of it.
pub(super) fn without(value: &Value, fields: &Fields, of: &'static Value) -> Value {
    let shape = Shape::of(of);
    let cut = |step: &str, value: &Value, of: Option<&'static Value>| match fields.after(step) {
        None => Some(value.clone()),
        Some(inner) if inner.has_itself() => None,
        Some(inner) => Some(of.map_or_else(|| value.clone(), |of| without(value, inner, of))),
    };
    match (&shape, value) {
        (Shape::Struct(_) | Shape::Map(_), Value::Object(map)) => {
            let keep = |(name, value): (&String, &Value)| {
                let value = cut(&field(name), value, shape.property(name))?;
                Some((name.clone(), value))
            };
            let left: Map<String, Value> = map.iter().filter_map(keep).collect();
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        (Shape::Set | Shape::Keyed(_), Value::Array(list)) => {
            let keep = |item: &Value| match shape.step(item) {
                Ok(step) => cut(&step, item, shape.item()),
                Err(_) => Some(item.clone()),
            };
            let left: Vec<Value> = list.iter().filter_map(keep).collect();
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        (_, value) => value.clone(),
    }
}

/// The same set, with each struct's field of which something is in it.
pub(super) fn with_parents(set: &Fields, of: &'static Value) -> Fields {
    let shape = Shape::of(of);
    let mut found = if set.has_itself() { Fields::itself() } else { Fields::default() };
    for (step, inner) in set.steps() {
        let name = step.strip_prefix("f:");
        let property = name.map_or_else(|| shape.item(), |name| shape.property(name));
        let mut inner = property.map_or_else(|| inner.clone(), |of| with_parents(inner, of));
        if name.is_some() && matches!(shape, Shape::Struct(_)) {
            inner.add_itself();
        }
        found.put(step.clone(), inner);
    }
    found
}
