//! Several rules on one address.

use serde_json::{Value, json};

use super::{REGION, Site, address, and, inner, on, refused, rule};

fn at(ip: &Value) -> Value {
    json!({"IPAddress": ip})
}

#[test]
fn rules_on_a_reserved_external_address_share_no_port_of_a_protocol() {
    let mut site = Site::with_services();
    site.insert(&address("vip"), json!({})).unwrap();
    let vip = site.get(&address("vip"))["address"].clone();
    site.insert(&rule("a"), and(on("80"), at(&vip))).unwrap();
    let same = site.insert(&rule("b"), and(on("80"), at(&vip)));
    refused(
        same,
        400,
        "invalid",
        "Forwarding rule's port range is conflicting with forwarding rule",
    );
    let range = and(on("1"), json!({"ports": [], "portRange": "70-90", "IPAddress": vip}));
    refused(site.insert(&rule("b"), range), 400, "invalid", "'resource.portRange': '70-90'");
    let whole = and(on("1"), json!({"ports": [], "allPorts": true, "IPAddress": vip}));
    refused(site.insert(&rule("b"), whole), 400, "invalid", "port range is conflicting");

    site.insert(&rule("b"), and(on("81"), at(&vip))).unwrap();
    let udp =
        json!({"backendService": format!("{REGION}/backendServices/udp"), "IPProtocol": "UDP"});
    site.insert(&rule("c"), and(and(on("80"), udp), at(&vip))).unwrap();
    assert_eq!(site.get(&address("vip"))["users"].as_array().unwrap().len(), 3);
}

#[test]
fn internal_rules_share_an_address_only_if_it_is_for_that() {
    let mut site = Site::with_services();
    let body = |purpose| json!({"addressType": "INTERNAL", "purpose": purpose});
    site.insert(&address("one"), body("GCE_ENDPOINT")).unwrap();
    site.insert(&address("many"), body("SHARED_LOADBALANCER_VIP")).unwrap();
    let one = at(&site.get(&address("one"))["address"]);
    let many = at(&site.get(&address("many"))["address"]);
    site.insert(&rule("a"), and(inner("80"), one.clone())).unwrap();
    let second = site.insert(&rule("b"), and(inner("81"), one));
    refused(second, 409, "ipInUseByAnotherResource", "IP_IN_USE_BY_ANOTHER_RESOURCE");
    for nth in 0..10 {
        let body = and(inner(&format!("{}", 100 + nth)), many.clone());
        site.insert(&rule(&format!("s{nth}")), body).unwrap();
    }
    let eleventh = site.insert(&rule("s10"), and(inner("200"), many));
    refused(eleventh, 400, "invalid", "At most 10 forwarding rules");
}

#[test]
fn a_shared_internal_address_has_each_port_once() {
    let mut site = Site::with_services();
    let body = json!({"addressType": "INTERNAL", "purpose": "SHARED_LOADBALANCER_VIP"});
    site.insert(&address("many"), body).unwrap();
    let many = json!({"IPAddress": "many"});
    site.insert(&rule("a"), and(inner("80"), many.clone())).unwrap();
    let same = site.insert(&rule("b"), and(inner("80"), many.clone()));
    refused(same, 400, "invalid", "port range is conflicting");
    let elsewhere = json!({"subnetwork": format!("{REGION}/subnetworks/second")});
    let answer = site.insert(&rule("b"), and(and(inner("81"), many), elsewhere));
    refused(answer, 400, "invalid", "outside the network/subnetwork range");
}
