//! Network endpoint groups and target pools.

use serde_json::{Value, json};

use super::{REGION, Site, ZONE, and, link, refused};

fn neg() -> String {
    format!("{ZONE}/networkEndpointGroups/neg")
}

fn body() -> Value {
    json!({"networkEndpointType": "GCE_VM_IP", "subnetwork": format!("{REGION}/subnetworks/default")})
}

fn endpoints(names: &[&str]) -> Value {
    json!({"networkEndpoints": names.iter().map(|name| json!({"instance": name})).collect::<Vec<_>>()})
}

#[test]
fn endpoints_are_attached_and_detached() {
    let mut site = Site::new();
    site.insert(&neg(), body()).unwrap();
    site.call("attachNetworkEndpoints", &neg(), endpoints(&["n1", "n2"])).unwrap();
    site.call("attachNetworkEndpoints", &neg(), endpoints(&["n1"])).unwrap();
    assert_eq!(site.get(&neg())["size"], 2);
    let listed = site.ask("listNetworkEndpoints", &neg(), json!({})).unwrap();
    let first =
        json!({"instance": link(&format!("{ZONE}/instances/n1")).url(), "ipAddress": "10.0.0.11"});
    assert_eq!(listed[0], json!({"networkEndpoint": first}));
    site.call("detachNetworkEndpoints", &neg(), endpoints(&["n1"])).unwrap();
    let again = site.call("detachNetworkEndpoints", &neg(), endpoints(&["n1"]));
    refused(again, 400, "invalid", "not attached");
}

#[test]
fn endpoints_are_instances_of_the_subnetwork() {
    let mut site = Site::new();
    site.insert(&neg(), body()).unwrap();
    let mut attach = |body: Value| site.call("attachNetworkEndpoints", &neg(), body);
    let one = |endpoint: Value| json!({"networkEndpoints": [endpoint]});
    refused(attach(endpoints(&["n9"])), 400, "invalid", "cannot be found");
    refused(attach(endpoints(&["n3"])), 400, "invalid", "no network interface");
    refused(attach(endpoints(&["n1", "n1"])), 400, "invalid", "named twice");
    refused(attach(one(json!({"instance": "n1", "port": 80}))), 400, "invalid", "no port");
    let wrong = one(json!({"instance": "n1", "ipAddress": "10.0.0.12"}));
    refused(attach(wrong), 400, "invalid", "primary address");
    refused(attach(one(json!({"ipAddress": "10.0.0.12"}))), 400, "required", "instance");
    site.state.limits.endpoints_per_call = 1;
    let two = site.call("attachNetworkEndpoints", &neg(), endpoints(&["n1", "n2"]));
    refused(two, 400, "invalid", "At most 1 endpoints");
}

#[test]
fn only_groups_of_machines_are_served() {
    let mut site = Site::new();
    let port = and(body(), json!({"networkEndpointType": "GCE_VM_IP_PORT"}));
    refused(site.insert(&neg(), port), 400, "invalid", "GCE_VM_IP");
    let bare = and(body(), json!({"subnetwork": ""}));
    refused(site.insert(&neg(), bare), 400, "required", "subnetwork");
}

#[test]
fn a_group_of_endpoints_is_a_backend_but_not_beside_one_of_instances() {
    let mut site = Site::new();
    site.insert(&neg(), body()).unwrap();
    let path = format!("{REGION}/backendServices/a");
    let service = |backends: Value| {
        json!({"loadBalancingScheme": "INTERNAL", "backends": backends,
            "healthChecks": [format!("{REGION}/healthChecks/hc")]})
    };
    let (own, group) =
        (json!({"group": neg()}), json!({"group": format!("{ZONE}/instanceGroups/ig")}));
    let mixed = site.insert(&path, service(json!([own, group])));
    refused(mixed, 400, "invalid", "cannot be mixed");
    site.insert(&path, service(json!([own]))).unwrap();
}

#[test]
fn a_target_pool_takes_instances() {
    let mut site = Site::new();
    let path = format!("{REGION}/targetPools/a");
    let instance = |name| format!("{ZONE}/instances/{name}");
    let unknown = json!({"instances": [instance("n9")]});
    refused(site.insert(&path, unknown), 400, "invalid", "cannot be found");
    site.insert(&path, json!({"instances": [instance("n1")]})).unwrap();
    assert_eq!(site.get(&path)["sessionAffinity"], "NONE");
    let two = json!({"instances": [{"instance": instance("n2")}]});
    site.call("addInstance", &path, two.clone()).unwrap();
    assert_eq!(site.get(&path)["instances"].as_array().unwrap().len(), 2);
    site.call("removeInstance", &path, two.clone()).unwrap();
    refused(site.call("removeInstance", &path, two), 400, "invalid", "It is not in");
}
