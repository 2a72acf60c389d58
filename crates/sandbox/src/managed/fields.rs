//! Sets of fields, as `fieldsV1` writes them.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The field itself, beside what is in it.
const ITSELF: &str = ".";

/// A set of the fields of an object: a tree of steps, whose nodes are in the set or only lead there.
///
/// A step is written as in `fieldsV1`: `f:spec`, `k:{"port":80,"protocol":"TCP"}`, `v:"a"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    itself: bool,
    inside: BTreeMap<String, Self>,
}

impl Fields {
    /// The root alone.
    pub(super) fn itself() -> Self {
        Self { itself: true, inside: BTreeMap::new() }
    }

    /// One field, by its names from the root.
    pub(super) fn at(path: &[&str]) -> Self {
        path.iter().rev().fold(Self::itself(), |inner, name| {
            let mut outer = Self::default();
            outer.put(field(name), inner);
            outer
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.itself && self.inside.is_empty()
    }

    /// Whether the root itself is in the set.
    pub(super) const fn has_itself(&self) -> bool {
        self.itself
    }

    pub(super) fn add_itself(&mut self) {
        self.itself = true;
    }

    /// What is one step further.
    pub(super) fn after(&self, step: &str) -> Option<&Self> {
        self.inside.get(step)
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = (&String, &Self)> {
        self.inside.iter()
    }

    /// This step of each of what is at a path.
    pub(super) fn each(&self, path: &[&str], step: &str) -> Self {
        let mut found = Self::default();
        match path {
            [first, rest @ ..] => {
                if let Some(inner) = self.after(first) {
                    found.put((*first).to_owned(), inner.each(rest, step));
                }
            }
            [] => {
                for (item, inner) in &self.inside {
                    let one = inner.after(step).cloned().unwrap_or_default();
                    let mut there = Self::default();
                    there.put(step.to_owned(), one);
                    found.put(item.clone(), there);
                }
            }
        }
        found
    }

    /// Adds a tree one step further; one of nothing leaves no trace.
    pub(super) fn put(&mut self, step: String, inner: Self) {
        if !inner.is_empty() {
            let there = self.inside.entry(step).or_default();
            *there = std::mem::take(there).or(inner);
        }
    }

    /// What is in either set.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.itself |= other.itself;
        for (step, inner) in other.inside {
            self.put(step, inner);
        }
        self
    }

    /// What is in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        self.pick(other, |mine, theirs| mine && theirs, |_| Self::default())
    }

    /// What is in this one only.
    pub(super) fn but(&self, other: &Self) -> Self {
        self.pick(other, |mine, theirs| mine && !theirs, Self::clone)
    }

    /// What is neither in the other one, nor inside of anything that is.
    pub(super) fn outside(&self, other: &Self) -> Self {
        if other.itself {
            return Self::default();
        }
        let mut left = Self { itself: self.itself, inside: BTreeMap::new() };
        for (step, inner) in &self.inside {
            left.put(
                step.clone(),
                other.after(step).map_or_else(|| inner.clone(), |o| inner.outside(o)),
            );
        }
        left
    }

    fn pick(&self, other: &Self, itself: fn(bool, bool) -> bool, alone: fn(&Self) -> Self) -> Self {
        let mut picked =
            Self { itself: itself(self.itself, other.itself), inside: BTreeMap::new() };
        for (step, inner) in &self.inside {
            let there = other.after(step);
            let inner =
                there.map_or_else(|| alone(inner), |there| inner.pick(there, itself, alone));
            picked.put(step.clone(), inner);
        }
        picked
    }

    /// The paths of all fields in the set, as people write them: `.spec.ports[port=80,protocol="TCP"].name`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.tell("", &mut found);
        found
    }

    fn tell(&self, path: &str, found: &mut Vec<String>) {
        let at = |step: &str| format!("{path}{}", shown(step));
        found
            .extend(self.inside.iter().filter(|(_, inner)| inner.itself).map(|(step, _)| at(step)));
        for (step, inner) in &self.inside {
            inner.tell(&at(step), found);
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut all = Map::new();
        if self.itself && !self.inside.is_empty() {
            all.insert(ITSELF.to_owned(), json!({}));
        }
        all.extend(self.inside.iter().map(|(step, inner)| (step.clone(), inner.to_json())));
        Value::Object(all)
    }

    /// Reads the set of a whole object; none if it is none.
    pub(super) fn from_json(json: &Value) -> Option<Self> {
        let mut fields = Self::default();
        for (step, inner) in json.as_object()? {
            if step == ITSELF {
                fields.itself = true;
                continue;
            }
            is_step(step).then_some(())?;
            let is_leaf = inner.as_object()?.is_empty();
            let inner = if is_leaf { Self::itself() } else { Self::from_json(inner)? };
            fields.inside.insert(step.clone(), inner);
        }
        Some(fields)
    }
}

/// The step to a field of a struct, or to an entry of a map.
pub(super) fn field(name: &str) -> String {
    format!("f:{name}")
}

fn is_step(step: &str) -> bool {
    match step.split_once(':') {
        Some(("f", _)) => true,
        Some(("k", key)) => serde_json::from_str::<Map<String, Value>>(key).is_ok(),
        Some(("v", value)) => serde_json::from_str::<Value>(value).is_ok(),
        Some(("i", index)) => index.parse::<u64>().is_ok(),
        Some(_) | None => false,
    }
}

/// A step as people write it.
pub(super) fn shown(step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("k", key)) => {
            let key: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
            let key: Vec<_> = key.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("[{}]", key.join(","))
        }
        Some(("v", value)) => format!("[={value}]"),
        Some((_, other)) => format!("[{other}]"),
        None => step.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &Value) -> Fields {
        Fields::from_json(json).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let json = json!({
            "f:metadata": { "f:labels": { ".": {}, "f:app": {} }, "f:finalizers": { "v:\"a\"": {} } },
            "f:spec": { "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:name": {} } } },
        });
        let set = fields(&json);
        assert_eq!(set.to_json(), json);
        assert_eq!(
            set.paths(),
            [
                ".metadata.labels",
                ".metadata.finalizers[=\"a\"]",
                ".metadata.labels.app",
                ".spec.ports[port=80,protocol=\"TCP\"]",
                ".spec.ports[port=80,protocol=\"TCP\"].name",
            ]
        );
        for wrong in [json!({ "x": {} }), json!({ "k:{": {} }), json!({ "f:a": 1 }), json!([])] {
            assert_eq!(Fields::from_json(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sets_are_joined_and_cut() {
        let some = fields(&json!({ "f:a": { ".": {}, "f:b": {} }, "f:c": {} }));
        let other = fields(&json!({ "f:a": { "f:b": {}, "f:d": {} } }));
        let is = |set: &Fields, json: Value| assert_eq!(set.to_json(), json);
        is(
            &some.clone().or(other.clone()),
            json!({ "f:a": { ".": {}, "f:b": {}, "f:d": {} }, "f:c": {} }),
        );
        is(&some.and(&other), json!({ "f:a": { "f:b": {} } }));
        is(&some.but(&other), json!({ "f:a": {}, "f:c": {} }));
        is(&some.outside(&Fields::at(&["a"])), json!({ "f:c": {} }));
        is(&other.outside(&Fields::at(&["a", "b"])), json!({ "f:a": { "f:d": {} } }));
        assert!(some.but(&some).is_empty());
    }
}
