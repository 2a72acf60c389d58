//! Bodies of JSON and of YAML, and the keys that they have twice.

use crate::decode::FieldValidation;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, json};
use serde_saphyr::{DuplicateKeyPolicy, Options, Spanned};
use std::fmt::{self, Formatter};

/// YAML may be as deep as this: each level takes much of the stack, and no object has half of it.
const DEPTH: usize = 32;

/// What a body says. Of two values of one key, the last one counts.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// What is there twice, in the words of the real server.
    repeated: Vec<String>,
    is_yaml: bool,
}

impl Document {
    /// Reads JSON. What is there twice is told by its path, once: `duplicate field "spec.type"`.
    pub(crate) fn json(body: &[u8]) -> Result<Self, serde_json::Error> {
        let Node { value, repeated } = serde_json::from_slice::<Node<false>>(body)?;
        let mut told: Vec<String> = Vec::new();
        for path in repeated {
            let path = format!("duplicate field {path:?}");
            if !told.contains(&path) {
                told.push(path);
            }
        }
        Ok(Self { value, repeated: told, is_yaml: false })
    }

    /// Reads the first document of YAML, which is an empty object if it says nothing. What is there
    /// twice is told by the line of its value: `line 7: key "type" already set in map`.
    pub(crate) fn yaml(body: &[u8]) -> Result<Self, String> {
        let unread = |why: String| {
            // What follows is the place in the text, or what a program could do about it.
            let why =
                why.lines().next().and_then(|line| line.split(", set ").next()).unwrap_or_default();
            format!("yaml: {}", why.trim_start_matches("error: "))
        };
        let text = str::from_utf8(body).map_err(|error| unread(error.to_string()))?;
        let mut options = Options::default();
        options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
        if let Some(budget) = &mut options.budget {
            budget.max_depth = DEPTH;
        }
        let documents: Vec<Node<true>> = serde_saphyr::from_multiple_with_options(text, options)
            .map_err(|error| unread(error.to_string()))?;
        let Node { value, repeated } = documents.into_iter().next().unwrap_or_default();
        let value = if value.is_null() { json!({}) } else { value };
        Ok(Self { value, repeated, is_yaml: true })
    }

    /// The same, of which nothing is known to be there twice.
    pub(crate) fn of(value: Value) -> Self {
        Self { value, repeated: Vec::new(), is_yaml: false }
    }

    /// What to say of the keys that are there twice, and of what else is `unknown`: as warnings, or
    /// together in a refusal.
    pub(crate) fn findings(
        &self,
        validation: FieldValidation,
        unknown: Vec<String>,
    ) -> Result<Vec<String>, String> {
        let mut all = self.repeated.clone();
        match validation {
            FieldValidation::Ignore => return Ok(Vec::new()),
            FieldValidation::Strict if self.is_yaml && !all.is_empty() => {
                all = vec![format!("yaml: unmarshal errors:\n  {}", all.join("\n  "))];
            }
            FieldValidation::Warn | FieldValidation::Strict => {}
        }
        all.extend(unknown);
        let is_refused = validation == FieldValidation::Strict && !all.is_empty();
        if is_refused { Err(all.join(", ")) } else { Ok(all) }
    }

    /// Whether a key is there twice.
    pub(crate) fn repeats(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// The same, with what is there twice told otherwise.
    pub(crate) fn retold(mut self, tell: impl Fn(&str) -> String) -> Self {
        for told in &mut self.repeated {
            *told = tell(told);
        }
        self
    }

    /// The same, but nothing is told of what is in `unknown` fields: the real server doesn't look.
    pub(crate) fn outside(mut self, unknown: &[String]) -> Self {
        let paths = unknown.iter().filter_map(|told| told.strip_prefix("unknown field \""));
        let paths: Vec<&str> = paths.filter_map(|path| path.strip_suffix('"')).collect();
        self.repeated.retain(|told| {
            let path = told.strip_prefix("duplicate field \"").unwrap_or_default();
            !paths.iter().any(|unknown| {
                path.strip_prefix(unknown).is_some_and(|rest| rest.starts_with(['"', '.', '[']))
            })
        });
        self
    }
}

/// A value on its way in, and what is twice in it: by its path, or by its `LINES`.
#[derive(Default)]
struct Node<const LINES: bool> {
    value: Value,
    repeated: Vec<String>,
}

impl<const LINES: bool> Node<LINES> {
    /// Hands on what is twice in what is at `key`.
    fn adopt(&mut self, key: impl fmt::Display, repeated: Vec<String>) {
        self.repeated.extend(repeated.into_iter().map(|inner| {
            let dot = if inner.starts_with('[') { "" } else { "." };
            if LINES { inner } else { format!("{key}{dot}{inner}") }
        }));
    }
}

impl<'de, const LINES: bool> Deserialize<'de> for Node<LINES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<LINES>)
    }
}

struct Reader<const LINES: bool>;

