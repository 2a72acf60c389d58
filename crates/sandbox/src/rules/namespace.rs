//! Namespaces.

use crate::meta;
use serde_json::{Value, json};

pub(crate) fn create(object: &mut Value) {
    let name = meta::name(object).to_owned();
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
    object["spec"] = json!({ "finalizers": ["kubernetes"] });
    object["status"] = json!({ "phase": "Active" });
}

/// The label with the name can't be taken off, nor the finalizer of the spec.
pub(crate) fn update(object: &mut Value, old: &Value) {
    let name = meta::name(old).to_owned();
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
    meta::set_top(object, "spec", old["spec"].clone());
}
