//! The contract that Google publishes: its discovery document, trimmed to what is served here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

pub(crate) use self::finding::{Finding, Problem};
pub(crate) use self::method::{Kind, Method};
pub(crate) use self::schema::{Node, Shape};
pub(crate) use self::validator::Side;

mod finding;
mod method;
mod schema;
mod validator;

/// The document, read once.
pub(crate) static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

/// The methods and the schemas of what is served.
pub(crate) struct Document {
    methods: Vec<Method>,
    schemas: BTreeMap<String, Node>,
    /// Query parameters that every method takes.
    pub(crate) parameters: BTreeMap<String, Node>,
}

impl Document {
    fn read() -> Self {
        let text = include_str!("discovery/compute.v1.trimmed.json");
        let value: Value = serde_json::from_str(text).expect("the fixture is JSON");
        let nodes = |field: &str| -> BTreeMap<String, Node> {
            let fields = value[field].as_object().expect("an object of schemas");
            fields.iter().map(|(name, node)| (name.clone(), Node::of(node))).collect()
        };
        let methods = value["methods"].as_array().expect("a list of methods");
        Self {
            methods: methods.iter().map(Method::of).collect(),
            schemas: nodes("schemas"),
            parameters: nodes("parameters"),
        }
    }

    /// The method that is called so, and the parameters in its path.
    pub(crate) fn route(
        &self,
        http: &str,
        path: &str,
    ) -> Option<(&Method, BTreeMap<String, String>)> {
        let words: Vec<&str> = path.split('/').collect();
        let mut with = self.methods.iter().filter(|method| method.http == http);
        with.find_map(|method| Some((method, method.fit(&words)?)))
    }

    pub(crate) fn schema(&self, name: &str) -> Option<&Node> {
        self.schemas.get(name)
    }

    /// The schema of what a method answers.
    pub(crate) fn response(&self, method: &str) -> Option<&str> {
        let method = self.methods.iter().find(|other| other.id == method)?;
        Some(&method.response)
    }

    /// The schema of the items of a list.
    pub(crate) fn item(&self, list: &str) -> Option<&str> {
        let items = self.schema(list)?.fields()?.get("items")?;
        let Shape::List(item) = &items.shape else { return None };
        let Shape::Reference(name) = &item.shape else { return None };
        Some(name)
    }

    /// The schema of what an insert into a collection takes.
    pub(crate) fn inserted(&self, collection: &str) -> Option<&str> {
        let id = format!("compute.{collection}.insert");
        self.methods.iter().find(|method| method.id == id)?.request.as_deref()
    }

    /// The `kind` of what has this schema.
    pub(crate) fn kind(&self, schema: &str) -> Option<&str> {
        self.schema(schema)?.fields()?.get("kind")?.default.as_deref()
    }

    /// Whether the schema has this field.
    pub(crate) fn has(&self, schema: &str, field: &str) -> bool {
        let fields = self.schema(schema).and_then(Node::fields);
        fields.is_some_and(|fields| fields.contains_key(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_method() {
        let path = "projects/p/regions/r/forwardingRules/n/setLabels";
        let (method, params) = DOCUMENT.route("POST", path).unwrap();
        assert_eq!(method.id, "compute.forwardingRules.setLabels");
        assert_eq!(params["region"], "r");
        assert_eq!(params["resource"], "n");
        let (method, _) = DOCUMENT.route("GET", "projects/p/zones/z").unwrap();
        assert_eq!(method.id, "compute.zones.get");
        assert!(DOCUMENT.route("PUT", "projects/p/zones/z").is_none());
        assert!(DOCUMENT.route("GET", "projects/p/zones/z/").is_none());
    }

    #[test]
    fn a_schema_says_its_kind() {
        assert_eq!(DOCUMENT.kind("ForwardingRule"), Some("compute#forwardingRule"));
        assert!(DOCUMENT.has("BackendService", "fingerprint"));
        assert!(!DOCUMENT.has("Firewall", "fingerprint"));
    }
}
