//! Which Nodes may be targets (KEP-3458): not those that are not ready or cordoned, health checks see
//! to them; only those that are leaving, or were taken out by label.

use std::net::IpAddr;

use crate::annotation::{AUTOSCALER_TAINT, EXCLUDE_NODE, ZONE};
use crate::object::Node;

/// The target that `node` is; none if it may not be one: it is being deleted, or the exclude label
/// says so. The autoscaler's taint makes it a target that drains.
pub fn target(node: &Node) -> Option<seaway_core::Node> {
    let meta = &node.metadata;
    if meta.deleting || meta.labels.get(EXCLUDE_NODE).is_some_and(|value| excludes(value)) {
        return None;
    }
    let addresses = |kind: &'static str| {
        node.status
            .addresses
            .iter()
            .filter(move |address| address.kind == kind)
            .filter_map(|address| address.address.parse::<IpAddr>().ok())
    };
    Some(seaway_core::Node {
        name: meta.name.as_str().into(),
        provider_id: node.spec.provider_id.clone().filter(|id| !id.is_empty()),
        zone: meta.labels.get(ZONE).cloned(),
        addresses: addresses("InternalIP").chain(addresses("ExternalIP")).collect(),
        draining: node.spec.taints.iter().any(|taint| taint.key == AUTOSCALER_TAINT),
    })
}

/// The label's mere presence excludes, unless its value is one that Go's `strconv.ParseBool` takes
/// for false.
fn excludes(value: &str) -> bool {
    !matches!(value, "0" | "f" | "F" | "false" | "False" | "FALSE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{NodeAddress, Taint};

    fn node() -> Node {
        let mut node = Node::default();
        node.metadata.name = "node-1".to_owned();
        node
    }

    fn address(kind: &str, address: &str) -> NodeAddress {
        NodeAddress { kind: kind.to_owned(), address: address.to_owned() }
    }

    #[test]
    fn the_exclude_label_counts_unless_it_says_false() {
        for (value, in_set) in [
            ("", false),
            ("true", false),
            ("foo", false),
            ("1", false),
            ("false", true),
            ("f", true),
            ("0", true),
        ] {
            let mut node = node();
            node.metadata.labels.insert(EXCLUDE_NODE.to_owned(), value.to_owned());
            assert_eq!(target(&node).is_some(), in_set, "{value:?}");
        }
    }

    #[test]
    fn a_deleted_node_is_no_target_and_a_tainted_one_drains() {
        let mut gone = node();
        gone.metadata.deleting = true;
        assert_eq!(target(&gone), None);

        let mut tainted = node();
        tainted.spec.taints.push(Taint { key: "example.com/busy".to_owned() });
        assert!(!target(&tainted).unwrap().draining);
        tainted.spec.taints.push(Taint { key: AUTOSCALER_TAINT.to_owned() });
        assert!(target(&tainted).unwrap().draining);
    }

    #[test]
    fn internal_addresses_come_first_and_names_are_no_addresses() {
        let mut node = node();
        node.status.addresses = vec![
            address("Hostname", "192.0.2.1"),
            address("ExternalIP", "203.0.113.7"),
            address("InternalIP", "10.0.0.7"),
            address("InternalIP", "2001:db8::7"),
            address("InternalIP", "bad"),
        ];
        let expected: Vec<IpAddr> =
            ["10.0.0.7", "2001:db8::7", "203.0.113.7"].map(|ip| ip.parse().unwrap()).to_vec();
        assert_eq!(target(&node).unwrap().addresses, expected);
    }
}
