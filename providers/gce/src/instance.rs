//! Which instance a node is: from its `spec.providerID`, without a call.

use seaway_core::Node;

use crate::api::Instance;

/// The instance that `node` is.
///
/// # Errors
/// The node, and why it is none of the project: load balancers send to their own project only.
pub(crate) fn instance(node: &Node, project: &str) -> Result<Instance, String> {
    let wrong = |why: &str| format!("{}: {why}", node.name);
    let Some(id) = node.provider_id.as_deref() else {
        return Err(wrong("it has no spec.providerID; the cloud-controller-manager sets it"));
    };
    let parts: Vec<_> =
        id.strip_prefix("gce://").map(|rest| rest.split('/').collect()).unwrap_or_default();
    let [its, zone, name] = parts[..] else {
        return Err(wrong(&format!("its providerID {id:?} is not gce://project/zone/name")));
    };
    // Some clusters name their instances by host name. The first part is the name that Google knows.
    let name = name.split('.').next().unwrap_or_default();
    if its.is_empty() || zone.is_empty() || name.is_empty() {
        return Err(wrong(&format!("its providerID {id:?} is not gce://project/zone/name")));
    }
    if its != project {
        return Err(wrong(&format!(
            "its providerID {id:?} is of the project {its}, and load balancers are of {project}"
        )));
    }
    Ok(Instance { zone: zone.to_owned(), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use seaway_testkit::node;

    use super::*;

    fn read(provider_id: Option<&str>) -> Result<Instance, String> {
        let mut node = node("node-1").build();
        node.provider_id = provider_id.map(str::to_owned);
        instance(&node, "my-project")
    }

    fn check(provider_id: &str, zone: &str, name: &str) {
        let expected = Instance { zone: zone.to_owned(), name: name.to_owned() };
        assert_eq!(read(Some(provider_id)), Ok(expected), "{provider_id}");
    }

    #[test]
    fn a_node_is_the_instance_that_its_provider_id_names() {
        check("gce://my-project/europe-west1-b/vm-1", "europe-west1-b", "vm-1");
        check("gce://my-project/us-east1-c/vm-1.c.my-project.internal", "us-east1-c", "vm-1");
    }

    #[test]
    fn a_node_that_is_none_of_the_project_is_told_with_its_value() {
        let refused = |provider_id: Option<&str>, parts: &[&str]| {
            let error = read(provider_id).unwrap_err();
            assert!(error.starts_with("node-1: "), "{error}");
            for part in parts.iter().chain(&provider_id) {
                assert!(error.contains(part), "{error:?} does not say {part:?}");
            }
        };
        refused(None, &["no spec.providerID"]);
        refused(Some("gce://other/europe-west1-b/vm-1"), &["project other", "my-project"]);
        let malformed = [
            "",
            "aws:///eu-west-1a/i-0abc",
            "gce://",
            "gce:///europe-west1-b/vm-1",
            "gce://my-project//vm-1",
            "gce://my-project/europe-west1-b/",
            "gce://my-project/europe-west1-b",
            "gce://my-project/europe-west1-b/vm-1/x",
        ];
        for id in malformed {
            refused(Some(id), &["gce://project/zone/name"]);
        }
    }
}
