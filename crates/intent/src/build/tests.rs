use ipnet::IpNet;
use seaway_core::Protocol;
use serde_json::{Value, json};

use super::*;
use crate::annotation::{NODE_SELECTOR, RETAIN, SOURCE_RANGES, TARGET_NODE_LABELS};

mod changes;

/// Nothing is known of what is around.
const ALONE: Around<'_> = Around { slices: None, keys: &[], labels: &BTreeMap::new() };

/// A Service with `spec` over one TCP port.
fn service(spec: &Value) -> Service {
    let mut whole = json!({
        "metadata": { "namespace": "default", "name": "web", "uid": "u-1" },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80, "nodePort": 30080 }] },
    });
    for (key, value) in spec.as_object().unwrap() {
        whole["spec"][key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn built(spec: &Value) -> LbSpec {
    build(&service(spec), ALONE).unwrap()
}

/// The Service with `spec` is refused, in words that start so.
fn refused(spec: &Value, expected: &str) {
    let text = build(&service(spec), ALONE).unwrap_err().to_string();
    assert!(text.starts_with(expected), "{text:?} does not start with {expected:?}");
}

#[test]
fn a_plain_service_asks_for_one_open_tcp_port() {
    let spec = built(&json!({}));
    assert_eq!(spec.ports.len(), 1);
    assert_eq!(spec.ports[0].node_port, Some(30080));
    assert_eq!(spec.ports[0].protocol, Protocol::Tcp);
    assert_eq!(spec.families, [Family::IPv4]);
    assert_eq!(spec.traffic_policy, TrafficPolicy::Cluster);
    assert_eq!(spec.source_ranges, SourceRanges::Anyone);
    assert_eq!(spec.affinity, None);
}

#[test]
fn the_order_of_the_ports_does_not_matter() {
    let ports = |first, second| built(&json!({ "ports": [first, second] }));
    let (web, dns) = (
        json!({ "name": "web", "port": 80, "nodePort": 30080 }),
        json!({ "name": "dns", "protocol": "UDP", "port": 53, "nodePort": 30053 }),
    );
    assert_eq!(ports(web.clone(), dns.clone()), ports(dns, web));
}

#[test]
fn one_number_may_be_used_by_two_protocols_but_not_twice_by_one() {
    let udp = json!({ "name": "u", "protocol": "UDP", "port": 53, "nodePort": 30053 });
    let tcp = json!({ "name": "t", "protocol": "TCP", "port": 53, "nodePort": 30053 });
    assert_eq!(built(&json!({ "ports": [udp, tcp] })).ports.len(), 2);
    refused(&json!({ "ports": [udp, udp] }), "spec.ports[1]: 53/UDP stands there twice");
}

#[test]
fn a_port_without_a_node_port_is_told_from_one_with() {
    assert_eq!(built(&json!({ "ports": [{ "port": 80 }] })).ports[0].node_port, None);
}

#[test]
fn what_is_out_of_range_is_named() {
    refused(&json!({ "ports": [] }), "spec.ports: there are none");
    refused(&json!({ "ports": [{ "port": 0 }] }), "spec.ports[0].port: 0 is no port");
    refused(
        &json!({ "ports": [{ "port": 80, "nodePort": 70000 }] }),
        "spec.ports[0].nodePort: 70000 is no port",
    );
    refused(
        &json!({ "ports": [{ "port": 80, "protocol": "DCCP" }] }),
        "spec.ports[0].protocol: DCCP is not known",
    );
    refused(&json!({ "ipFamilies": ["IPv5"] }), "spec.ipFamilies: IPv5 is not known");
    refused(&json!({ "loadBalancerIP": "here" }), "spec.loadBalancerIP: \"here\" is no IP");
    refused(&json!({ "sessionAffinity": "Cookie" }), "spec.sessionAffinity: Cookie");
    refused(&json!({ "externalTrafficPolicy": "Near" }), "spec.externalTrafficPolicy: Near");
    refused(&json!({ "externalTrafficPolicy": "Local" }), "spec.healthCheckNodePort: 0 is no port");
}

#[test]
fn the_affinity_timeout_is_in_seconds_and_bounded() {
    let affinity =
        |config: Value| json!({ "sessionAffinity": "ClientIP", "sessionAffinityConfig": config });
    let timeout = |config| built(&affinity(config)).affinity.unwrap().timeout.as_secs();
    assert_eq!(timeout(Value::Null), 10_800);
    assert_eq!(timeout(json!({ "clientIP": { "timeoutSeconds": 60 } })), 60);
    for bad in [0, -1, 86_401] {
        refused(
            &affinity(json!({ "clientIP": { "timeoutSeconds": bad } })),
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        );
    }
}

#[test]
fn source_ranges_are_trimmed_and_the_field_wins_over_the_annotation() {
    let mut service =
        service(&json!({ "loadBalancerSourceRanges": [" 192.0.2.1/24 ", "192.0.2.0/24"] }));
    service.metadata.annotations.insert(SOURCE_RANGES.to_owned(), "10.0.0.0/8".to_owned());
    let only = |texts: &[&str]| {
        SourceRanges::Only(texts.iter().map(|text| text.parse::<IpNet>().unwrap()).collect())
    };
    assert_eq!(build(&service, ALONE).unwrap().source_ranges, only(&["192.0.2.0/24"]));

    service.spec.load_balancer_source_ranges.clear();
    assert_eq!(build(&service, ALONE).unwrap().source_ranges, only(&["10.0.0.0/8"]));
}

#[test]
fn everybody_is_both_families() {
    let ranges =
        |ranges: &[&str]| built(&json!({ "loadBalancerSourceRanges": ranges })).source_ranges;
    assert_eq!(ranges(&["0.0.0.0/0", "::/0"]), SourceRanges::Anyone);
    let v4 = ranges(&["0.0.0.0/0"]);
    assert!(v4.admit("192.0.2.1".parse().unwrap()));
    assert!(!v4.admit("2001:db8::1".parse().unwrap()));
}

#[test]
fn source_ranges_that_can_not_be_read_let_nobody_in() {
    for bad in ["192.0.2.0/33", "foo.bar", "192.0.2.1", "10.0.0.0/8,"] {
        let mut service = service(&json!({}));
        service.metadata.annotations.insert(SOURCE_RANGES.to_owned(), bad.to_owned());
        let rejection = build(&service, ALONE).unwrap_err();
        let closed = rejection.fallback().unwrap();
        assert!(!closed.source_ranges.admit("192.0.2.1".parse().unwrap()), "{bad}");
        assert_eq!(closed.ports.len(), 1);
        assert!(rejection.to_string().contains(SOURCE_RANGES));
    }
}

#[test]
fn only_the_declared_annotations_are_copied() {
    let mut service = service(&json!({}));
    for key in ["example.com/mine", "example.com/other"] {
        service.metadata.annotations.insert(key.to_owned(), "v".to_owned());
    }
    let keys = [SettingKey { key: "example.com/mine".to_owned(), doc: String::new() }];
    let settings = build(&service, Around { keys: &keys, ..ALONE }).unwrap().settings;
    assert_eq!(settings.into_keys().collect::<Vec<_>>(), ["example.com/mine"]);
}

#[test]
fn a_local_service_knows_the_nodes_with_a_ready_pod_and_its_digest_does_not() {
    let slice: EndpointSlice = serde_json::from_value(json!({ "endpoints": [
        { "nodeName": "node-1", "conditions": { "ready": true } },
        { "nodeName": "node-2", "conditions": { "ready": false } },
        { "nodeName": "node-3", "conditions": {} },
        { "conditions": { "ready": true } },
    ]}))
    .unwrap();
    let local = json!({ "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000 });
    let slices = [&slice];
    let around = Around { slices: Some(&slices), ..ALONE };
    let spec = build(&service(&local), around).unwrap();
    let names: Vec<_> = spec.local_nodes.iter().flatten().map(NodeName::as_str).collect();
    assert_eq!(names, ["node-1", "node-3"]);
    assert_eq!(spec.digest(), built(&local).digest());
    assert_eq!(build(&service(&json!({})), around).unwrap().local_nodes, None);
}

#[test]
fn a_node_selector_selects_nodes_and_its_digest_is_that_of_its_text() {
    let labels = |zone: &str| [("zone".to_owned(), zone.to_owned())].into();
    let nodes: BTreeMap<_, _> =
        [("node-1".to_owned(), labels("a")), ("node-2".to_owned(), labels("b"))].into();
    let asks = |selector: &str, labels: &BTreeMap<String, BTreeMap<String, String>>| {
        let mut service = service(&json!({}));
        service.metadata.annotations.insert(NODE_SELECTOR.to_owned(), selector.to_owned());
        build(&service, Around { labels, ..ALONE })
    };
    let spec = asks("zone in (a)", &nodes).unwrap();
    assert!(spec.selects(&"node-1".into()) && !spec.selects(&"node-2".into()));
    assert_eq!(spec.digest(), asks("zone in (a)", &BTreeMap::new()).unwrap().digest());
    assert_ne!(spec.digest(), asks("zone=a", &nodes).unwrap().digest());
    assert!(built(&json!({})).selects(&"node-2".into()));
    let text = asks("zone near a", &nodes).unwrap_err().to_string();
    assert!(text.starts_with("seaway.dev/node-selector: \"zone near a\" is no label"), "{text}");
}

#[test]
fn a_list_of_node_labels_selects_nodes_where_the_provider_takes_it() {
    let labels = |zone: &str| [("zone".to_owned(), zone.to_owned())].into();
    let nodes: BTreeMap<_, _> =
        [("node-1".to_owned(), labels("a")), ("node-2".to_owned(), labels("b"))].into();
    let keys = [SettingKey { key: TARGET_NODE_LABELS.to_owned(), doc: String::new() }];
    let asks = |annotations: &[(&str, &str)], keys: &[SettingKey]| {
        let mut service = service(&json!({}));
        for (key, value) in annotations {
            service.metadata.annotations.insert((*key).to_owned(), (*value).to_owned());
        }
        build(&service, Around { labels: &nodes, keys, ..ALONE })
    };
    let spec = asks(&[(TARGET_NODE_LABELS, "zone=a")], &keys).unwrap();
    assert!(spec.selects(&"node-1".into()) && !spec.selects(&"node-2".into()));
    assert_eq!(spec.node_selection.unwrap().selector, "zone=a");

    let refused = |annotations: &[(&str, &str)], expected: &[&str]| {
        let text = asks(annotations, &keys).unwrap_err().to_string();
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
    };
    let set = [(TARGET_NODE_LABELS, "zone in (a)")];
    refused(&set, &[TARGET_NODE_LABELS, "\"zone in (a)\"", "no list"]);
    let both = [(TARGET_NODE_LABELS, "zone=a"), (NODE_SELECTOR, "zone=a")];
    refused(&both, &[TARGET_NODE_LABELS, NODE_SELECTOR, "remove one"]);

    // To other providers it is a word of somebody else's.
    assert_eq!(asks(&set, &[]).unwrap().node_selection, None);
    let spec = asks(&both, &[]).unwrap();
    assert!(spec.selects(&"node-1".into()) && !spec.selects(&"node-2".into()));
}

#[test]
fn retain_is_a_switch() {
    let mut service = service(&json!({}));
    assert!(!build(&service, ALONE).unwrap().retain);
    service.metadata.annotations.insert(RETAIN.to_owned(), "true".to_owned());
    assert!(build(&service, ALONE).unwrap().retain);
    service.metadata.annotations.insert(RETAIN.to_owned(), "yes".to_owned());
    let text = build(&service, ALONE).unwrap_err().to_string();
    assert!(text.starts_with("seaway.dev/retain: \"yes\""), "{text}");
}
