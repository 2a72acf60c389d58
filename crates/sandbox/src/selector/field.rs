//! Field selectors: `a.b=c`, `a.b!=c`, on the fields that each kind offers.

use crate::{kind::Resource, meta, status::Status};
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
        let found = meta::at(object, &path);
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

pub(crate) fn parse(resource: Resource, text: &str) -> Result<Vec<FieldTerm>, Status> {
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
            let path = canonical(resource, path.trim());
            if !offered(resource, &path) {
                let message = format!("field label not supported: {path}");
                return Err(Status::bad_request(message));
            }
            let path = path.split('.').map(str::to_owned).collect();
            Ok(FieldTerm { path, wanted: wanted.trim().to_owned(), equal })
        })
        .collect()
}

/// The two groups of events call some fields by other names.
fn canonical(resource: Resource, path: &str) -> String {
    if resource == Resource::Events {
        if let Some(rest) = path.strip_prefix("regarding.") {
            return format!("involvedObject.{rest}");
        }
        match path {
            "reportingController" => return "reportingComponent".into(),
            "source" => return "source.component".into(),
            _ => {}
        }
    }
    path.to_owned()
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
        });
        for (resource, selector, taken) in [
            (Resource::Pods, "metadata.name=a", true),
            (Resource::Pods, "metadata.name!=a", false),
            (Resource::Pods, "spec.nodeName=node-1,status.phase==Running", true),
            (Resource::Pods, "spec.nodeName=", false),
            (Resource::Nodes, "spec.unschedulable=true", true),
            (Resource::Nodes, "spec.unschedulable=false", false),
            (Resource::Services, "spec.type=", true),
            (Resource::Events, "regarding.name=svc,reason=Made", true),
            (Resource::Events, "involvedObject.name=x", false),
        ] {
            let terms = parse(resource, selector).unwrap();
            assert_eq!(terms.iter().all(|term| term.matches(&pod)), taken, "{selector}");
        }
    }

    #[test]
    fn an_absent_boolean_is_false() {
        let terms = parse(Resource::Nodes, "spec.unschedulable=false").unwrap();
        assert!(terms[0].matches(&json!({ "spec": {} })));
    }

    #[test]
    fn a_field_that_the_kind_does_not_offer_is_refused() {
        let refused = parse(Resource::ConfigMaps, "spec.nodeName=a").unwrap_err();
        assert_eq!(refused.message, "field label not supported: spec.nodeName");
        assert_eq!(parse(Resource::Pods, "spec.nodeName").unwrap_err().code, 400);
    }
}
