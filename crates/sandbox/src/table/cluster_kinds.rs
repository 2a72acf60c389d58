//! Rows of Nodes and Namespaces.

use super::{AGE, Column, NAME, age, name, or_none, text, wide};
use crate::meta;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) static NODE: &[Column] = &[
    NAME,
    text("Status"),
    text("Roles"),
    AGE,
    text("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];

pub(crate) static NAMESPACE: &[Column] = &[NAME, text("Status"), AGE];

const ROLE: &str = "node-role.kubernetes.io/";

pub(crate) fn node(object: &Value, now: Timestamp) -> Vec<Value> {
    let info = |field| meta::text(object, &["status", "nodeInfo", field]);
    let unknown =
        |text: &str| -> Value { if text.is_empty() { "<unknown>".into() } else { text.into() } };
    vec![
        name(object),
        condition(object).into(),
        or_none(&roles(object)),
        age(object, now),
        info("kubeletVersion").into(),
        or_none(address(object, "InternalIP")),
        or_none(address(object, "ExternalIP")),
        unknown(info("osImage")),
        unknown(info("kernelVersion")),
        unknown(info("containerRuntimeVersion")),
    ]
}

pub(crate) fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), meta::text(object, &["status", "phase"]).into(), age(object, now)]
}

fn condition(object: &Value) -> String {
    let conditions = meta::at(object, &["status", "conditions"]).as_array().into_iter().flatten();
    let ready = conditions.into_iter().find(|condition| condition["type"] == "Ready");
    let mut shown = match ready.map(|ready| meta::text(ready, &["status"])) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if meta::at(object, &["spec", "unschedulable"]) == true {
        shown.push_str(",SchedulingDisabled");
    }
    shown
}

fn roles(object: &Value) -> String {
    let labels = meta::at(object, &["metadata", "labels"]).as_object().into_iter().flatten();
    let mut roles: Vec<&str> = labels
        .filter_map(|(key, value)| match key.strip_prefix(ROLE) {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

fn address<'a>(object: &'a Value, kind: &str) -> &'a str {
    let mut addresses = meta::at(object, &["status", "addresses"]).as_array().into_iter().flatten();
    let found = addresses.find(|address| address["type"] == kind);
    found.map(|address| meta::text(address, &["address"])).unwrap_or_default()
}