impl<'de, const LINES: bool> Visitor<'de> for Reader<LINES> {
    type Value = Node<LINES>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut all) = (Vec::new(), Node::default());
        while let Some(item) = items.next_element::<Node<LINES>>()? {
            all.adopt(format_args!("[{}]", list.len()), item.repeated);
            list.push(item.value);
        }
        all.value = list.into();
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let (mut map, mut all) = (Map::new(), Node::default());
        while let Some(key) = entries.next_key::<String>()? {
            let is_repeated = map.contains_key(&key);
            if is_repeated && !LINES {
                all.repeated.push(key.clone());
            }
            let (line, inner) = if LINES {
                let placed: Spanned<Node<LINES>> = entries.next_value()?;
                (placed.referenced.line(), placed.value)
            } else {
                (0, entries.next_value()?)
            };
            all.adopt(&key, inner.repeated);
            // A line is told when its value has been read, and a path before it is.
            if is_repeated && LINES {
                all.repeated.push(format!("line {line}: key {key:?} already set in map"));
            }
            map.insert(key, inner.value);
        }
        all.value = map.into();
        Ok(all)
    }
}

fn scalar<const LINES: bool>(value: impl Into<Value>) -> Node<LINES> {
    Node { value: value.into(), repeated: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[FieldValidation] =
        &[FieldValidation::Ignore, FieldValidation::Warn, FieldValidation::Strict];

    #[test]
    fn yaml_that_is_too_deep_is_refused() {
        let nested = |levels: usize| -> String {
            (0..levels)
                .map(|level| format!("{}a:\n", " ".repeat(level)))
                .collect::<Vec<_>>()
                .concat()
        };
        assert!(Document::yaml(nested(30).as_bytes()).is_ok());
        for levels in [40, 800] {
            assert!(Document::yaml(nested(levels).as_bytes()).is_err(), "{levels}");
        }
    }

    #[test]
    fn a_field_that_json_has_twice_is_told_by_its_path() {
        for (body, told) in [
            (r#"{"a":1,"a":2,"a":3}"#, &[r#"duplicate field "a""#][..]),
            (
                r#"{"a":{"k":1,"k":2},"a":3}"#,
                &[r#"duplicate field "a.k""#, r#"duplicate field "a""#],
            ),
            (r#"{"a\"":1,"a\"":2}"#, &[r#"duplicate field "a\"""#]),
            (r#"{"a":[0,{"k":1,"k":2}]}"#, &[r#"duplicate field "a[1].k""#]),
            (r#"[{"k":[[{"a":1,"a":2}]]}]"#, &[r#"duplicate field "[0].k[0][0].a""#]),
            (r#"{"a":1,"b":{"a":[1.5,-1,null,true,"a"]}}"#, &[]),
        ] {
            assert_eq!(Document::json(body.as_bytes()).unwrap().repeated, told, "{body}");
        }
        assert_eq!(
            Document::json(br#"{"a":{"b":1},"a":{"c":2}}"#).unwrap().value,
            json!({"a":{"c":2}})
        );
        assert!(Document::json(b"{} x").is_err());
    }

    #[test]
    fn a_key_that_yaml_has_twice_is_told_by_the_line_of_its_value() {
        for (body, told) in [
            ("a: 1\na: 2\na: 3\n", &["line 2: key \"a\"", "line 3: key \"a\""][..]),
            ("a:\n  k: 1\n  k: 2\na:\n\n  l: 3\n", &["line 3: key \"k\"", "line 6: key \"a\""]),
            ("a: { k: 1, k: 2 }\n---\nb: 1\nb: 2\n", &["line 1: key \"k\""]),
            ("- k:\n  k:\n- k: a\n  k: b\n", &["line 2: key \"k\"", "line 4: key \"k\""]),
            ("a: &x 1\nb: 1\nb: *x\n", &["line 3: key \"b\""]),
            ("{\"a\":1,\"a\":2}", &["line 1: key \"a\""]),
        ] {
            let told: Vec<String> =
                told.iter().map(|told| format!("{told} already set in map")).collect();
            assert_eq!(Document::yaml(body.as_bytes()).unwrap().repeated, told, "{body}");
        }
        for nothing in ["", "---\n", "null"] {
            assert_eq!(Document::yaml(nothing.as_bytes()).unwrap().value, json!({}), "{nothing}");
        }
    }

    #[test]
    fn what_is_found_is_warned_of_or_refused_together() {
        let unknown = || vec!["unknown field \"foo\"".to_owned()];
        let yaml = Document::yaml(b"a: 1\na: 2\na: 3\n").unwrap();
        let json = Document::json(br#"{"a":1,"a":2}"#).unwrap();
        let [ignored, warned, refused] = [0, 1, 2].map(|at| yaml.findings(ALL[at], unknown()));
        assert_eq!(ignored, Ok(vec![]));
        assert_eq!(warned.unwrap().len(), 3);
        let told = "yaml: unmarshal errors:\n  line 2: key \"a\" already set in map\n  line 3: key \
                    \"a\" already set in map, unknown field \"foo\"";
        assert_eq!(refused, Err(told.to_owned()));
        let told = "duplicate field \"a\", unknown field \"foo\"";
        assert_eq!(json.findings(FieldValidation::Strict, unknown()), Err(told.to_owned()));
        let none = Document::of(json!({}));
        assert_eq!(none.findings(FieldValidation::Strict, vec![]), Ok(vec![]));
    }

    #[test]
    fn nothing_is_told_of_what_is_in_an_unknown_field() {
        let body =
            br#"{"foo":{"a":1,"a":2},"foo":1,"food":1,"food":2,"m":{"bar":[{"a":1,"a":1}]}}"#;
        let unknown = ["unknown field \"foo\"", "unknown field \"m.bar\""].map(str::to_owned);
        let document = Document::json(body).unwrap().outside(&unknown);
        assert_eq!(document.repeated, ["duplicate field \"food\""]);
    }
}
