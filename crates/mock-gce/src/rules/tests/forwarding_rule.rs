use serde_json::json;

use super::{REGION, Site, address, and, inner, link, on, refused, rule};
use crate::state::Verb;

#[test]
fn a_rule_gets_defaults_full_urls_and_an_address() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let made = site.get(&rule("a"));
    assert_eq!(made["loadBalancingScheme"], "EXTERNAL");
    assert_eq!(made["IPProtocol"], "TCP");
    assert_eq!(made["networkTier"], "PREMIUM");
    assert_eq!(made["backendService"], link(&format!("{REGION}/backendServices/tcp")).url());
    assert!(made["IPAddress"].as_str().unwrap().starts_with("203.0.113."), "{made}");
    site.insert(&rule("b"), and(on("80"), json!({"networkTier": "STANDARD"}))).unwrap();
    assert!(site.get(&rule("b"))["IPAddress"].as_str().unwrap().starts_with("198.51.100."));
}

#[test]
fn a_rule_must_suit_its_backend_service() {
    let mut site = Site::with_services();
    let service = |name| json!({"backendService": format!("{REGION}/backendServices/{name}")});
    for (more, text) in [
        (service("none"), "The referenced backend_service resource cannot be found."),
        (service("inner"), "load balancing scheme"),
        (service("udp"), "protocol"),
        (json!({"loadBalancingScheme": "INTERNAL"}), "load balancing scheme"),
        (json!({"IPProtocol": "L3_DEFAULT"}), "protocol"),
        (json!({"target": "x"}), "cannot both"),
        (json!({"backendService": "regions/us-east1/backendServices/tcp"}), "Cross-scope"),
        (json!({"backendService": format!("{REGION}/healthChecks/hc")}), "Unexpected resource"),
    ] {
        refused(site.insert(&rule("a"), and(on("80"), more)), 400, "invalid", text);
    }
    let whole = and(service("both"), json!({"IPProtocol": "L3_DEFAULT", "allPorts": true}));
    site.insert(&rule("a"), whole).unwrap();
}

#[test]
fn ports_are_said_in_one_way_and_are_five_at_most() {
    let mut site = Site::with_services();
    for (more, text) in [
        (json!({"ports": ["1", "2", "3", "4", "5", "6"]}), "resource.ports[5]': '6'. Too many"),
        (json!({"ports": ["0"]}), "[1, 65535]"),
        (json!({"ports": ["65536"]}), "[1, 65535]"),
        (json!({"ports": ["1-2"]}), "port number"),
        (json!({"ports": ["1", "1"]}), "twice"),
        (json!({"allPorts": true}), "mutually exclusive"),
        (json!({"portRange": "80"}), "mutually exclusive"),
        (json!({"ports": [], "portRange": "90-80"}), "[1, 65535]"),
    ] {
        refused(site.insert(&rule("a"), and(on("80"), more)), 400, "invalid", text);
    }
    let none = and(on("80"), json!({"ports": []}));
    refused(site.insert(&rule("a"), none), 400, "required", "resource.ports");
    site.insert(&rule("a"), and(on("1"), json!({"ports": ["1", "2", "3", "4", "5"]}))).unwrap();
    site.insert(&rule("b"), and(on("1"), json!({"ports": [], "portRange": "80"}))).unwrap();
    assert_eq!(site.get(&rule("b"))["portRange"], "80-80");
    let range = and(inner("1"), json!({"ports": [], "portRange": "80"}));
    refused(site.insert(&rule("c"), range), 400, "invalid", "Internal passthrough");
}

#[test]
fn an_external_address_must_be_reserved_to_be_named() {
    let mut site = Site::with_services();
    let unknown = and(on("80"), json!({"IPAddress": "192.0.2.1"}));
    refused(
        site.insert(&rule("a"), unknown),
        400,
        "invalid",
        "was not found in region 'europe-west1'",
    );
    let none = and(on("80"), json!({"IPAddress": "none"}));
    refused(site.insert(&rule("a"), none), 400, "invalid", "address resource cannot be found");

    site.insert(&rule("a"), on("80")).unwrap();
    let taken = json!({"IPAddress": site.get(&rule("a"))["IPAddress"]});
    let second = site.insert(&rule("b"), and(on("81"), taken));
    refused(
        second,
        400,
        "invalid",
        "Specified IP address is in-use and would result in a conflict.",
    );

    site.insert(&address("own"), json!({"networkTier": "STANDARD"})).unwrap();
    let wrong = and(on("80"), json!({"IPAddress": address("own")}));
    refused(
        site.insert(&rule("c"), wrong),
        400,
        "invalid",
        "The network tier of external IP address",
    );
    for (name, said) in [("c", "own"), ("d", &address("own"))] {
        let port = if name == "c" { "80" } else { "81" };
        let body = and(on(port), json!({"IPAddress": said, "networkTier": "STANDARD"}));
        site.insert(&rule(name), body).unwrap();
        assert_eq!(site.get(&rule(name))["IPAddress"], site.get(&address("own"))["address"]);
    }
}

#[test]
fn an_internal_address_is_of_the_subnetwork() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), inner("80")).unwrap();
    let made = site.get(&rule("a"));
    assert!(made["IPAddress"].as_str().unwrap().starts_with("10.0."), "{made}");
    assert_eq!(made["network"], link("global/networks/default").url());
    let outside = and(inner("80"), json!({"IPAddress": "10.9.0.1"}));
    refused(
        site.insert(&rule("b"), outside),
        400,
        "invalid",
        "outside the network/subnetwork range",
    );
    for taken in [made["IPAddress"].clone(), json!("10.0.0.11")] {
        let answer = site.insert(&rule("b"), and(inner("81"), json!({"IPAddress": taken})));
        refused(answer, 409, "ipInUseByAnotherResource", "IP_IN_USE_BY_ANOTHER_RESOURCE - IP");
    }
    site.insert(&rule("b"), and(inner("80"), json!({"IPAddress": "10.0.5.5"}))).unwrap();
    let other = and(inner("80"), json!({"network": "global/networks/other"}));
    refused(site.insert(&rule("c"), other), 400, "invalid", "another network");
}

