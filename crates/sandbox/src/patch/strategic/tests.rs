use super::{super::schema, merge};
use crate::kind::Resource;
use serde_json::{Value, json};

#[track_caller]
fn check(resource: Resource, before: Value, patch: &Value, after: &Value) {
    let mut merged = before;
    merge(&mut merged, patch, schema::of(resource)).unwrap();
    assert_eq!(merged, *after);
}

#[test]
fn ports_merge_by_port() {
    check(
        Resource::Services,
        json!({ "spec": { "ports": [{ "port": 80, "nodePort": 30080 }, { "port": 81 }] } }),
        &json!({ "spec": { "ports": [{ "port": 80, "name": "web" }, { "port": 82 }] } }),
        &json!({ "spec": { "ports": [
            { "port": 80, "nodePort": 30080, "name": "web" }, { "port": 82 }, { "port": 81 },
        ] } }),
    );
}

#[test]
fn a_delete_directive_takes_one_element_away() {
    check(
        Resource::Services,
        json!({ "spec": { "ports": [{ "port": 80 }, { "port": 81 }] } }),
        &json!({ "spec": { "ports": [{ "port": 80, "$patch": "delete" }] } }),
        &json!({ "spec": { "ports": [{ "port": 81 }] } }),
    );
}

#[test]
fn a_replace_directive_replaces_a_list_or_a_map() {
    check(
        Resource::Services,
        json!({ "spec": { "ports": [{ "port": 80 }], "selector": { "a": "b" } } }),
        &json!({ "spec": {
            "ports": [{ "port": 90 }, { "$patch": "replace" }],
            "selector": { "$patch": "replace", "c": "d" },
        } }),
        &json!({ "spec": { "ports": [{ "port": 90 }], "selector": { "c": "d" } } }),
    );
}

#[test]
fn finalizers_are_a_set() {
    check(
        Resource::Services,
        json!({ "metadata": { "finalizers": ["a", "b"] } }),
        &json!({ "metadata": { "finalizers": ["b", "c"] } }),
        &json!({ "metadata": { "finalizers": ["a", "b", "c"] } }),
    );
    check(
        Resource::Services,
        json!({ "metadata": { "finalizers": ["a", "b"] } }),
        &json!({ "metadata": {
            "$deleteFromPrimitiveList/finalizers": ["a"],
            "$setElementOrder/finalizers": ["c", "b"],
            "finalizers": ["c"],
        } }),
        &json!({ "metadata": { "finalizers": ["c", "b"] } }),
    );
}

#[test]
fn the_order_of_a_patch_is_kept_around_what_it_does_not_name() {
    check(
        Resource::Services,
        json!({ "spec": { "ports": [{ "port": 1 }, { "port": 2 }, { "port": 3 }] } }),
        &json!({ "spec": {
            "$setElementOrder/ports": [{ "port": 3 }, { "port": 1 }],
            "ports": [{ "port": 1, "name": "a" }],
        } }),
        &json!({ "spec": { "ports": [{ "port": 2 }, { "port": 3 }, { "port": 1, "name": "a" }] } }),
    );
}

#[test]
fn what_has_no_rule_is_replaced() {
    check(
        Resource::Services,
        json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } } }),
        &json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.2" }] } } }),
        &json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.2" }] } } }),
    );
    check(
        Resource::Nodes,
        json!({ "spec": { "taints": [{ "key": "a" }] } }),
        &json!({ "spec": { "taints": [{ "key": "b" }] } }),
        &json!({ "spec": { "taints": [{ "key": "b" }] } }),
    );
}

#[test]
fn conditions_and_addresses_merge_by_type() {
    check(
        Resource::Nodes,
        json!({ "status": {
            "conditions": [{ "type": "Ready", "status": "True", "reason": "x" }],
            "addresses": [{ "type": "InternalIP", "address": "192.0.2.1" }],
        } }),
        &json!({ "status": {
            "conditions": [{ "type": "Ready", "status": "False" }],
            "addresses": [{ "type": "Hostname", "address": "n" }],
        } }),
        &json!({ "status": {
            "conditions": [{ "type": "Ready", "status": "False", "reason": "x" }],
            "addresses": [
                { "type": "Hostname", "address": "n" },
                { "type": "InternalIP", "address": "192.0.2.1" },
            ],
        } }),
    );
}

#[test]
fn lists_inside_of_containers_merge_too() {
    check(
        Resource::Pods,
        json!({ "spec": { "containers": [
            { "name": "a", "image": "x", "env": [{ "name": "k", "value": "1" }] },
        ] } }),
        &json!({ "spec": { "containers": [{ "name": "a", "env": [{ "name": "l", "value": "2" }] }] } }),
        &json!({ "spec": { "containers": [
            { "name": "a", "image": "x", "env": [
                { "name": "l", "value": "2" }, { "name": "k", "value": "1" },
            ] },
        ] } }),
    );
}

#[test]
fn nulls_take_away_and_retained_keys_stay() {
    check(
        Resource::Services,
        json!({ "metadata": { "labels": { "a": "1", "b": "2" } }, "spec": { "x": 1, "y": 2 } }),
        &json!({
            "metadata": { "labels": { "a": null, "c": "3" } },
            "spec": { "$retainKeys": ["y", "z"], "z": 3 },
        }),
        &json!({ "metadata": { "labels": { "b": "2", "c": "3" } }, "spec": { "y": 2, "z": 3 } }),
    );
}

#[test]
fn directives_never_reach_the_object() {
    check(
        Resource::Services,
        json!({}),
        &json!({ "spec": {
            "$setElementOrder/ports": [{ "port": 1 }],
            "ports": [{ "port": 1, "name": null }],
            "selector": { "a": null, "b": "c" },
        } }),
        &json!({ "spec": { "ports": [{ "port": 1 }], "selector": { "b": "c" } } }),
    );
}

#[test]
fn an_element_without_its_merge_key_is_refused() {
    let mut target = json!({ "spec": { "ports": [{ "port": 1 }] } });
    let patch = json!({ "spec": { "ports": [{ "name": "a" }] } });
    let refused = merge(&mut target, &patch, schema::of(Resource::Services)).unwrap_err();
    assert!(refused.contains("does not contain declared merge key: port"), "{refused}");
}
