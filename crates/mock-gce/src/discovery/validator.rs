//! Compares a value with its schema, of requests and of our own answers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Map, Value};

use super::schema::Shape;
use super::{Document, Finding, Node, Problem};

/// Whose value it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side<'a> {
    /// A caller's, of this method.
    Request(&'a str),
    /// Ours.
    Answer,
}

impl Document {
    /// All that is wrong with a value that should have this schema.
    pub(crate) fn look(&self, schema: &str, value: &Value, side: Side<'_>) -> Vec<Finding> {
        let mut look = Look { document: self, side, findings: Vec::new() };
        match self.schema(schema) {
            Some(node) => look.value(node, value, "resource"),
            None => look.wrong("resource", value, format!("There is no schema {schema}.")),
        }
        look.findings
    }
}

impl Node {
    /// What is wrong with a parameter, which is always text.
    pub(crate) fn look_at_parameter(&self, name: &str, value: &str) -> Option<Finding> {
        let why = match &self.shape {
            Shape::Integer { least, most } => match value.parse::<i64>() {
                Ok(number) => out_of_bounds(number, *least, *most),
                Err(_) => Some("Must be an integer.".to_owned()),
            },
            Shape::Boolean if !matches!(value, "true" | "false") => {
                Some("Must be a boolean.".to_owned())
            }
            Shape::Text { format, pattern, values } => {
                wrong_text(value, format.as_deref(), pattern.as_ref(), values)
            }
            Shape::Boolean
            | Shape::Reference(_)
            | Shape::Number
            | Shape::List(_)
            | Shape::Fields(_)
            | Shape::Named(_)
            | Shape::Any => None,
        };
        let (path, value) = (name.to_owned(), value.to_owned());
        why.map(|why| Finding { path, value, problem: Problem::Value(why) })
    }
}

struct Look<'a> {
    document: &'a Document,
    side: Side<'a>,
    findings: Vec<Finding>,
}

impl Look<'_> {
    fn found(&mut self, path: &str, value: &Value, problem: Problem) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.findings.push(Finding { path: path.to_owned(), value, problem });
    }

    fn wrong(&mut self, path: &str, value: &Value, why: impl Into<String>) {
        self.found(path, value, Problem::Value(why.into()));
    }

    fn value(&mut self, node: &Node, value: &Value, path: &str) {
        let why = match (&node.shape, value) {
            // A caller's null is a field that is not set, or that a PATCH takes away.
            (_, Value::Null) if matches!(self.side, Side::Request(_)) && path != "resource" => None,
            (Shape::Any, _)
            | (Shape::Boolean, Value::Bool(_))
            | (Shape::Number, Value::Number(_)) => None,
            (Shape::Reference(name), _) => {
                match self.document.schema(name) {
                    Some(node) => self.value(node, value, path),
                    None => self.wrong(path, value, format!("There is no schema {name}.")),
                }
                None
            }
            (Shape::Integer { least, most }, Value::Number(number)) => match number.as_i64() {
                Some(number) => out_of_bounds(number, *least, *most),
                None => Some("Must be an integer.".to_owned()),
            },
            (Shape::Text { format, pattern, values }, Value::String(text)) => {
                wrong_text(text, format.as_deref(), pattern.as_ref(), values)
            }
            // Callers may write large numbers as numbers; Google itself never does.
            (Shape::Text { format: Some(format), .. }, Value::Number(number))
                if matches!(self.side, Side::Request(_)) && format.ends_with("int64") =>
            {
                wrong_text(&number.to_string(), Some(format), None, &[])
            }
            (Shape::List(item), Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    if value.is_null() {
                        self.wrong(&path, value, "Must not be null.");
                    } else {
                        self.value(item, value, &path);
                    }
                }
                None
            }
            (Shape::Named(item), Value::Object(values)) => {
                for (name, value) in values {
                    self.value(item, value, &format!("{path}.{name}"));
                }
                None
            }
            (Shape::Fields(_), Value::Object(values)) => {
                self.fields(node, values, path);
                None
            }
            (shape, _) => Some(format!("Must be {}.", article(shape))),
        };
        if let Some(why) = why {
            self.wrong(path, value, why);
        }
    }

    fn fields(&mut self, node: &Node, values: &Map<String, Value>, path: &str) {
        let Some(fields) = node.fields() else { return };
        for (name, value) in values {
            let path = format!("{path}.{name}");
            match (fields.get(name), self.side) {
                (None, _) => self.found(&path, value, Problem::Unknown),
                (Some(field), Side::Request(_)) if field.output_only => {
                    self.found(&path, value, Problem::OutputOnly);
                }
                (Some(field), _) => self.value(field, value, &path),
            }
        }
        // A PATCH says what is to be changed, whatever the document says of it.
        if let Side::Request(method) = self.side
            && method.rsplit('.').next() != Some("patch")
        {
            let named = |field: &Node| field.required_by.iter().any(|needs| needs == method);
            for (name, _) in fields.iter().filter(|(_, field)| named(field)) {
                if values.get(name).is_none_or(Value::is_null) {
                    self.found(&format!("{path}.{name}"), &Value::Null, Problem::Required);
                }
            }
        }
    }
}

fn out_of_bounds(number: i64, least: i64, most: i64) -> Option<String> {
    let fits = (least..=most).contains(&number);
    (!fits).then(|| format!("Must be between {least} and {most}."))
}

fn wrong_text(
    text: &str,
    format: Option<&str>,
    pattern: Option<&regex::Regex>,
    values: &[String],
) -> Option<String> {
    if !values.is_empty() && !values.iter().any(|value| value == text) {
        return Some(format!("Must be one of [{}].", values.join(", ")));
    }
    if let Some(pattern) = pattern
        && !pattern.is_match(text)
    {
        return Some(format!("Must be a match of regex '{}'.", pattern.as_str()));
    }
    let fits = match format {
        Some("uint64") => text.parse::<u64>().is_ok(),
        Some("int64") => text.parse::<i64>().is_ok(),
        Some("byte") => URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).is_ok(),
        _ => true,
    };
    (!fits).then(|| format!("Must be of format {}.", format.unwrap_or_default()))
}

fn article(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text { .. } => "a string",
        Shape::Integer { .. } => "an integer",
        Shape::Number => "a number",
        Shape::Boolean => "a boolean",
        Shape::List(_) => "an array",
        Shape::Fields(_) | Shape::Named(_) | Shape::Reference(_) => "an object",
        Shape::Any => "a value",
    }
}
