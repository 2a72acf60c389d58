//! Objects as rows, in the columns of the real server's printers.

mod age;
mod cluster_kinds;
mod pod;
mod service;
mod small_kinds;

use crate::{
    kind::{Kind, Resource},
    meta,
    representation::{self, Include, Version},
    store::object::Object,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A column: name, type, format, and whether only `-o wide` shows it.
#[derive(Debug)]
struct Column(&'static str, &'static str, &'static str, bool);

const NAME: Column = Column("Name", "string", "name", false);
const AGE: Column = Column("Age", "string", "", false);

const fn text(name: &'static str) -> Column {
    Column(name, "string", "", false)
}

const fn wide(name: &'static str) -> Column {
    Column(name, "string", "", true)
}

/// A table of objects of one kind. In a watch only the first table tells the columns.
pub(crate) fn of(
    kind: &Kind,
    objects: &[&Object],
    revision: u64,
    (include, version): (Include, Version),
    headers: bool,
) -> Value {
    let now = Timestamp::now();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let value = object.value();
            let carried = match include {
                Include::None => Value::Null,
                Include::Metadata => representation::metadata(value, version),
                Include::Object => representation::whole(kind, value),
            };
            json!({ "cells": cells(kind.resource, value, now), "object": carried })
        })
        .collect();
    let columns: Option<Vec<Value>> =
        headers.then(|| columns(kind.resource).iter().map(Column::to_json).collect());
    json!({
        "kind": "Table",
        "apiVersion": version.name(),
        "metadata": { "resourceVersion": revision.to_string() },
        "columnDefinitions": columns,
        "rows": rows,
    })
}

impl Column {
    fn to_json(&self) -> Value {
        json!({
            "name": self.0,
            "type": self.1,
            "format": self.2,
            "description": "",
            "priority": i32::from(self.3),
        })
    }
}

fn columns(resource: Resource) -> &'static [Column] {
    match resource {
        Resource::Services => service::COLUMNS,
        Resource::Pods => pod::COLUMNS,
        Resource::Nodes => cluster_kinds::NODE,
        Resource::Namespaces => cluster_kinds::NAMESPACE,
        Resource::ConfigMaps => small_kinds::CONFIG_MAP,
        Resource::EndpointSlices => small_kinds::ENDPOINT_SLICE,
        Resource::Events => small_kinds::EVENT,
        Resource::Leases => small_kinds::LEASE,
    }
}

fn cells(resource: Resource, object: &Value, now: Timestamp) -> Vec<Value> {
    match resource {
        Resource::Services => service::cells(object, now),
        Resource::Pods => pod::cells(object, now),
        Resource::Nodes => cluster_kinds::node(object, now),
        Resource::Namespaces => cluster_kinds::namespace(object, now),
        Resource::ConfigMaps => small_kinds::config_map(object, now),
        Resource::EndpointSlices => small_kinds::endpoint_slice(object, now),
        Resource::Events => small_kinds::event(object, now),
        Resource::Leases => small_kinds::lease(object, now),
    }
}

fn name(object: &Value) -> Value {
    meta::name(object).into()
}

fn age(object: &Value, now: Timestamp) -> Value {
    age::since(meta::field(object, "creationTimestamp"), now).into()
}

/// The text, or what kubectl shows where there is none.
fn or_none(text: &str) -> Value {
    if text.is_empty() { "<none>".into() } else { text.into() }
}
