//! Fields of a thing, read and defaulted. The machine has seen to their types.

use serde_json::Value;

use super::Verdict;
use crate::refusal::Refusal;
use crate::state::Thing;

/// A field of text; empty where there is none.
pub(super) fn text<'a>(thing: &'a Thing, field: &str) -> &'a str {
    thing.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn flag(thing: &Thing, field: &str) -> bool {
    thing.get(field).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn number(thing: &Thing, field: &str) -> Option<i64> {
    thing.get(field).and_then(Value::as_i64)
}

/// A field that is a list; empty where there is none.
pub(super) fn list<'a>(thing: &'a Thing, field: &str) -> &'a [Value] {
    thing.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A list of texts.
pub(super) fn texts<'a>(thing: &'a Thing, field: &str) -> Vec<&'a str> {
    list(thing, field).iter().filter_map(Value::as_str).collect()
}

/// A list of objects.
pub(super) fn things<'a>(thing: &'a Thing, field: &str) -> Vec<&'a Thing> {
    list(thing, field).iter().filter_map(Value::as_object).collect()
}

/// Whether a field says something: empty lists and texts do not.
pub(super) fn is_set(thing: &Thing, field: &str) -> bool {
    match thing.get(field) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(values)) => !values.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => true,
    }
}

pub(super) fn set(thing: &mut Thing, field: &str, value: impl Into<Value>) {
    thing.insert(field.to_owned(), value.into());
}

/// Says it where nothing is said.
pub(super) fn default(thing: &mut Thing, field: &str, value: impl Into<Value>) {
    if !is_set(thing, field) {
        set(thing, field, value);
    }
}

/// Refuses a text that is none of these; nothing said is fine.
pub(super) fn one_of(thing: &Thing, field: &str, known: &[&str]) -> Verdict {
    let said = text(thing, field);
    if said.is_empty() || known.contains(&said) {
        return Ok(());
    }
    let why = format!("Must be one of [{}].", known.join(", "));
    Err(Refusal::invalid(&format!("resource.{field}"), said, &why))
}

/// Refuses a number out of bounds; nothing said is fine.
pub(super) fn within(thing: &Thing, place: &str, field: &str, least: i64, most: i64) -> Verdict {
    match number(thing, field) {
        Some(said) if !(least..=most).contains(&said) => Err(Refusal::invalid(
            &format!("{place}.{field}"),
            &said.to_string(),
            &format!("Must be greater than or equal to {least} and less than or equal to {most}."),
        )),
        _ => Ok(()),
    }
}
