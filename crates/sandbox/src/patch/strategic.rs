//! Strategic merge patch, with its directives.
//!
//! See "Update API Objects in Place Using kubectl patch" in the Kubernetes documentation and
//! `strategic-merge-patch.md` in kubernetes/community.

use super::schema::{EMPTY, Rule, Schema};
use serde_json::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

type Object = Map<String, Value>;

/// Merges `patch` into `target`; both must be objects.
pub(crate) fn merge(target: &mut Value, patch: &Value, schema: &Schema) -> Result<(), String> {
    match (target.as_object_mut(), patch.as_object()) {
        (Some(target), Some(patch)) => merge_map(target, patch, schema),
        _ => Err("a strategic merge patch and its target must be objects".into()),
    }
}

fn merge_map(target: &mut Object, patch: &Object, schema: &Schema) -> Result<(), String> {
    match patch.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
        None | Some("merge") => {}
        Some("replace") => {
            target.clear();
            target.extend(patch.iter().filter(|(k, _)| *k != DIRECTIVE).map(own));
            return Ok(());
        }
        Some("delete") => {
            target.clear();
            return Ok(());
        }
        Some(other) => return Err(format!("unknown patch directive {other:?}")),
    }
    if let Some(retain) = patch.get(RETAIN) {
        let retain = retain.as_array().ok_or("$retainKeys must be a list")?;
        target.retain(|key, _| retain.iter().any(|retained| retained == key.as_str()));
    }
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            delete_from(target, field, value)?;
        } else if !key.starts_with('$') {
            merge_field(target, key, value, schema)?;
        }
    }
    for (key, order) in patch {
        if let Some(field) = key.strip_prefix(ORDER) {
            let order = order.as_array().ok_or("$setElementOrder must be a list")?;
            reorder(target, field, order, schema)?;
        }
    }
    Ok(())
}

fn merge_field(
    target: &mut Object,
    key: &str,
    value: &Value,
    schema: &Schema,
) -> Result<(), String> {
    if value.is_null() {
        target.remove(key);
        return Ok(());
    }
    let rule = schema.rule(key);
    if let Some(patch) = value.as_object() {
        let inner = match rule {
            Some(Rule::Inner(schema)) => *schema,
            Some(Rule::Keyed(..) | Rule::Set) | None => &EMPTY,
        };
        // Merging into an empty map strips the directives and nulls of the patch.
        let slot = target.entry(key).or_insert_with(empty_map);
        if !slot.is_object() {
            *slot = empty_map();
        }
        return slot.as_object_mut().map_or(Ok(()), |slot| merge_map(slot, patch, inner));
    }
    if let Some(patch) = value.as_array() {
        match rule {
            Some(Rule::Keyed(by, schema)) => {
                return with_list(target, key, |list| merge_keyed(list, patch, by, schema));
            }
            Some(Rule::Set) => {
                return with_list(target, key, |set| {
                    let before = set.clone();
                    for value in patch {
                        if !set.contains(value) {
                            set.push(value.clone());
                        }
                    }
                    arrange(set, patch, &before, Value::clone);
                    Ok(())
                });
            }
            Some(Rule::Inner(_)) | None => {}
        }
    }
    target.insert(key.to_owned(), value.clone());
    Ok(())
}

fn merge_keyed(
    target: &mut Vec<Value>,
    patch: &[Value],
    by: &str,
    schema: &Schema,
) -> Result<(), String> {
    let directive = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    if patch.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        target.clear();
        let kept = patch.iter().filter(|item| item.get(DIRECTIVE).is_none());
        target.extend(kept.cloned());
        return Ok(());
    }
    let before: Vec<Value> = target.iter().filter_map(|item| item.get(by).cloned()).collect();
    for item in patch {
        let fields = item.as_object().ok_or_else(|| format!("list items need the key {by:?}"))?;
        let id = fields.get(by).ok_or_else(|| {
            let shown = shown(item);
            format!("map: {shown} does not contain declared merge key: {by}")
        })?;
        let place = target.iter().position(|known| known.get(by) == Some(id));
        if directive(item).as_deref() == Some("delete") {
            target.retain(|known| known.get(by) != Some(id));
            continue;
        }
        if let Some(known) = place.and_then(|place| target.get_mut(place)) {
            merge(known, item, schema)?;
        } else {
            let mut fresh = Object::new();
            merge_map(&mut fresh, fields, schema)?;
            target.push(Value::Object(fresh));
        }
    }
    let order: Vec<Value> = patch.iter().filter_map(|item| item.get(by).cloned()).collect();
    arrange(target, &order, &before, |item| item.get(by).cloned().unwrap_or_default());
    Ok(())
}

/// A value as Go shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", shown(value))).collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(" "))
        }
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn delete_from(target: &mut Object, field: &str, values: &Value) -> Result<(), String> {
    let values = values.as_array().ok_or("$deleteFromPrimitiveList must be a list")?;
    if let Some(list) = target.get_mut(field).and_then(Value::as_array_mut) {
        list.retain(|value| !values.contains(value));
    }
    Ok(())
}

/// Puts the elements that the patch names in its order; the others keep their place before the
/// named element that followed them.
fn reorder(
    target: &mut Object,
    field: &str,
    order: &[Value],
    schema: &Schema,
) -> Result<(), String> {
    let by = match schema.rule(field) {
        Some(Rule::Keyed(by, _)) => Some(*by),
        Some(Rule::Set) => None,
        Some(Rule::Inner(_)) | None => return Ok(()),
    };
    let Some(list) = target.get_mut(field).and_then(Value::as_array_mut) else { return Ok(()) };
    let id = |item: &Value| match by {
        Some(by) => item.get(by).cloned().unwrap_or_default(),
        None => item.clone(),
    };
    let wanted: Vec<Value> = order.iter().map(id).collect();
    if by.is_some() && wanted.iter().any(Value::is_null) {
        return Err(format!("the items of $setElementOrder/{field} need their merge key"));
    }
    let before: Vec<Value> = list.iter().map(id).collect();
    arrange(list, &wanted, &before, id);
    Ok(())
}

/// Puts the elements with the ids in `order` in that order, and the others in that of `before`. What
/// `order` names comes first, but for others that stood before it.
fn arrange(list: &mut Vec<Value>, order: &[Value], before: &[Value], id: impl Fn(&Value) -> Value) {
    let place = |list: &[Value], item: &Value| list.iter().position(|known| *known == id(item));
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        std::mem::take(list).into_iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(before, item));
    let mut others = others.into_iter().peekable();
    for item in named {
        let at = place(before, &item);
        while let Some(other) = others.next_if(|other| at.is_some() && place(before, other) < at) {
            list.push(other);
        }
        list.push(item);
    }
    list.extend(others);
}

/// Works on the list of a field, whatever stood there before.
fn with_list(
    target: &mut Object,
    key: &str,
    work: impl FnOnce(&mut Vec<Value>) -> Result<(), String>,
) -> Result<(), String> {
    let mut list = match target.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let done = work(&mut list);
    target.insert(key.to_owned(), Value::Array(list));
    done
}

fn empty_map() -> Value {
    Value::Object(Object::new())
}

fn own((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

#[cfg(test)]
mod tests;
