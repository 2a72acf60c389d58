use serde_json::json;

use super::{REGION, Site, act, address, and, check, inner, link, make, on, refused, rule};
use crate::state::Verb;

#[test]
fn an_address_that_a_rule_has_of_its_own_is_promoted_and_demoted() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].clone();
    site.insert(&address("vip"), json!({"address": ip})).unwrap();
    let vip = site.get(&address("vip"));
    assert_eq!(vip["status"], "IN_USE");
    assert_eq!(vip["users"], json!([link(&rule("a")).url()]));

    site.delete(&rule("a")).unwrap();
    let vip = site.get(&address("vip"));
    assert_eq!((&vip["status"], vip.get("users")), (&json!("RESERVED"), None));

    site.insert(&rule("b"), and(on("80"), json!({"IPAddress": ip}))).unwrap();
    assert_eq!(site.get(&address("vip"))["status"], "IN_USE");
    site.delete(&address("vip")).unwrap();
    assert_eq!(site.get(&rule("b"))["IPAddress"], ip);
    let lonely = site.insert(&rule("c"), and(on("81"), json!({"IPAddress": ip})));
    refused(lonely, 400, "invalid", "in-use");
}

#[test]
fn an_address_that_is_let_go_is_lost() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].clone();
    site.delete(&rule("a")).unwrap();
    site.insert(&rule("a"), on("80")).unwrap();
    assert_ne!(site.get(&rule("a"))["IPAddress"], ip);
    let gone = site.insert(&address("vip"), json!({"address": ip}));
    refused(gone, 400, "invalid", "not allocated to the project");
}

#[test]
fn a_conflict_has_three_faces() {
    let mut site = Site::with_services();
    site.insert(&address("outer"), json!({})).unwrap();
    let ip = site.get(&address("outer"))["address"].clone();
    let again = site.insert(&address("outer2"), json!({"address": ip}));
    refused(again, 400, "invalid", "Specified IP address is in-use");

    let subnet = format!("{REGION}/subnetworks/default");
    let v6 = json!({"ipVersion": "IPV6", "ipv6EndpointType": "NETLB", "subnetwork": subnet});
    site.insert(&address("six"), v6.clone()).unwrap();
    let six = site.get(&address("six"));
    assert_eq!(six["prefixLength"], 96);
    let same = and(v6, json!({"address": six["address"], "prefixLength": 96}));
    refused(site.insert(&address("six2"), same), 412, "conditionNotMet", "in-use");

    site.insert(&address("inner"), json!({"addressType": "INTERNAL"})).unwrap();
    let ip = site.get(&address("inner"))["address"].clone();
    let again = site.insert(&address("inner2"), json!({"addressType": "INTERNAL", "address": ip}));
    refused(again, 409, "ipInUseByAnotherResource", "IP_IN_USE_BY_ANOTHER_RESOURCE");
}

#[test]
fn an_address_stays_in_its_tier() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), and(on("80"), json!({"networkTier": "STANDARD"}))).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].clone();
    let premium = site.insert(&address("vip"), json!({"address": ip}));
    refused(premium, 400, "invalid", "network tier of specified IP address is STANDARD");
    let standard = json!({"address": ip, "networkTier": "STANDARD"});
    site.insert(&address("vip"), standard).unwrap();
    let inner = json!({"addressType": "INTERNAL", "networkTier": "STANDARD"});
    refused(site.insert(&address("in"), inner), 400, "invalid", "Premium Tier");
}

#[test]
fn an_internal_address_in_use_is_promoted_but_not_to_a_shared_one() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), inner("80")).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].clone();
    let body = json!({"addressType": "INTERNAL", "address": ip});
    let shared = and(body.clone(), json!({"purpose": "SHARED_LOADBALANCER_VIP"}));
    refused(site.insert(&address("vip"), shared), 409, "ipInUseByAnotherResource", "already being");
    site.insert(&address("vip"), body).unwrap();
    let vip = site.get(&address("vip"));
    assert_eq!((&vip["purpose"], &vip["status"]), (&json!("GCE_ENDPOINT"), &json!("IN_USE")));
    let outside = json!({"addressType": "INTERNAL", "address": "10.9.9.9"});
    refused(
        site.insert(&address("out"), outside),
        400,
        "invalid",
        "outside the network/subnetwork",
    );
}

#[test]
fn an_address_of_ipv6_is_a_96_of_a_load_balancer() {
    let mut site = Site::with_services();
    let subnet = format!("{REGION}/subnetworks/default");
    let body = json!({"ipVersion": "IPV6", "ipv6EndpointType": "NETLB", "subnetwork": subnet});
    for (more, reason, text) in [
        (json!({"ipv6EndpointType": ""}), "required", "ipv6EndpointType"),
        (json!({"ipv6EndpointType": "VM"}), "invalid", "NETLB"),
        (json!({"subnetwork": ""}), "required", "subnetwork"),
        (json!({"networkTier": "STANDARD"}), "invalid", "Premium"),
        (json!({"address": "2600:1900:4000:1:0:7::"}), "invalid", "must be 96"),
        (json!({"address": "192.0.2.1"}), "invalid", "not an address of IPV6"),
        (json!({"subnetwork": format!("{REGION}/subnetworks/internal6")}), "invalid", "EXTERNAL"),
    ] {
        refused(site.insert(&address("six"), and(body.clone(), more)), 400, reason, text);
    }
    site.insert(&address("six"), body).unwrap();
    // The rule takes its subnetwork from the reservation.
    site.insert(&rule("a"), and(on("80"), json!({"IPAddress": "six"}))).unwrap();
    let made = site.get(&rule("a"));
    let ip = format!("{}/96", site.get(&address("six"))["address"].as_str().unwrap());
    assert_eq!((&made["IPAddress"], &made["ipVersion"]), (&json!(ip), &json!("IPV6")));
    assert_eq!(site.get(&address("six"))["status"], "IN_USE");

    let own = json!({"ipVersion": "IPV6", "subnetwork": made["subnetwork"]});
    site.insert(&rule("b"), and(on("80"), own)).unwrap();
    let ip = site.get(&rule("b"))["IPAddress"].as_str().unwrap().replace("/96", "");
    let promoted = json!({"address": ip, "prefixLength": 96, "ipVersion": "IPV6",
        "ipv6EndpointType": "NETLB", "subnetwork": made["subnetwork"]});
    site.insert(&address("seven"), promoted).unwrap();
    assert_eq!(site.get(&address("seven"))["status"], "IN_USE");
}

#[test]
fn the_quota_of_static_addresses_is_for_external_ones() {
    let mut site = Site::with_services();
    site.state.limits.quotas.insert("STATIC_ADDRESSES".to_owned(), 1);
    site.insert(&address("a"), json!({})).unwrap();
    site.insert(&address("b"), json!({"addressType": "INTERNAL"})).unwrap();
    let second = site.insert(&address("c"), json!({}));
    refused(second, 403, "quotaExceeded", "Quota 'STATIC_ADDRESSES' exceeded.  Limit: 1.0");
}

#[test]
fn of_two_that_reserve_one_address_at_once_the_later_fails() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let body = json!({"address": site.get(&rule("a"))["IPAddress"]});
    let acts = ["x", "y"].map(|name| act(Verb::Insert, &address(name), body.clone()));
    for act in &acts {
        check(&site.state, act).unwrap();
    }
    make(&mut site.state, &acts[0]).unwrap();
    make(&mut site.state, &acts[1]).unwrap_err();
}