#[test]
fn a_rule_of_ipv6_has_a_96_of_its_subnetwork() {
    let mut site = Site::with_services();
    let subnet = |name: &str| format!("{REGION}/subnetworks/{name}");
    let v6 = |name: &str| json!({"ipVersion": "IPV6", "subnetwork": subnet(name)});
    let bare = and(on("80"), json!({"ipVersion": "IPV6"}));
    refused(site.insert(&rule("a"), bare), 400, "required", "subnetwork");
    for name in ["second", "internal6"] {
        let answer = site.insert(&rule("a"), and(on("80"), v6(name)));
        refused(answer, 400, "invalid", "IPv6 access type EXTERNAL");
    }
    let standard = and(and(on("80"), v6("default")), json!({"networkTier": "STANDARD"}));
    refused(site.insert(&rule("a"), standard), 400, "invalid", "Premium Tier");
    site.insert(&rule("a"), and(on("80"), v6("default"))).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].as_str().unwrap().to_owned();
    assert!(ip.starts_with("2600:1900:4000:1:") && ip.ends_with("::/96"), "{ip}");
    site.insert(&rule("b"), and(inner("80"), v6("internal6"))).unwrap();
    assert!(site.get(&rule("b"))["IPAddress"].as_str().unwrap().starts_with("fd20:1:2:3:"));
}

#[test]
fn a_patch_changes_two_fields_and_no_more() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    site.insert(&rule("b"), inner("80")).unwrap();
    let ports = site.write(Verb::Patch, &rule("a"), json!({"ports": ["81"]}));
    refused(ports, 400, "invalid", "Only 'allowGlobalAccess' and 'networkTier'");
    let access = json!({"allowGlobalAccess": true});
    refused(site.write(Verb::Patch, &rule("a"), access.clone()), 400, "invalid", "internal");
    site.write(Verb::Patch, &rule("b"), access).unwrap();
    assert_eq!(site.get(&rule("b"))["allowGlobalAccess"], true);
    let stale = json!({"allowGlobalAccess": false, "fingerprint": "b2xk"});
    refused(site.write(Verb::Patch, &rule("b"), stale), 412, "conditionNotMet", "fingerprint");
    // Another tier is another address, unless that is reserved.
    let standard = json!({"networkTier": "STANDARD"});
    site.write(Verb::Patch, &rule("a"), standard).unwrap();
    let ip = site.get(&rule("a"))["IPAddress"].clone();
    assert!(ip.as_str().unwrap().starts_with("198.51.100."), "{ip}");
    site.insert(&address("own"), json!({"address": ip, "networkTier": "STANDARD"})).unwrap();
    let premium = site.write(Verb::Patch, &rule("a"), json!({"networkTier": "PREMIUM"}));
    refused(premium, 400, "invalid", "network tier");
}

#[test]
fn labels_are_set_by_whoever_read_them() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let old = site.get(&rule("a"))["labelFingerprint"].clone();
    let body = json!({"labels": {"a": "b"}, "labelFingerprint": old});
    site.call("setLabels", &rule("a"), body.clone()).unwrap();
    assert_eq!(site.get(&rule("a"))["labels"], json!({"a": "b"}));
    refused(site.call("setLabels", &rule("a"), body), 412, "conditionNotMet", "Labels fingerprint");
    let none = site.call("setLabels", &rule("a"), json!({"labels": {}}));
    refused(none, 400, "required", "labelFingerprint");
}

#[test]
fn a_target_is_set_where_there_is_one() {
    let mut site = Site::with_services();
    site.insert(&rule("a"), on("80")).unwrap();
    let pool = |name: &str| format!("{REGION}/targetPools/{name}");
    for name in ["one", "two"] {
        site.insert(&pool(name), json!({})).unwrap();
    }
    let two = json!({"target": pool("two")});
    refused(site.call("setTarget", &rule("a"), two.clone()), 400, "invalid", "backend service");
    site.insert(&rule("b"), json!({"target": pool("one")})).unwrap();
    assert_eq!(site.get(&rule("b"))["portRange"], "1-65535");
    site.call("setTarget", &rule("b"), two).unwrap();
    assert_eq!(site.get(&rule("b"))["target"], link(&pool("two")).url());
}

#[test]
fn a_quota_is_met_when_the_operation_runs() {
    let mut site = Site::with_services();
    site.state.limits.quotas.insert("FORWARDING_RULES".to_owned(), 1);
    site.insert(&rule("a"), on("80")).unwrap();
    let second = super::act(Verb::Insert, &rule("b"), on("80"));
    super::check(&site.state, &second).unwrap();
    let refusal = super::make(&mut site.state, &second).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (403, "QUOTA_EXCEEDED"));
    let text = "Quota 'FORWARDING_RULES' exceeded.  Limit: 1.0 in region europe-west1.";
    assert_eq!(refusal.message, text);
}

#[test]
fn a_region_that_is_nowhere_is_refused() {
    let mut site = Site::with_services();
    let answer = site.insert("regions/atlantis1/forwardingRules/a", on("80"));
    refused(answer, 400, "invalid", "Unknown region.");
}
