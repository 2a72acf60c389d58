//! What the schemas say of how a value is owned and merged.

use crate::openapi::schemas;
use serde_json::{Map, Value};

/// How messages call a list of structs that are told apart by fields.
const LIST: &str = "associative list with keys";

/// How a value is divided among those who set it.
///
/// By `x-kubernetes-list-type` and `x-kubernetes-map-type` of the real server's schemas; by default a
/// list is one thing, and each entry of a map is one.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One thing, whatever it is made of.
    Leaf,
    /// Fields, each with a schema of its own.
    Struct(&'static Map<String, Value>),
    /// Entries of the same schema.
    Map(&'static Value),
    /// A list of plain values, each of which it has once.
    Set,
    /// A list of structs that are told apart by these fields.
    Keyed(Keys),
}

/// The fields that tell the items of a list apart, and the schema of an item.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    names: Vec<&'static str>,
    pub(super) item: &'static Value,
}

impl Shape {
    /// The shape of what a schema, or a property of one, describes.
    pub(super) fn of(property: &'static Value) -> Self {
        let schema = referred(property);
        let told = |name| [property, schema].into_iter().find_map(|it| it[name].as_str());
        match schema["type"].as_str() {
            Some("object") if told("x-kubernetes-map-type") == Some("atomic") => Self::Leaf,
            Some("object") => {
                match (schema["properties"].as_object(), &schema["additionalProperties"]) {
                    (Some(fields), _) => Self::Struct(fields),
                    (None, entry @ Value::Object(_)) => Self::Map(entry),
                    (None, _) => Self::Leaf,
                }
            }
            Some("array") => match told("x-kubernetes-list-type") {
                Some("set") => Self::Set,
                Some("map") => {
                    let names = property["x-kubernetes-list-map-keys"].as_array();
                    let names = names.into_iter().flatten().filter_map(Value::as_str).collect();
                    Self::Keyed(Keys { names, item: &property["items"] })
                }
                Some(_) | None => Self::Leaf,
            },
            Some(_) | None => Self::Leaf,
        }
    }

    /// The schema of what is in a field or an entry; none if there can be no such.
    pub(super) fn property(&self, name: &str) -> Option<&'static Value> {
        match self {
            Self::Struct(fields) => fields.get(name),
            Self::Map(entry) => Some(entry),
            Self::Leaf | Self::Set | Self::Keyed(_) => None,
        }
    }

    /// The schema of the items of a list.
    pub(super) const fn item(&self) -> Option<&'static Value> {
        match self {
            Self::Keyed(keys) => Some(keys.item),
            Self::Set | Self::Leaf | Self::Struct(_) | Self::Map(_) => None,
        }
    }

    /// The step to an item of a list that is owned item by item, or why there is none.
    pub(super) fn step(&self, item: &Value) -> Result<String, String> {
        match self {
            Self::Keyed(keys) => keys.step(item),
            Self::Set | Self::Leaf | Self::Struct(_) | Self::Map(_) => Ok(format!("v:{item}")),
        }
    }
}

impl Keys {
    fn step(&self, item: &Value) -> Result<String, String> {
        match item {
            Value::Object(_) => {}
            Value::Null => return Err(format!("{LIST} may not have a null element")),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(format!("{LIST} may not have non-map elements"));
            }
        }
        let defaults = &referred(self.item)["properties"];
        let mut key = Map::new();
        for &name in &self.names {
            let default = Some(&defaults[name]["default"]).filter(|value| !value.is_null());
            let value = item.get(name).filter(|value| !value.is_null()).or(default);
            let missing = || {
                format!(
                    "{LIST} has an element that omits key field {name:?} (and doesn't have default \
                     value)"
                )
            };
            key.insert(name.to_owned(), value.ok_or_else(missing)?.clone());
        }
        Ok(format!("k:{}", Value::Object(key)))
    }
}

/// The type of what a schema, or a property of one, describes.
pub(super) fn type_of(property: &'static Value) -> Option<&'static str> {
    referred(property)["type"].as_str()
}

/// A struct that Go always has, empty or not: it is never a pointer.
pub(super) fn is_always_there(property: &Value) -> bool {
    property["default"].as_object().is_some_and(Map::is_empty)
}

/// The schema that a property refers to, or the property itself.
fn referred(property: &'static Value) -> &'static Value {
    schemas::referred(property).and_then(schemas::named).unwrap_or(property)
}
