//! Bodies as the types of the API: what is mistyped is refused, what is unknown is told.

mod moment;
mod zero;

use crate::{
    kind::{KINDS, Kind, Resource},
    meta, mistyped,
    status::Status,
};
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{ConfigMap, Event, Namespace, Node, Pod, Service},
    discovery::v1::EndpointSlice,
    events::v1::Event as NewEvent,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// What the client wants to hear of fields that the API doesn't know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    /// The `fieldValidation` parameter; `Warn` unless told.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Warn" => Some(Self::Warn),
            "Ignore" => Some(Self::Ignore),
            "Strict" => Some(Self::Strict),
            _ => None,
        }
    }
}

/// An object of its kind, and what was in the body besides.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// Without `kind` and `apiVersion`, and without what has no meaning.
    pub(crate) object: Value,
    /// `unknown field "spec.foo"`, one for each.
    pub(crate) findings: Vec<String>,
}

/// Decodes a body of `kind`, of the group that the request went to.
pub(crate) fn decode(kind: &Kind, mut body: Value) -> Result<Decoded, Status> {
    let version = kind.api_version();
    let told = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (told_version, told_kind) = (told("apiVersion"), told("kind"));
    if !body.is_object() {
        return Err(unreadable(kind, "the body is not a JSON object"));
    }
    let told_version = if told_version.is_empty() { version.clone() } else { told_version };
    let told_kind = if told_kind.is_empty() { kind.name.to_owned() } else { told_kind };
    if told_version != version || told_kind != kind.name {
        return Err(another(kind, &told_version, &told_kind));
    }
    body["apiVersion"] = version.into();
    body["kind"] = kind.name.into();
    zero::fill(kind, &mut body).map_err(|why| unreadable(kind, &why))?;
    if kind.resource == Resource::Pods || kind.resource == Resource::Nodes {
        quantities(&mut body);
    }
    let typed = match kind.resource {
        Resource::Services => through::<Service>(&body),
        Resource::Nodes => through::<Node>(&body),
        Resource::Namespaces => through::<Namespace>(&body),
        Resource::ConfigMaps => through::<ConfigMap>(&body),
        Resource::Pods => through::<Pod>(&body),
        Resource::EndpointSlices => through::<EndpointSlice>(&body),
        Resource::Events if kind.is_new_event() => through::<NewEvent>(&body),
        Resource::Events => through::<Event>(&body),
        Resource::Leases => through::<Lease>(&body),
    };
    let mut object = typed.map_err(|why| {
        let told = mistyped::first(kind, &body);
        unreadable(kind, &told.unwrap_or(why))
    })?;
    let mut findings = Vec::new();
    compare(&body, &object, "", &mut findings);
    meta::set_top(&mut object, "kind", Value::Null);
    meta::set_top(&mut object, "apiVersion", Value::Null);
    meta::set(&mut object, "selfLink", Value::Null);
    meta::prune(&mut object);
    Ok(Decoded { object, findings })
}

/// A body of another kind, or of another version.
fn another(kind: &Kind, version: &str, name: &str) -> Status {
    let known = KINDS.iter().any(|kind| kind.api_version() == version && kind.name == name);
    let short = version.rsplit('/').next().unwrap_or_default();
    let why = if known {
        let internal = match kind.group {
            "coordination.k8s.io" => "coordination",
            "discovery.k8s.io" => "discovery",
            _ => "core",
        };
        format!("converting ({short}.{name}) to ({internal}.{}): unknown conversion", kind.name)
    } else {
        format!("no kind {name:?} is registered for version {version:?} in scheme \"sandbox\"")
    };
    Status::bad_request(format!(
        "{name} in version {short:?} cannot be handled as a {}: {why}",
        kind.name
    ))
}

fn unreadable(kind: &Kind, why: &str) -> Status {
    let (name, version) = (kind.name, kind.version);
    Status::bad_request(format!(
        "{name} in version \"{version}\" cannot be handled as a {name}: {why}"
    ))
}

fn through<T: DeserializeOwned + Serialize>(body: &Value) -> Result<Value, String> {
    let typed: T =
        serde::Deserialize::deserialize(body).map_err(|e: serde_json::Error| e.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// What was in `sent` and did not come back from the typed object.
fn compare(sent: &Value, kept: &Value, path: &str, findings: &mut Vec<String>) {
    if let (Some(sent), Some(kept)) = (sent.as_object(), kept.as_object()) {
        for (key, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match kept.get(key) {
                Some(kept) => compare(value, kept, &path, findings),
                None => findings.push(format!("unknown field {path:?}")),
            }
        }
    } else if let (Some(sent), Some(kept)) = (sent.as_array(), kept.as_array()) {
        for (i, (sent, kept)) in sent.iter().zip(kept).enumerate() {
            compare(sent, kept, &format!("{path}[{i}]"), findings);
        }
    }
}

/// Quantities may be written as numbers; the types hold text.
fn quantities(value: &mut Value) {
    const HOLDERS: &[&str] = &["limits", "requests", "capacity", "allocatable", "overhead"];
    if let Some(map) = value.as_object_mut() {
        for (key, value) in map {
            match value.as_object_mut().filter(|_| HOLDERS.contains(&key.as_str())) {
                Some(amounts) => {
                    for amount in amounts.values_mut().filter(|amount| amount.is_number()) {
                        *amount = json!(amount.to_string());
                    }
                }
                None => quantities(value),
            }
        }
    } else if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(quantities);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(spec: &Value) -> Result<Decoded, Status> {
        decode(Kind::of(Resource::Services), json!({ "metadata": { "name": "a" }, "spec": spec }))
    }

    #[test]
    fn unknown_fields_are_named_by_their_path() {
        let decoded = service(&json!({ "foo": 1, "ports": [{ "port": 1, "bar": 2 }] })).unwrap();
        assert_eq!(
            decoded.findings,
            ["unknown field \"spec.foo\"", "unknown field \"spec.ports[0].bar\""]
        );
        assert_eq!(decoded.object["spec"]["ports"][0]["port"], 1);
        assert!(decoded.object["spec"].get("foo").is_none());
    }

    #[test]
    fn mistyped_fields_are_refused() {
        let refused = service(&json!({ "ports": [{ "port": "80" }] })).unwrap_err();
        assert_eq!(refused.code, 400);
        assert!(refused.message.starts_with("Service in version \"v1\" cannot be handled"));
    }

    #[test]
    fn nulls_and_empty_lists_mean_absent() {
        let decoded = service(&json!({ "ports": [], "clusterIP": null })).unwrap();
        assert!(decoded.findings.is_empty());
        assert_eq!(decoded.object["spec"], json!({}));
    }

    #[test]
    fn another_kind_or_version_is_refused() {
        let kind = Kind::of(Resource::Services);
        for body in [json!({ "kind": "Pod" }), json!({ "apiVersion": "v2" }), json!([])] {
            assert_eq!(decode(kind, body).unwrap_err().code, 400);
        }
    }

    #[test]
    fn a_quantity_may_be_a_number() {
        let kind = Kind::of(Resource::Nodes);
        let node = decode(kind, json!({ "status": { "capacity": { "cpu": 2 } } })).unwrap();
        assert_eq!(node.object["status"]["capacity"]["cpu"], "2");
    }
}
