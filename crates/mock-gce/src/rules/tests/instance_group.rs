use serde_json::{Value, json};

use super::{REGION, Site, ZONE, link, refused};
use crate::state::Verb;

fn group(name: &str) -> String {
    format!("{ZONE}/instanceGroups/{name}")
}

fn named(names: &[&str]) -> Value {
    let instances =
        names.iter().map(|name| json!({"instance": format!("{ZONE}/instances/{name}")}));
    json!({"instances": instances.collect::<Vec<_>>()})
}

#[test]
fn instances_come_and_go() {
    let mut site = Site::new();
    site.call("addInstances", &group("ig"), named(&["n1", "n2"])).unwrap();
    let made = site.get(&group("ig"));
    assert_eq!(made["size"], 2);
    assert_eq!(made["subnetwork"], link(&format!("{REGION}/subnetworks/default")).url());
    let members = site.ask("listInstances", &group("ig"), json!({"instanceState": "ALL"})).unwrap();
    let first =
        json!({"instance": link(&format!("{ZONE}/instances/n1")).url(), "status": "RUNNING"});
    assert_eq!((members.len(), &members[0]), (2, &first));
    site.call("removeInstances", &group("ig"), named(&["n1"])).unwrap();
    assert_eq!(site.get(&group("ig"))["size"], 1);
}

#[test]
fn who_can_not_be_a_member_is_refused() {
    let mut site = Site::new();
    site.call("addInstances", &group("ig"), named(&["n1"])).unwrap();
    let mut add = |names: &[&str]| site.call("addInstances", &group("ig"), named(names));
    refused(add(&["n1"]), 400, "memberAlreadyExists", "already a member");
    refused(add(&["n2", "n2"]), 400, "invalid", "named twice");
    refused(add(&["n9"]), 400, "invalid", "cannot be found");
    refused(add(&["n3"]), 400, "invalid", "of one subnetwork");
    refused(add(&[]), 400, "required", "instances");
    let far = json!({"instances": [{"instance": "zones/europe-west1-c/instances/x"}]});
    refused(site.call("addInstances", &group("ig"), far), 400, "invalid", "Cross-scope");
    let answer = site.call("removeInstances", &group("ig"), named(&["n2"]));
    refused(answer, 400, "invalid", "not a member");
}

#[test]
fn a_group_has_no_more_than_its_size() {
    let mut site = Site::new();
    site.state.limits.group_size = 1;
    let answer = site.call("addInstances", &group("ig"), named(&["n1", "n2"]));
    refused(answer, 400, "invalid", "at most 1 instances");
}

#[test]
fn an_instance_is_in_one_load_balanced_group() {
    let mut site = Site::with_services();
    site.insert(&group("two"), json!({})).unwrap();
    site.call("addInstances", &group("ig"), named(&["n1"])).unwrap();
    site.call("addInstances", &group("two"), named(&["n1"])).unwrap();
    let text = "instance may belong to at most one load-balanced instance group.";
    let path = format!("{REGION}/backendServices/tcp");
    let both = json!({"backends": [{"group": group("ig")}, {"group": group("two")}]});
    let reason = "instanceInMultipleLoadBalancedIgs";
    refused(site.change(Verb::Patch, &path, both.clone()), 400, reason, text);

    site.call("removeInstances", &group("two"), named(&["n1"])).unwrap();
    site.change(Verb::Patch, &path, both).unwrap();
    refused(site.call("addInstances", &group("two"), named(&["n1"])), 400, reason, text);
    site.call("addInstances", &group("two"), named(&["n2"])).unwrap();
}

#[test]
fn named_ports_are_set() {
    let mut site = Site::new();
    let stale = json!({"namedPorts": [], "fingerprint": "b2xk"});
    refused(site.call("setNamedPorts", &group("ig"), stale), 412, "conditionNotMet", "fingerprint");
    let ports = json!([{"name": "http", "port": 80}]);
    site.call("setNamedPorts", &group("ig"), json!({"namedPorts": ports})).unwrap();
    assert_eq!(site.get(&group("ig"))["namedPorts"], ports);
    let wrong = json!({"namedPorts": [{"name": "http", "port": 0}]});
    refused(site.call("setNamedPorts", &group("ig"), wrong), 400, "invalid", "namedPorts[0].port");
}

#[test]
fn a_zone_that_is_nowhere_is_refused() {
    let mut site = Site::new();
    let answer = site.insert("zones/europe-west1-x/instanceGroups/a", json!({}));
    refused(answer, 400, "invalid", "Unknown zone.");
}
