//! A small OpenAPI v3: enough for clients to see what each kind's paths take.
//!
//! The schemas are the real server's; the paths say no more than what clients look for.

pub(crate) mod schemas;

use crate::{
    answer::{self, Body},
    kind::{KINDS, Kind},
    status::Status,
};
use http::Response;
use serde_json::{Map, Value, json};

/// The form in which kubectl asks for the older version.
const V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// A document of that version that says nothing: version 2.0, no title, no paths. kubectl reads it
/// where a manifest has a kind that no server knows.
const EMPTY: &[u8] = &[0x0a, 3, b'2', b'.', b'0', 0x12, 0, 0x42, 0];

/// Answers the paths of OpenAPI; none for all others.
pub(crate) fn answer(path: &str) -> Option<Response<Body>> {
    let rest = path.strip_prefix("/openapi/")?;
    Some(match rest.trim_end_matches('/').strip_prefix("v3") {
        Some("") => answer::value(200, &index()),
        Some(group) => document(group.trim_start_matches('/')).map_or_else(
            || answer::refusal(&Status::no_such_path()),
            |document| answer::value(200, &document),
        ),
        None if rest == "v2" => answer::typed(200, V2, EMPTY),
        None => answer::refusal(&Status::no_such_path()),
    })
}

fn index() -> Value {
    let mut paths = Map::new();
    for kind in &KINDS {
        let path = group_path(kind);
        // The documents change with the build only.
        let hash = env!("CARGO_PKG_VERSION");
        let url = json!({ "serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}") });
        paths.insert(path, url);
    }
    json!({ "paths": paths })
}

fn group_path(kind: &Kind) -> String {
    let root = if kind.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", kind.api_version())
}

fn document(group: &str) -> Option<Value> {
    let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| group_path(kind) == group).collect();
    if kinds.is_empty() {
        return None;
    }
    let mut paths = Map::new();
    let schemas = schemas::closure(kinds.iter().map(|kind| schema_name(kind)));
    for kind in kinds {
        let collection = if kind.namespaced {
            format!("/{group}/namespaces/{{namespace}}/{}", kind.plural)
        } else {
            format!("/{group}/{}", kind.plural)
        };
        paths.insert(
            format!("{collection}/{{name}}"),
            operations(kind, &["get", "put", "patch", "delete"]),
        );
        if kind.status {
            let path = format!("{collection}/{{name}}/status");
            paths.insert(path, operations(kind, &["get", "put", "patch"]));
        }
        paths.insert(collection, operations(kind, &["get", "post", "delete"]));
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": "Seaway sandbox", "version": "v1.36.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

/// What the schema of a kind is called.
pub(crate) fn schema_name(kind: &Kind) -> String {
    let group = match kind.group {
        "" => "core",
        group => group.split('.').next().unwrap_or_default(),
    };
    format!("io.k8s.api.{group}.{}.{}", kind.version, kind.name)
}

fn identity(kind: &Kind) -> Value {
    json!({ "group": kind.group, "version": kind.version, "kind": kind.name })
}

fn operations(kind: &Kind, methods: &[&str]) -> Value {
    let mut operations = Map::new();
    let reference = json!({ "$ref": format!("#/components/schemas/{}", schema_name(kind)) });
    let answer = json!({
        "description": "OK",
        "content": { "application/json": { "schema": reference } },
    });
    for method in methods {
        let action = if *method == "get" { "get" } else { *method };
        let mut operation = json!({
            "responses": { "200": answer },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": identity(kind),
        });
        if *method != "get" {
            let mut parameters = vec![parameter("dryRun")];
            if *method != "delete" {
                parameters.push(parameter("fieldValidation"));
            }
            operation["parameters"] = parameters.into();
        }
        operations.insert((*method).to_owned(), operation);
    }
    operations.into()
}

fn parameter(name: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } })
}
