//! Which instance a node is: from its `spec.providerID` and its zone label, without a call.

use seaway_core::Node;

/// An instance, and the zone that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// E.g. `i-0123456789abcdef0`.
    pub id: String,
    /// E.g. `eu-west-1a`; none if nobody says.
    pub zone: Option<String>,
}

/// The instance that a node is; none if it is none of EC2: Fargate, hybrid nodes, or a node that the
/// cloud-controller-manager has not met yet.
pub(crate) fn of(node: &Node) -> Option<Instance> {
    let rest = node.provider_id.as_deref()?.strip_prefix("aws://")?;
    let mut parts = rest.rsplit('/');
    let id = parts.next().filter(|id| is_instance(id))?;
    let zone = parts.next().filter(|zone| !zone.is_empty());
    let zone = node.zone.clone().or_else(|| zone.map(str::to_owned));
    Some(Instance { id: id.to_owned(), zone })
}

fn is_instance(id: &str) -> bool {
    id.strip_prefix("i-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The ids of instances that a text of AWS names, e.g. `The following targets are not in a running
/// state and cannot be registered: 'i-0a', 'i-0b'`. The code says what happened; this only which.
pub(crate) fn named_in(text: &str) -> Vec<String> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    words.filter(|word| is_instance(word)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        provider_id: Option<&str>,
        zone: Option<&str>,
        expected: Option<(&str, Option<&str>)>,
    ) {
        let node = Node {
            name: "node-1".into(),
            provider_id: provider_id.map(str::to_owned),
            zone: zone.map(str::to_owned),
            addresses: Vec::new(),
            draining: false,
        };
        let expected = expected
            .map(|(id, zone)| Instance { id: id.to_owned(), zone: zone.map(str::to_owned) });
        assert_eq!(of(&node), expected, "{provider_id:?} {zone:?}");
    }

    #[test]
    fn a_node_is_the_instance_that_its_provider_id_names() {
        check(Some("aws:///eu-west-1a/i-0abc"), None, Some(("i-0abc", Some("eu-west-1a"))));
        check(Some("aws:///eu-west-1a/i-0abc"), Some("z"), Some(("i-0abc", Some("z"))));
        check(Some("aws:////i-0abc"), None, Some(("i-0abc", None)));
        check(Some("aws:///eu-west-1a/uuid/fargate-ip-10-0-0-1"), None, None);
        check(Some("eks-hybrid:///eu-west-1/cluster/mi-0abc"), None, None);
        check(Some("gce://project/zone/i-0abc"), None, None);
        check(None, Some("eu-west-1a"), None);
    }

    #[test]
    fn the_instances_that_a_refusal_names_are_found() {
        let text = "The following targets are not in a running state: 'i-0a1', 'i-0b2'.";
        assert_eq!(named_in(text), ["i-0a1", "i-0b2"]);
        assert!(named_in("a port-in-use, and i-nothing").is_empty());
    }
}
