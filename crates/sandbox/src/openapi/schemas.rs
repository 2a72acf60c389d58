//! The schemas of the kinds that are served, as the real server tells them.

use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Where a schema that another one names is.
const PREFIX: &str = "#/components/schemas/";

/// Kubernetes' own OpenAPI v3 (Apache License 2.0), of these kinds and what they are made of.
static ALL: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("schemas.json")).unwrap_or_default());

/// A schema by its name.
pub(crate) fn named(name: &str) -> Option<&'static Value> {
    ALL.get(name)
}

/// The schema that a reference in another one names.
pub(crate) fn referred(property: &Value) -> Option<&'static str> {
    let one = property["allOf"][0]["$ref"].as_str().or_else(|| property["$ref"].as_str());
    let name = one?.strip_prefix(PREFIX)?;
    ALL.get_key_value(name).map(|(name, _)| name.as_str())
}

/// These schemas, and all that they are made of.
pub(crate) fn closure(names: impl Iterator<Item = String>) -> Map<String, Value> {
    let mut found = Map::new();
    let mut todo: Vec<String> = names.collect();
    while let Some(name) = todo.pop() {
        if let Some(schema) = ALL.get(&name)
            && !found.contains_key(&name)
        {
            references(schema, &mut todo);
            found.insert(name, schema.clone());
        }
    }
    found
}

fn references(schema: &Value, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(PREFIX)) {
        found.push(name.to_owned());
    }
    let inside = schema.as_object().into_iter().flat_map(|map| map.values());
    for value in inside.chain(schema.as_array().into_iter().flatten()) {
        references(value, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_comes_with_all_that_it_is_made_of() {
        let found = closure(["io.k8s.api.core.v1.Service".to_owned()].into_iter());
        for name in ["ServiceSpec", "ServicePort", "ServiceStatus", "ClientIPConfig"] {
            assert!(found.contains_key(&format!("io.k8s.api.core.v1.{name}")), "{name}");
        }
        assert!(!found.contains_key("io.k8s.api.core.v1.Pod"));
    }
}
