//! A small OpenAPI v3: enough for clients to see what each kind's paths take.
//!
//! The schemas say only that their kinds are objects; fields are checked by the server.

use crate::{
    answer::{self, Body},
    kind::{KINDS, Kind},
    status::Status,
};
use http::Response;
use serde_json::{Map, Value, json};

/// Answers the paths of OpenAPI; none for all others.
pub(crate) fn answer(path: &str) -> Option<Response<Body>> {
    let rest = path.strip_prefix("/openapi/")?;
    Some(match rest.trim_end_matches('/').strip_prefix("v3") {
        Some("") => answer::value(200, &index()),
        Some(group) => document(group.trim_start_matches('/')).map_or_else(
            || answer::refusal(&Status::no_such_path()),
            |document| answer::value(200, &document),
        ),
        None => answer::refusal(&Status::absent("OpenAPI v2; use /openapi/v3")),
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
    let mut schemas = Map::new();
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
        schemas.insert(schema_name(kind), schema(kind));
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": "Seaway sandbox", "version": "v1.36.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

fn schema_name(kind: &Kind) -> String {
    let group = match kind.group {
        "" => "core",
        group => group.split('.').next().unwrap_or_default(),
    };
    format!("io.k8s.api.{group}.{}.{}", kind.version, kind.name)
}

fn identity(kind: &Kind) -> Value {
    json!({ "group": kind.group, "version": kind.version, "kind": kind.name })
}

fn schema(kind: &Kind) -> Value {
    json!({
        "type": "object",
        "x-kubernetes-group-version-kind": [identity(kind)],
        "x-kubernetes-preserve-unknown-fields": true,
    })
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
