//! A body on its way to the types: a null in a list or a map is the zero value there, as it is in Go,
//! and a moment is read as strictly as Go reads it.

use super::moment::Precision;
use crate::{
    kind::Kind,
    openapi::{schema_name, schemas},
};
use serde_json::{Value, json};

/// Puts zero values in place of nulls; refuses the first moment that Go could not read.
pub(super) fn fill(kind: &Kind, body: &mut Value) -> Result<(), String> {
    schemas::named(&schema_name(kind)).map_or(Ok(()), |schema| within(schema, body))
}

/// A value and the schema of it, or a reference to one.
fn within(schema: &Value, value: &mut Value) -> Result<(), String> {
    if let Some(name) = schemas::referred(schema) {
        if let (Some(precision), Some(text)) = (Precision::of(name), value.as_str()) {
            return precision.check(text);
        }
        return schemas::named(name).map_or(Ok(()), |schema| within(schema, value));
    }
    if let Some(map) = value.as_object_mut() {
        for (key, value) in map {
            // A null in a struct is an absent field, and one in a map is an entry.
            if let Some(field) = schema["properties"].get(key) {
                within(field, value)?;
            } else if let Some(entry) = schema.get("additionalProperties") {
                item(entry, value)?;
            }
        }
    } else if let (Some(list), Some(entry)) = (value.as_array_mut(), schema.get("items")) {
        for value in list {
            item(entry, value)?;
        }
    }
    Ok(())
}

fn item(schema: &Value, value: &mut Value) -> Result<(), String> {
    if value.is_null() {
        *value = zero(schema);
    }
    within(schema, value)
}

fn zero(schema: &Value) -> Value {
    if let Some(told) = schema.get("default") {
        return told.clone();
    }
    match schemas::referred(schema) {
        Some(name) if name.ends_with(".Quantity") => return "0".into(),
        Some(name) => return schemas::named(name).map_or(Value::Null, zero),
        None => {}
    }
    match schema["type"].as_str() {
        Some("string") => "".into(),
        Some("object") => json!({}),
        Some("array") => json!([]),
        Some("integer" | "number") => 0.into(),
        Some("boolean") => false.into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Resource;

    #[test]
    fn a_null_in_a_list_or_a_map_is_the_zero_value() {
        for (resource, body, filled) in [
            (
                Resource::Services,
                json!({ "spec": { "selector": { "a": null }, "ports": [null], "type": null } }),
                json!({ "spec": { "selector": { "a": "" }, "ports": [{}], "type": null } }),
            ),
            (
                Resource::Services,
                json!({ "metadata": { "labels": { "a": null }, "finalizers": [null] } }),
                json!({ "metadata": { "labels": { "a": "" }, "finalizers": [""] } }),
            ),
            (
                Resource::ConfigMaps,
                json!({ "data": { "a": null }, "binaryData": { "b": null } }),
                json!({ "data": { "a": "" }, "binaryData": { "b": "" } }),
            ),
            (
                Resource::Nodes,
                json!({ "status": { "capacity": { "cpu": null } } }),
                json!({ "status": { "capacity": { "cpu": "0" } } }),
            ),
            (
                Resource::ConfigMaps,
                json!({ "data": null, "unknown": [null] }),
                json!({ "data": null, "unknown": [null] }),
            ),
        ] {
            let mut found = body.clone();
            fill(Kind::of(resource), &mut found).unwrap();
            assert_eq!(found, filled, "{body}");
        }
    }

    #[test]
    fn a_moment_is_refused_where_it_is() {
        let mut lease = json!({ "spec": { "renewTime": "2026-01-01T00:00:00Z" } });
        let why = fill(Kind::of(Resource::Leases), &mut lease).unwrap_err();
        assert!(why.ends_with("cannot parse \"Z\" as \".000000\""), "{why}");
        let mut map = json!({ "metadata": { "creationTimestamp": "2026-01-01T00:00:00Z" } });
        assert_eq!(fill(Kind::of(Resource::ConfigMaps), &mut map), Ok(()));
    }
}
