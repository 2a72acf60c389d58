//! What the API serves, told to clients: the legacy form and the aggregated one.

use crate::{
    answer::{self, Body},
    kind::{KINDS, Kind, api_version},
    request::{Call, groups},
    status::Status,
};
use http::Response;
use serde_json::{Value, json};

const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// Namespaces are deleted one by one.
const NAMESPACE_VERBS: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const STATUS_VERBS: &[&str] = &["get", "patch", "update"];

/// The version that the API speaks; the build says who speaks it.
pub(crate) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": "v1.36.0+seaway-sandbox",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// Answers the paths of discovery; none for all others.
pub(crate) fn answer(path: &str, call: &Call) -> Option<Response<Body>> {
    let aggregated = ["v2", "v2beta1"]
        .into_iter()
        .find(|v| call.accept.contains(&format!("g=apidiscovery.k8s.io;v={v};")));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let body = match (segments.as_slice(), aggregated) {
        (["api"], Some(version)) => return Some(aggregate(version, &[""])),
        (["apis"], Some(version)) => return Some(aggregate(version, &groups())),
        (["api"], None) => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        }),
        (["apis"], None) => {
            let groups: Vec<Value> = groups().into_iter().map(group).collect();
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
        }
        (["apis", name], _) => {
            if !groups().contains(name) {
                return Some(answer::refusal(&Status::no_such_path()));
            }
            let mut group = group(name);
            group["kind"] = "APIGroup".into();
            group["apiVersion"] = "v1".into();
            group
        }
        (["api", version], _) => return Some(resources("", version)),
        (["apis", group, version], _) => return Some(resources(group, version)),
        _ => return None,
    };
    Some(answer::value(200, &body))
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": api_version(name, "v1"), "version": "v1" });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

fn kinds(group: &str, version: &str) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| kind.group == group && kind.version == version)
}

fn verbs(kind: &Kind) -> &'static [&'static str] {
    if kind.plural == "namespaces" { NAMESPACE_VERBS } else { VERBS }
}

fn resources(group: &str, version: &str) -> Response<Body> {
    if kinds(group, version).next().is_none() {
        return answer::refusal(&Status::no_such_path());
    }
    let mut resources = Vec::new();
    for kind in kinds(group, version) {
        let mut resource = json!({
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.name,
            "verbs": verbs(kind),
        });
        if !kind.short_names.is_empty() {
            resource["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            resource["categories"] = json!(kind.categories);
        }
        resources.push(resource);
        for (name, owner, of, verbs) in subresources(kind) {
            let mut resource = json!({
                "name": format!("{}/{name}", kind.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": owner,
                "verbs": verbs,
            });
            if let Some(group) = of {
                resource["group"] = group.into();
                resource["version"] = "v1".into();
            }
            resources.push(resource);
        }
    }
    answer::value(
        200,
        &json!({
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": api_version(group, version),
            "resources": resources,
        }),
    )
}

/// Name, kind of the body with its group if that is another one, and verbs.
fn subresources(
    kind: &Kind,
) -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>, &'static [&'static str])>
{
    const CREATE: &[&str] = &["create"];
    let own: &[_] = match kind.plural {
        "pods" => &[
            ("binding", "Binding", None, CREATE),
            ("eviction", "Eviction", Some("policy"), CREATE),
        ],
        _ => &[],
    };
    let status = kind.status.then_some(("status", kind.name, None, STATUS_VERBS));
    own.iter().copied().chain(status)
}

fn aggregate(form: &str, groups: &[&str]) -> Response<Body> {
    let items: Vec<Value> = groups.iter().map(|group| aggregated_group(group)).collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{form}"),
        "metadata": {},
        "items": items,
    });
    let media = match form {
        "v2" => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        _ => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    };
    answer::typed(200, media, crate::representation::encode(&body))
}

fn aggregated_group(group: &str) -> Value {
    let resources: Vec<Value> = kinds(group, "v1")
        .map(|kind| {
            let response = |name: &str| json!({ "group": group, "version": "v1", "kind": name });
            let mut resource = json!({
                "resource": kind.plural,
                "singularResource": kind.singular,
                "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                "responseKind": response(kind.name),
                "verbs": verbs(kind),
            });
            if !kind.short_names.is_empty() {
                resource["shortNames"] = json!(kind.short_names);
            }
            if !kind.categories.is_empty() {
                resource["categories"] = json!(kind.categories);
            }
            let subs: Vec<Value> = subresources(kind)
                .map(|(name, owner, of, verbs)| {
                    let mut owner = response(owner);
                    if let Some(group) = of {
                        owner["group"] = group.into();
                    }
                    json!({ "subresource": name, "responseKind": owner, "verbs": verbs })
                })
                .collect();
            if !subs.is_empty() {
                resource["subresources"] = subs.into();
            }
            resource
        })
        .collect();
    let mut metadata = json!({ "creationTimestamp": null });
    if !group.is_empty() {
        metadata["name"] = group.into();
    }
    let version = json!({ "version": "v1", "resources": resources, "freshness": "Current" });
    json!({ "metadata": metadata, "versions": [version] })
}
