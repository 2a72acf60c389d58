//! What a value must look like.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

use regex::Regex;
use serde_json::Value;

/// A schema, a field of one, or a parameter.
pub(crate) struct Node {
    pub(crate) shape: Shape,
    /// Google writes it; callers do not.
    pub(crate) output_only: bool,
    /// The methods that need it.
    pub(crate) required_by: Vec<String>,
    /// It may be there more than once, as a parameter.
    pub(crate) repeated: bool,
    pub(crate) default: Option<String>,
}

pub(crate) enum Shape {
    /// As the schema of this name.
    Reference(String),
    Text {
        format: Option<String>,
        pattern: Option<Regex>,
        values: Vec<String>,
    },
    Integer {
        least: i64,
        most: i64,
    },
    Number,
    Boolean,
    List(Box<Node>),
    Fields(BTreeMap<String, Node>),
    /// Any names, with values that are all alike.
    Named(Box<Node>),
    Any,
}

impl Node {
    pub(crate) fn of(value: &Value) -> Self {
        let required_by = texts(&value["requiredBy"]);
        Self {
            shape: shape(value),
            output_only: value["outputOnly"] == true,
            required_by,
            repeated: value["repeated"] == true,
            default: value["default"].as_str().map(str::to_owned),
        }
    }

    pub(crate) fn fields(&self) -> Option<&BTreeMap<String, Self>> {
        let Shape::Fields(fields) = &self.shape else { return None };
        Some(fields)
    }
}

fn shape(value: &Value) -> Shape {
    if let Some(name) = value["$ref"].as_str() {
        return Shape::Reference(name.to_owned());
    }
    let text = |field: &str| value[field].as_str();
    match text("type") {
        Some("string") => Shape::Text {
            format: text("format").map(str::to_owned),
            pattern: text("pattern").and_then(whole),
            values: texts(&value["enum"]),
        },
        Some("integer") => {
            let bound = |field: &str| text(field).and_then(|bound| bound.parse().ok());
            let unsigned = text("format") == Some("uint32");
            let (least, most) =
                if unsigned { (0, u32::MAX.into()) } else { (i32::MIN.into(), i32::MAX.into()) };
            let (least, most) =
                (bound("minimum").unwrap_or(least), bound("maximum").unwrap_or(most));
            Shape::Integer { least, most }
        }
        Some("number") => Shape::Number,
        Some("boolean") => Shape::Boolean,
        Some("array") => Shape::List(Box::new(Node::of(&value["items"]))),
        Some("object") => match value["properties"].as_object() {
            Some(fields) => Shape::Fields(
                fields.iter().map(|(name, field)| (name.clone(), Node::of(field))).collect(),
            ),
            None if value["additionalProperties"].is_object() => {
                Shape::Named(Box::new(Node::of(&value["additionalProperties"])))
            }
            None => Shape::Fields(BTreeMap::new()),
        },
        _ => Shape::Any,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A pattern that the whole text must fit. The document has few of them, many times each.
fn whole(pattern: &str) -> Option<Regex> {
    static MADE: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let entry = made.entry(pattern.to_owned());
    entry.or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok()).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_the_whole_text() {
        let name = whole("[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?").unwrap();
        assert!(name.is_match("a-1"));
        assert!(!name.is_match("a-1-"));
        assert!(!name.is_match("A"));
        assert!(whole("[a-zA-Z0-9-_]{1,128}").unwrap().is_match("a_-9"));
    }
}
