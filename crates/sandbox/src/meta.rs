//! Reading and writing `metadata` of an object, whatever its kind.

use jiff::Timestamp;
use rand::Rng;
use serde_json::{Map, Value};

/// What is at a path of keys; null where the path ends early.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    static NULL: Value = Value::Null;
    path.iter().try_fold(value, |value, key| value.get(key)).unwrap_or(&NULL)
}

/// The string at a path; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).as_str().unwrap_or_default()
}

/// The string `metadata.<field>`; empty where there is none.
pub(crate) fn field<'a>(object: &'a Value, field: &str) -> &'a str {
    text(object, &["metadata", field])
}

pub(crate) fn name(object: &Value) -> &str {
    field(object, "name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    field(object, "namespace")
}

/// The strings of a list; none where there is no list.
pub(crate) fn strings<'a>(value: &'a Value, path: &[&str]) -> impl Iterator<Item = &'a str> {
    at(value, path).as_array().into_iter().flatten().filter_map(Value::as_str)
}

pub(crate) fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    strings(object, &["metadata", "finalizers"])
}

pub(crate) fn is_deleting(object: &Value) -> bool {
    !field(object, "deletionTimestamp").is_empty()
}

/// Sets `metadata.<field>`, or takes it away if the value is null.
pub(crate) fn set(object: &mut Value, field: &str, value: Value) {
    let Some(object) = object.as_object_mut() else { return };
    let meta = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if let Some(meta) = meta.as_object_mut() {
        if value.is_null() {
            meta.remove(field);
        } else {
            meta.insert(field.to_owned(), value);
        }
    }
}

/// Sets a field of the object itself, or takes it away if the value is null.
pub(crate) fn set_top(object: &mut Value, field: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        if value.is_null() {
            object.remove(field);
        } else {
            object.insert(field.to_owned(), value);
        }
    }
}

/// A moment as the API writes it: RFC 3339, whole seconds, UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A name that nobody has, from a `generateName`.
pub(crate) fn generated(base: &str) -> String {
    // The letters are those of the real server: no vowels, so no words.
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rng = rand::rng();
    let mut name: String = base.chars().take(58).collect();
    name.extend((0..5).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])));
    name
}

/// Nulls, and lists and maps that mean nothing when empty, go: Go's `omitempty`.
pub(crate) fn prune(value: &mut Value) {
    const MAPS: &[&str] =
        &["labels", "annotations", "data", "binaryData", "nodeSelector", "selector"];
    const KEPT: &[&str] = &["endpoints", "addresses", "managedFields"];
    if let Some(map) = value.as_object_mut() {
        map.retain(|key, value| {
            prune(value);
            let empty_list = value.as_array().is_some_and(Vec::is_empty);
            let empty_map = value.as_object().is_some_and(Map::is_empty);
            !(value.is_null()
                || (empty_list && !KEPT.contains(&key.as_str()))
                || (empty_map && MAPS.contains(&key.as_str())))
        });
    } else if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(prune);
    }
}
