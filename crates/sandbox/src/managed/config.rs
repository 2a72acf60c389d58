//! What somebody applies, field by field: what it has, and whether it is of its type.

use super::{
    fields::{Fields, field, shown},
    shape::{Shape, type_of},
};
use serde_json::{Map, Value};

/// The fields of a config of this type, or what is wrong with it, in the words of the real server.
pub(super) fn fields(config: &Value, of: &'static Value) -> Result<Fields, String> {
    let mut reader = Reader::default();
    let found = reader.read("", config, of);
    match reader.errors.as_slice() {
        [] => Ok(found),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

/// The fields of an object, as far as they are of their types.
pub(super) fn known(object: &Value, of: &'static Value) -> Fields {
    Reader::default().read("", object, of)
}

/// The config with the texts of its maps: there Go reads null as an empty one.
pub(super) fn with_texts(config: &Value, of: &'static Value) -> Value {
    let shape = Shape::of(of);
    let Some(map) = config.as_object() else { return config.clone() };
    let entry = |(name, value): (&String, &Value)| {
        let value = match shape.property(name) {
            Some(of) if value.is_null() && matches!(shape, Shape::Map(_)) => match type_of(of) {
                Some("string") => Value::String(String::new()),
                Some(_) | None => Value::Null,
            },
            Some(of) => with_texts(value, of),
            None => value.clone(),
        };
        (name.clone(), value)
    };
    Value::Object(map.iter().map(entry).collect())
}

#[derive(Debug, Default)]
struct Reader {
    errors: Vec<String>,
}

impl Reader {
    fn read(&mut self, path: &str, value: &Value, of: &'static Value) -> Fields {
        if let Some(error) = mistyped(value, of) {
            self.errors.push(format!("{path}: {error}"));
            return Fields::default();
        }
        let shape = Shape::of(of);
        let mut found = Fields::default();
        match (&shape, value) {
            (Shape::Struct(_) | Shape::Map(_), Value::Object(map)) => {
                for (name, value) in map {
                    found.put(field(name), self.entry(path, (name, value), &shape));
                }
            }
            (Shape::Set | Shape::Keyed(_), Value::Array(items)) => {
                for (number, item) in items.iter().enumerate() {
                    match shape.step(item) {
                        Err(why) => self.errors.push(format!("{path}: element {number}: {why}")),
                        Ok(step) if found.after(&step).is_some() => {
                            let key = shown(&step);
                            self.errors.push(format!("{path}: duplicate entries for key {key}"));
                        }
                        Ok(step) => {
                            let path = format!("{path}{}", shown(&step));
                            let of = shape.item();
                            let inner = of.map(|of| self.read(&path, item, of));
                            found.put(step, inner.unwrap_or_default().or(Fields::itself()));
                        }
                    }
                }
            }
            (Shape::Leaf, _) => found.add_itself(),
            // Null: whoever is above notes it.
            (Shape::Struct(_) | Shape::Map(_) | Shape::Set | Shape::Keyed(_), _) => {}
        }
        found
    }

    fn entry(&mut self, path: &str, (name, value): (&str, &Value), shape: &Shape) -> Fields {
        let path = format!("{path}.{name}");
        let Some(of) = shape.property(name) else {
            self.errors.push(format!("{path}: field not declared in schema"));
            return Fields::default();
        };
        let inner = self.read(&path, value, of);
        let nothing = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if nothing || matches!(shape, Shape::Map(_)) { inner.or(Fields::itself()) } else { inner }
    }
}

/// Why a value is not of its type.
fn mistyped(value: &Value, of: &'static Value) -> Option<String> {
    let (wanted, fits) = match type_of(of)? {
        "object" => ("map", value.is_object()),
        "array" => ("list", value.is_array()),
        "string" => ("string", value.is_string()),
        "boolean" => ("boolean", value.is_boolean()),
        "integer" | "number" => ("numeric (int or float)", value.is_number()),
        _ => return None,
    };
    (!fits && !value.is_null()).then(|| format!("expected {wanted}, got {}", told(value, wanted)))
}

/// A value as the real server's messages have it, which are made by Go.
fn told(value: &Value, wanted: &str) -> String {
    match (wanted, value) {
        ("map" | "list", value) => format!("&{{{}}}", go(value)),
        ("numeric (int or float)", Value::String(_)) => "string".to_owned(),
        ("numeric (int or float)", Value::Bool(_)) => "bool".to_owned(),
        (_, value) => format!("&value.valueUnstructured{{Value:{value}}}"),
    }
}

/// As Go prints a value.
fn go(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let all = map.iter().map(|(name, value)| format!("{name}:{}", go(value)));
            format!("map[{}]", all.collect::<Vec<_>>().join(" "))
        }
        Value::Null => "<nil>".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kind::{Kind, Resource},
        managed::schema,
    };
    use serde_json::json;

    fn of(config: &Value) -> Result<Value, String> {
        fields(config, schema(Kind::of(Resource::Services))).map(|fields| fields.to_json())
    }

    #[test]
    fn a_config_has_its_leaves_and_its_entries() {
        let config = json!({
            "metadata": { "labels": { "a": "b" }, "finalizers": ["x/y"], "annotations": {} },
            "spec": {
                "ports": [{ "port": 80, "name": "web" }],
                "selector": { "app": "web" },
                "sessionAffinityConfig": null,
            },
        });
        let port = json!({ ".": {}, "f:name": {}, "f:port": {} });
        assert_eq!(
            of(&config).unwrap(),
            json!({
                "f:metadata": {
                    "f:annotations": {},
                    "f:labels": { "f:a": {} },
                    "f:finalizers": { "v:\"x/y\"": {} },
                },
                "f:spec": {
                    "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": port },
                    "f:selector": {},
                    "f:sessionAffinityConfig": {},
                },
            })
        );
    }

    #[test]
    fn what_does_not_fit_is_told_where_it_is() {
        for (spec, told) in [
            (json!({ "foo": 1 }), ".spec.foo: field not declared in schema"),
            (json!("x"), ".spec: expected map, got &{x}"),
            (json!({ "ports": { "port": 80 } }), ".spec.ports: expected list, got &{map[port:80]}"),
            (
                json!({ "ports": [{ "port": "x" }] }),
                ".spec.ports[port=\"x\",protocol=\"TCP\"].port: expected numeric (int or float), \
                 got string",
            ),
            (
                json!({ "type": 1 }),
                ".spec.type: expected string, got &value.valueUnstructured{Value:1}",
            ),
            (
                json!({ "ports": [{ "port": 80 }, { "port": 80, "protocol": "TCP" }] }),
                ".spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]",
            ),
            (
                json!({ "ports": [null] }),
                ".spec.ports: element 0: associative list with keys may not have a null element",
            ),
            (
                json!({ "ports": ["x"] }),
                ".spec.ports: element 0: associative list with keys may not have non-map elements",
            ),
            (
                json!({ "foo": 1, "selector": ["a"] }),
                "errors:\n  .spec.foo: field not declared in schema\n  .spec.selector: expected \
                 map, got &{[a]}",
            ),
        ] {
            assert_eq!(of(&json!({ "spec": spec })).unwrap_err(), told);
        }
    }
}
