use serde_json::{Value, json};

use super::{Site, and, link, refused};
use crate::state::Verb;

const PATH: &str = "global/firewalls/a";

fn open() -> Value {
    json!({"allowed": [{"IPProtocol": "TCP", "ports": ["80", "90-95"]}]})
}

#[test]
fn a_firewall_rule_gets_defaults() {
    let mut site = Site::new();
    site.insert(PATH, open()).unwrap();
    let made = site.get(PATH);
    assert_eq!(made["priority"], 1000);
    assert_eq!(made["direction"], "INGRESS");
    assert_eq!(made["disabled"], false);
    assert_eq!(made["sourceRanges"], json!(["0.0.0.0/0"]));
    assert_eq!(made["network"], link("global/networks/default").url());
    assert_eq!(made["allowed"][0]["IPProtocol"], "tcp");
}

#[test]
fn ranges_of_one_address_are_answered_in_one_of_two_ways() {
    let mut site = Site::new();
    let ranges = json!({"sourceRanges": ["192.0.2.0/24"], "destinationRanges": ["203.0.113.7/32"]});
    site.insert(PATH, and(open(), ranges.clone())).unwrap();
    assert_eq!(site.get(PATH)["destinationRanges"], json!(["203.0.113.7"]));
    site.state.limits.prefix_of_single_addresses = true;
    let bare = and(ranges, json!({"destinationRanges": ["203.0.113.7"]}));
    site.write(Verb::Update, PATH, and(open(), bare)).unwrap();
    assert_eq!(site.get(PATH)["destinationRanges"], json!(["203.0.113.7/32"]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut site = Site::new();
    let tcp = |ports: Value| json!({"allowed": [{"IPProtocol": "tcp", "ports": ports}]});
    let v6 = json!({"sourceRanges": ["192.0.2.0/24"], "destinationRanges": ["2001:db8::/96"]});
    let many: Vec<String> = (0..101).map(|port| port.to_string()).collect();
    for (more, text) in [
        (json!({"denied": [{"IPProtocol": "udp"}]}), "Exactly one"),
        (tcp(json!(["x"])), "allowed[0].ports[0]"),
        (tcp(json!(["90-80"])), "allowed[0].ports[0]"),
        (tcp(json!(many)), "Maximum is 100"),
        (json!({"allowed": [{"IPProtocol": "icmp", "ports": ["1"]}]}), "has no ports"),
        (json!({"allowed": [{"IPProtocol": "quic"}]}), "Unknown protocol"),
        (json!({"sourceRanges": ["10.0.0.1/8"]}), "CIDR"),
        (json!({"sourceRanges": ["10.0.0.0/8", "2001:db8::/32"]}), "cannot be mixed"),
        (v6, "same IP version"),
        (json!({"destinationRanges": ["2001:db8::/96"]}), "same IP version"),
        (json!({"network": "global/networks/none"}), "cannot be found"),
        (json!({"network": "projects/host/global/networks/default"}), "cannot be found"),
        (json!({"priority": 65536}), "priority"),
        (json!({"direction": "EGRESS", "sourceTags": ["a"]}), "EGRESS"),
    ] {
        refused(site.insert(PATH, and(open(), more)), 400, "invalid", text);
    }
    refused(site.insert(PATH, json!({})), 400, "required", "allowed");
    site.state.limits.firewall_ranges = 1;
    let two = json!({"sourceRanges": ["10.0.0.0/8", "11.0.0.0/8"]});
    refused(site.insert(PATH, and(open(), two)), 400, "invalid", "Maximum is 1");
}

#[test]
fn a_patch_replaces_lists_and_keeps_the_rest() {
    let mut site = Site::new();
    let more = json!({"sourceRanges": ["10.0.0.0/8"], "targetTags": ["node"]});
    site.insert(PATH, and(open(), more)).unwrap();
    site.write(Verb::Patch, PATH, json!({"sourceRanges": ["11.0.0.0/8"]})).unwrap();
    let made = site.get(PATH);
    assert_eq!(
        (&made["sourceRanges"], &made["targetTags"]),
        (&json!(["11.0.0.0/8"]), &json!(["node"]))
    );
    site.write(Verb::Update, PATH, open()).unwrap();
    assert_eq!(site.get(PATH).get("targetTags"), None);
    let outward = json!({"direction": "EGRESS", "sourceRanges": null});
    refused(site.write(Verb::Patch, PATH, outward), 400, "invalid", "cannot be changed");
    let none = site.write(Verb::Patch, "global/firewalls/none", json!({}));
    refused(none, 404, "notFound", "was not found");
}
