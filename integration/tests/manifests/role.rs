//! The roles of the provider `gce`: what the calls take, and no more.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};

use serde_json::Value;

use crate::render::root;

/// What is named by a call, and not called: "Authorization requires … on the specified resource", in
/// the reference of the methods. Each with the field that names it.
const NAMED: [(&str, &str); 10] = [
    ("compute.addresses.use", "forwardingRules.insert, IPAddress"),
    ("compute.addresses.useInternal", "the same, of internal ones"),
    ("compute.instanceGroups.use", "regionBackendServices.insert, backends[].group"),
    ("compute.instances.use", "instanceGroups.addInstances, instances[].instance"),
    ("compute.networks.updatePolicy", "firewalls.insert, network"),
    ("compute.networks.use", "forwardingRules.insert, network"),
    ("compute.regionBackendServices.use", "forwardingRules.insert, backendService"),
    ("compute.regionHealthChecks.useReadOnly", "regionBackendServices.insert, healthChecks[]"),
    ("compute.subnetworks.use", "addresses.insert, subnetwork"),
    ("compute.subnetworks.useExternalIp", "the same, of external addresses of IPv6"),
];

/// How permissions name the collections that the door names so.
const COLLECTIONS: [(&str, &str); 10] = [
    ("addresses", "addresses"),
    ("backend_services", "regionBackendServices"),
    ("firewalls", "firewalls"),
    ("forwarding_rules", "forwardingRules"),
    ("global_operations", "globalOperations"),
    ("groups", "instanceGroups"),
    ("health_checks", "regionHealthChecks"),
    ("region_operations", "regionOperations"),
    ("subnetworks", "subnetworks"),
    ("zone_operations", "zoneOperations"),
];

/// What a method takes; nothing of one that is not known here.
fn verbs(collection: &str, method: &str) -> &'static [&'static str] {
    match (collection, method) {
        // Internal addresses have permissions of their own.
        ("addresses", "insert") => &["create", "createInternal"],
        ("addresses", "delete") => &["delete", "deleteInternal"],
        (_, "insert") => &["create"],
        (_, "delete") => &["delete"],
        (_, "get" | "get_health" | "wait") => &["get"],
        (_, "list" | "aggregated_list" | "list_instances") => &["list"],
        (_, "update" | "patch" | "add_instances" | "remove_instances") => &["update"],
        _ => &[],
    }
}

/// Every permission that the door's calls take.
fn taken() -> BTreeSet<String> {
    let mut source = String::new();
    for entry in read_dir(root().join("providers/gce/src/api/sdk")).unwrap() {
        source.extend(read_to_string(entry.unwrap().path()).unwrap().split_whitespace());
    }
    let mut all = BTreeSet::new();
    for (field, collection) in COLLECTIONS {
        let start = format!("self.{field}.");
        let calls = source.split(&start).skip(1);
        let methods: BTreeSet<_> = calls.map(|rest| rest.split('(').next().unwrap()).collect();
        assert!(!methods.is_empty(), "{field} is not called");
        for method in methods {
            let verbs = verbs(field, method);
            assert!(!verbs.is_empty(), "{field}.{method} is new: say above what it takes");
            all.extend(verbs.iter().map(|verb| format!("compute.{collection}.{verb}")));
        }
    }
    all.extend(NAMED.map(|(name, _)| name.to_owned()));
    all
}

/// The permissions of a role, in order.
fn role(file: &str) -> Vec<String> {
    let text = read_to_string(root().join("manifests/gce").join(file)).unwrap();
    let role: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(role["stage"], "GA", "{file}");
    serde_json::from_value(role["includedPermissions"].clone()).unwrap()
}

#[test]
fn the_roles_name_what_the_calls_take_and_no_other() {
    let roles = ["iam-role.yaml", "iam-role-network.yaml"].map(role);
    for role in &roles {
        assert!(role.is_sorted(), "{role:?}");
    }
    let named = roles.concat();
    let count = named.len();
    let named: BTreeSet<_> = named.into_iter().collect();
    assert_eq!(named.len(), count, "a permission is there twice");
    assert_eq!(named, taken());
}

/// In a shared VPC the network's project gives these, and only these.
#[test]
fn what_is_of_the_network_is_in_a_role_of_its_own() {
    let of_network = ["firewalls", "globalOperations", "networks", "subnetworks"];
    let is_of_network =
        |name: &String| of_network.contains(&name.split('.').nth(1).unwrap_or_default());
    assert!(role("iam-role-network.yaml").iter().all(is_of_network));
    assert!(!role("iam-role.yaml").iter().any(is_of_network));
}
