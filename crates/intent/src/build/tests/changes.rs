//! Which changes of a Service are changes of what it asks for.

use super::*;

/// A Service that has something of everything.
fn full() -> Value {
    json!({
        "ports": [
            { "name": "web", "protocol": "TCP", "port": 80, "nodePort": 30080,
              "targetPort": 8080, "appProtocol": "http" },
            { "name": "dns", "port": 53, "nodePort": 30053, "protocol": "UDP" },
        ],
        "ipFamilies": ["IPv4"],
        "externalTrafficPolicy": "Local",
        "healthCheckNodePort": 32000,
        "loadBalancerSourceRanges": ["192.0.2.0/24", "198.51.100.0/24"],
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": { "clientIP": { "timeoutSeconds": 60 } },
        "loadBalancerIP": "203.0.113.1",
    })
}

/// The spec with the value at `path` replaced.
fn with(path: &str, value: Value) -> Value {
    let mut spec = full();
    match (spec.pointer_mut(path), path.rsplit_once('/')) {
        (Some(there), _) => *there = value,
        (None, Some(("", field))) => spec[field] = value,
        (None, _) => panic!("there is no {path}"),
    }
    spec
}

#[test]
fn what_a_load_balancer_carries_is_a_change() {
    let before = built(&full());
    for (path, value) in [
        ("/ports/0/port", json!(81)),
        ("/ports/0/nodePort", json!(30081)),
        ("/ports/0/protocol", json!("UDP")),
        ("/ports/0/appProtocol", json!("kubernetes.io/h2c")),
        ("/ports/0/name", json!("www")),
        ("/ports", json!([{ "port": 80, "nodePort": 30080 }])),
        ("/ipFamilies", json!(["IPv4", "IPv6"])),
        ("/externalTrafficPolicy", json!("Cluster")),
        ("/healthCheckNodePort", json!(32001)),
        ("/loadBalancerSourceRanges", json!(["192.0.2.0/24"])),
        ("/loadBalancerSourceRanges", json!([])),
        ("/loadBalancerSourceRanges/1", json!("198.51.100.0/25")),
        ("/sessionAffinity", json!("None")),
        ("/sessionAffinityConfig/clientIP/timeoutSeconds", json!(61)),
        ("/loadBalancerIP", json!("203.0.113.2")),
        ("/loadBalancerIP", Value::Null),
    ] {
        let after = built(&with(path, value.clone()));
        assert!(after != before && after.digest() != before.digest(), "{path} {value}");
    }
    let mut another = service(&full());
    another.metadata.uid = "u-2".to_owned();
    assert_ne!(build(&another, ALONE).unwrap(), before, "another Service by the same name");
}

#[test]
fn what_it_does_not_carry_and_mere_order_is_none() {
    let before = built(&full());
    let mut reversed = full()["ports"].as_array().unwrap().clone();
    reversed.reverse();
    for (path, value) in [
        ("/ports", json!(reversed)),
        ("/ports/0/targetPort", json!("http")),
        ("/loadBalancerSourceRanges", json!(["198.51.100.0/24", "192.0.2.0/24"])),
        ("/selector", json!({ "app": "other" })),
        ("/externalIPs", json!(["203.0.113.5"])),
        ("/ipFamilyPolicy", json!("PreferDualStack")),
        ("/internalTrafficPolicy", json!("Local")),
        ("/allocateLoadBalancerNodePorts", json!(false)),
    ] {
        assert_eq!(built(&with(path, value.clone())), before, "{path} {value}");
    }
    let mut labelled = service(&full());
    labelled.metadata.labels.insert("a".to_owned(), "b".to_owned());
    labelled.metadata.annotations.insert("example.com/a".to_owned(), "b".to_owned());
    labelled.metadata.finalizers.push("example.com/hold".to_owned());
    assert_eq!(build(&labelled, ALONE).unwrap(), before);
}

#[test]
fn a_family_is_added_and_taken_away_again() {
    let families = |names: Value| built(&with("/ipFamilies", names)).families;
    assert_eq!(families(json!(["IPv4", "IPv6"])), [Family::IPv4, Family::IPv6]);
    assert_eq!(families(json!(["IPv6", "IPv4"])), [Family::IPv6, Family::IPv4], "by preference");
    assert_eq!(families(json!(["IPv4"])), [Family::IPv4]);
}
