//! Field selectors: `a.b=c`, `a.b!=c`, on the fields that each kind offers.

use crate::{
    kind::{Kind, Resource},
    meta,
    status::Status,
};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldTerm {
    path: Vec<String>,
    wanted: String,
    equal: bool,
}

impl FieldTerm {
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut found = meta::at(object, &path);
        if path == SOURCE && found.as_str().is_none_or(str::is_empty) {
            found = &object["reportingComponent"];
        }
        let same = match (found.as_str(), found.as_bool()) {
            (Some(text), _) => text == self.wanted,
            (None, Some(flag)) => self.wanted == if flag { "true" } else { "false" },
            (None, None) => {
                // An absent boolean counts as false, an absent string as empty.
                let boolean = matches!(path.last(), Some(&"unschedulable" | &"hostNetwork"));
                if boolean { self.wanted == "false" } else { self.wanted.is_empty() }
            }
        };
        same == self.equal
    }
}

/// The source of an event, which is who reports it unless told.
const SOURCE: [&str; 2] = ["source", "component"];

pub(crate) fn parse(kind: &Kind, text: &str) -> Result<Vec<FieldTerm>, Status> {
    text.split(',')
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .map(|term| {
            let (path, wanted, equal) = if let Some((path, wanted)) = term.split_once("!=") {
                (path, wanted, false)
            } else if let Some((path, wanted)) =
                term.split_once("==").or_else(|| term.split_once('='))
            {
                (path, wanted, true)
            } else {
                let message = format!("invalid selector: '{term}'; can't understand '{term}'");
                return Err(Status::bad_request(message));
            };
            let path = stored(kind, path.trim()).map_err(Status::bad_request)?;
            let path = path.split('.').map(str::to_owned).collect();
            Ok(FieldTerm { path, wanted: wanted.trim().to_owned(), equal })
        })
        .collect()
}

/// The path of a field as it is stored, or why there is none.
fn stored(kind: &Kind, path: &str) -> Result<String, String> {
    let found = match kind.resource {
        Resource::Events => event_field(kind, path),
        Resource::Services
        | Resource::Nodes
        | Resource::Namespaces
        | Resource::ConfigMaps
        | Resource::Pods
        | Resource::EndpointSlices
        | Resource::Leases => Some(path.to_owned()),
    };
    let found = found.filter(|found| offered(kind.resource, found));
    found.ok_or_else(|| match kind.resource {
        Resource::ConfigMaps | Resource::EndpointSlices | Resource::Leases => format!(
            "{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        Resource::Services
        | Resource::Nodes
        | Resource::Namespaces
        | Resource::Pods
        | Resource::Events => format!("field label not supported: {path}"),
    })
}

/// The two groups of events call some fields by other names.
fn event_field(kind: &Kind, path: &str) -> Option<String> {
    if kind.is_new_event() {
        let regarding = path.strip_prefix("regarding.");
        return match path {
            "reportingController" => Some("reportingComponent".to_owned()),
            "reportingComponent" => None,
            _ if path.starts_with("involvedObject.") || path.starts_with("source") => None,
            _ => Some(
                regarding.map_or_else(|| path.to_owned(), |rest| format!("involvedObject.{rest}")),
            ),
        };
    }
    match path {
        "source" => Some("source.component".to_owned()),
        "source.component" => None,
        _ => Some(path.to_owned()),
    }
}

fn offered(resource: Resource, path: &str) -> bool {
    if matches!(path, "metadata.name" | "metadata.namespace") {
        return true;
    }
    let offered: &[&str] = match resource {
        Resource::Services => &["spec.clusterIP", "spec.type"],
        Resource::Nodes => &["spec.unschedulable"],
        Resource::Namespaces => &["status.phase"],
        Resource::Pods => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        Resource::Events => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source.component",
            "type",
        ],
        Resource::ConfigMaps | Resource::EndpointSlices | Resource::Leases => &[],
    };
    offered.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_select_by_kind() {
        let pod = json!({
            "metadata": { "name": "a", "namespace": "default" },
            "spec": { "nodeName": "node-1", "unschedulable": true },
            "status": { "phase": "Running" },
            "involvedObject": { "name": "svc" },
            "reason": "Made",
            "reportingComponent": "seaway",
        });
        for (resource, selector, taken) in [
            (Resource::Pods, "metadata.name=a", true),
            (Resource::Pods, "metadata.name!=a", false),
            (Resource::Pods, "spec.nodeName=node-1,status.phase==Running", true),
            (Resource::Pods, "spec.nodeName=", false),
            (Resource::Nodes, "spec.unschedulable=true", true),
            (Resource::Nodes, "spec.unschedulable=false", false),
            (Resource::Services, "spec.type=", true),
            (Resource::Events, "involvedObject.name=svc,reason=Made", true),
            (Resource::Events, "involvedObject.name=x", false),
            (Resource::Events, "source=seaway", true),
        ] {
            let terms = parse(Kind::of(resource), selector).unwrap();
            assert_eq!(terms.iter().all(|term| term.matches(&pod)), taken, "{selector}");
        }
    }

    #[test]
    fn an_absent_boolean_is_false() {
        let terms = parse(Kind::of(Resource::Nodes), "spec.unschedulable=false").unwrap();
        assert!(terms[0].matches(&json!({ "spec": {} })));
    }

    #[test]
    fn a_field_that_the_kind_does_not_offer_is_refused() {
        let refusal = |kind: &Kind, text: &str| parse(kind, text).unwrap_err().message;
        let (nodes, leases) = (Kind::of(Resource::Nodes), Kind::of(Resource::Leases));
        assert_eq!(refusal(nodes, "a.b=c"), "field label not supported: a.b");
        assert_eq!(
            refusal(leases, "a.b=c"),
            "\"a.b\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        assert_eq!(parse(Kind::of(Resource::Pods), "spec.nodeName").unwrap_err().code, 400);
    }

    #[test]
    fn each_group_of_events_has_its_own_names_of_fields() {
        let old = Kind::of(Resource::Events);
        let new = Kind::find("events.k8s.io", "v1", "events").unwrap();
        for (path, of_old, of_new) in [
            ("involvedObject.name", true, false),
            ("regarding.name", false, true),
            ("source", true, false),
            ("source.component", false, false),
            ("reportingComponent", true, false),
            ("reportingController", false, true),
            ("reason", true, true),
        ] {
            let is_offered = |kind| parse(kind, &format!("{path}=a")).is_ok();
            assert_eq!((is_offered(old), is_offered(new)), (of_old, of_new), "{path}");
        }
    }
}
